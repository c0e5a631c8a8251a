//! What a change of names came to, and how it is brought to its end.

use std::future::Future;

use super::error::ActionError;
use crate::catalog::{Named, Written};

/// What a change did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<T> {
    /// What is there now; after a dry run, what would be.
    pub value: T,
    /// Whether it was not there before.
    pub created: bool,
    /// Whether anything changed. A change that was made before changes nothing when it is asked for again.
    pub changed: bool,
}

impl From<Written> for Outcome<Named> {
    fn from(written: Written) -> Self {
        let Written { named, created, changed } = written;
        Self { value: named, created, changed }
    }
}

/// Runs a change to its end also if nobody waits for it any more: what is remembered of names counts as old
/// only once the change's outcome is known.
pub(super) async fn to_the_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, ActionError>> + Send + 'static,
) -> Result<T, ActionError> {
    tokio::spawn(change).await?
}
