//! Measuring the catalog and the store. That the catalog answers is asked each time; what there is in it takes longer to
//! count the more there is, and says nothing of whether it answers.

use std::time::Duration;

use flisthub_storage::StoreError;

use super::figures::{Counted, Figures, Stored};
use super::kept::Kept;
use super::last;
use crate::catalog::CatalogError;
use crate::state::Hub;

/// How long to wait for the catalog and for the store: whoever scrapes gives up after some seconds too.
const PATIENCE: Duration = Duration::from_secs(4);

/// What was measured last.
#[derive(Debug, Default)]
pub(super) struct Measured {
    counted: Kept<Counted>,
    store: Kept<Option<Stored>>,
}

impl Measured {
    /// What was measured lately, or is measured now.
    pub(super) async fn take(&self, hub: &Hub) -> Figures {
        let known = self.counted.last().map(|last| last.lasts.clone()).unwrap_or_default();
        let (of_catalog, of_store) = (of_catalog(hub.clone(), known), of_store(hub.clone()));
        let (catalog_up, counted, store) = tokio::join!(
            answers(hub),
            self.counted.take(PATIENCE, of_catalog),
            self.store.take(PATIENCE, async { Some(of_store.await) })
        );
        Figures { catalog_up, counted, store }
    }
}

/// Whether the catalog answers in time.
async fn answers(hub: &Hub) -> bool {
    match tokio::time::timeout(PATIENCE, hub.catalog.ping()).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(error = crate::error::chain(&error), "the catalog does not answer");
            false
        }
        Err(_) => {
            tracing::warn!("the catalog does not answer in time");
            false
        }
    }
}

async fn of_catalog(hub: Hub, known: last::Lasts) -> Option<Counted> {
    let counted = async {
        let sums = hub.catalog.sums().await?;
        Ok::<_, CatalogError>(Counted { sums, lasts: last::refresh(&hub.catalog, known).await? })
    };
    match counted.await {
        Ok(counted) => Some(counted),
        Err(error) => {
            tracing::warn!(error = crate::error::chain(&error), "the catalog was not measured");
            None
        }
    }
}

async fn of_store(hub: Hub) -> Option<Stored> {
    let measured = tokio::task::spawn_blocking(move || stored(&hub)).await;
    match measured {
        Ok(Ok(stored)) => Some(stored),
        Ok(Err(error)) => {
            tracing::warn!(error = crate::error::chain(&error), "the store was not measured");
            None
        }
        Err(error) => {
            tracing::error!(%error, "measuring the store failed");
            None
        }
    }
}

fn stored(hub: &Hub) -> Result<Stored, StoreError> {
    let disk = hub.disk.as_deref();
    Ok(Stored {
        stats: hub.store.stats()?,
        quarantined: hub.store.quarantined()?.len() as u64,
        rocks: disk.map(|disk| disk.store.figures()).transpose()?,
        disk: disk.and_then(|disk| space_of(disk.data.path())),
    })
}

/// Free bytes and all bytes of a disk. Free is what the hub's own user may still write.
fn space_of(folder: &std::path::Path) -> Option<(u64, u64)> {
    let found = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Some((bytes(found.f_bavail), bytes(found.f_blocks)))
}
