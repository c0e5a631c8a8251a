//! Directories of a million entries and files of a million chunks: cut into parts, found again, and
//! changed in one place only.

use std::collections::HashSet;

use flisthub_flist::{
    Content, Directory, Entry, EntryName, FileBuilder, Metadata, Piece, Pieces, Tree, TreePath,
    build_directory, directory_entries, pieces,
};
use flisthub_storage::{ChunkId, ChunkStore, Kind, MAX_CHUNK, MemoryStore};

use crate::support::keep;

fn entry(name: &str) -> Entry {
    Entry {
        name: EntryName::new(name.as_bytes()).unwrap(),
        metadata: Metadata { mode: 0o644, mtime: 1_700_000_000, ..Metadata::default() },
        content: Content::File { size: 0, pieces: Pieces::Inline(Vec::new()) },
    }
}

fn entries(count: usize) -> Vec<Entry> {
    (0..count).map(|index| entry(&format!("file-{index:08}"))).collect()
}

fn build(entries: &[Entry]) -> (ChunkId, HashSet<ChunkId>) {
    let mut made = HashSet::new();
    let (id, totals) = build_directory(entries, &mut |object| {
        assert!(object.bytes().len() <= MAX_CHUNK);
        made.insert(object.id());
        Ok(())
    })
    .unwrap();
    assert_eq!(totals.entries, entries.len() as u64);
    (id, made)
}

#[test]
fn adding_a_name_to_a_million_changes_one_part_and_the_nodes_above() {
    let mut entries = entries(1_000_000);
    let (before, old) = build(&entries);
    assert!(old.len() > 1000, "{} parts", old.len());
    for name in ["file-00000000-first", "file-00500000-middle", "zzz-last"] {
        let at = entries.partition_point(|entry| entry.name.as_bytes() < name.as_bytes());
        entries.insert(at, entry(name));
        let (after, new) = build(&entries);
        assert_ne!(before, after);
        // One leaf, and the node above it: there is one level of nodes.
        assert_eq!(new.difference(&old).count(), 2, "adding {name}");
        entries.remove(at);
    }
    assert_eq!(build(&entries).0, before);
}

#[test]
fn a_directory_in_parts_reads_like_any_other() {
    let store = MemoryStore::new();
    let all = entries(40_000);
    let (root, totals) = build_directory(&all, &mut keep(&store)).unwrap();
    let tree = Tree { root, metadata: Metadata::default(), totals };
    let top = store.get(&[root]).unwrap().remove(0).unwrap();
    assert!(matches!(Directory::decode(top.bytes()).unwrap(), Directory::Node(_)));
    let found: Vec<Entry> = directory_entries(&store, root).map(Result::unwrap).collect();
    assert_eq!(found, all);
    for index in [0, 1, 511, 20_000, 39_999] {
        let path = TreePath::parse(all[index].name.as_bytes()).unwrap();
        assert_eq!(tree.lookup(&store, &path).unwrap().as_ref(), Some(&all[index]));
    }
    for absent in ["a", "file-00020000x", "zzz"] {
        let path = TreePath::parse(absent.as_bytes()).unwrap();
        assert_eq!(tree.lookup(&store, &path).unwrap(), None, "{absent}");
    }
}

/// Frozen: a directory in parts has this id in every store.
#[test]
fn a_directory_in_parts_is_frozen() {
    assert_eq!(
        build(&entries(10_000)).0.to_string(),
        "2ec584e2f5a038664d2f26a135df942f3bf7212542d0226ddbd9e01ce8406893"
    );
}

/// Frozen: long names make so many parts that the nodes above them are cut as well.
#[test]
fn a_directory_with_two_levels_of_nodes_is_frozen() {
    let all: Vec<Entry> =
        (0..600_000).map(|index| entry(&format!("{index:08}{}", "n".repeat(200)))).collect();
    let (id, made) = build(&all);
    // The id as it is on every machine, and how many objects there are.
    assert_eq!(
        (id.to_string().as_str(), made.len()),
        ("86a484afcd924251c4ae1dfc82a89fc55aae1804ecee44123a2b230cdd0a5629", 1190)
    );
}

#[test]
fn names_that_end_every_part_still_give_a_tree() {
    // Names chosen so that each ends a part at the lowest level.
    let mut chosen: Vec<Entry> = (0_u64..)
        .map(|index| format!("{index:0200}"))
        .filter(|name| {
            let hash = blake3::hash(name.as_bytes());
            u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap()).trailing_zeros() >= 9
        })
        .take(2000)
        .map(|name| entry(&name))
        .collect();
    chosen.sort_by(|left, right| left.name.cmp(&right.name));
    let store = MemoryStore::new();
    let (root, _) = build_directory(&chosen, &mut keep(&store)).unwrap();
    let found: Vec<Entry> = directory_entries(&store, root).map(Result::unwrap).collect();
    assert_eq!(found, chosen);
    // Two entries a part, and one node above them.
    assert_eq!(store.stats().unwrap().objects, 1001);
}

#[test]
fn entries_as_large_as_can_be_fit() {
    let mut all = entries(20);
    for entry in &mut all {
        entry.metadata.xattrs.insert(b"user.x".to_vec(), vec![7; 204_794]);
    }
    let store = MemoryStore::new();
    let (root, _) = build_directory(&all, &mut keep(&store)).unwrap();
    let found: Vec<Entry> = directory_entries(&store, root).map(Result::unwrap).collect();
    assert_eq!(found, all);
}

fn piece(index: u64) -> Piece {
    Piece::Chunk { id: Kind::Content.id_of(&index.to_le_bytes()), length: 300_000 }
}

/// A file of the given pieces: its content, its list objects, the largest of them.
fn list(all: impl Iterator<Item = Piece>) -> (Content, HashSet<ChunkId>) {
    let mut made = HashSet::new();
    let mut emit = |object: flisthub_storage::Chunk| {
        assert!(object.bytes().len() <= MAX_CHUNK);
        made.insert(object.id());
        Ok(())
    };
    let mut builder = FileBuilder::new();
    all.for_each(|piece| builder.push(piece, &mut emit).unwrap());
    let content = builder.finish(&mut emit).unwrap();
    (content, made)
}

#[test]
fn changing_one_chunk_of_a_terabyte_changes_one_leaf_and_the_nodes_above() {
    let count = 3_500_000;
    let (before, old) = list((0..count).map(piece));
    let Content::File { size, pieces: Pieces::List { count: listed, .. } } = before else {
        panic!("not a list: {before:?}")
    };
    assert_eq!((size, listed), (1_050_000_000_000, count));
    let changed = (0..count).map(|index| piece(if index == 1_234_567 { u64::MAX } else { index }));
    let (after, new) = list(changed);
    assert_ne!(before, after);
    let fresh = new.difference(&old).count();
    assert!((3..=4).contains(&fresh), "{fresh} new objects of {}", new.len());
}

#[test]
fn pieces_come_back_in_order_from_any_length() {
    for count in [0, 1, 1024, 1025, 1026, 5000, 40_000] {
        let store = MemoryStore::new();
        let mut emit = keep(&store);
        let mut builder = FileBuilder::new();
        let all: Vec<Piece> = (0..count)
            .map(|index| match index % 7 {
                3 => Piece::Hole { length: 65_536 + index },
                _ => piece(index),
            })
            .collect();
        for piece in &all {
            builder.push(*piece, &mut emit).unwrap();
        }
        let Content::File { size, pieces: listed } = builder.finish(&mut emit).unwrap() else {
            panic!("not a file")
        };
        assert_eq!(size, all.iter().map(Piece::length).sum::<u64>());
        assert_eq!(matches!(listed, Pieces::Inline(_)), count <= 1024);
        let found: Vec<Piece> = pieces(&store, &listed).map(Result::unwrap).collect();
        assert_eq!(found, all, "{count} pieces");
    }
}

#[test]
fn a_list_of_nothing_but_holes_fits() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let mut builder = FileBuilder::new();
    for _ in 0..40_000 {
        builder.push(Piece::Hole { length: u64::from(u32::MAX) }, &mut emit).unwrap();
    }
    let Content::File { pieces: listed, .. } = builder.finish(&mut emit).unwrap() else {
        panic!("not a file")
    };
    assert_eq!(pieces(&store, &listed).count(), 40_000);
}
