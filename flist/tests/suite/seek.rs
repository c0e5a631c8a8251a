//! Beginning in the middle of a file's pieces and of a directory's entries.

use flisthub_flist::{
    Content, Directory, Entry, EntryName, FileBuilder, List, Metadata, Piece, PieceCursor, Pieces,
    build_directory, entries_after, pieces,
};
use flisthub_storage::{Chunk, ChunkId, Kind, MemoryStore};
use proptest::prelude::*;

use crate::decoded_support::Counting;
use crate::support::keep;

/// A file of `count` pieces of many lengths, every ninth a hole. The chunks themselves are not stored.
fn large(store: &MemoryStore, count: u32) -> Content {
    let mut emit = keep(store);
    let mut builder = FileBuilder::new();
    for index in 0..count {
        let piece = if index % 9 == 5 {
            Piece::Hole { length: 65_536 + u64::from(index) }
        } else {
            let id = Chunk::new(Kind::Content, index.to_le_bytes().to_vec()).unwrap().id();
            Piece::Chunk { id, length: 1 + index.wrapping_mul(7_919) % 1_048_576 }
        };
        builder.push(piece, &mut emit).unwrap();
    }
    builder.finish(&mut emit).unwrap()
}

fn parts(content: &Content) -> (&Pieces, u64) {
    match content {
        Content::File { size, pieces } => (pieces, *size),
        other => panic!("{other:?}"),
    }
}

/// Every piece with its offset.
fn placed(store: &MemoryStore, found: &Pieces) -> Vec<(u64, Piece)> {
    let mut offset = 0;
    pieces(store, found)
        .map(|piece| {
            let piece = piece.unwrap();
            let place = (offset, piece);
            offset += piece.length();
            place
        })
        .collect()
}

/// From `offset` on, the cursor gives what a walk from the beginning gives there.
fn check(store: &MemoryStore, found: &Pieces, all: &[(u64, Piece)], size: u64, offset: u64) {
    let source = Counting::new(store);
    let (mut cursor, into) = PieceCursor::seek(&source, found, offset).unwrap();
    let first = all.partition_point(|(at, piece)| at + piece.length() <= offset);
    if offset < size {
        assert_eq!(into, offset - all[first].0);
    }
    for (_, piece) in all.iter().skip(first).take(3_000) {
        assert_eq!(cursor.next(&source).unwrap(), Some(*piece), "from {offset}");
    }
    if all.len() - first.min(all.len()) < 3_000 {
        assert_eq!(cursor.next(&source).unwrap(), None, "from {offset}");
        assert_eq!(cursor.next(&source).unwrap(), None, "from {offset}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_cursor_gives_what_a_walk_gives(count in 0_u32..5_000, places in prop::collection::vec(0.0..1.01_f64, 8)) {
        let store = MemoryStore::new();
        let content = large(&store, count);
        let (found, size) = parts(&content);
        let all = placed(&store, found);
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any place will do")]
        let offsets = places.iter().map(|place| (size as f64 * place) as u64);
        for offset in offsets.chain([0, 1, size.saturating_sub(1), size, size + 1, u64::MAX]) {
            check(&store, found, &all, size, offset);
        }
        for (at, piece) in all.iter().step_by(97) {
            check(&store, found, &all, size, *at);
            check(&store, found, &all, size, at + piece.length() - 1);
        }
    }
}

#[test]
fn the_end_of_a_large_file_is_found_by_its_nodes() {
    let store = MemoryStore::new();
    let content = large(&store, 300_000);
    let (found, size) = parts(&content);
    let Pieces::List { id, .. } = found else { panic!("{found:?}") };
    let source = Counting::new(&store);
    let top = List::load(&store, *id).unwrap();
    assert!(matches!(top, List::Node(_)));
    let (mut cursor, _) = PieceCursor::seek(&source, found, size - 1).unwrap();
    assert!(cursor.next(&source).unwrap().is_some());
    assert_eq!(cursor.next(&source).unwrap(), None);
    // Of some 300 lists: one of each level.
    assert!(source.reads() <= 4, "too many lists were read");
}

fn directory(store: &MemoryStore, count: usize) -> ChunkId {
    let content = Content::File { size: 0, pieces: Pieces::Inline(Vec::new()) };
    let entries: Vec<Entry> = (0..count)
        .map(|index| Entry {
            name: EntryName::new(format!("file-{index:08}").as_bytes()).unwrap(),
            metadata: Metadata::default(),
            content: content.clone(),
        })
        .collect();
    build_directory(&entries, &mut keep(store)).unwrap().0
}

/// A page of at most `limit` names after `after`, and whether there is more.
fn page(source: &Counting<'_>, id: ChunkId, after: &[u8], limit: usize) -> (Vec<String>, bool) {
    let mut names = Vec::new();
    let more = entries_after(source, id, after, &mut |entry| {
        let room = names.len() < limit;
        if room {
            names.push(entry.name.to_string());
        }
        room
    });
    (names, more.unwrap())
}

#[test]
fn a_large_directory_pages_without_being_read() {
    let store = MemoryStore::new();
    let id = directory(&store, 200_000);
    assert!(matches!(Directory::load(&store, id).unwrap(), Directory::Node(_)));
    let source = Counting::new(&store);
    let (names, more) = page(&source, id, b"file-00123455", 2);
    assert_eq!((names, more), (vec!["file-00123456".into(), "file-00123457".into()], true));
    assert!(source.reads() <= 3, "too many objects were read");
    assert_eq!(page(&source, id, b"file-00199997", 2).0.len(), 2);
    assert!(!page(&source, id, b"file-00199997", 2).1);
    assert_eq!(page(&source, id, b"file-00199999", 2), (vec![], false));
    assert_eq!(page(&source, id, b"zzz", 2), (vec![], false));
    // A name that is not there is a place all the same.
    assert_eq!(page(&source, id, b"file-00000000x", 1).0, ["file-00000001"]);
}

#[test]
fn pages_together_are_the_directory() {
    let store = MemoryStore::new();
    for (count, limit) in [(0, 1), (1, 1), (10, 3), (10, 10), (10, 11), (20_000, 777)] {
        let id = directory(&store, count);
        let source = Counting::new(&store);
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let (names, more) = page(&source, id, after.as_bytes(), limit);
            assert!(names.len() == limit || !more);
            all.extend(names);
            if !more {
                break;
            }
            after = all.last().unwrap().clone();
        }
        assert_eq!(all, (0..count).map(|index| format!("file-{index:08}")).collect::<Vec<_>>());
    }
}
