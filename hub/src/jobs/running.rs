//! The time while a job runs: brings its row up to date, hears from it that somebody wants the job to end,
//! and decides what becomes of it. Knows nothing of what the job does.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Interval, MissedTickBehavior};

use super::monitor::{Mailbox, add};
use super::recover::interrupted;
use super::runner::pause;
use super::stop::Stop;
use super::{JobError, JobSpec};
use crate::catalog::{CatalogError, JobEnd, JobNews, JobRow};
use crate::state::Hub;

/// How often the row of a running job is brought up to date.
const TICK: Duration = Duration::from_millis(500);

/// Bytes of JSON that a job's result has at most. It is read whole, by the catalog and by whoever asks.
const RESULT_BYTES: usize = 16 << 20;

/// What the work came to.
type Outcome = Result<Result<serde_json::Value, JobError>, JoinError>;

/// What becomes of the job.
pub(super) enum Next {
    /// It has ended.
    End(JobEnd),
    /// It waits for the hub to start again.
    Queue,
}

/// A job that runs.
pub(super) struct Running<'a> {
    hub: &'a Hub,
    id: &'a str,
    /// Why the job may not be done again when the hub stops; `None`: it may.
    not_again: Option<&'static str>,
    mailbox: Arc<Mailbox>,
    work: JoinHandle<Result<serde_json::Value, JobError>>,
    /// What was told and is not written down yet.
    news: JobNews,
    cancel_asked: bool,
}

impl<'a> Running<'a> {
    /// Starts its work on a blocking thread.
    pub(super) fn start(hub: &'a Hub, row: &'a JobRow, spec: JobSpec) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let again = spec.may_start_again() && !row.by_command;
        let (id, not_again) = (&row.id, (!again).then(|| spec.why_not_again()));
        let (own, monitor) = (hub.clone(), Arc::clone(&mailbox));
        let work = tokio::task::spawn_blocking(move || own.jobs.work.run(&own, &spec, &*monitor));
        Self { hub, id, not_again, mailbox, work, news: JobNews::default(), cancel_asked: false }
    }

    /// Waits for the end of the work. `None` if the hub stops and the catalog fails.
    pub(super) async fn finish(mut self, stop: &mut Stop) -> Option<Next> {
        let (mut ticks, mut wake) = (ticks(), self.hub.jobs.wake.subscribe());
        let mut stopping = false;
        let outcome = loop {
            tokio::select! {
                outcome = &mut self.work => break outcome,
                _ = ticks.tick() => {}
                // The sender lives as long as the hub that is held here.
                _ = wake.changed() => {}
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
            Ok(Err(JobError::Cancelled)) if stopping => match self.not_again {
                None => return Next::Queue,
                Some(why) => interrupted(why.to_owned()),
            },
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
