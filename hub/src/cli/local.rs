//! Doing a job in this process, where no hub runs: the same job, with the same rows.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use flisthub_storage::SystemClock;

use super::ending::Ending;
use super::show::Show;
use crate::catalog::Actor;
use crate::config::Config;
use crate::data::DataDirectory;
use crate::jobs::{self, CancelError, Follow, JobSpec, StartError, Stop, runner};
use crate::state::Hub;

/// Opens a data directory as a hub does. What a hub that died left running is dealt with.
pub(super) async fn open(path: &Path, config: Config) -> anyhow::Result<Hub> {
    let data = DataDirectory::open(path)
        .with_context(|| format!("the data directory {}", path.display()))?;
    super::refuse_anothers(&data)?;
    let hub = Hub::open(&data, config, Arc::new(SystemClock)).await.with_context(|| {
        format!(
            "no hub answers on {}, and the data cannot be opened without one",
            data.control().display()
        )
    })?;
    if let Err(error) = jobs::recover(&hub).await {
        // Nobody waits for a lease that nobody uses.
        hub.catalog.close().await;
        return Err(error.into());
    }
    Ok(hub)
}

/// Makes durable what was done, and closes everything.
pub(super) async fn close(hub: &Hub) -> anyhow::Result<()> {
    hub.store.flush().context("the last barrier")?;
    hub.catalog.close().await;
    Ok(())
}

/// Does a job. `ending` is heard each time that somebody wants it to end.
pub(super) async fn run(
    hub: &Hub,
    spec: &JobSpec,
    show: &mut Show,
    ending: &mut Ending,
) -> anyhow::Result<ExitCode> {
    let id = match jobs::start(hub, spec, &Actor::operator()).await {
        // It waits for a hub, and none runs.
        Err(StartError::Waits(id)) => id,
        started => started?.id,
    };
    let (_stopper, stop) = Stop::channel();
    let mut runner = tokio::spawn(runner::run_only(hub.clone(), id.clone(), stop));
    let mut follow = Follow::new(hub, &id);
    let mut running = true;
    loop {
        tokio::select! {
            events = follow.next() => {
                for event in events? {
                    if let Some(code) = show.tell(event.into())? {
                        return Ok(code);
                    }
                }
            }
            ended = &mut runner, if running => {
                running = false;
                ended.context("the job's runner")??;
            }
            () = ending.asked() => {
                match jobs::cancel(hub, &id, &Actor::operator()).await {
                    // Its end comes next.
                    Ok(()) | Err(CancelError::Ended { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
                show.say("asked to end; waiting for it");
            }
        }
    }
}
