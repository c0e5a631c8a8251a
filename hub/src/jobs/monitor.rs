//! The monitor of a running job: keeps what the work tells until the runner writes it to the catalog, and
//! tells the work when it should end. The work never waits for the database.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use flisthub_storage::{Monitor, Part, Progress};

use super::wire;
use crate::catalog::{JobNews, JobProgress, LOG_LINES};

/// Parts of a job that are kept. They are written as often as its progress is.
const PARTS: usize = 200;

/// What the work told since it was last asked.
#[derive(Debug, Default)]
struct Told {
    progress: Option<JobProgress>,
    parts: Option<Vec<Part>>,
    lines: Vec<String>,
}

/// Adds what came later.
pub(super) fn add(news: &mut JobNews, later: JobNews) {
    news.progress = later.progress.or(news.progress);
    news.parts = later.parts.or_else(|| news.parts.take());
    news.lines.extend(later.lines);
    // More than the catalog keeps of a whole job need not be held either.
    news.lines.truncate(usize::try_from(LOG_LINES).unwrap_or(usize::MAX));
}

/// Stands between the blocking thread and the runner.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    told: Mutex<Told>,
    stop: AtomicBool,
}

impl Mailbox {
    /// Takes what is new.
    pub(super) fn take(&self) -> JobNews {
        let Told { progress, parts, lines } = std::mem::take(&mut *self.lock());
        JobNews { progress, parts: parts.as_deref().map(wire::parts_text), lines }
    }

    /// Tells the work to end.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Monitor for Mailbox {
    fn progress(&self, progress: Progress) {
        let Progress { phase, done, total } = progress;
        self.lock().progress = Some(JobProgress { phase, done, total });
    }

    fn parts(&self, parts: &[Part]) {
        let parts = parts.iter().take(PARTS).cloned().collect();
        self.lock().parts = Some(parts);
    }

    fn note(&self, line: String) {
        let mut told = self.lock();
        // More than the catalog keeps of a whole job need not be held either.
        if (told.lines.len() as u64) < LOG_LINES {
            told.lines.push(line);
        }
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
