//! How much a power cut takes of what was not synced.

use super::random::Random;

/// What becomes of unsynced changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// All are gone.
    All,
    /// Of each file's writes the first ones are there, up to one that is torn; of the changes to
    /// directories the first ones.
    Tail,
    /// Of each file any pages of 4 KiB are there; of the changes to directories the first ones.
    Pages,
}

impl Loss {
    pub(super) fn any(random: &mut Random) -> Self {
        match random.below(3) {
            0 => Self::All,
            1 => Self::Tail,
            _ => Self::Pages,
        }
    }
}
