//! The scrub of this hub: reads everything, looks for what flists need and is not there, and says whom
//! it touches.

use std::collections::BTreeSet;

use flisthub_flist::{GraphError, find_missing};
use flisthub_storage::{ChunkId, Monitor, ScrubError, scrub};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::holders::Kept;
use super::work::JobError;
use crate::state::Hub;

/// Damaged or missing objects whose holders are looked for. More than that is a lost disk, where a list
/// helps nobody.
const MOST: usize = 10_000;

/// Scrubs once; with a rate, reads at most so many frame bytes a second.
pub(super) fn run(hub: &Hub, rate: Option<u64>, monitor: &dyn Monitor) -> Result<Value, JobError> {
    let catalog = Handle::current().block_on(hub.catalog.check())?;
    for line in &catalog {
        monitor.note(format!("the catalog is damaged: {line}"));
    }
    let read = scrub(&*hub.store, rate, monitor)?;
    // What was set aside must not come back when the power goes. A disk that takes no writes had nothing
    // set aside.
    if !read.damaged.is_empty() {
        hub.store.flush()?;
    }
    let aside: BTreeSet<ChunkId> = hub.store.quarantined()?.iter().map(|one| one.id).collect();
    let kept = Kept::read(hub)?;
    let gaps = find_missing(&*hub.store, &kept.flists, monitor)?;
    let missing = &gaps.missing - &aside;
    let wanted: Vec<ChunkId> =
        aside.iter().chain(&missing).chain(gaps.unreadable.keys()).copied().take(MOST).collect();
    let (holders, _) =
        if wanted.is_empty() { (Vec::new(), 0) } else { kept.holders_of(hub, &wanted, monitor)? };
    let ids = |ids: &mut dyn Iterator<Item = &ChunkId>| -> Vec<String> {
        ids.map(ToString::to_string).take(MOST).collect()
    };
    // What was set aside and nobody needs any more is no damage.
    let sound = catalog.is_empty()
        && read.damaged.is_empty()
        && read.unreadable.is_empty()
        && holders.iter().all(|one| one.get("holders") == Some(&json!([])));
    let all_there = missing.is_empty() && aside.is_empty() && gaps.unreadable.is_empty();
    if sound && all_there {
        Handle::current().block_on(hub.nothing_lost())?;
    }
    Ok(json!({
        "objects": read.objects,
        "bytes": read.bytes,
        "stored_bytes": read.stored_bytes,
        "damaged": ids(&mut read.damaged.iter()),
        "quarantined": ids(&mut aside.iter()),
        "missing": ids(&mut missing.iter()),
        "unreadable": ids(&mut read.unreadable.iter().chain(gaps.unreadable.keys())),
        "catalog": if catalog.is_empty() { json!("ok") } else { json!(catalog) },
        "sound": sound,
        "touched": holders,
    }))
}

impl From<ScrubError> for JobError {
    fn from(error: ScrubError) -> Self {
        match error {
            ScrubError::Cancelled => Self::Cancelled,
            error @ ScrubError::Store(_) => Self::failed(&error),
        }
    }
}

impl From<GraphError> for JobError {
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::Cancelled => Self::Cancelled,
            error => Self::failed(&error),
        }
    }
}
