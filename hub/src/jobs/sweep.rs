//! The sweep of this hub: its roots are the flists of the catalog, its lock is the gate.

use std::error::Error;

use flisthub_flist::references;
use flisthub_storage::{
    Chunk, ChunkId, Monitor, Reclaimed, Reference, Roots, SweepError, SweepOptions, SweepReport,
    Tally, sweep,
};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::work::JobError;
use crate::state::Hub;

type Cause = Box<dyn Error + Send + Sync>;

/// The names of a hub as the sweep sees them.
struct HubRoots<'a> {
    hub: &'a Hub,
    runtime: Handle,
    /// Names that were deleted before this time keep nothing.
    deleted_before: u64,
}

impl Roots for HubRoots<'_> {
    fn begin(&self) -> Result<Vec<ChunkId>, Cause> {
        self.hub.gate.begin();
        Ok(self.runtime.block_on(self.hub.catalog.roots(self.deleted_before))?)
    }

    fn deleting(&self) -> Result<(), Cause> {
        Ok(self.runtime.block_on(self.hub.catalog.deleting(self.deleted_before))?)
    }

    fn committed(&self) -> Vec<ChunkId> {
        self.hub.gate.committed()
    }

    fn exclusively(
        &self,
        work: &mut dyn FnMut() -> Result<(), SweepError>,
    ) -> Result<(), SweepError> {
        self.hub.gate.exclusively(work)
    }

    fn end(&self) {
        self.hub.gate.end();
    }
}

/// Sweeps once.
pub(super) fn run(
    hub: &Hub,
    dry_run: bool,
    grace: Option<u64>,
    monitor: &dyn Monitor,
) -> Result<Value, JobError> {
    if hub.store.failing() {
        // A sweep is how an operator makes room: it does not wait for the next try to recover.
        hub.gate.exclusively(|| hub.store.recover())?;
    }
    let now = hub.clock.now();
    let grace = grace.unwrap_or(hub.config.store.grace_seconds);
    let deleted_before = now.saturating_sub(grace);
    let roots = HubRoots { hub, runtime: Handle::current(), deleted_before };
    let options = SweepOptions { now, grace, dry_run };
    let report = sweep(&*hub.store, &roots, &follow, &options, monitor)?;
    Ok(shown(&report, &options))
}

/// What an object refers to.
pub(super) fn follow(object: &Chunk) -> Result<Vec<Reference>, Cause> {
    Ok(references(object)?)
}

impl From<SweepError> for JobError {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Cancelled => Self::Cancelled,
            error => Self::failed(&error),
        }
    }
}

/// The result of the job.
fn shown(report: &SweepReport, options: &SweepOptions) -> Value {
    let tally = |Tally { objects, bytes, stored_bytes }: Tally| json!({ "objects": objects, "bytes": bytes, "stored_bytes": stored_bytes });
    let seconds = |millis: u64| Value::from(std::time::Duration::from_millis(millis).as_secs_f64());
    let mut shown = json!({
        "dry_run": options.dry_run,
        "grace_seconds": options.grace,
        "roots": report.roots,
        "kept": tally(report.kept),
        "young": tally(report.young),
        "garbage_chunks": tally(report.garbage_chunks),
        "garbage_objects": tally(report.garbage_objects),
        "removed": tally(report.removed),
        "spared": report.spared,
        "mark_seconds": seconds(report.mark_millis),
    });
    if let (Some(Reclaimed { before, after }), Some(map)) =
        (report.reclaimed, shown.as_object_mut())
    {
        map.insert("delete_seconds".into(), seconds(report.delete_millis));
        map.insert("reclaim_seconds".into(), seconds(report.reclaim_millis));
        map.insert("disk_bytes_before".into(), before.into());
        map.insert("disk_bytes_after".into(), after.into());
    }
    shown
}
