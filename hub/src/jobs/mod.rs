//! Jobs: long tasks that run one after the other, survive a restart, and can be watched and cancelled.
//!
//! The catalog's rows are the one truth. Whoever starts or cancels a job changes its row and wakes the
//! runner (`runner`), which claims queued rows, has `work` do them on a blocking thread and writes down
//! what came of it. `follow` reads the rows for whoever watches, `recover` deals with what a hub left that
//! died. Who may do what is decided in `auth`; how jobs look on the wire in `routes` and `control`.

mod backup;
mod cancel;
mod follow;
mod holders;
mod monitor;
mod recover;
pub mod runner;
mod scrub;
mod space;
mod spec;
mod stop;
mod sweep;
mod why;
pub mod wire;
pub mod work;

use std::sync::Arc;

use tokio::sync::{Notify, watch};

pub use cancel::{CancelError, cancel, cancel_in};
pub use follow::{Event, Follow};
pub use recover::recover;
pub use spec::{JobSpec, SpecError};
pub use stop::{Stop, Stopper};
pub use work::{JobError, Kinds, Work};

use crate::catalog::{CatalogError, JobRow, JobState, NewJob};
use crate::state::Hub;

/// Jobs that may wait at a time. Bounds what a script that asks again and again can pile up.
const MOST_QUEUED: usize = 100;

/// How jobs are done, and who waits for news of them. One for each hub.
pub struct Jobs {
    work: Arc<dyn Work>,
    /// Wakes the runner: something was queued, or somebody wants the running job to end.
    wake: Notify,
    /// Changes whenever a row did.
    changed: watch::Sender<()>,
}

/// Why a job was not queued.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It cannot be as asked for.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// Too many wait already.
    #[error("{MOST_QUEUED} jobs wait already; try again when some of them are done")]
    Full,
    /// The same is to be done already.
    #[error("the same job waits already: {0}; it runs when those before it are done")]
    Waits(String),
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl Jobs {
    /// Jobs that are done by `work`.
    pub fn new(work: Arc<dyn Work>) -> Self {
        Self { work, wake: Notify::new(), changed: watch::Sender::new(()) }
    }

    fn tell_change(&self) {
        self.changed.send_replace(());
    }
}

/// Queues a job, unless the same one waits already. `user_id` is who asks; `None`: the operator at the machine.
pub async fn start(hub: &Hub, spec: &JobSpec, user_id: Option<i64>) -> Result<JobRow, StartError> {
    spec.check()?;
    let arguments = serde_json::to_string(spec)
        // Of all there is in a specification only a path can be what JSON cannot hold.
        .map_err(|_| SpecError::NotUnicode)?;
    let mut queued = hub.catalog.jobs_in(JobState::Queued).await?;
    let full = queued.len() >= MOST_QUEUED;
    queued.retain(|row| row.kind == spec.kind() && row.arguments == arguments);
    if let Some(same) = queued.pop() {
        return Err(StartError::Waits(same.id));
    }
    if full {
        return Err(StartError::Full);
    }
    let job = NewJob { kind: spec.kind(), arguments, user_id };
    let row = hub.catalog.insert_job(&job, hub.clock.now()).await?;
    tracing::info!(job = row.id, kind = row.kind, "job queued");
    hub.jobs.wake.notify_one();
    hub.jobs.tell_change();
    Ok(row)
}
