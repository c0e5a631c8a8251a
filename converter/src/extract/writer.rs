//! Writer threads: fetch the content of a batch with one question to the store, and write it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::Receiver;
use flisthub_flist::TreePath;
use flisthub_storage::{ChunkId, ChunkStore};
use rustix::io::Errno;

use super::ExtractOptions;
use super::file::{Chunks, LargeFile, Placed, SmallFile, write_chunks};
use super::node::{self, Node};
use super::summary::{NotRestored, Summary};
use crate::error::ExtractError;
use crate::first_error::FirstError;
use crate::options::Progress;

/// Something to be written.
pub(super) enum Job {
    /// A whole file.
    Small { directory: Arc<OwnedFd>, name: Vec<u8>, file: SmallFile },
    /// Some chunks of a file that is there already.
    Part { file: Arc<LargeFile>, chunks: Vec<Placed> },
    /// Something without content.
    Node { directory: Arc<OwnedFd>, name: Vec<u8>, node: Node },
}

impl Job {
    fn chunks(&self) -> &[Placed] {
        match self {
            Self::Small { file, .. } => &file.chunks,
            Self::Part { chunks, .. } => chunks,
            Self::Node { .. } => &[],
        }
    }
}

/// What all threads of one extraction share.
pub(super) struct Shared<'a> {
    pub(super) store: &'a dyn ChunkStore,
    destination: &'a Path,
    options: &'a ExtractOptions,
    first: FirstError<ExtractError>,
    written: (AtomicU64, AtomicU64),
    skipped: Mutex<Left>,
}

/// What was left out.
#[derive(Default)]
struct Left {
    needs_root: Summary,
    unsupported: Summary,
    /// Nodes that were not made at all, so that nothing can be linked to them.
    paths: HashSet<TreePath>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(
        store: &'a dyn ChunkStore,
        destination: &'a Path,
        options: &'a ExtractOptions,
    ) -> Self {
        let (first, skipped) = (FirstError::new(), Mutex::default());
        let written = (AtomicU64::new(0), AtomicU64::new(0));
        Self { store, destination, options, first, written, skipped }
    }

    /// Fails once anyone wants to stop or another thread has failed.
    pub(super) fn check(&self) -> Result<(), ExtractError> {
        let cancelled = self.options.cancel.as_ref().is_some_and(|cancel| cancel.load(Relaxed));
        if cancelled || self.first.failed() { Err(ExtractError::Cancelled) } else { Ok(()) }
    }

    /// Keeps the error of a thread that is about to end.
    pub(super) fn keep<T>(&self, result: Result<T, ExtractError>) -> Option<T> {
        match result {
            Ok(value) => return Some(value),
            Err(ExtractError::Cancelled) => self.first.stop(),
            Err(error) => self.first.keep(error),
        }
        None
    }

    /// The result of all threads together.
    pub(super) fn finish<T>(&self, result: Option<T>) -> Result<T, ExtractError> {
        match self.first.take() {
            Some(error) => Err(error),
            None if self.first.failed() => Err(ExtractError::Cancelled),
            None => result.ok_or(ExtractError::Cancelled),
        }
    }

    pub(super) fn error(&self, path: &TreePath, doing: &'static str, error: Errno) -> ExtractError {
        ExtractError::File { path: self.on_disk(path), doing, source: error.into() }
    }

    pub(super) fn bad_flist(&self, path: &TreePath, reason: &'static str) -> ExtractError {
        ExtractError::BadFlist { path: self.on_disk(path), reason }
    }

    pub(super) fn on_disk(&self, path: &TreePath) -> PathBuf {
        if path.is_root() {
            return self.destination.to_owned();
        }
        self.destination.join(OsStr::from_bytes(path.as_bytes()))
    }

    /// Counts something that only root may do.
    pub(super) fn needs_root(&self, what: NotRestored, path: &TreePath) {
        self.left().needs_root.add(what, path);
    }

    /// Counts something that the file system cannot keep.
    pub(super) fn unsupported(&self, what: NotRestored, path: &TreePath) {
        self.left().unsupported.add(what, path);
    }

    /// Counts an entry that was not made at all.
    pub(super) fn leave_out(&self, what: NotRestored, path: &TreePath) {
        let mut left = self.left();
        left.needs_root.add(what, path);
        left.paths.insert(path.clone());
    }

    /// Whether an entry was not made.
    pub(super) fn was_left_out(&self, path: &TreePath) -> bool {
        self.left().paths.contains(path)
    }

    /// What only root may do, and what the file system cannot keep.
    pub(super) fn summaries(&self) -> (Summary, Summary) {
        let mut left = self.left();
        (std::mem::take(&mut left.needs_root), std::mem::take(&mut left.unsupported))
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.skipped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, bytes: u64, entries: u64) {
        let bytes_in = self.written.0.fetch_add(bytes, Relaxed) + bytes;
        let entries = self.written.1.fetch_add(entries, Relaxed) + entries;
        if let Some(progress) = &self.options.progress {
            progress(Progress { bytes_in, entries });
        }
    }
}

/// Writes batches until there are no more.
pub(super) fn run(shared: &Shared<'_>, batches: &Receiver<Vec<Job>>) -> Result<(), ExtractError> {
    for batch in batches {
        shared.check()?;
        let ids: HashSet<ChunkId> =
            batch.iter().flat_map(|job| job.chunks().iter().map(|chunk| chunk.id)).collect();
        let ids: Vec<ChunkId> = ids.into_iter().collect();
        let found = if ids.is_empty() { Vec::new() } else { shared.store.get(&ids)? };
        let chunks: Chunks = found.into_iter().flatten().map(|chunk| (chunk.id(), chunk)).collect();
        let bytes = batch.iter().flat_map(Job::chunks).map(|chunk| u64::from(chunk.length)).sum();
        let whole = |job: &&Job| !matches!(job, Job::Part { .. });
        let entries = batch.iter().filter(whole).count() as u64;
        batch.into_iter().try_for_each(|job| write(shared, job, &chunks))?;
        shared.tell(bytes, entries);
    }
    Ok(())
}

fn write(shared: &Shared<'_>, job: Job, chunks: &Chunks) -> Result<(), ExtractError> {
    match job {
        Job::Small { directory, name, file } => file.write(shared, &directory, &name, chunks),
        Job::Part { file, chunks: placed } => {
            write_chunks(shared, &file.file, &file.path, &placed, chunks)?;
            file.done(shared)
        }
        Job::Node { directory, name, node } => node::make(shared, &directory, &name, &node),
    }
}
