//! What the store is filled with: flists of many tiny files, real directory objects and manifests, so
//! that a sweep follows what it would follow in a hub.

use flisthub_flist::{Content, Manifest, Metadata, Piece, Pieces, TreeBuilder, TreePath};
use flisthub_storage::{Chunk, ChunkId, Kind, Profile};

/// Files of one flist, each of one chunk, and of one directory.
pub(crate) const FILES: u64 = 10_000;
const DIRECTORY: u64 = 1000;

/// The chunk of that number: 16 bytes.
pub(crate) fn chunk(number: u64) -> anyhow::Result<Chunk> {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend_from_slice(b"flisthub");
    Ok(Chunk::new(Kind::Content, bytes)?)
}

pub(crate) fn ids(numbers: impl Iterator<Item = u64>) -> anyhow::Result<Vec<ChunkId>> {
    numbers.map(|number| Ok(chunk(number)?.id())).collect()
}

/// A flist of a file for each of these chunks: its objects, the manifest last.
pub(crate) fn flist(chunks: &[ChunkId]) -> anyhow::Result<Vec<Chunk>> {
    let mut tree = TreeBuilder::new();
    let metadata = Metadata { mode: 0o644, mtime: 1_600_000_000, ..Metadata::default() };
    for (number, id) in (0_u64..).zip(chunks) {
        let path = format!("directory-{:03}/file-{number:06}", number / DIRECTORY);
        let pieces = Pieces::Inline(vec![Piece::Chunk { id: *id, length: 16 }]);
        let content = Content::File { size: 16, pieces };
        tree.add(&TreePath::parse(path.as_bytes())?, metadata.clone(), content)?;
    }
    let mut objects = Vec::new();
    let built = tree.finish(&mut |object| {
        objects.push(object);
        Ok(())
    })?;
    objects.push(Manifest::of(&built, Profile::default()).to_chunk()?);
    Ok(objects)
}
