//! Asking a job to end, and why that may not be.

use flisthub_storage::{Clock as _, SystemClock};

use super::secrets;
use crate::catalog::{Actor, Catalog, CatalogError, JobState};
use crate::state::Hub;

/// Why a job was not asked to end.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is none of that id.
    #[error("there is no job {0}")]
    Unknown(String),
    /// Nothing more happens to it.
    #[error("job {id} has {} already", .state.word())]
    Ended {
        /// The job.
        id: String,
        /// How it ended.
        state: JobState,
    },
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Asks a job of this hub to end: a queued one has ended then, a running one hears of it.
pub async fn cancel(hub: &Hub, id: &str, by: &Actor) -> Result<(), CancelError> {
    ask(&hub.catalog, id, by, hub.clock.now()).await?;
    secrets::forget(hub).await;
    hub.jobs.wake();
    hub.jobs.tell_change();
    Ok(())
}

/// The same by the operator where no hub is to be reached: one that runs all the same finds it in the row.
pub async fn cancel_in(catalog: &Catalog, id: &str) -> Result<(), CancelError> {
    ask(catalog, id, &Actor::operator(), SystemClock.now()).await
}

async fn ask(catalog: &Catalog, id: &str, by: &Actor, now: u64) -> Result<(), CancelError> {
    match catalog.ask_cancel(id, by, now).await? {
        None => Err(CancelError::Unknown(id.to_owned())),
        Some(row) if row.state.is_end() => {
            Err(CancelError::Ended { id: id.to_owned(), state: row.state })
        }
        Some(_) => Ok(()),
    }
}
