//! Everything that stands in a flist, entry by entry.

use flisthub_flist::{Content, LoadError, Tree};

use super::error::ActionError;
use super::resolve;
use super::stream::{Items, produce};
use crate::auth::Caller;
use crate::catalog::NameRow;
use crate::state::Hub;

/// Entries that are handed on at a time.
const BATCH: usize = 512;

/// One entry of a dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpEntry {
    /// The path from the root, without a leading `/`.
    pub path: Vec<u8>,
    /// Bytes of content; 0 for what is no regular file.
    pub size: u64,
}

/// The flist of a name, and its entries in batches, in the order of a walk.
pub async fn dump(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    name: &str,
) -> Result<(NameRow, Items<Vec<DumpEntry>>), ActionError> {
    let row = resolve::flist(hub, caller, repository, name).await?;
    let manifest = row.flist.id;
    let entries = produce(hub, move |hub, sink| {
        let tree = match Tree::open(&*hub.store, manifest) {
            Ok(tree) => tree,
            Err(error) => return sink.send(Err(ActionError::internal(error))),
        };
        let mut walk = tree.walk(&*hub.store);
        loop {
            let batch = next_batch(&mut walk).map_err(ActionError::internal);
            let last = batch.as_ref().map_or(true, Vec::is_empty);
            sink.send(batch)?;
            if last {
                return Ok(());
            }
        }
    })
    .await?;
    Ok((row, entries))
}

fn next_batch(
    walk: &mut impl Iterator<
        Item = Result<(flisthub_flist::TreePath, flisthub_flist::Entry), LoadError>,
    >,
) -> Result<Vec<DumpEntry>, LoadError> {
    walk.take(BATCH)
        .map(|found| {
            let (path, entry) = found?;
            let size = match entry.content {
                Content::File { size, .. } => size,
                _ => 0,
            };
            Ok(DumpEntry { path: path.as_bytes().to_vec(), size })
        })
        .collect()
}

/// The dump of a flist in the caller's own repository.
pub async fn own_dump(
    hub: &Hub,
    caller: &Caller,
    name: &str,
) -> Result<(NameRow, Items<Vec<DumpEntry>>), ActionError> {
    let own = caller.own_repository()?.to_owned();
    dump(hub, caller, &own, name).await
}
