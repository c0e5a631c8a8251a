//! What flists need and a store lacks, is found, each object read once.

use std::collections::BTreeSet;

use flisthub_flist::{
    Content, Entry, EntryName, GraphError, LoadError, Manifest, Metadata, Piece, Pieces,
    build_directory, directory_entries, find_missing,
};
use flisthub_storage::{ChunkId, Kind, MemoryStore, Silent, StoreError};

use crate::graph_support::{CancelAfter, Faulty, flist, flist_of};
use crate::support::{every_kind, file, keep, large_file, publish};

fn subdirectory(store: &MemoryStore, flist: ChunkId, name: &[u8]) -> ChunkId {
    let root = Manifest::load(store, flist).unwrap().root;
    directory_entries(store, root)
        .map(Result::unwrap)
        .find_map(|entry| match entry.content {
            Content::Directory { id, .. } if entry.name.as_bytes() == name => Some(id),
            _ => None,
        })
        .unwrap()
}

fn set(ids: &[ChunkId]) -> BTreeSet<ChunkId> {
    ids.iter().copied().collect()
}

#[test]
fn nothing_is_missing_in_a_whole_store() {
    let store = MemoryStore::new();
    let id = publish(&store, &every_kind(&mut keep(&store)));
    let gaps = find_missing(&store, &[id], &Silent).unwrap();
    assert_eq!((gaps.missing.len(), gaps.unreadable.len()), (0, 0));
}

#[test]
fn missing_chunks_objects_and_manifests_are_all_found() {
    let store = MemoryStore::new();
    let large = large_file(1025, &mut keep(&store));
    let Content::File { pieces: Pieces::List { id: list, .. }, .. } = large else {
        panic!("not a list")
    };
    let whole = publish(&store, &every_kind(&mut keep(&store)));
    let links = Manifest::load(&store, whole).unwrap().links.unwrap();
    let other = flist_of(
        &store,
        &[("gone/a", file(b"below", &mut keep(&store))), ("b", file(b"b", &mut keep(&store)))],
    );
    let gone = subdirectory(&store, other, b"gone");
    let manifest = Kind::Manifest.id_of(b"never stored");
    let odd = Kind::Content.id_of(b"odd");
    let absent = [list, links, gone, manifest, odd, Kind::Content.id_of(b"b")];
    let faulty = Faulty::without(&store, &absent);
    let gaps = find_missing(&faulty, &[whole, manifest, other], &Silent).unwrap();
    assert_eq!(gaps.missing, set(&absent));
    assert!(gaps.unreadable.is_empty());
}

#[test]
fn an_unreadable_directory_hides_only_what_is_below_it() {
    let store = MemoryStore::new();
    let id = flist(&store, &[("bad/a", b"hidden"), ("fine/b", b"lost"), ("z", b"z")]);
    let bad = subdirectory(&store, id, b"bad");
    let lost = Kind::Content.id_of(b"lost");
    let faulty = Faulty {
        absent: [lost, Kind::Content.id_of(b"hidden")].into(),
        ..Faulty::damaged(&store, &[bad])
    };
    let gaps = find_missing(&faulty, &[id], &Silent).unwrap();
    assert_eq!(gaps.missing, set(&[lost]));
    let found: Vec<_> = gaps.unreadable.into_iter().collect();
    assert!(
        matches!(&found[..], [(id, LoadError::Store(StoreError::Corrupt { .. }))] if *id == bad),
        "{found:?}"
    );
}

#[test]
fn what_is_there_as_something_else_is_missing() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let (directory, totals) = build_directory(&[], &mut emit).unwrap();
    file(b"four", &mut emit);
    let four = Kind::Content.id_of(b"four");
    let named = |name: &str, content| Entry {
        name: EntryName::new(name.as_bytes()).unwrap(),
        metadata: Metadata::default(),
        content,
    };
    let one = |id, length| Content::File {
        size: u64::from(length),
        pieces: Pieces::Inline(vec![Piece::Chunk { id, length }]),
    };
    for (content, wrong) in [
        (one(four, 5), four),
        (one(directory, 3), directory),
        (Content::Directory { id: four, totals }, four),
    ] {
        let (root, totals) = build_directory(&[named("x", content)], &mut emit).unwrap();
        let tree = flisthub_flist::BuiltTree {
            root,
            metadata: Metadata::default(),
            totals,
            links: None,
            counts: flisthub_flist::Counts::default(),
        };
        let id = publish(&store, &tree);
        assert_eq!(find_missing(&store, &[id], &Silent).unwrap().missing, set(&[wrong]));
    }
}

#[test]
fn each_object_is_read_once_over_all_flists() {
    let store = MemoryStore::new();
    let one = flist(&store, &[("shared/a", b"a"), ("one", b"1")]);
    let two = flist(&store, &[("shared/a", b"a"), ("copy/a", b"a"), ("two", b"2")]);
    let shared = subdirectory(&store, one, b"shared");
    assert_eq!(shared, subdirectory(&store, two, b"copy"));
    let faulty = Faulty::of(&store);
    find_missing(&faulty, &[one, two, one], &Silent).unwrap();
    assert_eq!((faulty.reads(shared), faulty.reads(one)), (1, 1));
    assert_eq!(faulty.reads(Kind::Content.id_of(b"a")), 0, "chunks are not read");
}

#[test]
fn the_walk_ends_when_told() {
    let store = MemoryStore::new();
    let id = flist(&store, &[("a/b/c", b"c")]);
    for looks in 0..3 {
        let ended = find_missing(&store, &[id], &CancelAfter::looks(looks));
        assert!(matches!(ended, Err(GraphError::Cancelled)), "after {looks} looks");
    }
}
