//! What each kind of job does: one arm, one file a kind. Who runs it, and what becomes of its row, is in
//! `runner`.

use flisthub_storage::{Monitor, StoreError};
use serde_json::Value;

use super::JobSpec;
use crate::actions::items;
use crate::catalog::CatalogError;
use crate::error::chain;
use crate::state::Hub;

/// Why a job has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// The monitor said that it should end, and it did.
    #[error("cancelled")]
    Cancelled,
    /// It could not do what was asked.
    #[error("{message}")]
    Failed {
        /// Why, in a stable word for programs.
        code: &'static str,
        /// Why, and what whoever asked can do, in one line.
        message: String,
    },
}

impl JobError {
    /// An error with all that it comes from, in one line, where no word tells more than that.
    pub fn failed(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Failed { code: "failed", message: chain(error) }
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self::failed(&error)
    }
}

impl From<CatalogError> for JobError {
    fn from(error: CatalogError) -> Self {
        Self::failed(&error)
    }
}

/// Does jobs. Called on a blocking thread of the runtime, where
/// `tokio::runtime::Handle::current().block_on(…)` waits for the catalog.
pub trait Work: Send + Sync {
    /// Does one job, from its beginning. Asks `monitor.cancelled()` at least after every batch, and gives
    /// [`JobError::Cancelled`] soon after it said yes. The value is the job's result: an object.
    fn run(&self, hub: &Hub, spec: &JobSpec, monitor: &dyn Monitor) -> Result<Value, JobError>;
}

/// The kinds of jobs that a hub does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kinds;

impl Work for Kinds {
    fn run(&self, hub: &Hub, spec: &JobSpec, monitor: &dyn Monitor) -> Result<Value, JobError> {
        run(hub, spec, monitor)
    }
}

/// Does one job of any kind.
pub fn run(hub: &Hub, spec: &JobSpec, monitor: &dyn Monitor) -> Result<Value, JobError> {
    match spec {
        JobSpec::Sweep { dry_run, grace_seconds } => {
            super::sweep::run(hub, *dry_run, *grace_seconds, monitor)
        }
        JobSpec::Scrub { rate_bytes_per_second } => {
            super::scrub::run(hub, *rate_bytes_per_second, monitor)
        }
        JobSpec::Why { id } => {
            let id = id.parse().map_err(|error| JobError::failed(&error))?;
            super::why::run(hub, id, monitor)
        }
        JobSpec::Backup { directory, keep } => super::backup::run(hub, directory, *keep, monitor),
        JobSpec::Space {} => super::space::run(hub, monitor),
        JobSpec::Items {} => items::work(hub, monitor),
        JobSpec::Convert(convert) => super::convert::run(hub, convert, monitor),
    }
}
