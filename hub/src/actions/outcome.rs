//! Changes of names: what one needs to its end, and what it came to.

use std::future::Future;

use super::error::ActionError;
use crate::auth::Caller;
use crate::catalog::{Actor, Change, Condition, Named, RepositoryRow, Source, Written};
use crate::name::FlistName;
use crate::state::Hub;

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

/// A change of a name that the caller may make.
pub(super) struct Changing {
    pub(super) hub: Hub,
    pub(super) repository: RepositoryRow,
    pub(super) name: FlistName,
    by: Actor,
    condition: Condition,
    dry_run: bool,
}

impl Changing {
    /// What a caller, whose right was checked, changes.
    pub(super) fn new(
        hub: &Hub,
        caller: &Caller,
        (repository, name): (RepositoryRow, FlistName),
        condition: &Condition,
        dry_run: bool,
    ) -> Result<Self, ActionError> {
        let (hub, by, condition) = (hub.clone(), caller.actor()?, condition.clone());
        Ok(Self { hub, repository, name, by, condition, dry_run })
    }

    /// The change as the catalog takes it.
    pub(super) fn change(&self, source: Source) -> Change<'_> {
        Change {
            repository_id: self.repository.id,
            name: &self.name,
            by: &self.by,
            source,
            detail: None,
            condition: &self.condition,
            dry_run: self.dry_run,
            now: self.hub.clock.now(),
        }
    }

    /// Says so in the log, once something is changed.
    pub(super) fn log(&self, source: Source, changed: bool) {
        if changed && !self.dry_run {
            let (repository, name) = (&self.repository.name, self.name.as_str());
            tracing::info!(repository, name, source = source.word(), "name changed");
        }
    }
}

/// Runs a change to its end also if nobody waits for it any more: what is remembered of names counts as old
/// only once the change's outcome is known.
pub(super) async fn to_the_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, ActionError>> + Send + 'static,
) -> Result<T, ActionError> {
    tokio::spawn(change).await?
}
