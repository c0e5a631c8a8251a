//! Names of users, repositories and flists: checked once, at the border.
//!
//! Names of files inside a tree are another thing and not handled here.

use std::fmt;

use flisthub_converter::without_archive_ending;

/// The longest name in bytes.
pub const MAX_NAME: usize = 128;

/// Words that routes need or will need, so no user or repository can have them for a name. Listed in
/// `docs/http-api.md`.
pub const RESERVED_REPOSITORIES: &[&str] = &[
    "admin",
    "api",
    "assets",
    "docker",
    "docker-convert",
    "docs",
    "flists",
    "healthz",
    "jobs",
    "listen",
    "login",
    "login-method",
    "logout",
    "me",
    "merge",
    "metrics",
    "openapi.json",
    "promote",
    "readonly",
    "readyz",
    "repositories",
    "search",
    "stac",
    "static",
    "tags",
    "token",
    "upload",
    "upload-flist",
    "v1",
    "v2",
];

/// Words that no flist can have for a name.
pub const RESERVED_FLISTS: &[&str] =
    &["docker", "me", "merge", "promote", "tags", "upload", "upload-flist"];

/// The ending that flist names have in URLs and in the 0-hub face, and that they are kept without.
pub const FLIST_ENDING: &str = ".flist";

/// Why text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It does not match the pattern.
    #[error(
        "`{text}` is not a name: 1 to 128 letters, digits, `.`, `_` and `-`, the first a letter or digit"
    )]
    Pattern {
        /// What was given, cut short and without control characters.
        text: String,
    },
    /// Two `.flist` at the end: it could not be told which part is the name.
    #[error("the name `{0}` ends in `.flist` itself; choose one that does not")]
    Ending(String),
    /// A route needs the word.
    #[error("the name `{0}` is reserved")]
    Reserved(String),
}

/// The name of a user, or of a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(String);

impl RepositoryName {
    /// Checks `text` against the pattern and the reserved words.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check(text, RESERVED_REPOSITORIES).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a flist in a repository, kept without its `.flist` ending.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlistName(String);

impl FlistName {
    /// Checks `text`, with or without `.flist` at its end.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let name = text.strip_suffix(FLIST_ENDING).unwrap_or(text);
        let name = check(name, RESERVED_FLISTS)?;
        if name.ends_with(FLIST_ENDING) {
            return Err(NameError::Ending(name));
        }
        Ok(Self(name))
    }

    /// The name that an uploaded file gets: the file's, without its archive ending.
    pub fn of_upload(file: &str) -> Result<Self, NameError> {
        Self::parse(without_archive_ending(file))
    }

    /// The name as text, without the ending.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for FlistName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check(text: &str, reserved: &[&str]) -> Result<String, NameError> {
    let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let rest = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !first || !rest || text.len() > MAX_NAME {
        let shown = text.chars().take(MAX_NAME).filter(|char| !char.is_control()).collect();
        return Err(NameError::Pattern { text: shown });
    }
    if reserved.contains(&text) {
        return Err(NameError::Reserved(text.to_owned()));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_the_pattern() {
        let long = "a".repeat(128);
        for good in ["a", "0", "Debian-12.1_x", &long] {
            assert_eq!(RepositoryName::parse(good).unwrap().as_str(), good);
        }
        let too_long = "a".repeat(129);
        for bad in ["", ".", "..", "-a", "_a", "a/b", "a b", "ä", "a\0", &too_long] {
            assert!(matches!(RepositoryName::parse(bad), Err(NameError::Pattern { .. })), "{bad}");
        }
        for word in RESERVED_REPOSITORIES {
            assert!(matches!(RepositoryName::parse(word), Err(NameError::Reserved(_))), "{word}");
        }
    }

    #[test]
    fn a_flist_name_is_kept_without_its_ending() {
        assert_eq!(FlistName::parse("base.flist"), FlistName::parse("base"));
        assert_eq!(FlistName::parse("base.flist").unwrap().as_str(), "base");
        assert!(FlistName::parse(".flist").is_err());
        for twice in ["base.flist.flist", "base.flist.flist.flist"] {
            assert!(matches!(FlistName::parse(twice), Err(NameError::Ending(_))), "{twice}");
            assert!(FlistName::of_upload(&format!("{twice}.tar.gz")).is_err(), "{twice}");
        }
        assert!(matches!(FlistName::parse("tags.flist"), Err(NameError::Reserved(_))));
    }

    #[test]
    fn an_upload_loses_its_archive_ending() {
        for (file, name) in [
            ("base.tar.gz", "base"),
            ("base.TGZ", "base"),
            ("base.tar", "base"),
            ("base-1.2.tar.zst", "base-1.2"),
            ("base.tar.xz", "base"),
            ("base.tar.bz2", "base"),
            ("base", "base"),
            ("base.zip", "base.zip"),
            ("base.flist", "base"),
        ] {
            assert_eq!(FlistName::of_upload(file).unwrap().as_str(), name, "{file}");
        }
        for bad in ["", ".tar.gz", "../base.tar.gz", "a/b.tar", "..", "a\0.tar", "ü.tgz"] {
            assert!(FlistName::of_upload(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_reserved_words_stand_in_the_docs() {
        let docs = include_str!("../../docs/http-api.md");
        for word in RESERVED_REPOSITORIES.iter().chain(RESERVED_FLISTS) {
            assert!(docs.contains(&format!("`{word}`")), "{word}");
        }
    }
}
