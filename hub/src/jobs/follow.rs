//! Following a job from its rows: how far it is, new lines of its log, its end.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::catalog::{CatalogError, JobRow, LogLine};
use crate::state::Hub;

/// Lines of the log that are read at a time.
const PAGE: u32 = 500;

/// What is new of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Its state or how far it is has changed.
    Moved(JobRow),
    /// A line of its log.
    Line(LogLine),
    /// It has ended. Nothing comes after that.
    Ended(JobRow),
}

/// Someone who follows a job.
pub struct Follow {
    hub: Hub,
    id: String,
    changed: watch::Receiver<()>,
    /// Whether there may be something that was not looked at yet.
    news: bool,
    seen: Option<JobRow>,
    line: u64,
}

impl Follow {
    /// Follows a job from now on; of its log, from the first line.
    pub fn new(hub: &Hub, id: &str) -> Self {
        Self::after(hub, id, 0)
    }

    /// Follows a job from now on; of its log, from after the line `line`.
    pub fn after(hub: &Hub, id: &str, line: u64) -> Self {
        let changed = hub.jobs.changed.subscribe();
        Self { hub: hub.clone(), id: id.to_owned(), changed, news: true, seen: None, line }
    }

    /// For a caller from outside: takes one of the places that there are for those. `None` if there is
    /// none.
    pub fn within_bounds(self) -> Option<Followed> {
        let place = Arc::clone(&self.hub.jobs.followers).try_acquire_owned().ok()?;
        let letting_go = self.hub.jobs.letting_go.subscribe();
        Some(Followed { follow: self, letting_go, _place: place })
    }

    /// Waits until there is something new, and gives all of it, in order. Dropping the future loses
    /// nothing.
    pub async fn next(&mut self) -> Result<Vec<Event>, CatalogError> {
        loop {
            if !self.news {
                // The sender lives as long as the hub that is held here.
                let _ = self.changed.changed().await;
                self.news = true;
            }
            let events = self.look().await;
            if !matches!(&events, Ok(events) if events.is_empty()) {
                return events;
            }
        }
    }

    async fn look(&mut self) -> Result<Vec<Event>, CatalogError> {
        // The row first: what was logged before the end is there when the end is.
        let row =
            self.hub.catalog.job(&self.id).await?.ok_or_else(|| CatalogError::Inconsistent {
                table: "jobs",
                row: self.id.clone(),
            })?;
        let lines = self.hub.catalog.job_log(&self.id, self.line, PAGE).await?;
        // Nothing waits from here on: either all of this happens, or nothing.
        let more = lines.len() == PAGE as usize;
        self.news = more;
        self.line = lines.last().map_or(self.line, |last| last.line);
        let mut events: Vec<Event> = lines.into_iter().map(Event::Line).collect();
        if row.state.is_end() && !more {
            events.push(Event::Ended(row));
        } else if !row.state.is_end() && self.seen.as_ref() != Some(&row) {
            self.seen = Some(row.clone());
            events.push(Event::Moved(row));
        }
        Ok(events)
    }
}

/// A job that somebody from outside follows, until its end or until the hub stops.
pub struct Followed {
    follow: Follow,
    letting_go: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Followed {
    /// As [`Follow::next`]; `None` once the hub stops.
    pub async fn next(&mut self) -> Option<Result<Vec<Event>, CatalogError>> {
        tokio::select! {
            biased;
            () = said(&mut self.letting_go) => None,
            events = self.follow.next() => Some(events),
        }
    }
}

async fn said(letting_go: &mut watch::Receiver<bool>) {
    // An error means that the hub is gone.
    let _ = letting_go.wait_for(|now| *now).await;
}
