//! Names: what they are, what they pointed at before, links, tags, and the ways to change them.

use serde::{Deserialize, Serialize};

use super::RepositoryInfo;

/// What a name is. It stays that until it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum NameKind {
    /// It points at a flist.
    Flist,
    /// It points at another name.
    Link,
    /// A named set of members, each of which points at a name.
    Tag,
    /// It points at a tag.
    TagLink,
}

impl NameKind {
    /// The kind's word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Flist => "flist",
            Self::Link => "link",
            Self::Tag => "tag",
            Self::TagLink => "tag-link",
        }
    }
}

/// A name as it is: no link is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NameInfo {
    /// The repository it is in.
    pub repository: String,
    /// The name, without `.flist`.
    pub name: String,
    /// What it is.
    pub kind: NameKind,
    /// When it last changed, in seconds since the Unix epoch.
    pub updated: u64,
    /// 1 for the name's first change, then one more each time.
    pub revision: u64,
    /// The flist's id, 64 hex digits, if it points at one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flist: Option<String>,
    /// Entries of the flist's tree at any depth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// Content bytes of the flist's files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What a link points at, as `repository/name`. It may be gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// A page of the repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RepositoryPage {
    /// Repositories, by name.
    pub repositories: Vec<RepositoryInfo>,
    /// The cursor of the next page; null on the last one.
    pub next: Option<String>,
}

/// A page of a repository's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamePage {
    /// Names, in order.
    pub names: Vec<NameInfo>,
    /// The cursor of the next page; null on the last one.
    pub next: Option<String>,
}

/// Asks to make a name point at what another name points at now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PromoteRequest {
    /// The other name, as `repository/name`.
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}/[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")
    )]
    pub from: String,
    /// Only say what would be.
    #[serde(default)]
    pub dry_run: bool,
}

/// Asks to make a name a link, or a tag's member point somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkRequest {
    /// The name to point at, as `repository/name`.
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}/[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")
    )]
    pub target: String,
    /// Only say what would be.
    #[serde(default)]
    pub dry_run: bool,
}

/// Asks for another name in the same repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RenameRequest {
    /// The new name.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"))]
    pub to: String,
    /// Only say what would be.
    #[serde(default)]
    pub dry_run: bool,
}

/// Asks to make a name point again at what it pointed at before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RollbackRequest {
    /// The revision to go back to.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub revision: u64,
    /// Only say what would be.
    #[serde(default)]
    pub dry_run: bool,
}

/// A change of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryEntry {
    /// 1 for the name's first change, then one more each time.
    pub revision: u64,
    /// What the name was from then on; null once it was gone.
    pub kind: Option<NameKind>,
    /// The flist it pointed at from then on, 64 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flist: Option<String>,
    /// The name it pointed at from then on, as `repository/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Who changed it; absent once the user is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// How: `upload`, `push`, `convert`, `merge`, `promote`, `link`, `tag`, `untag`, `rename`, `rollback`,
    /// `delete` or `undelete`.
    pub source: String,
    /// From what, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When, in seconds since the Unix epoch.
    pub at: u64,
}

/// A page of a name's history, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryPage {
    /// The changes.
    pub entries: Vec<HistoryEntry>,
    /// The cursor of the next page; null on the last one.
    pub next: Option<String>,
}

/// A tag and its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TagInfo {
    /// The repository it is in.
    pub repository: String,
    /// The tag's name.
    pub name: String,
    /// When it last changed, in seconds since the Unix epoch.
    pub updated: u64,
    /// 1 for the name's first change, then one more each time.
    pub revision: u64,
    /// Its members by name.
    pub members: Vec<TagMember>,
}

/// A member of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TagMember {
    /// The member's name.
    pub name: String,
    /// What it points at, as `repository/name`.
    pub target: String,
    /// When it was set, in seconds since the Unix epoch.
    pub linked: u64,
    /// The flist that is reached, 64 hex digits; absent where the target is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flist: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_said_as_it_is_written() {
        for kind in [NameKind::Flist, NameKind::Link, NameKind::Tag, NameKind::TagLink] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
