//! What could not be restored, told in one summary.

use std::collections::BTreeMap;
use std::fmt;

use flisthub_flist::TreePath;

/// Something that was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotRestored {
    /// The owner and group: the file belongs to the caller.
    Owner,
    /// The setuid or setgid bit, which would give the caller's own rights away once the owner is
    /// another.
    SetId,
    /// A device: nothing was made.
    Device,
    /// An extended attribute.
    Xattr,
}

impl fmt::Display for NotRestored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owner => "owners",
            Self::SetId => "setuid and setgid bits",
            Self::Device => "devices",
            Self::Xattr => "extended attributes",
        })
    }
}

/// How often something was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// How often.
    pub count: u64,
    /// One of the paths, the first in order.
    pub example: TreePath,
}

/// Everything that was left out, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Kinds that never occurred are absent.
    pub skipped: BTreeMap<NotRestored, Skipped>,
}

impl Summary {
    /// Whether nothing was left out.
    pub fn is_empty(&self) -> bool {
        self.skipped.is_empty()
    }

    pub(super) fn add(&mut self, what: NotRestored, path: &TreePath) {
        let skipped =
            self.skipped.entry(what).or_insert_with(|| Skipped { count: 0, example: path.clone() });
        skipped.count += 1;
        if *path < skipped.example {
            skipped.example = path.clone();
        }
    }
}

/// `owners of 12 entries (such as etc/shadow), devices of ...`
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (what, Skipped { count, example })) in self.skipped.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let entries = if *count == 1 { "entry" } else { "entries" };
            let example = if example.is_root() { ".".to_owned() } else { example.to_string() };
            write!(f, "{comma}{what} of {count} {entries} (such as {example})")?;
        }
        Ok(())
    }
}
