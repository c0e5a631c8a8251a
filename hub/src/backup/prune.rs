//! Dropping old snapshots, and the files that only they used. Planned from all that is to be kept, then
//! done in an order that a crash anywhere leaves whole: a snapshot goes before its files, so a snapshot
//! that is there has all of them.

use std::collections::HashSet;
use std::num::NonZeroU32;

use blake3::Hash;
use flisthub_storage::Monitor;
use serde::{Deserialize, Serialize};

use super::error::BackupError;
use super::files;
use super::layout::{Layout, file_names};

/// What was dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// Snapshots.
    pub snapshots: u64,
    /// Files.
    pub files: u64,
    /// Bytes of those.
    pub bytes: u64,
}

/// Keeps the newest `keep` snapshots and what they need, and nothing else.
pub(super) fn prune(
    layout: &Layout,
    keep: NonZeroU32,
    monitor: &dyn Monitor,
) -> Result<Pruned, BackupError> {
    if let Some(path) = layout.unnamed()? {
        let reason = "this is no snapshot's name, so nobody knows which files it needs, and nothing is \
                      dropped; rename it back or remove it";
        return Err(BackupError::refused(&path, reason));
    }
    let mut dropped = layout.names()?;
    let keep = usize::try_from(keep.get()).unwrap_or(usize::MAX);
    let kept = dropped.split_off(dropped.len().saturating_sub(keep));
    let mut used: HashSet<Hash> = HashSet::new();
    for name in &kept {
        // One that cannot be read may need any file: then nothing is dropped at all.
        used.extend(layout.snapshot(name)?.files.iter().map(|file| file.blake3));
    }
    let mut pruned = Pruned::default();
    for name in &dropped {
        files::remove(&layout.snapshot_file(name))?;
        monitor.note(format!("snapshot {name} dropped"));
        pruned.snapshots += 1;
    }
    files::sync_folder(&layout.snapshots_folder())?;
    for name in file_names(&layout.files())? {
        let unused = Hash::from_hex(&name).is_ok_and(|hash| !used.contains(&hash));
        if !unused {
            continue;
        }
        let path = layout.files().join(&name);
        pruned.bytes += path.metadata().map_or(0, |found| found.len());
        pruned.files += 1;
        files::remove(&path)?;
    }
    files::sync_folder(&layout.files())?;
    Ok(pruned)
}
