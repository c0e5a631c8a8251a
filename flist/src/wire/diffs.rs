//! What differs between two flists, one change a line.

use serde::{Deserialize, Serialize};

use super::EntryKind;

/// A line of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum DiffLine {
    /// The last line. A diff without it was cut off.
    Summary {
        /// What came before it.
        summary: DiffSummary,
    },
    /// A path at which the flists differ.
    Change(DiffChange),
}

/// How many changes there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffSummary {
    /// Paths that only the second flist has.
    pub added: u64,
    /// Paths that only the first one has.
    pub removed: u64,
    /// Paths that both have, with something different there.
    pub changed: u64,
    /// Always true: all changes were told.
    pub complete: bool,
}

/// A path at which two flists differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffChange {
    /// The path, as text. Empty for the root, which is told of when its own metadata differs.
    pub path: String,
    /// The path's bytes in base64, where text cannot hold them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_bytes: Option<String>,
    /// What happened to it.
    pub change: DiffKind,
    /// What stands there; of something that was removed, what stood there.
    pub kind: EntryKind,
    /// What stood there before, if it was something of another kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<EntryKind>,
    /// In what it differs. Nothing for what was added or removed.
    #[serde(rename = "in", default, skip_serializing_if = "Vec::is_empty")]
    pub aspects: Vec<DiffAspect>,
    /// Length in bytes, of a file; of one that was removed, the length that it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Length in bytes before, of what was a file and was not removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_size: Option<u64>,
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum DiffKind {
    /// Only the second flist has it.
    Added,
    /// Only the first one has it.
    Removed,
    /// Both have it.
    Changed,
}

impl DiffKind {
    /// Its word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// In what an entry differs from what stood at its path before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum DiffAspect {
    /// It is something else: a file became a symbolic link.
    Kind,
    /// A file's bytes, or how they are cut into chunks.
    Content,
    /// Where a symbolic link points.
    Target,
    /// The number of a device.
    Device,
    /// Permission bits.
    Mode,
    /// Owner or group.
    Owner,
    /// Modification time.
    Mtime,
    /// Extended attributes.
    Xattrs,
    /// Which paths are hard links to it.
    Links,
}

impl DiffAspect {
    /// Its word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Content => "content",
            Self::Target => "target",
            Self::Device => "device",
            Self::Mode => "mode",
            Self::Owner => "owner",
            Self::Mtime => "mtime",
            Self::Xattrs => "xattrs",
            Self::Links => "links",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_said_as_they_are_written() {
        use DiffAspect::{Content, Device, Kind, Links, Mode, Mtime, Owner, Target, Xattrs};
        for aspect in [Kind, Content, Target, Device, Mode, Owner, Mtime, Xattrs, Links] {
            assert_eq!(serde_json::to_value(aspect).unwrap(), aspect.word());
        }
        for kind in [DiffKind::Added, DiffKind::Removed, DiffKind::Changed] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }

    #[test]
    fn a_line_is_a_change_or_the_summary() {
        let summary = DiffSummary { added: 1, removed: 2, changed: 3, complete: true };
        let change = DiffChange {
            path: "a".to_owned(),
            path_bytes: None,
            change: DiffKind::Changed,
            kind: EntryKind::Symlink,
            was: Some(EntryKind::File),
            aspects: vec![DiffAspect::Kind],
            size: None,
            was_size: Some(3),
        };
        for line in [DiffLine::Summary { summary }, DiffLine::Change(change)] {
            let text = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<DiffLine>(&text).unwrap(), line, "{text}");
        }
    }
}
