//! What is measured: numbers of the catalog and the store, as of one moment.

use flisthub_storage::{RocksFigures, StoreStats};

use super::last::Lasts;
use crate::catalog::Sums;

/// What was measured. What could not be measured in time is not there.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// Of the catalog.
    pub(super) catalog: Option<Sums>,
    /// Upkeep that was done.
    pub(super) lasts: Lasts,
    /// Of the store.
    pub(super) store: Option<Stored>,
}

/// Numbers of the store.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) stats: StoreStats,
    /// Objects that are set aside because they are damaged.
    pub(super) quarantined: u64,
    /// What only a store on disk has.
    pub(super) rocks: Option<RocksFigures>,
    /// Free bytes and all bytes of the disk that the store is on.
    pub(super) disk: Option<(u64, u64)>,
}
