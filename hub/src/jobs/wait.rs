//! Waiting for a job's end, for whoever needs no more than that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Jobs;
use crate::catalog::{CatalogError, JobRow};
use crate::state::Hub;

/// Callers that may wait for the end of a job over HTTP at a time.
const MOST: usize = 200;

/// Those of them that may be one user's.
const MOST_OF_USER: usize = 50;

/// How many wait, by user.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiters(Arc<Mutex<HashMap<i64, usize>>>);

impl Waiters {
    /// Counts are right after each statement, so a panic leaves nothing torn.
    fn counts(&self) -> MutexGuard<'_, HashMap<i64, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to wait for a job.
#[derive(Debug)]
pub struct Waiting {
    waiters: Waiters,
    user_id: i64,
}

impl Jobs {
    /// A place among those who wait over HTTP. `None` if there is none, or none for one more of that user.
    pub fn waiting(&self, user_id: i64) -> Option<Waiting> {
        let waiters = self.waiters.clone();
        let mut counts = waiters.counts();
        if counts.values().sum::<usize>() >= MOST {
            return None;
        }
        let own = counts.entry(user_id).or_default();
        if *own >= MOST_OF_USER {
            return None;
        }
        *own = own.saturating_add(1);
        drop(counts);
        Some(Waiting { waiters, user_id })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut counts = self.waiters.counts();
        if let Some(own) = counts.get_mut(&self.user_id) {
            *own = own.saturating_sub(1);
        }
        counts.retain(|_, own| *own > 0);
    }
}

impl Waiting {
    /// As [`wait`]; `None` once the hub stops.
    pub async fn wait(self, hub: &Hub, id: &str) -> Result<Option<JobRow>, CatalogError> {
        let mut letting_go = hub.jobs.letting_go.subscribe();
        tokio::select! {
            biased;
            row = wait(hub, id) => row.map(Some),
            // The sender lives as long as the hub that is held here.
            _ = letting_go.wait_for(|now| *now) => Ok(None),
        }
    }
}

/// Waits until a job has ended, and gives its row. Dropping the future changes nothing for the job.
pub async fn wait(hub: &Hub, id: &str) -> Result<JobRow, CatalogError> {
    let mut changed = hub.jobs.changed.subscribe();
    loop {
        let row = hub.catalog.job(id).await?;
        let row =
            row.ok_or_else(|| CatalogError::Inconsistent { table: "jobs", row: id.to_owned() })?;
        if row.state.is_end() {
            return Ok(row);
        }
        // The sender lives as long as the hub that is held here.
        let _ = changed.changed().await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kinds;
    use super::*;

    #[test]
    fn places_are_bounded_for_all_and_for_each() {
        let jobs = Jobs::new(Arc::new(Kinds));
        let mut held: Vec<Waiting> = std::iter::from_fn(|| jobs.waiting(1)).collect();
        assert_eq!(held.len(), 50);
        assert!(jobs.waiting(1).is_none(), "a quarter is one user's at most");
        held.pop();
        held.extend(jobs.waiting(1));
        for user in 2..=4 {
            held.extend(std::iter::from_fn(|| jobs.waiting(user)));
        }
        assert_eq!(held.len(), 200);
        assert!(jobs.waiting(5).is_none(), "all places are taken");
        drop(held);
        assert!(jobs.waiting(5).is_some());
        assert!(jobs.waiters.counts().is_empty(), "nobody is remembered who does not wait");
    }
}
