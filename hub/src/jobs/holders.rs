//! Which names and paths need an object: for the reports of scrub and `why`.

use std::collections::HashMap;

use flisthub_flist::{Place, TreePath, find_holders};
use flisthub_storage::{ChunkId, Monitor};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::work::JobError;
use crate::catalog::Keeper;
use crate::state::Hub;

/// Places that are shown of one object.
const MOST: usize = 100;

/// Every flist that a sweep keeps now, with the names that keep it.
pub(super) struct Kept {
    keepers: HashMap<ChunkId, Vec<Keeper>>,
    /// The flists, those first that a name points at.
    pub(super) flists: Vec<ChunkId>,
}

impl Kept {
    /// Reads them from the catalog.
    pub(super) fn read(hub: &Hub) -> Result<Self, JobError> {
        let deleted_before = hub.clock.now().saturating_sub(hub.config.store.grace_seconds);
        let all = Handle::current().block_on(hub.catalog.keepers(deleted_before))?;
        let mut kept = Self { keepers: HashMap::new(), flists: Vec::new() };
        for keeper in all {
            let keepers = kept.keepers.entry(keeper.flist).or_default();
            if keepers.is_empty() {
                kept.flists.push(keeper.flist);
            }
            keepers.push(keeper);
        }
        Ok(kept)
    }

    /// For each of `wanted` the names and paths that need it, as JSON; and how many objects on the way
    /// could not be read.
    pub(super) fn holders_of(
        &self,
        hub: &Hub,
        wanted: &[ChunkId],
        monitor: &dyn Monitor,
    ) -> Result<(Vec<Value>, usize), JobError> {
        let found = find_holders(&*hub.store, &self.flists, wanted, MOST, monitor)?;
        let shown = found.held.iter().map(|(id, held)| {
            let places = held.holders.iter().flat_map(|holder| {
                let keepers =
                    self.keepers.get(&holder.flist).map(Vec::as_slice).unwrap_or_default();
                keepers.iter().map(|keeper| shown(keeper, &holder.place))
            });
            let mut places: Vec<Value> = places.take(MOST + 1).collect();
            let more = held.more || places.len() > MOST;
            places.truncate(MOST);
            json!({ "id": id.to_string(), "holders": places, "more": more })
        });
        Ok((shown.collect(), found.unreadable.len()))
    }
}

/// One name and place.
fn shown(keeper: &Keeper, place: &Place) -> Value {
    let text = |path: &TreePath| format!("/{path}");
    let (what, path) = match place {
        Place::Manifest => ("manifest", None),
        Place::Links => ("links", None),
        Place::Directory(path) => ("directory", Some(text(path))),
        Place::File(path) => ("file", Some(text(path))),
    };
    json!({
        "repository": keeper.repository,
        "name": keeper.name,
        "revision": keeper.revision,
        "flist": keeper.flist.to_string(),
        "what": what,
        "path": path,
    })
}
