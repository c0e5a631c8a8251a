//! One layer of a container image: what it puts over the layers below it, step by step, in the order of
//! its archive.
//!
//! A layer is no tree: it takes away what is below, its directories may be only implied, and its hard
//! links may lead into lower layers. So it is a type of its own, it is no stored object, and no name can
//! ever point at it. [`TreeBuilder::apply`](crate::TreeBuilder::apply) says what the steps mean. The
//! encoding here is for caches: it may change with every version, and a cache that holds another one is
//! simply empty.

use flisthub_storage::ChunkId;

use crate::cbor::{DecodeError, Reader, Writer};
use crate::entry::{Content, Metadata, Piece, Pieces};
use crate::entry_codec::{read_content, read_metadata, write_content, write_metadata};
use crate::name::TreePath;

/// The version of the encoding.
const VERSION: u64 = 1;

const DIRECTORY: u64 = 0;
const ENTRY: u64 = 1;
const HARD_LINK: u64 = 2;
const WHITEOUT: u64 = 3;
const OPAQUE: u64 = 4;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayerStep {
    /// A directory, or the metadata of the root.
    Directory {
        /// Where it stands.
        path: TreePath,
        /// Its metadata.
        metadata: Metadata,
    },
    /// Anything else with content of its own.
    Entry {
        /// Where it stands.
        path: TreePath,
        /// Its metadata.
        metadata: Metadata,
        /// What it is.
        content: Content,
    },
    /// A hard link to what stands at `target`, in this layer or below it.
    HardLink {
        /// Where it stands.
        path: TreePath,
        /// What it shares its content with.
        target: TreePath,
    },
    /// What the layers below have at `path` is gone.
    Whiteout(TreePath),
    /// What the layers below have in the directory is gone.
    Opaque(TreePath),
}

/// The steps of a layer, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// The steps.
    pub steps: Vec<LayerStep>,
}

impl Layer {
    /// The layer as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.array(2).uint(VERSION).array(self.steps.len());
        for step in &self.steps {
            match step {
                LayerStep::Directory { path, metadata } => {
                    out.array(3).uint(DIRECTORY).bytes(path.as_bytes());
                    write_metadata(metadata, &mut out);
                }
                LayerStep::Entry { path, metadata, content } => {
                    out.array(4).uint(ENTRY).bytes(path.as_bytes());
                    write_metadata(metadata, &mut out);
                    write_content(content, &mut out);
                }
                LayerStep::HardLink { path, target } => {
                    out.array(3).uint(HARD_LINK).bytes(path.as_bytes()).bytes(target.as_bytes());
                }
                LayerStep::Whiteout(path) => {
                    out.array(2).uint(WHITEOUT).bytes(path.as_bytes());
                }
                LayerStep::Opaque(path) => {
                    out.array(2).uint(OPAQUE).bytes(path.as_bytes());
                }
            }
        }
        out.finish()
    }

    /// Reads a layer.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.array_of(2)?;
        let version = reader.uint()?;
        reader.rule(version == VERSION, "this program knows another version of layers")?;
        let mut steps = Vec::new();
        for _ in 0..reader.array()? {
            steps.push(read_step(&mut reader)?);
        }
        reader.finish()?;
        Ok(Self { steps })
    }

    /// The chunks, and the list objects of large files, that the steps name; the same one may come more
    /// than once.
    pub fn references(&self) -> impl Iterator<Item = ChunkId> {
        let files = self.steps.iter().filter_map(|step| match step {
            LayerStep::Entry { content: Content::File { pieces, .. }, .. } => Some(pieces),
            _ => None,
        });
        files.flat_map(|pieces| {
            let (inline, list) = match pieces {
                Pieces::Inline(pieces) => (pieces.as_slice(), None),
                Pieces::List { id, .. } => (&[][..], Some(*id)),
            };
            let chunk = |piece: &Piece| match piece {
                Piece::Chunk { id, .. } => Some(*id),
                Piece::Hole { .. } => None,
            };
            inline.iter().filter_map(chunk).chain(list)
        })
    }

    /// The pieces of files that stand in list objects.
    pub fn lists(&self) -> impl Iterator<Item = &Pieces> {
        self.steps.iter().filter_map(|step| match step {
            LayerStep::Entry {
                content: Content::File { pieces: pieces @ Pieces::List { .. }, .. },
                ..
            } => Some(pieces),
            _ => None,
        })
    }
}

fn read_step(reader: &mut Reader<'_>) -> Result<LayerStep, DecodeError> {
    let length = reader.array()?;
    let tag = reader.uint()?;
    let path = read_path(reader)?;
    Ok(match (tag, length) {
        (DIRECTORY, 3) => LayerStep::Directory { path, metadata: read_metadata(reader)? },
        (ENTRY, 4) => {
            let metadata = read_metadata(reader)?;
            let content = read_content(reader)?;
            let leaf = !matches!(content, Content::Directory { .. });
            reader.rule(leaf, "a directory of a layer has no content of its own")?;
            LayerStep::Entry { path, metadata, content }
        }
        (HARD_LINK, 3) => LayerStep::HardLink { path, target: read_path(reader)? },
        (WHITEOUT, 2) => LayerStep::Whiteout(path),
        (OPAQUE, 2) => LayerStep::Opaque(path),
        _ => {
            reader.rule(false, "no such step")?;
            LayerStep::Opaque(path)
        }
    })
}

fn read_path(reader: &mut Reader<'_>) -> Result<TreePath, DecodeError> {
    let at = reader.at();
    let rule = "a path is names joined by `/`";
    TreePath::parse_exact(reader.bytes()?).map_err(|_| DecodeError::Rule { at, rule })
}
