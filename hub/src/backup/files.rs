//! Files and folders that only their owner may read, made so that a power cut leaves the whole of them
//! or nothing; and copying that hashes. What the files mean is not known here.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use blake3::{Hash, Hasher};
use flisthub_storage::{Monitor, Progress};
use rustix::fs::OFlags;

use super::error::BackupError;
use crate::data;

/// Bytes that are read at a time; cancelling waits for one such step.
const STEP: usize = 1 << 20;

/// What a file is called while it is not whole.
pub(super) fn partial(path: &Path) -> PathBuf {
    path.with_extension("partial")
}

/// Makes a folder if it is not there, with those above it; what is made is durable.
pub(super) fn make_folder(path: &Path) -> Result<(), BackupError> {
    data::make(path).map_err(BackupError::io("make the folder", path))
}

/// How to open a file for its owner alone, and never through a link that somebody put in its place.
pub(super) fn own() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// Makes names that were added to or removed from a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), BackupError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(BackupError::io("sync the folder", path))
}

/// Makes a file; there must be nothing of its name.
fn make_file(path: &Path) -> Result<File, BackupError> {
    own().write(true).create_new(true).open(path).map_err(BackupError::io("make", path))
}

/// Writes a small file, of whose name there must be nothing. When this returns it is durable.
pub(super) fn write_new(path: &Path, content: &[u8]) -> Result<(), BackupError> {
    let mut file = make_file(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.map_err(BackupError::io("write", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Writes a small file; it appears whole and durable.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> Result<(), BackupError> {
    let partial = partial(path);
    remove(&partial)?;
    write_new(&partial, content)?;
    fs::rename(&partial, path).map_err(BackupError::io("rename into place", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Removes a file; that it is gone already is fine.
pub(super) fn remove(path: &Path) -> Result<(), BackupError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(BackupError::io("remove", path)),
    }
}

/// How much of a phase is done, told to a monitor step by step.
pub(super) struct Pace<'a> {
    pub(super) monitor: &'a dyn Monitor,
    pub(super) phase: &'static str,
    pub(super) done: u64,
    pub(super) total: u64,
}

impl<'a> Pace<'a> {
    pub(super) fn new(monitor: &'a dyn Monitor, phase: &'static str, total: u64) -> Self {
        Self { monitor, phase, done: 0, total }
    }

    /// Counts bytes as done. Fails once somebody wants it to end.
    pub(super) fn step(&mut self, bytes: u64) -> Result<(), BackupError> {
        self.done = self.done.saturating_add(bytes);
        let (phase, done, total) = (self.phase, self.done, Some(self.total));
        self.monitor.progress(Progress { phase, done, total });
        if self.monitor.cancelled() { Err(BackupError::Cancelled) } else { Ok(()) }
    }
}

/// Reads a file to its end: its length and its hash.
pub(super) fn hash(path: &Path, pace: &mut Pace<'_>) -> Result<(u64, Hash), BackupError> {
    through(path, None, pace)
}

/// Copies a file into the new file `to`, durably but for its name: the length and the hash of what was
/// copied.
pub(super) fn copy(
    from: &Path,
    to: &Path,
    pace: &mut Pace<'_>,
) -> Result<(u64, Hash), BackupError> {
    let mut file = make_file(to)?;
    let copied = through(from, Some((&mut file, to)), pace)?;
    file.sync_all().map_err(BackupError::io("sync", to))?;
    Ok(copied)
}

fn through(
    from: &Path,
    mut to: Option<(&mut File, &Path)>,
    pace: &mut Pace<'_>,
) -> Result<(u64, Hash), BackupError> {
    let mut source = File::open(from).map_err(BackupError::io("open", from))?;
    let (mut hasher, mut length) = (Hasher::new(), 0_u64);
    let mut buffer = vec![0; STEP];
    loop {
        let read = match source.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read.map_err(BackupError::io("read", from))?,
        };
        let part = buffer.get(..read).unwrap_or_default();
        if part.is_empty() {
            return Ok((length, hasher.finalize()));
        }
        hasher.update(part);
        if let Some((file, path)) = &mut to {
            file.write_all(part).map_err(BackupError::io("write", path))?;
        }
        let read = read as u64;
        length = length.saturating_add(read);
        pace.step(read)?;
    }
}
