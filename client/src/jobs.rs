//! Calls about jobs: asking for a conversion, looking at a job, cancelling it, following it to its end.

use std::collections::VecDeque;
use std::time::Duration;

use flisthub_flist::wire::{Conversion, JobDetail, JobInfo, JobLine, JobPage};
use reqwest::{Method, Response};
use serde::de::DeserializeOwned;

use crate::error::ClientError;
use crate::event_stream::{Event, Events, Malformed};
use crate::hub::{HubClient, bad_answer, json};
use crate::retry::Repeat;
use crate::transport::Call;

/// Waits of the client's patience between two questions, and between two streams of events: a second,
/// unless the client is told otherwise.
const WAITS: u32 = 4;

/// How often in a row a stream of events is opened again that brought nothing new.
const REOPENED: u32 = 30;

/// Bytes of one event: a result has at most 16 MiB of JSON.
const EVENT_BYTES: usize = 32 << 20;

/// What is new of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEvent {
    /// Its state or how far it is has changed.
    Moved(JobInfo),
    /// A line of its log.
    Line(JobLine),
    /// It has ended. Nothing comes after that.
    Ended(JobInfo),
}

impl HubClient {
    /// Asks the hub to convert an image, and gives the job that does it.
    pub async fn start_conversion(&self, conversion: &Conversion) -> Result<JobInfo, ClientError> {
        self.need_token()?;
        let what = format!("asking for the conversion of {}", conversion.image);
        let payload = json(&what, conversion)?;
        let call = Call::new(&what, Method::POST, &["api", "v1", "conversions"]);
        self.transport().json(&Call { payload, repeat: Repeat::IfRefused, ..call }).await
    }

    /// The newest jobs that the token's user may look at.
    pub async fn jobs(&self) -> Result<JobPage, ClientError> {
        self.need_token()?;
        let path = ["api", "v1", "jobs"];
        self.transport().json(&Call::new("listing the jobs", Method::GET, &path)).await
    }

    /// A job and the end of its log.
    pub async fn job(&self, id: &str) -> Result<JobDetail, ClientError> {
        self.need_token()?;
        let what = format!("looking job {id} up");
        self.transport().json(&Call::new(&what, Method::GET, &["api", "v1", "jobs", id])).await
    }

    /// Asks a job to end.
    pub async fn cancel_job(&self, id: &str) -> Result<(), ClientError> {
        self.need_token()?;
        let what = format!("cancelling job {id}");
        let path = ["api", "v1", "jobs", id];
        // Were it repeated blindly, the second answer might be that the job has ended.
        let call = Call { repeat: Repeat::IfRefused, ..Call::new(&what, Method::DELETE, &path) };
        self.transport().bytes(&call, 0).await.map(drop)
    }

    /// Follows a job; of its log, from the first line. Nothing is sent yet.
    pub fn job_events(&self, id: &str) -> JobEvents {
        JobEvents {
            hub: self.clone(),
            what: format!("following job {id}"),
            id: id.to_owned(),
            way: Way::Closed,
            news: VecDeque::new(),
            line: 0,
            seen: None,
            ended: false,
            reopened: 0,
        }
    }
}

/// Someone who follows a job, over broken connections and a restart of the hub.
#[derive(Debug)]
pub struct JobEvents {
    hub: HubClient,
    what: String,
    id: String,
    way: Way,
    /// What came and was not given yet.
    news: VecDeque<JobEvent>,
    /// The last line of the log that was given.
    line: u64,
    /// The job as it was last given.
    seen: Option<JobInfo>,
    ended: bool,
    /// How often in a row the stream was opened again since something came.
    reopened: u32,
}

/// How news come.
#[derive(Debug)]
enum Way {
    /// Not at all, at the moment.
    Closed,
    /// As the hub sends them.
    Stream(Box<(Response, Events)>),
    /// By asking again and again: the hub does not send any.
    Polled,
}

impl JobEvents {
    /// Waits for what is new. `None` after the end of the job.
    pub async fn next(&mut self) -> Result<Option<JobEvent>, ClientError> {
        loop {
            if let Some(event) = self.news.pop_front() {
                self.ended = matches!(event, JobEvent::Ended(_));
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            match &self.way {
                Way::Closed => self.open().await?,
                Way::Stream(..) => self.read().await?,
                Way::Polled => self.poll().await?,
            }
        }
    }

    async fn open(&mut self) -> Result<(), ClientError> {
        let path = ["api", "v1", "jobs", &self.id, "events"];
        let after = (self.line > 0).then(|| ("last-event-id", self.line.to_string()));
        let headers = after.into_iter().collect();
        let call = Call { headers, ..Call::new(&self.what, Method::GET, &path) };
        match self.hub.transport().open_once(&call).await {
            Ok(answer) => self.way = Way::Stream(Box::new((answer, Events::new(EVENT_BYTES)))),
            Err(error) if may_return(&error) => self.reopen(error).await?,
            Err(error @ (ClientError::NotAllowed(_) | ClientError::Setup(_))) => return Err(error),
            // Too many follow, or the hub is older than that. The job itself tells if there is none.
            Err(_) => self.way = Way::Polled,
        }
        Ok(())
    }

    /// Waits before the stream is opened again, unless that was done too often.
    async fn reopen(&mut self, error: ClientError) -> Result<(), ClientError> {
        self.way = Way::Closed;
        self.reopened += 1;
        if self.reopened > REOPENED {
            return Err(error);
        }
        // The hub may need a while to start again.
        tokio::time::sleep(self.pause()).await;
        Ok(())
    }

    async fn read(&mut self) -> Result<(), ClientError> {
        let Way::Stream(stream) = &mut self.way else { return Ok(()) };
        let (answer, events) = &mut **stream;
        let part = match self.hub.transport().next_part(&self.what, answer).await {
            Ok(Some(part)) => part,
            Ok(None) => {
                let reason = "the hub ends it before the job has ended, again and again";
                return self.reopen(bad_answer(&self.what, reason)).await;
            }
            Err(error) if may_return(&error) => return self.reopen(error).await,
            Err(error) => return Err(error),
        };
        let events = events.take(&part).map_err(|malformed| {
            let reason = match malformed {
                Malformed::NotUtf8 => "an event is no UTF-8",
                Malformed::TooLong => "an event is longer than any that a hub sends",
            };
            bad_answer(&self.what, reason)
        })?;
        for event in events {
            self.take(&event)?;
        }
        if !self.news.is_empty() {
            self.reopened = 0;
        }
        Ok(())
    }

    fn take(&mut self, event: &Event) -> Result<(), ClientError> {
        match event.name.as_str() {
            "job" => self.moved(self.read_json(event)?),
            "log" => self.line(self.read_json(event)?),
            "end" => self.news.push_back(JobEvent::Ended(self.read_json(event)?)),
            // Something of a later version.
            _ => {}
        }
        Ok(())
    }

    fn read_json<T: DeserializeOwned>(&self, event: &Event) -> Result<T, ClientError> {
        serde_json::from_str(&event.data).map_err(|error| {
            bad_answer(&self.what, &format!("an event is not the JSON that a hub sends: {error}"))
        })
    }

    async fn poll(&mut self) -> Result<(), ClientError> {
        // Not at the beginning: what is known already comes at once.
        if self.seen.is_some() {
            tokio::time::sleep(self.pause()).await;
        }
        let JobDetail { job, log } = self.hub.job(&self.id).await?;
        for line in log {
            self.line(line);
        }
        if job.finished.is_some() {
            self.news.push_back(JobEvent::Ended(job));
        } else {
            self.moved(job);
        }
        Ok(())
    }

    fn pause(&self) -> Duration {
        self.hub.patience().first_wait.saturating_mul(WAITS)
    }

    fn moved(&mut self, job: JobInfo) {
        if self.seen.as_ref() != Some(&job) {
            self.seen = Some(job.clone());
            self.news.push_back(JobEvent::Moved(job));
        }
    }

    fn line(&mut self, line: JobLine) {
        if line.line > self.line {
            self.line = line.line;
            self.news.push_back(JobEvent::Line(line));
        }
    }
}

/// Whether the hub may be there again in a moment.
fn may_return(error: &ClientError) -> bool {
    match error {
        ClientError::Unreachable { .. }
        | ClientError::Interrupted { .. }
        | ClientError::Stalled { .. } => true,
        // 503 is a hub that says that it is busy; the others are a proxy that waits for one.
        ClientError::Unavailable { refusal, .. } => refusal.status != 503,
        _ => false,
    }
}
