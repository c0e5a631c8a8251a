//! The first error of several threads: it is the one that is told, the others follow from it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Shared by threads that all stop when one fails.
#[derive(Debug)]
pub(crate) struct FirstError<E> {
    failed: AtomicBool,
    first: Mutex<Option<E>>,
}

impl<E> FirstError<E> {
    /// Nothing has failed yet.
    pub(crate) fn new() -> Self {
        Self { failed: AtomicBool::new(false), first: Mutex::new(None) }
    }

    /// Whether any thread has failed.
    pub(crate) fn failed(&self) -> bool {
        self.failed.load(Relaxed)
    }

    /// Tells the others to stop, for no reason of its own.
    pub(crate) fn stop(&self) {
        self.failed.store(true, Relaxed);
    }

    /// Tells the others to stop, because of `error` if it is the first.
    pub(crate) fn keep(&self, error: E) {
        self.stop();
        self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// The first error.
    pub(crate) fn take(&self) -> Option<E> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
