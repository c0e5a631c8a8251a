//! What a name looks like on the command line: `name`, `repo/name`, `repo/name/path`.
//!
//! Only the shape is checked here, as the hub does; whether it exists the hub says.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::str::FromStr;

use flisthub_client::HubClient;
use flisthub_flist::TreePath;

use crate::failure::usage;
use crate::text;

/// The longest repository or flist name, in bytes.
const MAX_NAME: usize = 128;

/// `repo/name`, or `name` alone for the token's own repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlistName {
    pub(crate) repository: Option<String>,
    pub(crate) name: String,
}

impl FromStr for FlistName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (repository, name) = match text.split_once('/') {
            Some((repository, name)) => (Some(check(repository.as_bytes())?), name),
            None => (None, text),
        };
        Ok(Self { repository, name: flist_name(name.as_bytes())? })
    }
}

impl FlistName {
    /// The repository: the one named, or that of the token.
    pub(crate) async fn repository(&self, hub: &HubClient) -> anyhow::Result<String> {
        if let Some(repository) = &self.repository {
            return Ok(repository.clone());
        }
        let me = hub.me().await?;
        match me.repositories.as_slice() {
            all if all.contains(&me.user) => Ok(me.user),
            [one] => Ok(one.clone()),
            _ => {
                let name = &self.name;
                Err(usage(format!("which repository? write REPOSITORY/{name}")))
            }
        }
    }
}

/// Whose repository names alone are in.
pub(crate) struct Own(Option<String>);

impl Own {
    /// Asks the hub, once, and only if one of the names is alone.
    pub(crate) async fn of(
        hub: &HubClient,
        names: impl IntoIterator<Item = &FlistName>,
    ) -> anyhow::Result<Self> {
        match names.into_iter().find(|name| name.repository.is_none()) {
            Some(name) => name.repository(hub).await.map(|own| Self(Some(own))),
            None => Ok(Self(None)),
        }
    }

    /// The name with its repository.
    pub(crate) fn full(&self, name: &FlistName) -> FullName {
        let repository = name.repository.as_ref().or(self.0.as_ref());
        FullName { repository: repository.cloned().unwrap_or_default(), name: name.name.clone() }
    }
}

/// `repo/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FullName {
    pub(crate) repository: String,
    pub(crate) name: String,
}

impl FullName {
    /// Both, as calls take them.
    pub(crate) fn pair(&self) -> (&str, &str) {
        (&self.repository, &self.name)
    }
}

impl fmt::Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.repository, self.name)
    }
}

/// What stands for itself in a tag or a repository: a name without a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OneName(pub(crate) String);

impl FromStr for OneName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        flist_name(text.as_bytes()).map(Self)
    }
}

/// A place in a hub: all repositories, one, a flist, or a path in its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Hub,
    Repository(String),
    Tree { repository: String, name: String, path: TreePath },
}

impl Place {
    /// Reads `[REPO[/NAME[/path]]]`. The path may have any bytes.
    pub(crate) fn parse(text: &OsStr) -> Result<Self, String> {
        let mut parts = text.as_bytes().splitn(3, |byte| *byte == b'/');
        let repository = parts.next().unwrap_or_default();
        if text.is_empty() || text == "/" {
            return Ok(Self::Hub);
        }
        let repository = check(repository)?;
        let name = match parts.next() {
            None | Some(b"") => return Ok(Self::Repository(repository)),
            Some(name) => flist_name(name)?,
        };
        let path =
            TreePath::parse(parts.next().unwrap_or_default()).map_err(|error| error.to_string())?;
        Ok(Self::Tree { repository, name, path })
    }
}

fn flist_name(bytes: &[u8]) -> Result<String, String> {
    check(bytes.strip_suffix(b".flist").unwrap_or(bytes))
}

fn check(bytes: &[u8]) -> Result<String, String> {
    let first = bytes.first().is_some_and(u8::is_ascii_alphanumeric);
    let rest = bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte));
    if first && rest && bytes.len() <= MAX_NAME {
        return Ok(String::from_utf8_lossy(bytes).into_owned());
    }
    let head = bytes.get(..MAX_NAME).unwrap_or(bytes);
    Err(format!(
        "`{}` is not a name: 1 to 128 letters, digits, `.`, `_` and `-`, the first a letter or digit",
        text::shown(head)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Result<Place, String> {
        Place::parse(OsStr::new(text))
    }

    fn tree(path: &str) -> Place {
        let path = TreePath::parse(path.as_bytes()).unwrap();
        Place::Tree { repository: "alice".into(), name: "base".into(), path }
    }

    #[test]
    fn places_are_read_from_the_left() {
        assert_eq!(place(""), Ok(Place::Hub));
        for text in ["alice", "alice/"] {
            assert_eq!(place(text), Ok(Place::Repository("alice".into())));
        }
        for text in ["alice/base", "alice/base/", "alice/base.flist", "alice/base/."] {
            assert_eq!(place(text), Ok(tree("")));
        }
        assert_eq!(place("alice/base/usr//bin/"), Ok(tree("usr/bin")));
        for bad in ["/alice", ".hidden", "alice/..", "alice/base/../etc", "alice//etc", "a b/c"] {
            assert!(bad == "alice//etc" || place(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_name_has_no_repository() {
        assert_eq!("app.flist".parse(), Ok(OneName("app".into())));
        assert!("a/app".parse::<OneName>().is_err());
    }

    #[test]
    fn names_have_at_most_a_repository() {
        let name: FlistName = "alice/base.flist".parse().unwrap();
        assert_eq!((name.repository.as_deref(), name.name.as_str()), (Some("alice"), "base"));
        assert_eq!("base".parse::<FlistName>().unwrap().repository, None);
        let long = "a".repeat(129);
        for bad in ["", "/", "a/", "/a", "a/b/c", "..", "a/..", "ä", "a\u{1b}", &long] {
            assert!(bad.parse::<FlistName>().is_err(), "{bad}");
        }
    }
}
