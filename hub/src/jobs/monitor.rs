//! The monitor of a running job: keeps what the work tells until the runner writes it to the catalog, and
//! tells the work when it should end. The work never waits for the database.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use flisthub_storage::{Monitor, Progress};

use crate::catalog::{JobProgress, LOG_LINES};

/// What the work told since it was last asked.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Where it is now, if it said so.
    pub(super) progress: Option<JobProgress>,
    /// New lines of the log.
    pub(super) lines: Vec<String>,
}

impl News {
    /// Adds what came later.
    pub(super) fn add(&mut self, later: Self) {
        self.progress = later.progress.or(self.progress);
        self.lines.extend(later.lines);
        // More than the catalog keeps of a whole job need not be held either.
        self.lines.truncate(usize::try_from(LOG_LINES).unwrap_or(usize::MAX));
    }
}

/// Stands between the blocking thread and the runner.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    news: Mutex<News>,
    stop: AtomicBool,
}

impl Mailbox {
    /// Takes what is new.
    pub(super) fn take(&self) -> News {
        std::mem::take(&mut *self.lock())
    }

    /// Tells the work to end.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Monitor for Mailbox {
    fn progress(&self, progress: Progress) {
        let Progress { phase, done, total } = progress;
        self.lock().progress = Some(JobProgress { phase, done, total });
    }

    fn note(&self, line: String) {
        let mut news = self.lock();
        // More than the catalog keeps of a whole job need not be held either.
        if (news.lines.len() as u64) < LOG_LINES {
            news.lines.push(line);
        }
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
