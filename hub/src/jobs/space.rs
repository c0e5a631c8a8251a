//! How much space the flists and repositories of this hub take.

use std::collections::BTreeMap;

use flisthub_flist::{Published, space_report};
use flisthub_storage::{ChunkId, Monitor};
use serde_json::Value;
use tokio::runtime::Handle;

use super::work::JobError;
use crate::catalog::Keeper;
use crate::state::Hub;

/// Computes it for every flist that a sweep would keep now.
pub(super) fn run(hub: &Hub, monitor: &dyn Monitor) -> Result<Value, JobError> {
    let deleted_before = hub.clock.now().saturating_sub(hub.config.store.grace_seconds);
    let keepers = Handle::current().block_on(hub.catalog.keepers(deleted_before))?;
    let report = space_report(&*hub.store, &published(keepers), monitor)?;
    serde_json::to_value(report).map_err(|error| JobError::failed(&error))
}

/// Which repository holds which flist, and under which names now.
fn published(keepers: Vec<Keeper>) -> Vec<Published> {
    let mut held: BTreeMap<(String, ChunkId), Vec<String>> = BTreeMap::new();
    for Keeper { flist, repository, name, revision } in keepers {
        let names = held.entry((repository, flist)).or_default();
        // Its history may name a flist that the name does not point at any more.
        if revision.is_none() {
            names.push(name);
        }
    }
    let published = |((repository, flist), names)| Published { repository, names, flist };
    held.into_iter().map(published).collect()
}
