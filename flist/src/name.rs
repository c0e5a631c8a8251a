//! Names and paths inside trees: bytes, checked once at the border.

use std::fmt;

/// The most bytes one name may have (what Linux file systems allow).
pub const MAX_NAME: usize = 255;
/// The most bytes a path may have, separators included (Linux's `PATH_MAX`).
pub const MAX_PATH: usize = 4096;
/// The most names a path may have. Bounds every recursion over a tree.
pub const MAX_DEPTH: usize = 1024;

/// The name of one entry of a directory: 1 to 255 bytes, no `/`, no NUL, neither `.` nor `..`.
/// Any other bytes are allowed; they need not be UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryName(Box<[u8]>);

/// Why bytes are not a name or a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A name with no bytes.
    #[error("a name is empty")]
    Empty,
    /// `.` or `..`.
    #[error("{0:?}: `.` and `..` are not names")]
    Dots(String),
    /// A `/` or a NUL byte.
    #[error("{0:?}: a name has no `/` and no NUL byte")]
    BadByte(String),
    /// More than [`MAX_NAME`] bytes.
    #[error("{0:?}: a name has at most 255 bytes")]
    NameTooLong(String),
    /// More than [`MAX_PATH`] bytes or [`MAX_DEPTH`] names.
    #[error("{0:?}: a path has at most 4,096 bytes and 1,024 names")]
    PathTooLong(String),
}

/// Bytes as a person can read them, cut to a length that fits a message.
fn shown(bytes: &[u8]) -> String {
    let head = bytes.get(..80).unwrap_or(bytes);
    let mut text = String::from_utf8_lossy(head).into_owned();
    if head.len() < bytes.len() {
        text.push('…');
    }
    text
}

impl EntryName {
    /// Checks `bytes`.
    pub fn new(bytes: &[u8]) -> Result<Self, NameError> {
        match bytes {
            b"" => Err(NameError::Empty),
            b"." | b".." => Err(NameError::Dots(shown(bytes))),
            _ if bytes.contains(&b'/') || bytes.contains(&0) => {
                Err(NameError::BadByte(shown(bytes)))
            }
            _ if bytes.len() > MAX_NAME => Err(NameError::NameTooLong(shown(bytes))),
            _ => Ok(Self(bytes.into())),
        }
    }

    /// The name's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

impl std::borrow::Borrow<[u8]> for EntryName {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// A path inside a tree: names joined by `/`, with no leading or trailing one. The root is the empty
/// path. Ordered by its bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TreePath(Vec<u8>);

impl TreePath {
    /// The root of a tree.
    pub const ROOT: Self = Self(Vec::new());

    /// Reads a path as archives and people write it: a leading `/`, `./`, a doubled or trailing `/` and
    /// `.` parts are dropped. `..` is refused wherever it stands, as is what [`EntryName`] refuses.
    pub fn parse(bytes: &[u8]) -> Result<Self, NameError> {
        let mut path = Self::ROOT;
        for part in bytes.split(|byte| *byte == b'/') {
            if !part.is_empty() && part != b"." {
                path.push(&EntryName::new(part)?);
            }
        }
        if path.0.len() > MAX_PATH || path.names().count() > MAX_DEPTH {
            return Err(NameError::PathTooLong(shown(bytes)));
        }
        Ok(path)
    }

    /// Reads a path that must already be in the one form this type has.
    pub fn parse_exact(bytes: &[u8]) -> Result<Self, NameError> {
        let path = Self::parse(bytes)?;
        if path.0 == bytes { Ok(path) } else { Err(NameError::BadByte(shown(bytes))) }
    }

    /// Adds a name at the end.
    pub fn push(&mut self, name: &EntryName) {
        if !self.0.is_empty() {
            self.0.push(b'/');
        }
        self.0.extend_from_slice(name.as_bytes());
    }

    /// This path with a name added.
    #[must_use]
    pub fn join(&self, name: &EntryName) -> Self {
        let mut path = self.clone();
        path.push(name);
        path
    }

    /// The names from the root down.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/').filter(|name| !name.is_empty())
    }

    /// The path of the directory above and the last name; `None` for the root.
    pub fn split_last(&self) -> Option<(Self, EntryName)> {
        let name = self.names().last()?;
        let above = self.0.len() - name.len();
        let parent = self.0.get(..above.saturating_sub(1))?.to_vec();
        Some((Self(parent), EntryName(name.into())))
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_a_directory_are_refused() {
        for bad in [&b""[..], b".", b"..", b"a/b", b"/", b"a\0", &[b'x'; 256]] {
            assert!(EntryName::new(bad).is_err(), "{bad:?}");
        }
        for good in [&b"..."[..], b".hidden", b"\xff\xfe", b"a b\n", &[b'x'; 255]] {
            assert_eq!(EntryName::new(good).unwrap().as_bytes(), good);
        }
    }

    #[test]
    fn paths_have_one_form() {
        for (written, read) in
            [("./a/b/", "a/b"), ("/a//b", "a/b"), (".", ""), ("/", ""), ("a/./b", "a/b")]
        {
            assert_eq!(TreePath::parse(written.as_bytes()).unwrap().as_bytes(), read.as_bytes());
        }
        for bad in ["..", "a/../b", "/../etc/passwd", "a/..", "a\0b"] {
            assert!(TreePath::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(TreePath::parse_exact(b"a/b").is_ok());
        assert!(TreePath::parse_exact(b"./a").is_err());
        assert!(TreePath::parse("a/".repeat(1025).as_bytes()).is_err());
        let (parent, name) = TreePath::parse(b"a/b/c").unwrap().split_last().unwrap();
        assert_eq!((parent.as_bytes(), name.as_bytes()), (&b"a/b"[..], &b"c"[..]));
    }
}
