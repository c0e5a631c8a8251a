//! What takes reading a whole flist to know: found out when somebody asks for the first time.

use flisthub_flist::survey;
use flisthub_storage::ChunkId;
use md5::{Digest as _, Md5};

use super::error::ActionError;
use super::outcome::to_the_end;
use crate::catalog::FlistFacts;
use crate::state::Hub;

/// The length and MD5 of a flist's `.flist` file, and its entries by kind. Those who ask at once for the
/// first time wait for one reading, which goes on to its end also if they leave.
pub async fn of(hub: &Hub, flist: ChunkId) -> Result<FlistFacts, ActionError> {
    if let Some(known) = hub.facts.get(&flist) {
        return Ok(known);
    }
    let hub = hub.clone();
    to_the_end(async move {
        let look = async {
            match hub.catalog.facts(flist).await? {
                Some(known) => Ok(known),
                None => find_out(&hub, flist).await,
            }
        };
        hub.facts.get_or_insert_async(&flist, look).await
    })
    .await
}

async fn find_out(hub: &Hub, flist: ChunkId) -> Result<FlistFacts, ActionError> {
    let place = hub.surveys.clone().acquire_owned().await.map_err(ActionError::internal)?;
    let store = hub.store.clone();
    let work = move || {
        let _running = place;
        let mut md5 = Md5::new();
        let found = survey(&*store, flist, &mut |bytes| md5.update(bytes));
        found.map(|found| (found, md5.finalize().into()))
    };
    let (found, md5) = tokio::task::spawn_blocking(work).await?.map_err(ActionError::of_load)?;
    let facts = FlistFacts { file_bytes: found.file_bytes, md5, counts: found.counts };
    // Who only reads need not hear that the disk takes no writes.
    if let Err(error) = hub.catalog.set_facts(flist, &facts).await {
        tracing::warn!(%error, flist.id = %flist, "what was found out of a flist was not kept");
    }
    Ok(facts)
}
