//! Exports of flists that lie or are not whole, as a hostile client could push them.

use flisthub_converter::{Compression, ExportOptions};
use flisthub_flist::{
    Content, Manifest, Metadata, Piece, Pieces, TreeBuilder, TreePath, build_links,
};
use flisthub_storage::{Chunk, ChunkId, ChunkStore, Compressor, Kind, MemoryStore, Profile};

use crate::exports::{ALL, try_export};
use crate::tools::whole;

fn put(store: &MemoryStore, chunk: &Chunk) -> ChunkId {
    let frame = Compressor::new(1).unwrap().compress(chunk).unwrap();
    store.put(&[frame]).unwrap();
    chunk.id()
}

fn path(text: &str) -> TreePath {
    TreePath::parse(text.as_bytes()).unwrap()
}

fn forged(store: &MemoryStore, files: &[(&str, Content)], links: Vec<Vec<TreePath>>) -> ChunkId {
    let mut tree = TreeBuilder::new();
    for (name, content) in files {
        tree.add(&path(name), Metadata::default(), content.clone()).unwrap();
    }
    let mut emit = |chunk: Chunk| {
        put(store, &chunk);
        Ok(())
    };
    let built = tree.finish(&mut emit).unwrap();
    let links = build_links(links, &mut emit).unwrap();
    put(store, &Manifest { links, ..Manifest::of(&built, Profile::default()) }.to_chunk().unwrap())
}

fn file(size: u64, pieces: Vec<Piece>) -> Content {
    Content::File { size, pieces: Pieces::Inline(pieces) }
}

fn told(store: &MemoryStore, flist: ChunkId, compression: Compression) -> String {
    let ended = try_export(store, flist, compression, &ExportOptions::default());
    whole(&ended.expect_err("should be refused"))
}

#[test]
fn what_contradicts_itself_is_refused() {
    let store = MemoryStore::new();
    let id = put(&store, &Chunk::new(Kind::Content, "0123456789").unwrap());
    let other = put(&store, &Chunk::new(Kind::List, "not content").unwrap());
    for (content, reason) in [
        (file(11, vec![Piece::Chunk { id, length: 11 }]), "a chunk is not as long as it says"),
        (file(11, vec![Piece::Chunk { id: other, length: 11 }]), "what it names is no content"),
    ] {
        for compression in ALL {
            let flist = forged(&store, &[("d/file", content.clone())], Vec::new());
            let told = told(&store, flist, compression);
            assert_eq!(told, format!("d/file: the flist is bad: {reason}"), "{compression}");
        }
    }
}

#[test]
fn what_is_missing_is_named() {
    let store = MemoryStore::new();
    let id = Kind::Content.id_of(b"swept");
    let content = file(5, vec![Piece::Chunk { id, length: 5 }]);
    let flist = forged(&store, &[("d/file", content)], Vec::new());
    for compression in ALL {
        let told = told(&store, flist, compression);
        assert_eq!(told, format!("d/file: chunk {id} is not in the store"), "{compression}");
    }
    let none = Kind::Manifest.id_of(b"no manifest");
    assert!(told(&store, none, Compression::None).contains("missing"));
}

#[test]
fn links_that_lie_are_refused() {
    let store = MemoryStore::new();
    let files = [("a", file(0, vec![])), ("b", Content::Fifo), ("c", file(0, vec![]))];
    for (group, reason) in [
        (["a", "b"], "b: the flist is bad: hard links to one file differ"),
        (["a", "gone"], "gone: the flist is bad: a hard link is not in the tree"),
    ] {
        let flist = forged(&store, &files, vec![group.map(path).to_vec()]);
        assert_eq!(told(&store, flist, Compression::None), reason);
    }
    let flist = forged(&store, &files, vec![["a", "c"].map(path).to_vec()]);
    let options = ExportOptions::default();
    assert!(try_export(&store, flist, Compression::None, &options).is_ok());
}

/// A tree that no tar can hold is told before anything is written.
#[test]
fn sums_do_not_overflow() {
    let store = MemoryStore::new();
    let hole = |length| file(length, vec![Piece::Hole { length }]);
    let flist = forged(&store, &[("a", hole(u64::MAX / 2)), ("b", hole(u64::MAX / 2))], Vec::new());
    let error = flisthub_converter::measure(&store, flist, &ExportOptions::default()).unwrap_err();
    assert!(whole(&error).contains("larger than a tar can be"), "{error}");
}
