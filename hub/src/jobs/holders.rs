//! Which names and paths need an object: for the reports of scrub and `why`.

use std::collections::HashMap;

use flisthub_flist::{Holder, Place, TreePath, find_holders};
use flisthub_storage::{ChunkId, Monitor};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::work::JobError;
use crate::catalog::Keeper;
use crate::state::Hub;

/// Places that are shown of one object.
const MOST: usize = 100;

/// Places that are shown of all objects together.
const MOST_IN_ALL: usize = 10_000;

/// Bytes of JSON that those take together: names and paths may be long.
const MOST_BYTES: usize = 8 << 20;

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

    /// For each of `wanted` the names and paths that need it, as JSON, as many as may be shown; and how
    /// many objects on the way could not be read.
    pub(super) fn holders_of(
        &self,
        hub: &Hub,
        wanted: &[ChunkId],
        monitor: &dyn Monitor,
    ) -> Result<(Vec<Value>, usize), JobError> {
        let each = (MOST_IN_ALL / wanted.len().max(1)).clamp(1, MOST);
        let found = find_holders(&*hub.store, &self.flists, wanted, each, monitor)?;
        let mut room = MOST_BYTES;
        let shown = found.held.iter().map(|(id, held)| {
            let (places, more) = self.places(&held.holders, each, &mut room);
            json!({ "id": id.to_string(), "holders": places, "more": held.more || more })
        });
        Ok((shown.collect(), found.unreadable.len()))
    }

    /// At most `most` of the names and paths of these holders, and whether there are more. `room` is how
    /// many bytes of them may still be shown.
    fn places(&self, holders: &[Holder], most: usize, room: &mut usize) -> (Vec<Value>, bool) {
        let mut places = Vec::new();
        for holder in holders {
            for keeper in self.keepers.get(&holder.flist).map(Vec::as_slice).unwrap_or_default() {
                let place = shown(keeper, &holder.place);
                let left = room.checked_sub(place.to_string().len());
                let (true, Some(left)) = (places.len() < most, left) else {
                    return (places, true);
                };
                *room = left;
                places.push(place);
            }
        }
        (places, false)
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

#[cfg(test)]
mod tests {
    use flisthub_storage::Kind;

    use super::*;

    #[test]
    fn places_are_shown_up_to_a_number_and_to_a_length() {
        let flist = Kind::Manifest.id_of(b"");
        let keeper =
            |name: String| Keeper { flist, repository: "alice".to_owned(), name, revision: None };
        let names = (0..5).map(|number| keeper(format!("name-{number}")));
        let kept = Kept { keepers: [(flist, names.collect())].into(), flists: vec![flist] };
        let other = Holder { flist: Kind::Content.id_of(b""), place: Place::Links };
        let holders = [Holder { flist, place: Place::Manifest }, other];
        let shown = |most: usize, mut room: usize| {
            let (places, more) = kept.places(&holders, most, &mut room);
            assert!(places.iter().all(|place| place["repository"] == "alice"));
            (places.len(), more, room)
        };
        let (_, _, left) = shown(1, 10_000);
        let one = 10_000 - left;
        assert!((100..1_000).contains(&one), "{one} bytes");
        assert_eq!(shown(5, 5 * one), (5, false, 0));
        assert_eq!(shown(4, 5 * one), (4, true, one));
        assert_eq!(shown(5, 5 * one - 1), (4, true, one - 1));
        assert_eq!(shown(5, 0), (0, true, 0));
    }
}
