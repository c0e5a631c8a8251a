//! Coming back by itself after the disk was full or took no writes.

use std::time::Duration;

use crate::error::chain;
use crate::state::Hub;

/// Between two looks at the store.
const EVERY: Duration = Duration::from_secs(2);

/// For ever: when a write of the chunk store has failed, tries to make it writable again. While nobody
/// is inside the gate, because writes that no barrier covered may be lost thereby: a publish that has
/// seen them must not go on and commit.
pub(crate) async fn recover_again_and_again(hub: Hub) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        if !hub.store.failing() {
            continue;
        }
        let own = hub.clone();
        let recover = move || own.gate.exclusively(|| own.store.recover());
        match tokio::task::spawn_blocking(recover).await {
            Ok(Ok(())) => tracing::info!("the chunk store can be written again"),
            Ok(Err(error)) => {
                tracing::warn!(error = chain(&error), "the chunk store cannot be written");
            }
            Err(error) => tracing::error!(%error, "recovering the chunk store failed"),
        }
    }
}
