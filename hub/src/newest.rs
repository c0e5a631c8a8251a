//! A look at the newest names at start: whether the store still has what they point at.
//!
//! What was written last stands at the end of the store's log. RocksDB takes a damaged place in the log
//! that was open when the hub died for its end, as a power cut leaves one, and says nothing: whatever
//! stood behind it is gone, acknowledged or not. The newest flists are the last of it, so that
//! looking for them finds such a loss, in a time that does not grow with the store.

use flisthub_storage::ChunkId;

use crate::state::{Hub, OpenError};

/// How many names are looked at.
const NEWEST: u32 = 100;

/// Fails if a flist that one of the newest names points at is not in the store.
pub async fn check(hub: &Hub) -> Result<(), OpenError> {
    let newest = hub.catalog.newest(NEWEST).await?;
    let ids: Vec<ChunkId> = newest.iter().map(|(_, flist)| *flist).collect();
    let store = hub.store.clone();
    let missing = tokio::task::spawn_blocking(move || store.missing(&ids)).await;
    let missing = missing
        .map_err(|error| OpenError::Store(flisthub_storage::StoreError::backend(error)))??;
    match newest.into_iter().find(|(_, flist)| missing.contains(flist)) {
        None => Ok(()),
        Some((name, flist)) => Err(OpenError::Lost { name, flist }),
    }
}
