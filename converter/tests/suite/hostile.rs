//! Archives and flists that try to write somewhere else.

use flisthub_converter::{ExtractError, ExtractOptions, extract};
use flisthub_flist::{
    Content, EntryName, Manifest, Metadata, Piece, Pieces, Totals, TreeBuilder, TreePath,
    build_links,
};
use flisthub_storage::{Chunk, ChunkId, ChunkStore, Compressor, Kind, MemoryStore, Profile};

use crate::build_tar::Tar;
use crate::tools::{ingest, refusal, whole};

#[test]
fn nothing_is_written_through_a_link() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().to_str().unwrap();
    let archive = Tar::new().link(b'2', "link", target).file("link/evil", b"evil").end();
    let told = refusal(&archive);
    assert!(told.contains("link/evil: link above it is not a directory"), "{told}");
    // The other way round the file's directory is replaced, and the link comes out as a link.
    let archive = Tar::new().file("link/evil", b"evil").link(b'2', "link", target).end();
    let (store, to) = (MemoryStore::new(), outside.path().join("to"));
    let flist = ingest(&archive, &store).unwrap().flist;
    extract(&store, flist, &to, &ExtractOptions::default()).unwrap();
    assert!(to.join("link").symlink_metadata().unwrap().is_symlink());
    assert!(!outside.path().join("evil").exists());
    // A hard link to a link shares the link, not what it points at.
    let archive = Tar::new().link(b'2', "l", "/etc/passwd").link(b'1', "h", "l").end();
    let flist = ingest(&archive, &store).unwrap().flist;
    let to = outside.path().join("to2");
    extract(&store, flist, &to, &ExtractOptions::default()).unwrap();
    assert!(to.join("h").symlink_metadata().unwrap().is_symlink());
}

/// Puts objects as a hostile client could.
fn put(store: &MemoryStore, chunk: &Chunk) -> ChunkId {
    let frame = Compressor::new(1).unwrap().compress(chunk).unwrap();
    store.put(&[frame]).unwrap();
    chunk.id()
}

fn path(text: &str) -> TreePath {
    TreePath::parse(text.as_bytes()).unwrap()
}

/// A flist with files `a` and `b` as given and these groups of links.
fn forged(store: &MemoryStore, a: Content, b: Content, groups: Vec<Vec<TreePath>>) -> ChunkId {
    let mut tree = TreeBuilder::new();
    tree.add(&path("a"), Metadata { mode: 0o644, ..Metadata::default() }, a).unwrap();
    tree.add(&path("b"), Metadata { mode: 0o644, ..Metadata::default() }, b).unwrap();
    let mut emit = |chunk: Chunk| {
        put(store, &chunk);
        Ok(())
    };
    let built = tree.finish(&mut emit).unwrap();
    let links = build_links(groups, &mut emit).unwrap();
    let manifest = Manifest { links, ..Manifest::of(&built, Profile::default()) };
    put(store, &manifest.to_chunk().unwrap())
}

fn file(pieces: Vec<Piece>, size: u64) -> Content {
    Content::File { size, pieces: Pieces::Inline(pieces) }
}

#[test]
fn flists_that_contradict_themselves_are_refused() {
    let store = MemoryStore::new();
    let chunk = Chunk::new(Kind::Content, "hello").unwrap();
    let id = put(&store, &chunk);
    let good = || file(vec![Piece::Chunk { id, length: 5 }], 5);
    let both = || vec![path("a"), path("b")];
    let nowhere = Kind::Content.id_of(b"nowhere");
    let absent = file(vec![Piece::Chunk { id: nowhere, length: 7 }], 7);
    let long = file(vec![Piece::Chunk { id, length: 6 }], 6);
    for (a, groups, told) in [
        (long, vec![], "a chunk is not as long as the file says"),
        (absent, vec![], "is not in the store"),
        (Content::Fifo, vec![both()], "hard links to one file differ"),
        (good(), vec![vec![path("a"), path("c")]], "a hard link is not in the tree"),
        (good(), vec![vec![path("a"), path("a/../../x".trim_end_matches("/../../x"))]], ""),
    ] {
        let work = tempfile::tempdir().unwrap();
        let flist = forged(&store, a, good(), groups);
        let result = extract(&store, flist, &work.path().join("to"), &ExtractOptions::default());
        if !told.is_empty() {
            let error = whole(&result.unwrap_err());
            assert!(error.contains(told), "{error}");
        }
    }
}

#[test]
fn an_absent_flist_is_told() {
    let work = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    let absent = Kind::Manifest.id_of(b"absent");
    let result = extract(&store, absent, &work.path().join("to"), &ExtractOptions::default());
    assert!(matches!(result, Err(ExtractError::Load(_))), "{result:?}");
    assert!(!work.path().join("to").exists());
    assert!(EntryName::new(b"..").is_err() && Totals::default().entries == 0);
}
