//! Building the chunk store's membership index from the catalog: for a store from before there was an index,
//! and whenever an operator wants it anew.
//!
//! Each repository holds what its names point at and pointed at, as far as a sweep keeps it. It is done
//! before the hub serves, and begun again if it was interrupted: what it has written by then is true.

use std::time::{Duration, Instant};

use flisthub_flist::{LoadError, hold_flist};
use flisthub_storage::{ChunkId, Monitor, Progress, StoreError};

use crate::actions::reach;
use crate::catalog::CatalogError;
use crate::error::chain;
use crate::state::Hub;

/// Between two lines about how far it is.
const EVERY: Duration = Duration::from_secs(5);

/// What building the index took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reindexed {
    /// Flists, each counted for each repository that keeps it.
    pub flists: u64,
    /// Rows that were written.
    pub rows: u64,
    /// Objects that are missing or damaged: what is made of them is in no repository's index.
    pub broken: u64,
}

/// Why the index could not be built.
#[derive(Debug, thiserror::Error)]
pub enum ReindexError {
    /// The catalog could not be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The chunk store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work ended without a word.
    #[error("building the membership index failed")]
    Gone(#[from] tokio::task::JoinError),
}

/// Builds what is lacking, if anything is. What is there already is not looked at again.
pub async fn if_needed(
    hub: &Hub,
    monitor: impl Monitor + Send + 'static,
) -> Result<Option<Reindexed>, ReindexError> {
    let store = hub.store.clone();
    if tokio::task::spawn_blocking(move || store.index_complete()).await?? {
        return Ok(None);
    }
    monitor.note("the membership index is not complete; it is built from the catalog".to_owned());
    build(hub, monitor).await.map(Some)
}

/// Forgets the index and builds it anew. Only while nobody else uses the store.
pub async fn anew(
    hub: &Hub,
    monitor: impl Monitor + Send + 'static,
) -> Result<Reindexed, ReindexError> {
    let store = hub.store.clone();
    tokio::task::spawn_blocking(move || store.clear_index()).await??;
    build(hub, monitor).await
}

async fn build(
    hub: &Hub,
    monitor: impl Monitor + Send + 'static,
) -> Result<Reindexed, ReindexError> {
    // Whatever no sweep has taken for garbage can be brought back, however long ago its name was deleted.
    let flists = hub.catalog.roots_by_repository(0).await?;
    let hub = hub.clone();
    let done = tokio::task::spawn_blocking(move || {
        let done = enter_all(&hub, &flists, &monitor)?;
        hub.store.finish_index()?;
        monitor.note(format!(
            "the membership index is complete: {} flists, {} new rows",
            done.flists, done.rows
        ));
        Ok::<_, ReindexError>(done)
    });
    done.await?
}

/// Enters every flist for its repository.
fn enter_all(
    hub: &Hub,
    flists: &[(i64, ChunkId)],
    monitor: &dyn Monitor,
) -> Result<Reindexed, ReindexError> {
    let mut done = Reindexed::default();
    let mut told = Instant::now();
    for (repository, flist) in flists {
        let Some(owner) = reach::owner(*repository) else { continue };
        let mut broken = 0;
        let entered = hold_flist(&*hub.store, owner, *flist, &mut |error| {
            broken += 1;
            monitor.note(format!("flist {flist} is not entered whole: {}", chain(&error)));
            Ok(())
        });
        done.rows += entered.map_err(of_the_store)?.rows;
        done.flists += 1;
        done.broken += broken;
        if told.elapsed() >= EVERY {
            told = Instant::now();
            let total = Some(flists.len() as u64);
            monitor.progress(Progress { phase: "index", done: done.flists, total });
        }
    }
    Ok(done)
}

/// What is wrong with an object was told; what is left is the store's.
fn of_the_store(error: LoadError) -> StoreError {
    match error {
        LoadError::Store(error) => error,
        error => StoreError::backend(error),
    }
}

/// Tells of it in the hub's log.
#[derive(Debug, Clone, Copy)]
pub struct InLog;

impl Monitor for InLog {
    fn progress(&self, progress: Progress) {
        let Progress { done, total, .. } = progress;
        tracing::info!(done, total, "building the membership index");
    }

    fn note(&self, line: String) {
        tracing::info!("{line}");
    }

    fn cancelled(&self) -> bool {
        false
    }
}
