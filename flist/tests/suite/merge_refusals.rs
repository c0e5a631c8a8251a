//! What cannot be merged: too few or too many sources, missing and forged objects, too much.

use std::collections::BTreeMap;

use flisthub_flist::{
    Content, Entry, EntryName, ImageConfig, LoadError, Manifest, MergeError, MergeOptions, Tree,
    build_directory,
};
use flisthub_storage::{Chunk, ChunkId, ChunkStore, Kind, MemoryStore};

use crate::merge_sources::{FIRST, flist, linked, merged, refused};
use crate::support::{keep, metadata};

#[test]
fn what_cannot_be_merged_is_named() {
    let store = MemoryStore::new();
    let one = flist(&store, &[("a/b", "x"), ("a/c", "x"), ("d", "x")]);
    let other = flist(&store, &[("a/b", "y")]);
    for count in [0, 1, 101] {
        let error = refused(&store, &vec![one; count], FIRST);
        assert_eq!(error.to_string(), format!("a merge has 2 to 100 sources, not {count}"));
    }
    assert_eq!(merged(&store, &[one; 100], FIRST).flist, one);
    let of = |index| MergeOptions { image_config: ImageConfig::Of(index), ..FIRST };
    assert!(matches!(
        refused(&store, &[one, other], of(2)),
        MergeError::NoSuchSource { index: 2, .. }
    ));
    let absent = Kind::Manifest.id_of(b"");
    let error = refused(&store, &[one, absent], FIRST);
    assert!(
        matches!(&error, MergeError::Source { id, error } if *id == absent
        && matches!(**error, LoadError::Missing(_))),
        "{error}"
    );
    let root = Manifest::load(&store, one).unwrap().root;
    assert!(
        matches!(refused(&store, &[one, root], FIRST), MergeError::Source { id, .. } if id == root)
    );
    // a, a/b, a/c and d of the one, a and a/b of the other.
    let read = |max_entries| MergeOptions { max_entries, ..FIRST };
    assert_eq!(merged(&store, &[one, other], read(6)).report.conflict_count, 1);
    assert!(matches!(refused(&store, &[one, other], read(5)), MergeError::TooManyEntries(5)));
    let linked = linked(&store, "x", &["l/1", "l/2", "l/3", "l/4"]);
    let error = refused(&store, &[linked, linked], read(7));
    assert!(matches!(error, MergeError::TooManyEntries(7)), "{error}");
    let large = |key: &str| {
        let values = BTreeMap::from([(key.to_owned(), "v".repeat(600 << 10))]);
        let object =
            Manifest { values, ..Manifest::load(&store, one).unwrap() }.to_chunk().unwrap();
        keep(&store)(object.clone()).unwrap();
        object.id()
    };
    let error = refused(&store, &[large("a"), large("b")], FIRST);
    assert!(matches!(error, MergeError::ManifestTooLarge), "{error}");
}

#[test]
fn deep_trees_are_merged_and_deeper_ones_refused() {
    let store = MemoryStore::new();
    let deep = |levels: usize, name: &str| {
        let at = format!("{}{name}", "d/".repeat(levels));
        flist(&store, &[(&at, name)])
    };
    let both = merged(&store, &[deep(1023, "one"), deep(1023, "two")], FIRST);
    assert_eq!(both.report.merged_directories, 1024);
    assert_eq!(both.manifest.totals.entries, 1023 + 2);
    // A forged tree: one more directory above the deepest that there can be.
    let above = |flist: ChunkId| {
        let manifest = Manifest::load(&store, flist).unwrap();
        let entry = Entry {
            name: EntryName::new(b"top").unwrap(),
            metadata: metadata(1),
            content: Content::Directory { id: manifest.root, totals: manifest.totals },
        };
        let (root, totals) = build_directory(&[entry], &mut keep(&store)).unwrap();
        let object = Manifest { root, totals, ..manifest }.to_chunk().unwrap();
        keep(&store)(object.clone()).unwrap();
        object.id()
    };
    let forged = [above(deep(1023, "one")), above(deep(1023, "two"))];
    let error = refused(&store, &forged, FIRST);
    assert!(error.to_string().contains("deeper than a path can be"), "{error}");
}

#[test]
fn a_missing_directory_ends_the_merge() {
    let store = MemoryStore::new();
    let (one, other) = (flist(&store, &[("a/b", "x")]), flist(&store, &[("a/b", "y")]));
    let without = |gone: ChunkId| {
        let copy = MemoryStore::new();
        for id in [one, other] {
            let manifest = Manifest::load(&store, id).unwrap();
            for id in [id, manifest.root].into_iter().filter(|id| *id != gone) {
                keep(&copy)(store.get(&[id]).unwrap().remove(0).unwrap()).unwrap();
            }
        }
        refused(&copy, &[one, other], FIRST)
    };
    let root = Manifest::load(&store, other).unwrap().root;
    assert!(matches!(without(root), MergeError::Load(LoadError::Missing(ids)) if ids == [root]));
    // Of the copy nothing below the roots is there.
    assert!(matches!(without(one), MergeError::Source { id, .. } if id == one));
    assert!(matches!(without(Kind::Content.id_of(b"")), MergeError::Load(LoadError::Missing(_))));
}

#[test]
fn a_forged_directory_whose_names_come_twice_is_refused() {
    let store = MemoryStore::new();
    let names = |names: [&str; 2]| {
        let entry = |name: &str| Entry {
            name: EntryName::new(name.as_bytes()).unwrap(),
            metadata: metadata(1),
            content: Content::Fifo,
        };
        build_directory(&names.map(entry), &mut keep(&store)).unwrap().0
    };
    // Parts in the order of their last names, as the decoder wants it, that overlap: a, c and b, d.
    let part = |last: u8, id: ChunkId| {
        [&[0x83, 0x41, last, 0x58, 32][..], id.as_bytes(), &[0x82, 2, 0]].concat()
    };
    let parts = [part(b'c', names(["a", "c"])), part(b'd', names(["b", "d"]))].concat();
    let node = Chunk::new(Kind::Directory, [&[0x82, 1, 0x82], &parts[..]].concat()).unwrap();
    let other = flist(&store, &[("x", "x")]);
    let manifest = Manifest { root: node.id(), ..Manifest::load(&store, other).unwrap() };
    keep(&store)(node).unwrap();
    assert_eq!(Tree::of(&manifest).walk(&store).map(Result::unwrap).count(), 4);
    let forged = manifest.to_chunk().unwrap();
    keep(&store)(forged.clone()).unwrap();
    let error = refused(&store, &[forged.id(), other], FIRST);
    assert!(error.to_string().contains("names are not in order"), "{error}");
}
