//! What one stored object names directly: the edges of the graph that sweep, scrub and accounting
//! follow.
//!
//! It stands on the strict decoders, several million entries a second a core
//! (`examples/references_rate.rs`). A leaner reader that passes over names and metadata was three times as
//! fast, and would have been a second reader of the format to keep right.

use flisthub_storage::{Chunk, ChunkId, Kind, Reference};

use crate::cbor::DecodeError;
use crate::directory::Directory;
use crate::entry::{Content, Entry, Piece, Pieces};
use crate::links;
use crate::list::List;
use crate::manifest::Manifest;
use crate::name::EntryName;

/// What an object names directly, in order; what it names twice comes twice.
///
/// * a manifest: its root directory, and its links object if it has one
/// * a directory object: the subdirectories, chunks and list objects of its entries, or its parts
/// * a list object: its chunks, or its parts
/// * a links object: its parts, if it is in parts
/// * a chunk: nothing
///
/// An object that breaks the format gives an error, never a part of the answer.
pub fn references(object: &Chunk) -> Result<Vec<Reference>, DecodeError> {
    let mut found = Vec::new();
    mentions(object, |mention| found.push(mention.reference))?;
    Ok(found)
}

/// One place where an object names another.
pub(crate) struct Mention<'a> {
    /// The name of the entry that it stands in; `None` outside of entries.
    pub(crate) name: Option<&'a EntryName>,
    /// What is named.
    pub(crate) reference: Reference,
    /// How many bytes it must have; only said of chunks.
    pub(crate) length: Option<u32>,
}

impl Mention<'_> {
    fn plain(kind: Kind, id: ChunkId) -> Self {
        Self { name: None, reference: Reference { kind, id }, length: None }
    }
}

/// Calls `found` for all that `object` names, in order; not at all if it breaks the format.
pub(crate) fn mentions(
    object: &Chunk,
    mut found: impl FnMut(Mention<'_>),
) -> Result<(), DecodeError> {
    let bytes = object.bytes();
    match object.kind() {
        Kind::Content => {}
        Kind::Manifest => {
            let manifest = Manifest::decode(bytes)?;
            found(Mention::plain(Kind::Directory, manifest.root));
            if let Some(id) = manifest.links {
                found(Mention::plain(Kind::Links, id));
            }
        }
        Kind::Links => {
            for id in links::parts(bytes)? {
                found(Mention::plain(Kind::Links, id));
            }
        }
        Kind::Directory => match Directory::decode(bytes)? {
            Directory::Leaf(entries) => {
                for entry in &entries {
                    of_entry(entry, &mut found);
                }
            }
            Directory::Node(parts) => {
                for part in &parts {
                    found(Mention::plain(Kind::Directory, part.id));
                }
            }
        },
        Kind::List => match List::decode(bytes)? {
            List::Leaf(pieces) => of_pieces(&pieces, None, &mut found),
            List::Node(parts) => {
                for part in &parts {
                    found(Mention::plain(Kind::List, part.id));
                }
            }
        },
    }
    Ok(())
}

fn of_entry(entry: &Entry, found: &mut impl FnMut(Mention<'_>)) {
    let name = Some(&entry.name);
    match &entry.content {
        Content::File { pieces: Pieces::Inline(pieces), .. } => of_pieces(pieces, name, found),
        Content::File { pieces: Pieces::List { id, .. }, .. } => {
            found(Mention { name, ..Mention::plain(Kind::List, *id) });
        }
        Content::Directory { id, .. } => {
            found(Mention { name, ..Mention::plain(Kind::Directory, *id) });
        }
        Content::Symlink { .. }
        | Content::CharDevice(_)
        | Content::BlockDevice(_)
        | Content::Fifo
        | Content::Socket => {}
    }
}

fn of_pieces(pieces: &[Piece], name: Option<&EntryName>, found: &mut impl FnMut(Mention<'_>)) {
    for piece in pieces {
        if let Piece::Chunk { id, length } = *piece {
            found(Mention { name, length: Some(length), ..Mention::plain(Kind::Content, id) });
        }
    }
}
