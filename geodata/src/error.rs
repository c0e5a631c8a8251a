//! Why a file could not be read.

use std::borrow::Cow;
use std::io;

/// A limit that a file went beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// More than [`crate::Limits::bytes_read`].
    #[error("more than {0} bytes would have to be read")]
    BytesRead(u64),
    /// One value larger than [`crate::Limits::value_bytes`].
    #[error("a value of it has more than {0} bytes")]
    ValueBytes(u64),
    /// More than [`crate::Limits::positions`].
    #[error("it has more than {0} positions")]
    Positions(u64),
    /// More than [`crate::Limits::decoded_bytes`].
    #[error("a picture of it takes more than {0} decoded bytes")]
    DecodedBytes(u64),
}

/// A file of geodata that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GeodataError {
    /// The bytes could not be had.
    #[error("the file could not be read: {0}")]
    Io(#[from] io::Error),
    /// Something lies outside of the file.
    #[error("{what} lies outside of the file: bytes {from} to {to} of {size}")]
    Outside {
        /// What should be there.
        what: &'static str,
        /// Its first byte.
        from: u64,
        /// The byte after it.
        to: u64,
        /// The file's size.
        size: u64,
    },
    /// It takes more than the limits allow.
    #[error("{0}")]
    TooMuch(Limit),
    /// It is not what its format says that it is.
    #[error("{0}")]
    Broken(Cow<'static, str>),
    /// It is sound, and nothing that is read here.
    #[error("{0}")]
    Unsupported(Cow<'static, str>),
}

impl GeodataError {
    pub(crate) fn broken(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Broken(what.into())
    }

    pub(crate) fn unsupported(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Unsupported(what.into())
    }
}

impl From<Limit> for GeodataError {
    fn from(limit: Limit) -> Self {
        Self::TooMuch(limit)
    }
}
