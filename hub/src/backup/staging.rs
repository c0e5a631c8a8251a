//! A catalog and a chunk store that agree, made without stopping the hub.
//!
//! The order is what makes them agree. Under the shared side of the gate, so that no sweep deletes
//! anything in between:
//!
//! 1. the catalog is copied, as it is in one moment;
//! 2. the barrier, and the checkpoint of the store.
//!
//! A publish commits its row only after its objects are durable in the store. So whatever a name in the
//! copy points at was in the store before the copy was made, a sweep could not have taken it since, and
//! the later checkpoint has it. What the checkpoint has beyond that (a publish between the steps, an
//! upload that runs) is space that a sweep of the restored hub gives back.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use tokio::runtime::Handle;

use super::error::BackupError;
use super::files;
use super::layout::file_names;
use super::snapshot::{CATALOG, CHUNKS, StoredPath};
use crate::catalog::{Catalog, CatalogError};
use crate::state::{Disk, Hub};

const FOLDER: &str = "backup";
const LOCK: &str = "backup.lock";

/// A folder in the data directory, on the store's own file system so that nothing is copied. Removed
/// with all that is in it when this is dropped.
#[derive(Debug)]
pub(super) struct Staging {
    folder: PathBuf,
    _lock: File,
}

/// A file that is to be backed up.
#[derive(Debug)]
pub(super) struct StagedFile {
    /// Where it is to be read.
    pub(super) source: PathBuf,
    /// Where it belongs in a data directory.
    pub(super) path: StoredPath,
    /// Its length.
    pub(super) bytes: u64,
    /// When it was last changed, in nanoseconds since the Unix epoch.
    pub(super) modified_ns: i64,
}

impl Staging {
    /// Makes the folder anew: one that a killed hub left is removed. A hub makes one backup at a time.
    pub(super) fn new(data: &Path) -> Result<Self, BackupError> {
        // Absolute, because SQLite takes some relative names for something else.
        let data = fs::canonicalize(data).map_err(BackupError::io("find", data))?;
        let lock = data.join(LOCK);
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&lock);
        let file = file.map_err(BackupError::io("open", &lock))?;
        if let Err(error) = file.try_lock() {
            let reason = "another backup of this hub runs; wait for its end";
            return Err(match error {
                TryLockError::WouldBlock => BackupError::refused(&data, reason),
                TryLockError::Error(error) => BackupError::io("lock", &lock)(error),
            });
        }
        let folder = data.join(FOLDER);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            removed => removed.map_err(BackupError::io("remove what is left in", &folder))?,
        }
        files::make_folder(&folder)?;
        Ok(Self { folder, _lock: file })
    }

    /// Fills the folder; gives the number of flists that the catalog keeps.
    pub(super) fn fill(
        &self,
        hub: &Hub,
        disk: &Disk,
        runtime: &Handle,
    ) -> Result<u64, BackupError> {
        let catalog = self.folder.join(CATALOG);
        let inside = runtime.block_on(hub.gate.enter());
        runtime.block_on(hub.catalog.snapshot(&catalog))?;
        disk.store.checkpoint(&self.folder.join(CHUNKS))?;
        drop(inside);
        let flists = runtime.block_on(count(&catalog))?;
        // SQLite removes its log when the last connection ends. If not, the copy would not be whole.
        let log = self.folder.join(format!("{CATALOG}-wal"));
        if log.exists() {
            let reason = "SQLite left a log behind; make the backup again";
            return Err(BackupError::refused(&log, reason));
        }
        Ok(flists)
    }

    /// Everything to be backed up, the catalog first.
    pub(super) fn files(&self) -> Result<Vec<StagedFile>, BackupError> {
        let mut names = file_names(&self.folder.join(CHUNKS))?;
        names.sort();
        let mut paths = vec![StoredPath::catalog()];
        for name in names {
            let path = StoredPath::of_chunks(&name);
            paths.push(path.map_err(|reason| BackupError::refused(&self.folder, reason))?);
        }
        paths.into_iter().map(|path| self.file(path)).collect()
    }

    fn file(&self, path: StoredPath) -> Result<StagedFile, BackupError> {
        let source = self.folder.join(path.as_str());
        let found = fs::symlink_metadata(&source).map_err(BackupError::io("look at", &source))?;
        let modified_ns =
            found.mtime().saturating_mul(1_000_000_000).saturating_add(found.mtime_nsec());
        Ok(StagedFile { source, path, bytes: found.len(), modified_ns })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            // It costs space until the next backup, which removes it.
            tracing::warn!(%error, folder = %self.folder.display(), "a backup's folder stays");
        }
    }
}

/// Opens the copy, which shows that it can be opened, and counts its flists.
async fn count(file: &Path) -> Result<u64, CatalogError> {
    let catalog = Catalog::open(file).await?;
    let flists = catalog.roots(u64::MAX).await;
    catalog.close().await;
    Ok(flists?.len() as u64)
}
