//! Names with a `*` for any characters: whom an issuer may speak for, and what it may give access to.

use serde::{Deserialize, Deserializer};

/// A name, in which each `*` stands for any characters, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

/// The text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither a name nor a pattern: letters, digits, `.`, `_`, `-` and `*` for any of them"
)]
pub struct PatternError(String);

impl Pattern {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-*".contains(&byte);
        if text.is_empty() || text.len() > 256 || !text.bytes().all(fits) {
            return Err(PatternError(text.chars().take(256).collect()));
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether it is that very name.
    pub fn is_name(&self, name: &str) -> bool {
        self.0 == name
    }

    /// Whether a name is one of those that are meant. Upper and lower case differ, as they do in names.
    pub fn fits(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
            return false;
        };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        // Taking each part as early as it comes leaves the most for the parts after it.
        for part in parts {
            let Some((_, behind)) = rest.split_once(part) else { return false };
            rest = behind;
        }
        rest.ends_with(last)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, good, bad) in [
            ("alice", &["alice"][..], &["", "Alice", "alice2", "malice"][..]),
            ("*", &["", "alice", "a.b-c"][..], &[][..]),
            ("ci-*", &["ci-", "ci-1"], &["ci", "xci-1"]),
            ("*-bot", &["a-bot", "-bot", "-bot-bot"], &["bot", "a-bot1"]),
            ("a*b*c", &["abc", "axbxc", "abcbc", "abbc"], &["ab", "acb", "abcd"]),
            ("a**a", &["aa", "aba"], &["a"]),
            ("*ab*ab", &["abab", "xabxab"], &["ab", "aab", "abaa"]),
        ] {
            let pattern = Pattern::parse(pattern).unwrap();
            assert!(good.iter().all(|name| pattern.fits(name)), "{pattern:?} {good:?}");
            assert!(!bad.iter().any(|name| pattern.fits(name)), "{pattern:?} {bad:?}");
        }
        let long = "a".repeat(257);
        for bad in ["", "a b", "a/b", "[ab]", "a?", "ä", "a\n", &long] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
