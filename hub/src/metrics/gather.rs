//! Measuring, now and then: who asks more often gets what was measured before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flisthub_storage::StoreError;
use tokio::sync::Mutex;

use super::figures::{Figures, Stored};
use super::last;
use crate::state::Hub;

/// How long a measurement holds at least.
const FRESH: Duration = Duration::from_secs(10);

/// A measurement holds for so many times as long as it took, so that measuring takes a small part of what the
/// catalog can do, however large it is.
const SHARE: u32 = 20;

/// How long to wait for the catalog and for the store: whoever scrapes gives up after some seconds too.
const PATIENCE: Duration = Duration::from_secs(4);

/// What was measured last. One measures at a time.
#[derive(Debug, Default)]
pub(super) struct Measured(Mutex<Option<Taken>>);

#[derive(Debug)]
struct Taken {
    figures: Arc<Figures>,
    good_until: Instant,
}

impl Measured {
    /// What was measured lately, or is measured now.
    pub(super) async fn take(&self, hub: &Hub) -> Arc<Figures> {
        let mut taken = self.0.lock().await;
        let began = Instant::now();
        if let Some(taken) = &*taken
            && began < taken.good_until
        {
            return Arc::clone(&taken.figures);
        }
        let known = taken.as_ref().map(|taken| taken.figures.lasts.clone()).unwrap_or_default();
        let figures = Arc::new(measure(hub, known).await);
        let ended = Instant::now();
        let good_for = FRESH.max(ended.duration_since(began).saturating_mul(SHARE));
        *taken = Some(Taken { figures: Arc::clone(&figures), good_until: ended + good_for });
        figures
    }
}

async fn measure(hub: &Hub, known: last::Lasts) -> Figures {
    let (catalog, store) = tokio::join!(
        tokio::time::timeout(PATIENCE, of_catalog(hub, known.clone())),
        tokio::time::timeout(PATIENCE, of_store(hub.clone()))
    );
    let (catalog, lasts) = match catalog {
        Ok(Ok((sums, lasts))) => (Some(sums), lasts),
        Ok(Err(error)) => {
            tracing::warn!(error = crate::error::chain(&error), "the catalog was not measured");
            (None, known)
        }
        Err(_) => {
            tracing::warn!("the catalog was not measured in time");
            (None, known)
        }
    };
    Figures { catalog, lasts, store: store.ok().flatten() }
}

async fn of_catalog(
    hub: &Hub,
    known: last::Lasts,
) -> Result<(crate::catalog::Sums, last::Lasts), crate::catalog::CatalogError> {
    let sums = hub.catalog.sums().await?;
    Ok((sums, last::refresh(&hub.catalog, known).await?))
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
