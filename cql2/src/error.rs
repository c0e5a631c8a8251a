//! Why a filter could not be read, and where.

use std::borrow::Cow;
use std::fmt;

use crate::limits::{Limit, TEXT_BYTES};

/// The most characters of a filter that an error repeats.
const SHOWN: usize = 40;

/// Where in a filter something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The byte of a text, counted from 0; always the first one of a character, or the length of the text.
    Byte(usize),
    /// The JSON pointer (RFC 6901) into a document; empty for the whole document.
    Pointer(String),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(at) => write!(out, "at byte {at}"),
            Self::Pointer(pointer) if pointer.is_empty() => write!(out, "at the root"),
            Self::Pointer(pointer) => write!(out, "at {pointer}"),
        }
    }
}

/// A text or a JSON document that is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The text has so many bytes, which is more than [`crate::limits::TEXT_BYTES`].
    #[error("the filter has {0} bytes, and may have at most {TEXT_BYTES}")]
    TooLong(usize),
    /// Something else should stand here.
    #[error("{place}: expected {expected}, found {found}")]
    Unexpected {
        /// Where it stands.
        place: Place,
        /// What may stand there.
        expected: Cow<'static, str>,
        /// What does.
        found: String,
    },
    /// What stands here has the right form, and cannot be.
    #[error("{place}: {reason}")]
    Wrong {
        /// Where it stands.
        place: Place,
        /// Why it cannot be.
        reason: Cow<'static, str>,
    },
    /// The filter is too large here.
    #[error("{place}: {limit}")]
    TooMuch {
        /// Where the limit is passed.
        place: Place,
        /// Which limit.
        limit: Limit,
    },
}

impl ReadError {
    pub(crate) fn wrong(place: Place, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Wrong { place, reason: reason.into() }
    }

    pub(crate) fn unexpected(
        place: Place,
        expected: impl Into<Cow<'static, str>>,
        found: impl Into<String>,
    ) -> Self {
        Self::Unexpected { place, expected: expected.into(), found: found.into() }
    }
}

/// The beginning of a text that an error repeats: bounded, and on one line.
pub(crate) fn shown(text: &str) -> String {
    let mut short = String::new();
    for character in text.chars().take(SHOWN) {
        if character.is_control() {
            short.extend(character.escape_debug());
        } else {
            short.push(character);
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}
