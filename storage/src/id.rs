//! Ids: what a stored object is called, and in which hash context that name is computed.
//!
//! A chunk's id is the plain BLAKE3 hash of its bytes. Objects that describe trees are hashed in
//! BLAKE3's derive-key mode, each kind with a context of its own, so that no file content can ever
//! have the id of, say, a directory object.

use std::fmt;
use std::str::FromStr;

/// What a stored object is, as far as its id is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Bytes of a file: plain BLAKE3.
    Content = 0,
    /// One directory's entries, or a list of its parts.
    Directory = 1,
    /// A part of a large file's list of chunks.
    List = 2,
    /// The hard links of a tree.
    Links = 3,
    /// What a flist says beside its tree.
    Manifest = 4,
}

impl Kind {
    /// Every kind, in the order of their codes.
    pub const ALL: [Self; 5] =
        [Self::Content, Self::Directory, Self::List, Self::Links, Self::Manifest];

    /// The byte that stands for this kind on the wire and in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The kind that `code` stands for, if any.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The BLAKE3 derive-key context, or `None` for plain hashing. Frozen: a change makes every
    /// stored id wrong.
    pub fn context(self) -> Option<&'static str> {
        match self {
            Self::Content => None,
            Self::Directory => Some("flisthub 2026-11-21 directory object v1"),
            Self::List => Some("flisthub 2026-11-21 list object v1"),
            Self::Links => Some("flisthub 2026-11-21 links object v1"),
            Self::Manifest => Some("flisthub 2026-11-21 manifest v1"),
        }
    }

    /// The id that `bytes` have as an object of this kind.
    pub fn id_of(self, bytes: &[u8]) -> ChunkId {
        let hash = match self.context() {
            None => blake3::hash(bytes),
            Some(context) => blake3::Hasher::new_derive_key(context).update(bytes).finalize(),
        };
        ChunkId(*hash.as_bytes())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Content => "chunk",
            Self::Directory => "directory object",
            Self::List => "list object",
            Self::Links => "links object",
            Self::Manifest => "manifest",
        })
    }
}

/// The name of a stored object: 32 bytes of BLAKE3, shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkId([u8; 32]);

impl ChunkId {
    /// Takes 32 bytes for an id. Nothing is checked: an id is only a question until a [`crate::Chunk`]
    /// answers it.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Takes a slice for an id; `None` unless it is 32 bytes long.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The raw 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id is {expected} lower-case hex digits")]
pub struct ParseIdError {
    /// How many digits this kind of id has.
    pub expected: usize,
}

impl FromStr for ChunkId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex(text).map(Self)
    }
}

/// Reads exactly `2 * N` lower-case hex digits.
pub(crate) fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], ParseIdError> {
    let error = ParseIdError { expected: 2 * N };
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return Err(error);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return Err(error),
            };
            *byte = *byte << 4 | value;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fixed vectors: these ids stand in every store and flist in the world.
    #[test]
    fn ids_are_frozen() {
        let ids: Vec<String> =
            Kind::ALL.iter().map(|kind| kind.id_of(b"flisthub").to_string()).collect();
        assert_eq!(
            ids,
            [
                "2a19c17d3535b2836604aeb5dc49992b190ada7a7e099cbd04253ab20974f3ab",
                "7d1257e4b94373b10b601cdf71c3b820e9906eed7f07ccad386b051b80c56dbd",
                "1cd0cbe62dd7ad14fee859ad30537f13bb0cfef240e45eaf3106b98168b87b2f",
                "5ba48996c3267c3b09137e8fa683ef13aa4807c1a2694d75d2b97789af960d0c",
                "feaaea11b060c1136ab5f74bb06e2d17414f233a37538d263488cb01446a808e",
            ]
        );
        assert_eq!(
            Kind::Content.id_of(b"").to_string(),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
        );
    }

    #[test]
    fn ids_read_back_and_bad_ones_are_refused() {
        let id = Kind::Content.id_of(b"x");
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "ab", &id.to_string().to_uppercase(), &format!("{id}0"), &"g".repeat(64)] {
            assert!(bad.parse::<ChunkId>().is_err(), "{bad}");
        }
    }
}
