//! When the power fails, counted in what the disk has done: no clock, so that a seed means the same
//! moment again as far as the programs do the same.

/// What was done since the power came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Changes and syncs.
    pub(super) changes: u64,
    /// Syncs alone. What can go wrong goes wrong around them.
    pub(super) syncs: u64,
}

/// A moment of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// After so many changes.
    Change(u64),
    /// After so many syncs.
    Sync(u64),
}

/// When the power goes: with the change or sync that comes then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) at: Moment,
    /// Whether that one still happens. Nobody is told.
    pub(super) after: bool,
}
