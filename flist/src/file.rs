//! A regular file, apart from where it stands and what is known of it: its length and its content.

use flisthub_storage::ChunkId;

use crate::entry::{Piece, Pieces};

/// The context of the ids of files' content.
const CONTENT: &str = "flisthub 2026-11-21 content of a file, by its pieces";

/// A regular file.
#[derive(Debug, Clone)]
pub struct File {
    /// Length in bytes, holes included.
    pub size: u64,
    /// Its content.
    pub pieces: Pieces,
}

impl File {
    /// An id of the content: what has the same one is the same, byte for byte, wherever it stands.
    pub fn content_id(&self) -> ChunkId {
        let mut hasher = blake3::Hasher::new_derive_key(CONTENT);
        hasher.update(&self.size.to_le_bytes());
        match &self.pieces {
            Pieces::List { id, .. } => {
                hasher.update(id.as_bytes());
            }
            Pieces::Inline(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Chunk { id, .. } => hasher.update(id.as_bytes()),
                        Piece::Hole { length } => {
                            hasher.update(&[0; 24]).update(&length.to_le_bytes())
                        }
                    };
                }
            }
        }
        ChunkId::from_bytes(*hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_that_of_the_bytes() {
        let chunk = |byte: u8| Piece::Chunk { id: ChunkId::from_bytes([byte; 32]), length: 5 };
        let hole = |length: u64| Piece::Hole { length };
        let file = |pieces: Vec<Piece>| {
            let size = pieces.iter().map(Piece::length).sum();
            File { size, pieces: Pieces::Inline(pieces) }
        };
        let list = |byte: u8, size: u64| {
            let pieces = Pieces::List { id: ChunkId::from_bytes([byte; 32]), count: 2000 };
            File { size, pieces }
        };
        let all = [
            file(Vec::new()),
            file(vec![chunk(1)]),
            file(vec![chunk(2)]),
            file(vec![chunk(1), chunk(2)]),
            file(vec![chunk(2), chunk(1)]),
            file(vec![hole(65_536)]),
            file(vec![hole(65_537)]),
            list(1, 10),
            list(2, 10),
            list(1, 11),
        ];
        let ids: Vec<ChunkId> = all.iter().map(File::content_id).collect();
        for (at, id) in ids.iter().enumerate() {
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{:?}", all[at]);
            assert_eq!(all[at].clone().content_id(), *id);
        }
    }
}
