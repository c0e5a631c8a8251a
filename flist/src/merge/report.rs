//! What a merge has to tell: what clashed, who won, how much was merged.

use crate::name::TreePath;

/// The most conflicts that are told one by one.
pub const MAX_CONFLICTS: usize = 1000;

/// In what the entries of a conflict differ. The later of these outdoes the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// In nothing but mode, owner, time or extended attributes.
    Metadata,
    /// In their content: other bytes, another target, another sort of entry.
    Content,
    /// One is a directory, another is not.
    Directory,
}

/// A path at which sources have entries that cannot all stand there. Sources are places in the list of
/// them, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Where.
    pub path: TreePath,
    /// Whose entry stands there now.
    pub winner: usize,
    /// Whose entries do not, in order. Where one of them is a directory, all below it is gone too.
    pub losers: Vec<usize>,
    /// In what they differ.
    pub difference: Difference,
}

/// What a merge did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MergeReport {
    /// The first 1,000 conflicts; the entries of each directory in order, before those of the directories
    /// in it.
    pub conflicts: Vec<Conflict>,
    /// How many conflicts there were.
    pub conflict_count: u64,
    /// Directories whose own metadata differed: no conflicts, and counted apart from them.
    pub metadata_only: u64,
    /// Directories that were merged, the root too. All others were taken over as they are.
    pub merged_directories: u64,
}

impl MergeReport {
    /// Takes one more conflict.
    pub(super) fn add(&mut self, conflict: impl FnOnce() -> Conflict) {
        self.conflict_count += 1;
        if self.conflicts.len() < MAX_CONFLICTS {
            self.conflicts.push(conflict());
        }
    }
}
