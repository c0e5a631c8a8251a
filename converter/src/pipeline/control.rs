//! What all threads of one ingest share: the first error, the wish to stop, progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::error::ConvertError;
use crate::first_error::FirstError;
use crate::input::Input;
use crate::options::{IngestOptions, OnProgress, Progress};

/// Shared by all threads of one ingest.
pub(crate) struct Control {
    /// What is known of the raw input.
    pub(crate) input: Input,
    entries: AtomicU64,
    first: FirstError<ConvertError>,
    cancel: Option<Arc<AtomicBool>>,
    progress: Option<OnProgress>,
}

impl Control {
    /// Nothing has happened yet.
    pub(crate) fn new(options: &IngestOptions) -> Self {
        Self {
            input: Input::default(),
            entries: AtomicU64::new(0),
            first: FirstError::new(),
            cancel: options.cancel.clone(),
            progress: options.progress.clone(),
        }
    }

    /// Fails once anyone wants to stop or another thread has failed.
    pub(crate) fn check(&self) -> Result<(), ConvertError> {
        let cancelled = self.cancel.as_ref().is_some_and(|cancel| cancel.load(Relaxed));
        if cancelled || self.first.failed() { Err(ConvertError::Cancelled) } else { Ok(()) }
    }

    /// Keeps the error of a thread that is about to end, if it is the first. Called before the thread
    /// lets its channels go, so that what others then meet comes second. That a thread had to stop
    /// is no reason of its own.
    pub(crate) fn keep<T>(&self, result: Result<T, ConvertError>) -> Option<T> {
        match result {
            Ok(value) => return Some(value),
            Err(ConvertError::Cancelled) => self.first.stop(),
            Err(error) => self.first.keep(error),
        }
        None
    }

    /// The first error of any thread, as this one's.
    pub(crate) fn first_error(&self) -> Result<(), ConvertError> {
        self.first.take().map_or(Ok(()), Err)
    }

    /// Counts entries that were found.
    pub(crate) fn add_entries(&self, count: u64) {
        self.entries.fetch_add(count, Relaxed);
    }

    /// Tells whoever wants to know how far the ingest has come.
    pub(crate) fn tell(&self) {
        if let Some(progress) = &self.progress {
            let (bytes_in, entries) = (self.input.bytes(), self.entries.load(Relaxed));
            progress(Progress { bytes_in, entries });
        }
    }
}
