//! How long the vault keeps credentials: from the request that brings them to the end of the last job that
//! needs them. How it keeps them is in `images::vault`.

use flisthub_converter::image::registry::Credentials;
use tokio::runtime::Handle;

use super::JobSpec;
use crate::catalog::{CatalogError, JobState};
use crate::error::chain;
use crate::state::Hub;

/// Credentials of a request that is about to make a job of them. Dropped, they stay only as long as a job
/// needs them.
pub(crate) struct Asking {
    hub: Hub,
    fingerprint: String,
}

impl Asking {
    /// Puts credentials into the vault; `None` where the system has no random numbers.
    pub(crate) fn keep(hub: &Hub, credentials: Credentials) -> Option<Self> {
        let fingerprint = hub.images.vault.keep(credentials)?;
        Some(Self { hub: hub.clone(), fingerprint })
    }

    /// What stands for them in a job.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.hub.images.vault.asked(&self.fingerprint);
        let hub = self.hub.clone();
        // Without a runtime the process is about to end, and the vault with it.
        if let Ok(handle) = Handle::try_current() {
            handle.spawn(async move { forget(&hub).await });
        }
    }
}

/// Forgets the credentials that no job needs any more.
pub(super) async fn forget(hub: &Hub) {
    if let Err(error) = try_to_forget(hub).await {
        tracing::warn!(error = chain(&error), "credentials stay in memory until the next job ends");
    }
}

async fn try_to_forget(hub: &Hub) -> Result<(), CatalogError> {
    // Before the jobs: what is brought from now on has a job that may not be among them.
    let mut idle = hub.images.vault.idle();
    if idle.is_empty() {
        return Ok(());
    }
    // In this order: a job that starts between the two questions is in both answers.
    for state in [JobState::Queued, JobState::Running] {
        for row in hub.catalog.jobs_in(state).await? {
            if let Ok(JobSpec::Convert(spec)) = serde_json::from_str(&row.arguments)
                && let Some(needed) = spec.credentials
            {
                idle.remove(&needed);
            }
        }
    }
    hub.images.vault.forget(&idle);
    Ok(())
}
