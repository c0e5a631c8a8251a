//! Takes queued jobs, lane by lane, and writes down in their rows how they ended. Knows nothing of what a job
//! does; the time while it runs is in `running`.

use std::time::Duration;

use tokio::task::JoinSet;

use super::recover::{recover, unknown};
use super::running::{Next, Running};
use super::stop::Stop;
use super::{JobSpec, secrets};
use crate::catalog::{CatalogError, Claim, JobEnd, JobNews, JobRow, Lane};
use crate::error::Fault;
use crate::metrics::Outcome;
use crate::state::Hub;

/// How long to wait before the catalog is asked again after it failed: the disk may be full.
const PAUSE: Duration = Duration::from_secs(2);

/// Deals with what an earlier hub left, then runs queued jobs, oldest first in each lane, until told to
/// stop. Jobs that are running then are told to end, and their rows go back into the queue.
pub async fn run(hub: Hub, mut stop: Stop) {
    while let Err(error) = recover(&hub).await {
        if pause(&error, &mut stop).await {
            return;
        }
    }
    let conversions = hub.config.images.conversions;
    tokio::join!(
        run_lane(&hub, Lane::Upkeep, 1, stop.clone()),
        run_lane(&hub, Lane::Conversions, conversions, stop.clone()),
        run_lane(&hub, Lane::Items, 1, stop)
    );
}

/// Runs the jobs of one lane, at most `places` at a time.
async fn run_lane(hub: &Hub, lane: Lane, places: usize, mut stop: Stop) {
    let mut wake = hub.jobs.wake.subscribe();
    let mut running = JoinSet::new();
    while !stop.is_said() {
        // Before the question: what is queued after it wakes the wait below.
        wake.mark_unchanged();
        if running.len() < places {
            match hub.catalog.claim_job(Claim::Oldest(lane), hub.clock.now()).await {
                Ok(Some(row)) => {
                    let (hub, mut stop) = (hub.clone(), stop.clone());
                    running.spawn(async move { one(&hub, row, &mut stop).await });
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    pause(&error, &mut stop).await;
                    continue;
                }
            }
        }
        tokio::select! {
            // The sender lives as long as the hub that is held here.
            _ = wake.changed() => {}
            Some(_) = running.join_next() => {}
            () = stop.said() => {}
        }
    }
    while running.join_next().await.is_some() {}
}

/// Runs one queued job, for a process that is no hub: what else is queued waits for one.
pub async fn run_only(hub: Hub, id: String, mut stop: Stop) -> Result<(), CatalogError> {
    if let Some(row) = hub.catalog.claim_job(Claim::ByCommand(&id), hub.clock.now()).await? {
        one(&hub, row, &mut stop).await;
    }
    Ok(())
}

/// Waits a little after the catalog failed. Says whether it is time to stop.
pub(super) async fn pause(error: &CatalogError, stop: &mut Stop) -> bool {
    tracing::error!(error = crate::error::chain(error), "the catalog failed; jobs wait for it");
    tokio::select! {
        () = tokio::time::sleep(PAUSE) => {}
        () = stop.said() => {}
    }
    stop.is_said()
}

async fn one(hub: &Hub, row: JobRow, stop: &mut Stop) {
    tracing::info!(job = row.id, kind = row.kind, "job started");
    hub.jobs.tell_change();
    let next = match serde_json::from_str::<JobSpec>(&row.arguments) {
        Ok(spec) => Running::start(hub, &row, spec).finish(stop).await,
        Err(error) => Some(Next::End(unknown(&error))),
    };
    let Some(next) = next else { return };
    if let Next::End(end) = &next {
        // Before its row says so: who reads there that it has ended finds it counted.
        hub.metrics.job_ended(&row.kind, outcome(end));
    }
    while let Err(error) = write(hub, &row, &next).await {
        // Given up at shutdown: the next start finds the row as running and deals with it.
        if pause(&error, stop).await {
            return;
        }
    }
    secrets::forget(hub).await;
    hub.jobs.tell_change();
}

fn outcome(end: &JobEnd) -> Outcome {
    match end {
        JobEnd::Succeeded(_) => Outcome::Succeeded,
        JobEnd::Cancelled => Outcome::Cancelled,
        JobEnd::Failed { .. } => Outcome::Failed,
    }
}

/// Logs how a job ended: what is wrong with what a user asked for is no error of the hub's.
fn log(row: &JobRow, end: &JobEnd) {
    let (job, kind) = (&row.id, &row.kind);
    match end {
        JobEnd::Succeeded(_) => tracing::info!(job, kind, "job succeeded"),
        JobEnd::Cancelled => tracing::info!(job, kind, "job cancelled"),
        JobEnd::Failed { code, message } => match Fault::of(code) {
            Fault::Callers => tracing::info!(job, kind, code, error = message, "job failed"),
            Fault::Others => tracing::warn!(job, kind, code, error = message, "job failed"),
            Fault::Ours => tracing::error!(job, kind, code, error = message, "job failed"),
        },
    }
}

async fn write(hub: &Hub, row: &JobRow, next: &Next) -> Result<(), CatalogError> {
    match next {
        Next::End(end) => {
            hub.catalog.finish_job(&row.id, end, hub.clock.now()).await?;
            log(row, end);
        }
        Next::Queue => {
            let line = "the hub stopped; the job waits for it to start again";
            let news = JobNews::line(line.to_owned());
            hub.catalog.record_job(&row.id, &news, hub.clock.now()).await?;
            hub.catalog.requeue_job(&row.id, false).await?;
            tracing::info!(job = row.id, "job goes back into the queue");
        }
    }
    Ok(())
}
