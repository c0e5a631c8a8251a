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

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use tokio::runtime::Handle;

use super::error::BackupError;
use super::files;
use super::layout::file_names;
use super::snapshot::{CATALOG, CHUNKS, StoredPath};
use crate::catalog::{Catalog, CatalogError};
use crate::state::{Disk, Hub};

const FOLDER: &str = "backup";

/// What a folder that is on its way out is called, with a number.
const ASIDE: &str = "backup.old-";

/// A folder in the data directory, on the store's own file system so that nothing is copied. Removed
/// with all that is in it when this is dropped.
#[derive(Debug)]
pub(super) struct Staging {
    folder: PathBuf,
}

/// What is known of the copied catalog.
#[derive(Debug)]
pub(super) struct Copied {
    /// Flists that it keeps.
    pub(super) flists: u64,
    /// The hub's id.
    pub(super) hub_id: String,
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
    /// Makes the folder anew: what is left in it is removed. The store admits one process and its runner
    /// does one job at a time, so nobody else uses it.
    pub(super) fn new(data: &Path) -> Result<Self, BackupError> {
        // Absolute, because SQLite takes some relative names for something else.
        let data = fs::canonicalize(data).map_err(BackupError::io("find", data))?;
        let folder = data.join(FOLDER);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            removed => removed.map_err(BackupError::io("remove what is left in", &folder))?,
        }
        files::make_folder(&folder)?;
        Ok(Self { folder })
    }

    /// Fills the folder.
    pub(super) fn fill(
        &self,
        hub: &Hub,
        disk: &Disk,
        runtime: &Handle,
    ) -> Result<Copied, BackupError> {
        let catalog = self.folder.join(CATALOG);
        let inside = runtime.block_on(hub.gate.enter());
        runtime.block_on(hub.catalog.snapshot(&catalog))?;
        disk.store.checkpoint(&self.folder.join(CHUNKS))?;
        drop(inside);
        let copied = runtime.block_on(look_at(&catalog))?;
        // SQLite removes its log when the last connection ends. If not, the copy would not be whole.
        let log = self.folder.join(format!("{CATALOG}-wal"));
        if log.exists() {
            let reason = "SQLite left a log behind; make the backup again";
            return Err(BackupError::refused(&log, reason));
        }
        Ok(copied)
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

/// Opens the copy, which shows that it can be opened, and looks into it.
async fn look_at(file: &Path) -> Result<Copied, CatalogError> {
    let catalog = Catalog::open(file).await?;
    let flists = catalog.roots(u64::MAX).await;
    let hub_id = catalog.hub_id().await;
    catalog.close().await;
    Ok(Copied { flists: flists?.len() as u64, hub_id: hub_id? })
}

/// Removes the folder that a killed hub left in its data directory, however much is in it, while the hub
/// that starts goes on. Called by whoever has the chunk store open, before any backup.
pub(crate) fn clear(data: &Path) {
    let left = match put_aside(data) {
        Ok(left) => left,
        Err(error) => {
            // It costs space until the next backup or start.
            tracing::warn!(%error, "what a killed backup left stays");
            return;
        }
    };
    if left.is_empty() {
        return;
    }
    // Not waited for: what is not removed when the process ends is found at the next start.
    std::thread::spawn(move || {
        for folder in left {
            if let Err(error) = fs::remove_dir_all(&folder) {
                tracing::warn!(%error, folder = %folder.display(), "what a killed backup left stays");
            }
        }
    });
}

/// Renames the folder, if it is there; gives all that are to go.
fn put_aside(data: &Path) -> io::Result<Vec<PathBuf>> {
    let names =
        fs::read_dir(data)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    let is_aside = |name: &std::ffi::OsString| name.to_str().is_some_and(|n| n.starts_with(ASIDE));
    let mut left: Vec<PathBuf> =
        names.iter().filter(|name| is_aside(name)).map(|name| data.join(name)).collect();
    if names.iter().any(|name| name == FOLDER) {
        let mut free = (1_u32..).map(|number| data.join(format!("{ASIDE}{number}")));
        if let Some(free) = free.find(|path| !left.contains(path)) {
            fs::rename(data.join(FOLDER), &free)?;
            left.push(free);
        }
    }
    Ok(left)
}
