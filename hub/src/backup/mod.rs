//! Backups: a snapshot of the hub, made while it runs, in a folder that holds any number of them and
//! each file once; and the way back.
//!
//! This file decides what is copied and in which order a backup becomes durable. How catalog and store
//! come to agree is in `staging`, the folder's format in `layout` and `snapshot`, dropping old snapshots
//! in `prune`, the way back in `restore`.
//!
//! A backup is there once its snapshot's file is: written last, when everything that it names is
//! durable. Until then the earlier snapshots are as they were, and the next backup uses what was copied.

mod error;
mod files;
mod known;
mod layout;
mod lock;
mod name;
mod prune;
mod restore;
mod snapshot;
mod staging;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use flisthub_storage::Monitor;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

pub use error::BackupError;
pub use name::SnapshotName;
pub use prune::Pruned;
pub use restore::{Checked, Restored, check, restore};
pub use snapshot::{Snapshot, StoredFile, StoredPath};
pub(crate) use staging::clear;

use crate::state::Hub;
use files::Pace;
use known::Known;
use layout::{Layout, check_file};
use snapshot::FORMAT;
use staging::{Copied, StagedFile, Staging};

/// What a backup did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupReport {
    /// Name of the snapshot.
    pub snapshot: String,
    /// Flists that its names point at or pointed at since they were last deleted.
    pub flists: u64,
    /// Files of the snapshot.
    pub files: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// Bytes that were read of the hub's files: of those that are not known to be in the backup.
    pub read_bytes: u64,
    /// Files that were copied because the backup did not have their bytes.
    pub copied_files: u64,
    /// Bytes of those.
    pub copied_bytes: u64,
    /// What was dropped, if that was asked for.
    pub pruned: Option<Pruned>,
}

/// Backs up the running hub into `directory`, which is made if it is absent or empty; then drops all
/// but the newest `keep` snapshots. Blocks for as long as copying takes; called on a thread for that, in
/// a runtime.
pub fn run(
    hub: &Hub,
    directory: &Path,
    keep: Option<NonZeroU32>,
    monitor: &dyn Monitor,
) -> Result<BackupReport, BackupError> {
    let disk = hub.disk.as_ref().ok_or(BackupError::NotOnDisk)?;
    refuse_inside(directory, disk.data.path())?;
    let layout = Layout::to_write(directory)?;
    let staging = Staging::new(disk.data.path())?;
    let Copied { flists, hub_id } = staging.fill(hub, disk, &Handle::current())?;
    layout.refuse_another(&hub_id)?;
    let staged = staging.files()?;
    let mut report = BackupReport {
        snapshot: String::new(),
        flists,
        files: staged.len() as u64,
        bytes: staged.iter().map(|file| file.bytes).sum(),
        read_bytes: 0,
        copied_files: 0,
        copied_bytes: 0,
        pruned: None,
    };
    let stored = store_files(&layout, staged, &mut report, monitor)?;
    let snapshot = Snapshot {
        format: FORMAT,
        hub: env!("CARGO_PKG_VERSION").to_owned(),
        hub_id,
        created: hub.clock.now(),
        flists,
        files: stored,
    };
    report.snapshot = commit(&layout, &snapshot)?.to_string();
    monitor.note(format!("snapshot {} is written", report.snapshot));
    drop(staging);
    if let Some(keep) = keep {
        report.pruned = Some(prune::prune(&layout, keep, monitor)?);
    }
    Ok(report)
}

/// Copies what the folder does not have.
fn store_files(
    layout: &Layout,
    staged: Vec<StagedFile>,
    report: &mut BackupReport,
    monitor: &dyn Monitor,
) -> Result<Vec<StoredFile>, BackupError> {
    let mut known = Known::read(layout, monitor)?;
    let mut pace = Pace::new(monitor, "copy", report.bytes);
    let mut stored = Vec::new();
    for file in staged {
        if let Some(found) = known.find(layout, &file) {
            pace.step(file.bytes)?;
            stored.push(found);
            continue;
        }
        let (copied, added) = copy(layout, file, &mut pace)?;
        known.add(&copied)?;
        report.read_bytes += copied.bytes;
        if added {
            report.copied_files += 1;
            report.copied_bytes += copied.bytes;
        }
        stored.push(copied);
    }
    Ok(stored)
}

/// Copies a file; says also whether its bytes were not there before.
fn copy(
    layout: &Layout,
    file: StagedFile,
    pace: &mut Pace<'_>,
) -> Result<(StoredFile, bool), BackupError> {
    let partial = layout.files().join("partial");
    files::remove(&partial)?;
    let (bytes, blake3) = files::copy(&file.source, &partial, pace)?;
    let named = layout.file(&blake3);
    let added = check_file(&named).ok() != Some(bytes);
    // Also where the bytes are: should they have been damaged, they are not any more.
    std::fs::rename(&partial, &named).map_err(BackupError::io("rename into place", &named))?;
    let stored = StoredFile { path: file.path, bytes, blake3, modified_ns: file.modified_ns };
    Ok((stored, added))
}

/// Makes the snapshot be there: first all that it names, then its own file.
fn commit(layout: &Layout, snapshot: &Snapshot) -> Result<SnapshotName, BackupError> {
    files::sync_folder(&layout.files())?;
    let name = SnapshotName::after(layout.names()?.last(), snapshot.created);
    let path = layout.snapshot_file(&name);
    let content = snapshot.encode().map_err(std::io::Error::from);
    let content = content.map_err(BackupError::io("encode", &path))?;
    files::write_whole(&path, content.as_bytes())?;
    files::remove(&layout.unfinished())?;
    Ok(name)
}

/// A backup in the directory that it is a backup of would go with it.
fn refuse_inside(directory: &Path, data: &Path) -> Result<(), BackupError> {
    let (directory, data) = (resolved(directory)?, resolved(data)?);
    if directory.starts_with(&data) {
        let reason = "it lies in the data directory; name a folder elsewhere, best on another disk";
        return Err(BackupError::refused(&directory, reason));
    }
    Ok(())
}

/// A path without links, as far as it is there.
fn resolved(path: &Path) -> Result<PathBuf, BackupError> {
    let path = std::path::absolute(path).map_err(BackupError::io("find", path))?;
    for above in path.ancestors() {
        if let (Ok(found), Ok(rest)) = (above.canonicalize(), path.strip_prefix(above)) {
            return Ok(found.join(rest));
        }
    }
    Ok(path)
}
