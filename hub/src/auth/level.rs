//! Who may read a repository, and what its members may do: words and the numbers in the catalog. What follows
//! from them is decided in `permission`.

use std::fmt;
use std::str::FromStr;

/// Who may read a repository without being a member.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visibility {
    /// Everybody.
    #[default]
    Public,
    /// Every signed-in user.
    Internal,
    /// Nobody.
    Private,
}

/// What a member may do in a repository; each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// See that it is there, and its names.
    Guest,
    /// Read what it holds.
    Reader,
    /// Change it.
    Contributor,
    /// Say who may do what in it.
    Owner,
}

/// The text is no visibility or level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: write {words}")]
pub struct ParseWordError {
    text: String,
    what: &'static str,
    words: &'static str,
}

impl Visibility {
    const ALL: [Self; 3] = [Self::Public, Self::Internal, Self::Private];

    /// The number in the catalog.
    pub fn code(self) -> i16 {
        match self {
            Self::Public => 1,
            Self::Internal => 2,
            Self::Private => 3,
        }
    }

    /// The visibility of a number in the catalog.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|visibility| visibility.code() == code)
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Private => "private",
        }
    }
}

impl Level {
    const ALL: [Self; 4] = [Self::Guest, Self::Reader, Self::Contributor, Self::Owner];

    /// The number in the catalog.
    pub fn code(self) -> i16 {
        match self {
            Self::Guest => 1,
            Self::Reader => 2,
            Self::Contributor => 3,
            Self::Owner => 4,
        }
    }

    /// The level of a number in the catalog.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Reader => "reader",
            Self::Contributor => "contributor",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Visibility {
    type Err = ParseWordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.word() == text).ok_or_else(|| ParseWordError {
            text: text.chars().take(64).collect(),
            what: "visibility",
            words: "public, internal or private",
        })
    }
}

impl FromStr for Level {
    type Err = ParseWordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.word() == text).ok_or_else(|| ParseWordError {
            text: text.chars().take(64).collect(),
            what: "level",
            words: "guest, reader, contributor or owner",
        })
    }
}

impl<'de> serde::Deserialize<'de> for Visibility {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_frozen() {
        for (level, code, word) in [
            (Level::Guest, 1, "guest"),
            (Level::Reader, 2, "reader"),
            (Level::Contributor, 3, "contributor"),
            (Level::Owner, 4, "owner"),
        ] {
            assert_eq!((level.code(), level.word()), (code, word));
            assert_eq!((Level::from_code(code), word.parse()), (Some(level), Ok(level)));
        }
        for (visibility, code, word) in [
            (Visibility::Public, 1, "public"),
            (Visibility::Internal, 2, "internal"),
            (Visibility::Private, 3, "private"),
        ] {
            assert_eq!((visibility.code(), visibility.word()), (code, word));
            assert_eq!(Visibility::from_code(code), Some(visibility));
            assert_eq!(word.parse(), Ok(visibility));
        }
        assert_eq!((Level::from_code(0), Visibility::from_code(4)), (None, None));
        assert!("admin".parse::<Level>().is_err() && "Public".parse::<Visibility>().is_err());
    }
}
