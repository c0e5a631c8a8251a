//! A name whose links have been followed, as `actions::resolve` finds it.

use super::names::{FlistRow, Target};

/// A name and the flist that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRow {
    /// Name of the repository that was asked for.
    pub repository: String,
    /// The name that was asked for.
    pub name: String,
    /// The flist.
    pub flist: FlistRow,
    /// When the name that points at the flist last changed, in seconds since the Unix epoch.
    pub updated: u64,
    /// Of the name that was asked for: 1 for its first change, then one more each time.
    pub revision: u64,
    /// What the name that was asked for links to, if it is a link.
    pub link: Option<LinkRow>,
}

/// A link, not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// What it points at.
    pub target: Target,
    /// When it was made or changed, in seconds since the Unix epoch.
    pub linked: u64,
}
