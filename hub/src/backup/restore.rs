//! The way back: a backup is checked whole, then copied into an empty data directory, then opened once.
//!
//! From the first to the last moment a marker in the data directory keeps hubs from opening it, so that
//! nobody ever works on half of one.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use flisthub_storage::{
    ChunkId, ChunkStore as _, Clock as _, Monitor, RocksOptions, RocksStore, SystemClock,
};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::error::BackupError;
use super::files::{self, Pace};
use super::layout::{Layout, check_file};
use super::name::SnapshotName;
use super::snapshot::{CHUNKS, Snapshot, StoredFile};
use crate::catalog::{Catalog, CatalogError, JobEnd, JobState, Location};
use crate::data::{DataDirectory, RESTORING, refuse_anothers};
use crate::place;

/// Manifests that are looked up at a time.
const BATCH: usize = 4096;

/// A backup that was found whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Name of the snapshot.
    pub snapshot: String,
    /// When it was made, in seconds since the Unix epoch.
    pub created: u64,
    /// Flists that its names point at or pointed at since they were last deleted.
    pub flists: u64,
    /// Its files.
    pub files: u64,
    /// Bytes of those.
    pub bytes: u64,
}

/// A hub that was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// What was restored.
    pub backup: Checked,
    /// Manifests that the names need and the store does not have: the hub had lost them before the
    /// backup was made.
    pub absent: Vec<String>,
}

/// Reads a snapshot (the newest, unless one is named) and every byte of every file of it.
pub fn check(
    backup: &Path,
    snapshot: Option<&str>,
    monitor: &dyn Monitor,
) -> Result<Checked, BackupError> {
    let layout = Layout::to_read(backup)?;
    let (name, snapshot) = chosen(&layout, backup, snapshot)?;
    verify(&layout, &snapshot, monitor)?;
    Ok(checked(&name, &snapshot))
}

/// Makes `data`, which must be absent or empty, the data directory of the hub as a snapshot (the newest,
/// unless one is named) has it. Nothing is written before the whole snapshot was read and found good.
/// The catalog comes into the database `server`, if one is given, which must hold none yet.
/// Blocks; called on a thread for that, in a runtime.
pub fn restore(
    backup: &Path,
    snapshot: Option<&str>,
    data: &Path,
    server: Option<&Location>,
    monitor: &dyn Monitor,
) -> Result<Restored, BackupError> {
    refuse_used(data)?;
    if let Some(server) = server {
        Handle::current().block_on(Catalog::refuse_used(server))?;
    }
    let layout = Layout::to_read(backup)?;
    let (name, snapshot) = chosen(&layout, backup, snapshot)?;
    verify(&layout, &snapshot, monitor)?;
    files::make_folder(data)?;
    refuse_used(data)?;
    let marker = data.join(RESTORING);
    files::write_new(&marker, format!("{name}\n").as_bytes())?;
    copy(&layout, &snapshot, data, monitor)?;
    let place = DataDirectory::being_restored(data);
    let absent = open_once(&place, &snapshot)?;
    // Last, when nothing is left to check: what is in a database no removed folder takes back.
    let finished = match server {
        None => finish(data),
        Some(server) => {
            move_to(server, &place).and_then(|()| finish(data)).map_err(|error| match error {
                // Nothing of this backup is in it.
                BackupError::Catalog(
                    CatalogError::NotEmpty { .. } | CatalogError::InUse { .. },
                ) => error,
                error => BackupError::Copied { place: server.to_string(), source: Box::new(error) },
            })
        }
    };
    finished?;
    let absent = absent.iter().map(ChunkId::to_string).collect();
    Ok(Restored { backup: checked(&name, &snapshot), absent })
}

/// From here on hubs open the data directory.
fn finish(data: &Path) -> Result<(), BackupError> {
    files::remove(&data.join(RESTORING))?;
    files::sync_folder(data)
}

/// Brings the restored catalog into a database.
fn move_to(server: &Location, place: &DataDirectory) -> Result<(), BackupError> {
    Handle::current().block_on(async {
        let catalog = Catalog::open(&place.catalog()).await?;
        let copied = catalog.copy_to(server).await;
        catalog.close().await;
        copied
    })?;
    place::moved_to_server(place)
        .map_err(|error| BackupError::refused(place.path(), crate::error::chain(&error)))?;
    files::remove(&place.moved())
}

fn checked(name: &SnapshotName, snapshot: &Snapshot) -> Checked {
    Checked {
        snapshot: name.to_string(),
        created: snapshot.created,
        flists: snapshot.flists,
        files: snapshot.files.len() as u64,
        bytes: snapshot.bytes(),
    }
}

fn chosen(
    layout: &Layout,
    backup: &Path,
    asked: Option<&str>,
) -> Result<(SnapshotName, Snapshot), BackupError> {
    let mut names = layout.names()?;
    let found = match asked {
        None => names.pop(),
        Some(asked) => names.iter().find(|name| name.to_string() == asked).cloned(),
    };
    let Some(name) = found else {
        let there: Vec<String> = names.iter().map(ToString::to_string).collect();
        let reason = match asked {
            None => "the backup holds no snapshot: it was never finished".to_owned(),
            Some(asked) => format!("no snapshot {asked}; there are: {}", there.join(" ")),
        };
        return Err(BackupError::refused(backup, reason));
    };
    let snapshot = layout.snapshot(&name)?;
    Ok((name, snapshot))
}

/// A restore never mixes with anything, nor leaves files in a folder whose owner cannot open them.
fn refuse_used(data: &Path) -> Result<(), BackupError> {
    match fs::read_dir(data) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        listed => {
            let mut entries = listed.map_err(BackupError::io("list the folder", data))?;
            if entries.next().is_none() {
                return refuse_anothers(data)
                    .map_err(|error| BackupError::refused(data, error.to_string()));
            }
            let reason = "it is not empty; restore into a folder that is empty or not there";
            Err(BackupError::refused(data, reason))
        }
    }
}

fn verify(layout: &Layout, snapshot: &Snapshot, monitor: &dyn Monitor) -> Result<(), BackupError> {
    // Lengths first: that takes no time and finds what is missing or cut off.
    for file in &snapshot.files {
        let bytes = check_file(&layout.file(&file.blake3))?;
        same(layout, file, bytes, None)?;
    }
    let mut pace = Pace::new(monitor, "verify", snapshot.bytes());
    for file in &snapshot.files {
        let (bytes, hash) = files::hash(&layout.file(&file.blake3), &mut pace)?;
        same(layout, file, bytes, Some(hash))?;
    }
    Ok(())
}

fn same(
    layout: &Layout,
    file: &StoredFile,
    bytes: u64,
    hash: Option<blake3::Hash>,
) -> Result<(), BackupError> {
    let holds = file.path.as_str();
    let reason = if bytes != file.bytes {
        format!("it has {bytes} bytes instead of {}; it holds {holds}", file.bytes)
    } else if hash.is_some_and(|hash| hash != file.blake3) {
        format!("its bytes do not have the hash that is its name; it holds {holds}")
    } else {
        return Ok(());
    };
    Err(BackupError::damaged(&layout.file(&file.blake3), reason))
}

/// Copies every file, and looks again at what is copied.
fn copy(
    layout: &Layout,
    snapshot: &Snapshot,
    data: &Path,
    monitor: &dyn Monitor,
) -> Result<(), BackupError> {
    let chunks = data.join(CHUNKS);
    files::make_folder(&chunks)?;
    let mut pace = Pace::new(monitor, "restore", snapshot.bytes());
    for file in &snapshot.files {
        let to = data.join(file.path.as_str());
        let (bytes, hash) = files::copy(&layout.file(&file.blake3), &to, &mut pace)?;
        same(layout, file, bytes, Some(hash))?;
    }
    files::sync_folder(&chunks)?;
    files::sync_folder(data)
}

/// Opens what was restored, as a hub would: the manifests that the names need and that are absent.
fn open_once(data: &DataDirectory, snapshot: &Snapshot) -> Result<Vec<ChunkId>, BackupError> {
    let (clock, options) = (Arc::new(SystemClock), RocksOptions::default());
    let store = RocksStore::open(&data.chunks(), &options, clock)?;
    let manifests = Handle::current().block_on(async {
        let catalog = Catalog::open(&data.catalog()).await?;
        let manifests = catalog.roots(u64::MAX).await;
        let done = end_jobs(&catalog).await;
        catalog.close().await;
        done.and(manifests)
    })?;
    let found = manifests.len() as u64;
    if found != snapshot.flists {
        let reason = format!("the catalog names {found} flists, the snapshot {}", snapshot.flists);
        return Err(BackupError::Unfit { path: data.path().to_owned(), reason });
    }
    let mut absent = Vec::new();
    for manifests in manifests.chunks(BATCH) {
        absent.extend(store.missing(manifests)?);
    }
    store.flush()?;
    Ok(absent)
}

/// Nobody expects what was asked of the hub back then to be done by the restored one.
async fn end_jobs(catalog: &Catalog) -> Result<(), CatalogError> {
    let why = "the hub was restored from a backup that was made before this job ended";
    for state in [JobState::Queued, JobState::Running] {
        for job in catalog.jobs_in(state).await? {
            let end = JobEnd::Failed { code: "restored", message: why.to_owned() };
            catalog.finish_job(&job.id, &end, SystemClock.now()).await?;
        }
    }
    Ok(())
}
