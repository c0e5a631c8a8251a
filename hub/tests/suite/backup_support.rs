//! Backups of a test's hub, hubs restored from them, and looking at everything in those.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flisthub_flist::{Content, Piece, Tree, VerifyLimits, pieces, verify};
use flisthub_hub::backup::{self, BackupError, BackupReport, Restored, Snapshot};
use flisthub_hub::config::Config;
use flisthub_hub::data::DataDirectory;
use flisthub_hub::state::Hub;
use flisthub_storage::{ChunkId, ChunkStore, Monitor, Progress, Silent, SystemClock};

use crate::archives::{files, noise};
use crate::postgres;
use crate::support::TestHub;

/// Cancels once that many bytes were copied.
pub(crate) struct CancelAfter(pub(crate) u64, pub(crate) AtomicU64);

impl Monitor for CancelAfter {
    fn progress(&self, progress: Progress) {
        self.1.store(progress.done, Ordering::SeqCst);
    }
    fn note(&self, _: String) {}
    fn cancelled(&self) -> bool {
        self.1.load(Ordering::SeqCst) >= self.0
    }
}

/// A place for backups and restored hubs.
pub(crate) struct Place {
    directory: tempfile::TempDir,
    restored: AtomicU64,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), restored: AtomicU64::new(0) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The backup's folder.
    pub(crate) fn backup(&self) -> PathBuf {
        self.path("backup")
    }

    pub(crate) async fn run(&self, hub: &Hub) -> BackupReport {
        self.run_with(hub, None, Silent).await.unwrap()
    }

    pub(crate) async fn run_with(
        &self,
        hub: &Hub,
        keep: Option<u32>,
        monitor: impl Monitor + Send + 'static,
    ) -> Result<BackupReport, BackupError> {
        let (hub, folder, keep) = (hub.clone(), self.backup(), keep.and_then(NonZeroU32::new));
        let run = move || backup::run(&hub, &folder, keep, &monitor);
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    pub(crate) async fn restore(&self, snapshot: Option<&str>) -> (PathBuf, Restored) {
        let number = self.restored.fetch_add(1, Ordering::SeqCst);
        let data = self.path(&format!("restored-{number}"));
        let restored = restore(&self.backup(), snapshot, &data).await.unwrap();
        (data, restored)
    }

    /// Restores a snapshot, opens it, and reads everything that its names have: the names.
    pub(crate) async fn read_back(&self, snapshot: Option<&str>) -> BTreeMap<String, ChunkId> {
        let (data, restored) = self.restore(snapshot).await;
        assert_eq!(restored.absent, [""; 0]);
        let hub = open(&data).await;
        let names = names(&hub).await;
        for id in names.values() {
            read_whole(&*hub.store, *id);
        }
        hub.catalog.close().await;
        names
    }

    /// Reads a snapshot's file, as anybody could.
    pub(crate) fn snapshot(&self, name: &str) -> Snapshot {
        let path = self.backup().join(format!("snapshots/{name}.snapshot"));
        let text = fs::read_to_string(path).unwrap();
        serde_json::from_str(text.lines().next().unwrap()).unwrap()
    }

    /// Every file of the backup with its length, by the path in it.
    pub(crate) fn files(&self) -> BTreeMap<String, u64> {
        let mut files = BTreeMap::new();
        for folder in ["", "files", "snapshots"] {
            for entry in fs::read_dir(self.backup().join(folder)).unwrap() {
                let entry = entry.unwrap();
                let found = entry.metadata().unwrap();
                if found.is_file() {
                    let name = entry.file_name().into_string().unwrap();
                    let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                    files.insert(path, found.len());
                }
            }
        }
        files
    }
}

/// A backup with a file of every kind.
pub(crate) async fn backed_up() -> (TestHub, Place, String) {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("big", &noise(300_000, 1)), ("small", b"small")]);
    assert_eq!(hub.upload(&token, "one.tar", &archive).await.status(), 200);
    let place = Place::new();
    let snapshot = place.run(&hub.hub).await.snapshot;
    (hub, place, snapshot)
}

pub(crate) async fn restore(
    backup: &Path,
    snapshot: Option<&str>,
    data: &Path,
) -> Result<Restored, BackupError> {
    let (backup, data) = (backup.to_owned(), data.to_owned());
    let snapshot = snapshot.map(str::to_owned);
    let server = postgres::server(&data);
    let run =
        move || backup::restore(&backup, snapshot.as_deref(), &data, server.as_ref(), &Silent);
    tokio::task::spawn_blocking(run).await.unwrap()
}

pub(crate) async fn open(data: &Path) -> Hub {
    let data = DataDirectory::open(data).unwrap();
    let config = postgres::config(data.path(), Config::default());
    Hub::open(&data, config, Arc::new(SystemClock)).await.unwrap()
}

/// What every name points at.
pub(crate) async fn names(hub: &Hub) -> BTreeMap<String, ChunkId> {
    let mut all = BTreeMap::new();
    for repository in hub.catalog.repositories().await.unwrap() {
        let rows = hub.catalog.names(repository.id, "", 10_000).await.unwrap();
        all.extend(rows.into_iter().map(|row| {
            (format!("{}/{}", row.repository, row.name), row.points_at.flist().unwrap())
        }));
    }
    all
}

/// Checks a flist down to its last byte.
pub(crate) fn read_whole(store: &dyn ChunkStore, id: ChunkId) {
    verify(store, id, &VerifyLimits::default(), &[]).unwrap();
    let tree = Tree::open(store, id).unwrap();
    let mut chunks = Vec::new();
    for entry in tree.walk(store) {
        let (_, entry) = entry.unwrap();
        if let Content::File { pieces: list, .. } = &entry.content {
            for piece in pieces(store, list) {
                if let Piece::Chunk { id, .. } = piece.unwrap() {
                    chunks.push(id);
                }
            }
        }
    }
    assert!(store.get(&chunks).unwrap().iter().all(Option::is_some), "verified by reading");
}
