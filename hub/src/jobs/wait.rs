//! Waiting for a job's end, for whoever needs no more than that.

use crate::catalog::{CatalogError, JobRow};
use crate::state::Hub;

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
