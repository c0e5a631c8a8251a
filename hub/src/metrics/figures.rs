//! What is measured: numbers of the catalog and the store, as of one moment.

use std::sync::Arc;

use flisthub_storage::{RocksFigures, StoreStats};

use super::last::Lasts;
use crate::catalog::Sums;

/// What was measured. What was never measured in time is not there.
#[derive(Debug)]
pub(super) struct Figures {
    /// Whether the catalog answers.
    pub(super) catalog_up: bool,
    /// Of the catalog, as of when it was read last.
    pub(super) counted: Option<Arc<Counted>>,
    /// Of the store; nothing where it could not be asked.
    pub(super) store: Option<Arc<Option<Stored>>>,
}

/// Numbers of the catalog.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) sums: Sums,
    /// Upkeep that was done.
    pub(super) lasts: Lasts,
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
