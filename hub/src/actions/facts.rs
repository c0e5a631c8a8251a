//! What takes reading a whole flist to know: found out when somebody asks for the first time.

use flisthub_flist::survey;
use flisthub_storage::ChunkId;
use md5::{Digest as _, Md5};

use super::error::ActionError;
use super::stream::turn;
use crate::catalog::FlistFacts;
use crate::state::Hub;

/// The length and MD5 of a published flist's `.flist` file, and its entries by kind. Two that ask at once
/// for the first time may both read it.
pub async fn of(hub: &Hub, flist: ChunkId) -> Result<FlistFacts, ActionError> {
    if let Some(known) = hub.facts.get(&flist) {
        return Ok(known);
    }
    let known = hub.catalog.facts(flist).await?;
    let facts = match known {
        Some(known) => known,
        None => find_out(hub, flist).await?,
    };
    hub.facts.insert(flist, facts);
    Ok(facts)
}

async fn find_out(hub: &Hub, flist: ChunkId) -> Result<FlistFacts, ActionError> {
    let running = turn(hub, &hub.readers).await?;
    let store = hub.store.clone();
    let work = move || {
        // Kept to the end of the work, also if the caller goes away before.
        let _running = running;
        let mut md5 = Md5::new();
        let found = survey(&*store, flist, &mut |bytes| md5.update(bytes));
        found.map(|found| (found, md5.finalize().into()))
    };
    let (found, md5) = tokio::task::spawn_blocking(work).await?.map_err(ActionError::of_load)?;
    let facts = FlistFacts {
        file_bytes: found.file_bytes,
        md5,
        regular: found.counts.regular,
        symlink: found.counts.symlink,
        directory: found.counts.directory,
        special: found.counts.special,
    };
    hub.catalog.set_facts(flist, &facts).await?;
    Ok(facts)
}
