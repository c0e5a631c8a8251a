use flisthub_flist::{Content, FileBuilder, Manifest, Metadata, Piece, TreeBuilder, TreePath};
use flisthub_storage::{Compressor, DEFAULT_LEVEL, MemoryStore, Profile};

use super::*;

fn stored(store: &MemoryStore, object: &Chunk) -> Result<(), StoreError> {
    let frame = Compressor::new(DEFAULT_LEVEL).unwrap().compress(object).unwrap();
    store.put(&[frame]).map(|_| ())
}

fn chunk(content: &str) -> Chunk {
    Chunk::new(Kind::Content, content.as_bytes().to_vec()).unwrap()
}

/// A flist with a file for each content, every second one in a directory.
fn flist(store: &MemoryStore, contents: &[&str]) -> ChunkId {
    let mut tree = TreeBuilder::new();
    let metadata = || Metadata { mode: 0o644, ..Metadata::default() };
    tree.add_directory(&TreePath::ROOT, metadata()).unwrap();
    for (index, content) in contents.iter().enumerate() {
        let chunk = chunk(content);
        let piece = Piece::Chunk { id: chunk.id(), length: chunk.length() };
        stored(store, &chunk).unwrap();
        let mut file = FileBuilder::new();
        file.push(piece, &mut |object| stored(store, &object)).unwrap();
        let file: Content = file.finish(&mut |object| stored(store, &object)).unwrap();
        let name = if index % 2 == 0 { content.to_string() } else { format!("sub/{content}") };
        tree.add(&TreePath::parse(name.as_bytes()).unwrap(), metadata(), file).unwrap();
    }
    let tree = tree.finish(&mut |object| stored(store, &object)).unwrap();
    let manifest = Manifest::of(&tree, Profile::default()).to_chunk().unwrap();
    let id = manifest.id();
    stored(store, &manifest).unwrap();
    id
}

fn wanted(contents: &[&str]) -> Wanted {
    let mut wanted = WantedBuilder::default();
    for content in contents {
        wanted.add(chunk(content).id());
    }
    wanted.finish()
}

/// Those of `contents` that are not found by reading so many objects of the flists.
fn missing(
    store: &MemoryStore,
    flists: &[ChunkId],
    contents: &[&str],
    left: usize,
) -> Vec<ChunkId> {
    let mut search = Search { store, wanted: wanted(contents), seen: HashSet::new(), left };
    for flist in flists {
        search.look_through(*flist).unwrap();
    }
    search.wanted.not_found()
}

#[test]
fn what_flists_are_made_of_is_found() {
    let store = MemoryStore::new();
    let flists = [flist(&store, &["a", "b"]), flist(&store, &["c", "d"])];
    // Stored, and in no flist.
    stored(&store, &chunk("e")).unwrap();
    let all = ["a", "b", "c", "d"];
    assert_eq!(missing(&store, &flists, &all, 100), []);
    assert_eq!(missing(&store, &flists, &["a", "e", "nowhere", "d"], 100), {
        let mut ids = [chunk("e").id(), chunk("nowhere").id()];
        ids.sort_unstable();
        ids
    });
    assert_eq!(missing(&store, &flists[..1], &["a", "c"], 100), [chunk("c").id()]);
}

#[test]
fn no_more_is_read_than_may_be() {
    let store = MemoryStore::new();
    let flists = [flist(&store, &["a", "b"]), flist(&store, &["c", "d"])];
    // A manifest, a root and a directory each.
    for (left, found) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (6, 4)] {
        let missing = missing(&store, &flists, &["a", "b", "c", "d"], left);
        assert_eq!(missing.len(), 4 - found, "{left} objects");
    }
}

#[test]
fn what_flists_have_in_common_is_read_once() {
    let store = MemoryStore::new();
    let flists = [flist(&store, &["a", "b"]), flist(&store, &["c", "b"])];
    // The directory with `b` is the same in both.
    assert_eq!(missing(&store, &flists, &["a", "b", "c"], 5), []);
}

#[test]
fn a_flist_that_is_not_there_ends_nothing() {
    let store = MemoryStore::new();
    let flists = [chunk("no flist").id(), flist(&store, &["a", "b"])];
    assert_eq!(missing(&store, &flists, &["a", "b"], 100), []);
}

#[test]
fn each_id_is_looked_for_once() {
    let mut builder = WantedBuilder::default();
    for _ in 0..3 {
        (0..10_000).for_each(|number: u32| builder.add(chunk(&number.to_string()).id()));
        assert!(builder.ids.len() <= 2 * 10_000 + 4096);
    }
    let mut wanted = builder.finish();
    assert_eq!((wanted.ids.len(), wanted.left), (10_000, 10_000));
    for _ in 0..2 {
        wanted.found(&chunk("7").id());
        wanted.found(&chunk("not looked for").id());
        assert_eq!(wanted.left, 9_999);
    }
    assert_eq!(wanted.not_found().len(), 9_999);
}
