//! Tokens: how they are made, and what is kept of them.

use std::fmt;
use std::str::FromStr;

use crate::catalog::TokenHash;

/// What every token starts with, so that people and secret scanners know one when they see it.
const PREFIX: &str = "fh_";

/// BLAKE3 derive-key context of a token's hash. Frozen: a change makes every token unknown.
const CONTEXT: &str = "flisthub 2026-11-21 api token v1";

/// The longest life that can be asked for: 100 years.
const MAX_LIFE: u64 = 100 * 366 * 86_400;

/// A token as its owner holds it: `fh_` and 64 hex digits, 256 random bits. Neither its text nor its
/// debug form reaches a log.
pub struct Token(String);

impl Token {
    /// A new one, from the operating system's random source.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let hex = blake3::Hash::from_bytes(bytes).to_hex();
        Ok(Self(format!("{PREFIX}{hex}")))
    }

    /// What a caller presents as a token.
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// What is stored of it. The catalog is asked for this hash, so comparing takes no account of how
    /// much of a guess was right.
    pub fn hash(&self) -> TokenHash {
        blake3::derive_key(CONTEXT, self.0.as_bytes())
    }

    /// The text, to be shown to its owner once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// How a token came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Its owner, or the operator, made it.
    Api,
    /// Its owner signed in with a password.
    Login,
}

impl TokenKind {
    /// The number in the catalog.
    pub fn code(self) -> i16 {
        match self {
            Self::Api => 1,
            Self::Login => 2,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Login => "login",
        }
    }

    /// The kind of a number in the catalog.
    pub fn from_code(code: i16) -> Option<Self> {
        [Self::Api, Self::Login].into_iter().find(|kind| kind.code() == code)
    }
}

/// How long a token lives: `never`, or a number with `s`, `m`, `h` or `d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It does not end by itself.
    Never,
    /// It ends that many seconds after it is made.
    After(u64),
}

impl Expiry {
    /// When a token made at `now` ends; both in seconds since the Unix epoch.
    pub fn at(self, now: u64) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::After(seconds) => Some(now.saturating_add(seconds)),
        }
    }
}

/// The text says no life that a token can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no life for a token: write `never`, or a whole number above 0 with s, m, h or d \
     (seconds, minutes, hours, days), at most 100 years"
)]
pub struct ParseExpiryError(String);

impl FromStr for Expiry {
    type Err = ParseExpiryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "never" {
            return Ok(Self::Never);
        }
        seconds(text).map(Self::After).ok_or_else(|| ParseExpiryError(text.to_owned()))
    }
}

/// The seconds of a whole number above 0 with `s`, `m`, `h` or `d`, at most 100 years.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let unit_at = text.len().checked_sub(1)?;
    let (digits, unit) = text.split_at_checked(unit_at)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    // `parse` alone would take a leading `+`.
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let seconds = digits.parse::<u64>().ok()?.checked_mul(unit)?;
    (1..=MAX_LIFE).contains(&seconds).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_hide() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(one.reveal(), other.reveal());
        assert_ne!(one.hash(), other.hash());
        assert_eq!(one.hash(), Token::presented(one.reveal()).hash());
        assert!(one.reveal().starts_with("fh_") && one.reveal().len() == 67);
        assert!(!format!("{one:?}").contains(one.reveal()));
    }

    #[test]
    fn the_hash_is_frozen() {
        let hash = Token::presented(&format!("fh_{}", "0".repeat(64))).hash();
        assert_eq!(
            blake3::Hash::from_bytes(hash).to_hex().as_str(),
            "36343ddf4c1f3c8f331f2fbdddba9224d14821d6b960f1650d2f31f7dd6eabc0"
        );
    }

    #[test]
    fn lives_are_read_and_absurd_ones_refused() {
        assert_eq!("never".parse(), Ok(Expiry::Never));
        assert_eq!("1s".parse(), Ok(Expiry::After(1)));
        assert_eq!("90m".parse(), Ok(Expiry::After(5400)));
        assert_eq!("12h".parse(), Ok(Expiry::After(43_200)));
        assert_eq!("30d".parse(), Ok(Expiry::After(2_592_000)));
        for bad in [
            "",
            "d",
            "-1d",
            "+1d",
            "0d",
            "0s",
            "1",
            "1w",
            "1.5h",
            " 1d",
            "1d ",
            "99999999999d",
            "36601d",
            "18446744073709551616s",
            "é",
            "٣d",
            "Never",
        ] {
            assert!(bad.parse::<Expiry>().is_err(), "{bad}");
        }
        assert_eq!(Expiry::After(5).at(10), Some(15));
        assert_eq!(Expiry::Never.at(10), None);
    }
}
