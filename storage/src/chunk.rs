//! A chunk: bytes and the id that only they can have.

use bytes::Bytes;

use crate::id::{ChunkId, Kind};

/// The most bytes a stored object may have: 1 MiB.
pub const MAX_CHUNK: usize = 1 << 20;

/// Bytes of at most [`MAX_CHUNK`] with their kind and id. There is no way to make one whose id does
/// not belong to its bytes, so a store cannot be handed a lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    kind: Kind,
    id: ChunkId,
    bytes: Bytes,
}

/// Why bytes cannot be a chunk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The bytes hash to something else.
    #[error("{kind} {id}: the bytes hash to {actual}")]
    WrongId {
        /// The kind that was claimed.
        kind: Kind,
        /// The id that was claimed.
        id: ChunkId,
        /// The id that the bytes have.
        actual: ChunkId,
    },
    /// There are more bytes than a stored object may have.
    #[error("{kind} of {length} bytes: at most 1 MiB can be stored as one")]
    TooLong {
        /// The kind that was claimed.
        kind: Kind,
        /// How many bytes there are.
        length: usize,
    },
}

impl Chunk {
    /// Hashes `bytes`. Fails if there are more than [`MAX_CHUNK`].
    pub fn new(kind: Kind, bytes: impl Into<Bytes>) -> Result<Self, Mismatch> {
        let bytes = bytes.into();
        if bytes.len() > MAX_CHUNK {
            return Err(Mismatch::TooLong { kind, length: bytes.len() });
        }
        let id = kind.id_of(&bytes);
        Ok(Self { kind, id, bytes })
    }

    /// Accepts `bytes` only if they are what `id` names.
    pub fn verify(kind: Kind, id: ChunkId, bytes: impl Into<Bytes>) -> Result<Self, Mismatch> {
        let chunk = Self::new(kind, bytes)?;
        if chunk.id == id {
            Ok(chunk)
        } else {
            Err(Mismatch::WrongId { kind, id, actual: chunk.id })
        }
    }

    /// What the bytes are.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The id of the bytes.
    pub fn id(&self) -> ChunkId {
        self.id
    }

    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The bytes, without the rest.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// How many bytes there are.
    #[expect(clippy::cast_possible_truncation, reason = "a chunk has at most 1 MiB")]
    pub fn length(&self) -> u32 {
        self.bytes.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_under_a_wrong_id_are_refused() {
        let good = Chunk::new(Kind::Content, "abc").unwrap();
        assert_eq!(Chunk::verify(Kind::Content, good.id(), "abc"), Ok(good.clone()));
        assert!(matches!(
            Chunk::verify(Kind::Content, good.id(), "abd"),
            Err(Mismatch::WrongId { .. })
        ));
        assert!(matches!(
            Chunk::verify(Kind::Directory, good.id(), "abc"),
            Err(Mismatch::WrongId { .. })
        ));
    }

    #[test]
    fn a_chunk_has_at_most_one_mebibyte() {
        assert!(Chunk::new(Kind::Content, vec![1; MAX_CHUNK]).is_ok());
        assert!(matches!(
            Chunk::new(Kind::Content, vec![1; MAX_CHUNK + 1]),
            Err(Mismatch::TooLong { .. })
        ));
    }
}
