//! Trees to test with, and a store to keep them in.

use std::collections::BTreeMap;

use flisthub_flist::{
    BuiltTree, Content, Device, Emit, FileBuilder, Manifest, Metadata, Piece, Tree, TreeBuilder,
    TreePath,
};
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Compressor, DEFAULT_LEVEL, Kind, MemoryStore, Profile,
};

/// Puts objects into a store as they are made.
pub(crate) fn keep(
    store: &MemoryStore,
) -> impl FnMut(Chunk) -> Result<(), flisthub_storage::StoreError> {
    let mut compressor = Compressor::new(DEFAULT_LEVEL).unwrap();
    move |chunk| store.put(&[compressor.compress(&chunk).unwrap()]).map(|_| ())
}

/// A path.
pub(crate) fn path(text: &str) -> TreePath {
    TreePath::parse(text.as_bytes()).unwrap()
}

/// Metadata that differs from seed to seed.
pub(crate) fn metadata(seed: u32) -> Metadata {
    let mut xattrs = BTreeMap::new();
    if seed.is_multiple_of(3) {
        xattrs.insert(b"user.seed".to_vec(), seed.to_string().into_bytes());
        xattrs.insert(b"security.capability".to_vec(), vec![1, 0, 0, 2]);
    }
    Metadata {
        mode: u16::try_from(seed.wrapping_mul(37) % 0o10000).unwrap(),
        uid: seed,
        gid: u32::MAX - seed,
        mtime: i64::from(seed) * 1_000_003 - 5_000_000,
        mtime_nanos: seed.wrapping_mul(7_919_993) % 1_000_000_000,
        xattrs,
    }
}

/// Stores a chunk of the given content; gives its piece.
pub(crate) fn chunk(content: &[u8], emit: &mut Emit<'_>) -> Piece {
    let chunk = Chunk::new(Kind::Content, content.to_vec()).unwrap();
    let piece = Piece::Chunk { id: chunk.id(), length: chunk.length() };
    emit(chunk).unwrap();
    piece
}

/// A file of one chunk.
pub(crate) fn file(content: &[u8], emit: &mut Emit<'_>) -> Content {
    let mut builder = FileBuilder::new();
    if !content.is_empty() {
        let piece = chunk(content, emit);
        builder.push(piece, emit).unwrap();
    }
    builder.finish(emit).unwrap()
}

/// A tree with every kind of entry, names that are not UTF-8, hard links, holes and a large file.
pub(crate) fn every_kind(emit: &mut Emit<'_>) -> BuiltTree {
    let mut tree = TreeBuilder::new();
    tree.add_directory(&TreePath::ROOT, metadata(0)).unwrap();
    tree.add_directory(&path("empty"), metadata(1)).unwrap();
    tree.add(&path("bin/tool"), Metadata { mode: 0o4755, ..metadata(3) }, file(b"#!", emit))
        .unwrap();
    tree.add_hard_link(&path("bin/alias"), &path("bin/tool")).unwrap();
    tree.add_hard_link(&path("a-third"), &path("bin/alias")).unwrap();
    tree.add(&path("nothing"), metadata(4), file(b"", emit)).unwrap();
    let target = b"../no\xffwhere".to_vec();
    tree.add(&path("link"), metadata(5), Content::Symlink { target }).unwrap();
    tree.add_hard_link(&path("link too"), &path("link")).unwrap();
    let device = Device::new(4095, 1_048_575).unwrap();
    tree.add(&path("dev/c"), metadata(6), Content::CharDevice(device)).unwrap();
    tree.add(&path("dev/b"), metadata(7), Content::BlockDevice(device)).unwrap();
    tree.add(&path("dev/pipe"), metadata(8), Content::Fifo).unwrap();
    tree.add(&path("dev/socket"), metadata(9), Content::Socket).unwrap();
    let odd = TreePath::parse(b"odd/\xff\xfe\n").unwrap();
    tree.add(&odd, metadata(10), file(b"odd", emit)).unwrap();
    let mut sparse = FileBuilder::new();
    sparse.push(Piece::Hole { length: 65_536 }, emit).unwrap();
    let middle = chunk(b"middle", emit);
    sparse.push(middle, emit).unwrap();
    sparse.push(Piece::Hole { length: 1 << 40 }, emit).unwrap();
    let sparse = sparse.finish(emit).unwrap();
    tree.add(&path("sparse"), metadata(11), sparse).unwrap();
    let large = large_file(1025, emit);
    tree.add(&path("large"), metadata(12), large).unwrap();
    tree.finish(emit).unwrap()
}

/// A file of so many chunks of a few bytes.
pub(crate) fn large_file(chunks: u32, emit: &mut Emit<'_>) -> Content {
    let mut builder = FileBuilder::new();
    for index in 0..chunks {
        let piece = chunk(&index.to_le_bytes(), emit);
        builder.push(piece, emit).unwrap();
    }
    builder.finish(emit).unwrap()
}

/// Stores the manifest of a tree; gives its id.
pub(crate) fn publish(store: &MemoryStore, tree: &BuiltTree) -> ChunkId {
    let manifest = Manifest::of(tree, Profile::default()).to_chunk().unwrap();
    let id = manifest.id();
    keep(store)(manifest).unwrap();
    id
}

/// Everything in a tree, as text that is easy to compare.
pub(crate) fn listing(store: &MemoryStore, tree: &Tree) -> Vec<String> {
    tree.walk(store).map(|entry| format!("{:?}", entry.unwrap())).collect()
}
