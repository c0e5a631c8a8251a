//! Why an object is kept: the names and paths that need it, and what else keeps a sweep from it.

use flisthub_storage::{ChunkId, Monitor, Row};
use serde_json::{Value, json};

use super::holders::Kept;
use super::work::JobError;
use crate::state::Hub;

/// Looks for all reasons.
pub(super) fn run(hub: &Hub, id: ChunkId, monitor: &dyn Monitor) -> Result<Value, JobError> {
    let row = hub.store.rows_of(&[id])?.into_iter().flatten().next();
    let now = hub.clock.now();
    let mut sent = false;
    hub.store.sent_in_live_sessions(now, &mut |one| sent |= one == id)?;
    let (holders, unreadable) = Kept::read(hub)?.holders_of(hub, &[id], monitor)?;
    let held = holders.into_iter().next().unwrap_or_default();
    let keeps_until = |row: &Row| row.time_put.saturating_add(hub.config.store.grace_seconds);
    Ok(json!({
        "id": id.to_string(),
        "stored": row.map(|row| json!({
            "kind": row.stat.kind.to_string(),
            "bytes": row.stat.length,
            "stored_bytes": row.stat.frame_length,
            "put": row.time_put,
        })),
        "holders": held.get("holders"),
        "more": held.get("more"),
        "unreadable_objects": unreadable,
        "sent_in_a_live_session": sent,
        "young_until": row.as_ref().map(keeps_until).filter(|until| *until >= now),
    }))
}
