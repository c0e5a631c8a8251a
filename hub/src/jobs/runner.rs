//! Runs jobs, one at a time, on a blocking thread, and writes down in their rows how far they are and how
//! they ended. Knows nothing of what a job does.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Interval, MissedTickBehavior};

use super::monitor::{Mailbox, add};
use super::recover::{interrupted, recover};
use super::stop::Stop;
use super::{JobError, JobSpec};
use crate::catalog::{CatalogError, Claim, JobEnd, JobNews, JobRow};
use crate::state::Hub;

/// How often the row of a running job is brought up to date.
const TICK: Duration = Duration::from_millis(500);

/// How long to wait before the catalog is asked again after it failed: the disk may be full.
const PAUSE: Duration = Duration::from_secs(2);

/// Bytes of JSON that a job's result has at most. It is read whole, by the catalog and by whoever asks.
const RESULT_BYTES: usize = 16 << 20;

/// What the work came to.
type Outcome = Result<Result<serde_json::Value, JobError>, JoinError>;

/// What becomes of the job.
enum Next {
    End(JobEnd),
    Queue,
}

/// Deals with what an earlier hub left, then runs queued jobs, oldest first, until told to stop. A job
/// that is running then is told to end, and its row goes back into the queue.
pub async fn run(hub: Hub, mut stop: Stop) {
    while let Err(error) = recover(&hub).await {
        if pause(&error, &mut stop).await {
            return;
        }
    }
    while !stop.is_said() {
        match hub.catalog.claim_job(Claim::Oldest, hub.clock.now()).await {
            Ok(Some(row)) => one(&hub, row, &mut stop).await,
            Ok(None) => tokio::select! {
                () = hub.jobs.wake.notified() => {}
                () = stop.said() => {}
            },
            Err(error) => {
                pause(&error, &mut stop).await;
            }
        }
    }
}

/// Runs one queued job, for a process that is no hub: what else is queued waits for one.
pub async fn run_only(hub: Hub, id: String, mut stop: Stop) -> Result<(), CatalogError> {
    if let Some(row) = hub.catalog.claim_job(Claim::ByCommand(&id), hub.clock.now()).await? {
        one(&hub, row, &mut stop).await;
    }
    Ok(())
}

/// Waits a little after the catalog failed. Says whether it is time to stop.
async fn pause(error: &CatalogError, stop: &mut Stop) -> bool {
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
        Err(error) => {
            let message = format!("this version of the hub does not know such a job: {error}");
            Some(Next::End(JobEnd::Failed { code: "unknown_job", message }))
        }
    };
    let Some(next) = next else { return };
    while let Err(error) = write(hub, &row, &next).await {
        // Given up at shutdown: the next start finds the row as running and deals with it.
        if pause(&error, stop).await {
            return;
        }
    }
    hub.jobs.tell_change();
}

async fn write(hub: &Hub, row: &JobRow, next: &Next) -> Result<(), CatalogError> {
    match next {
        Next::End(end) => {
            hub.catalog.finish_job(&row.id, end, hub.clock.now()).await?;
            match end {
                JobEnd::Succeeded(_) => tracing::info!(job = row.id, "job succeeded"),
                JobEnd::Cancelled => tracing::info!(job = row.id, "job cancelled"),
                JobEnd::Failed { code, message } => {
                    tracing::error!(job = row.id, code, error = message, "job failed");
                }
            }
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

/// The one job that runs.
struct Running<'a> {
    hub: &'a Hub,
    id: &'a str,
    may_start_again: bool,
    mailbox: Arc<Mailbox>,
    work: JoinHandle<Result<serde_json::Value, JobError>>,
    /// What was told and is not written down yet.
    news: JobNews,
    cancel_asked: bool,
}

impl<'a> Running<'a> {
    fn start(hub: &'a Hub, row: &'a JobRow, spec: JobSpec) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let (id, may_start_again) = (&row.id, spec.may_start_again() && !row.by_command);
        let (own, monitor) = (hub.clone(), Arc::clone(&mailbox));
        let work = tokio::task::spawn_blocking(move || own.jobs.work.run(&own, &spec, &*monitor));
        Self {
            hub,
            id,
            may_start_again,
            mailbox,
            work,
            news: JobNews::default(),
            cancel_asked: false,
        }
    }

    /// Waits for the end of the work. `None` if the hub stops and the catalog fails.
    async fn finish(mut self, stop: &mut Stop) -> Option<Next> {
        let mut ticks = ticks();
        let mut stopping = false;
        let outcome = loop {
            tokio::select! {
                outcome = &mut self.work => break outcome,
                _ = ticks.tick() => {}
                () = self.hub.jobs.wake.notified() => {}
                () = stop.said(), if !stopping => {
                    stopping = true;
                    self.mailbox.stop();
                    continue;
                }
            }
            if let Err(error) = self.sync().await {
                tracing::error!(
                    error = crate::error::chain(&error),
                    "a job's row cannot be written"
                );
            }
        };
        while let Err(error) = self.sync().await {
            if pause(&error, stop).await {
                return None;
            }
        }
        Some(self.decide(outcome, stopping))
    }

    /// Brings the row up to date, and hears from it whether the work should end.
    async fn sync(&mut self) -> Result<(), CatalogError> {
        add(&mut self.news, self.mailbox.take());
        let now = self.hub.clock.now();
        let told = !self.news.is_empty();
        self.cancel_asked = self.hub.catalog.record_job(self.id, &self.news, now).await?;
        self.news = JobNews::default();
        if self.cancel_asked {
            self.mailbox.stop();
        }
        if told {
            self.hub.jobs.tell_change();
        }
        Ok(())
    }

    fn decide(&self, outcome: Outcome, stopping: bool) -> Next {
        Next::End(match outcome {
            Ok(Ok(result)) => kept(result.to_string()),
            Ok(Err(JobError::Failed { code, message })) => JobEnd::Failed { code, message },
            Ok(Err(JobError::Cancelled)) if self.cancel_asked => JobEnd::Cancelled,
            Ok(Err(JobError::Cancelled)) if stopping && self.may_start_again => return Next::Queue,
            Ok(Err(JobError::Cancelled)) if stopping => {
                interrupted("the hub stopped while this job ran; run it again".to_owned())
            }
            Ok(Err(JobError::Cancelled)) => {
                fault("it ended early although nobody asked it to".to_owned())
            }
            Err(error) => fault(format!(
                "a fault in the program ended this job; please report it with the hub's log: {error}"
            )),
        })
    }
}

/// Work that nobody waits for any more is told to end: the runtime ends only after it.
impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.mailbox.stop();
    }
}

/// The end of a job with that result.
fn kept(result: String) -> JobEnd {
    if result.len() <= RESULT_BYTES {
        return JobEnd::Succeeded(result);
    }
    let message = format!(
        "what was asked for is done, but its result has {} bytes of JSON, and at most {RESULT_BYTES} are \
         kept",
        result.len()
    );
    JobEnd::Failed { code: "result_too_large", message }
}

/// The end of a job by a fault of the program.
fn fault(message: String) -> JobEnd {
    JobEnd::Failed { code: "internal", message }
}

fn ticks() -> Interval {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
