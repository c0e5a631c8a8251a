//! Whether the hub is about to end, and whether it is ready to take work: what a balancer or an orchestrator
//! asks before it sends callers here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::state::Hub;

/// Whether the hub is about to end. It never changes its mind.
#[derive(Debug, Clone, Default)]
pub struct Ending(Arc<AtomicBool>);

impl Ending {
    /// It begins to end.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Whether the hub can take work now: it is not about to end, the store takes writes, the catalog answers and
/// is this hub's to change.
pub async fn ready(hub: &Hub) -> bool {
    let catalog = &hub.catalog;
    !hub.ending.has_begun()
        && !hub.store.failing()
        && catalog.holds()
        && catalog.ping().await.is_ok()
}
