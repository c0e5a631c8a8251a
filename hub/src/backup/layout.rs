//! The backup's folder: what lies where in it, who may use it at a time, and which folders are none.
//! The format is described in `docs/backup-format.md`.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use blake3::Hash;

use super::error::BackupError;
use super::files;
use super::lock::Lock;
use super::name::SnapshotName;
use super::snapshot::{FORMAT, Snapshot};

const VERSION: &str = "flisthub-backup";
const LOCK: &str = "lock";
const FILES: &str = "files";
const SNAPSHOTS: &str = "snapshots";
const UNFINISHED: &str = "unfinished";

/// Longest snapshot file that is read: some hundred thousand files.
const MAX_SNAPSHOT: u64 = 64 << 20;

/// A backup's folder, held as long as this lives: by one writer, or by any number of readers.
#[derive(Debug)]
pub(super) struct Layout {
    root: PathBuf,
    _lock: Option<Lock>,
}

impl Layout {
    /// Opens a folder to back up into; makes it if it is absent or empty.
    pub(super) fn to_write(root: &Path) -> Result<Self, BackupError> {
        files::make_folder(root)?;
        let new = is_new(root)?;
        if !new {
            check_version(root)?;
        }
        let path = root.join(LOCK);
        let file = files::own().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(BackupError::io("open", &path))?;
        let lock = Lock::to_write(root, file)?;
        // Nobody else is here now; somebody may have been until a moment ago.
        if new && is_new(root)? {
            let line = format!("flisthub backup {FORMAT}\n");
            files::write_whole(&root.join(VERSION), line.as_bytes())?;
        }
        let layout = Self { root: root.to_owned(), _lock: Some(lock) };
        files::make_folder(&layout.files())?;
        files::make_folder(&layout.snapshots_folder())?;
        files::sync_folder(root)?;
        layout.check_folders()?;
        Ok(layout)
    }

    /// Opens a backup to read it. It may lie where nothing can be written.
    pub(super) fn to_read(root: &Path) -> Result<Self, BackupError> {
        check_version(root)?;
        let file = File::open(root.join(LOCK)).ok();
        let lock = file.map(|file| Lock::to_read(root, file)).transpose()?;
        let layout = Self { root: root.to_owned(), _lock: lock };
        layout.check_folders()?;
        Ok(layout)
    }

    /// Links could lead writes and removals elsewhere.
    fn check_folders(&self) -> Result<(), BackupError> {
        for folder in [self.files(), self.snapshots_folder()] {
            let found = fs::symlink_metadata(&folder);
            if !found.is_ok_and(|found| found.is_dir()) {
                return Err(BackupError::damaged(&folder, "it is missing, or no folder"));
            }
        }
        Ok(())
    }

    /// The folder of all files' bytes.
    pub(super) fn files(&self) -> PathBuf {
        self.root.join(FILES)
    }

    /// The bytes with that hash.
    pub(super) fn file(&self, hash: &Hash) -> PathBuf {
        self.files().join(hash.to_hex().as_str())
    }

    /// The folder of the snapshots' files.
    pub(super) fn snapshots_folder(&self) -> PathBuf {
        self.root.join(SNAPSHOTS)
    }

    /// The file of a snapshot.
    pub(super) fn snapshot_file(&self, name: &SnapshotName) -> PathBuf {
        self.snapshots_folder().join(name.file())
    }

    /// The list of files that a backup has copied whose snapshot is not written yet.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.root.join(UNFINISHED)
    }

    /// Every snapshot's name, oldest first.
    pub(super) fn names(&self) -> Result<Vec<SnapshotName>, BackupError> {
        let names = file_names(&self.snapshots_folder())?;
        let mut names: Vec<_> =
            names.iter().filter_map(|name| SnapshotName::of_file(name)).collect();
        names.sort();
        Ok(names)
    }

    /// A file that looks like a snapshot's but for its name: somebody has renamed one.
    pub(super) fn unnamed(&self) -> Result<Option<PathBuf>, BackupError> {
        let folder = self.snapshots_folder();
        let listed = fs::read_dir(&folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let entries = listed.map_err(BackupError::io("list the folder", &folder))?;
        let paths = entries.into_iter().map(|entry| entry.path());
        Ok(paths.into_iter().find(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            path.extension().is_some_and(|ending| ending == "snapshot")
                && name.and_then(SnapshotName::of_file).is_none()
        }))
    }

    /// Refuses a folder of another hub: whoever keeps few snapshots there would drop those of the other.
    /// Every backup asks, so the newest snapshot that can be read stands for all.
    pub(super) fn refuse_another(&self, hub_id: &str) -> Result<(), BackupError> {
        let names = self.names()?;
        let newest = names.iter().rev().find_map(|name| self.snapshot(name).ok());
        match newest.filter(|newest| newest.hub_id != hub_id) {
            None => Ok(()),
            Some(other) => {
                let reason = format!(
                    "it holds backups of another hub (its id is {}, this one's {hub_id}); name another \
                     folder: each hub needs one of its own",
                    other.hub_id
                );
                Err(BackupError::refused(&self.root, reason))
            }
        }
    }

    /// Reads a snapshot.
    pub(super) fn snapshot(&self, name: &SnapshotName) -> Result<Snapshot, BackupError> {
        let path = self.snapshot_file(name);
        Snapshot::decode(&path, &read_small(&path, MAX_SNAPSHOT)?)
    }
}

/// Names of what is in a folder; those that are not UTF-8 are none of ours.
pub(super) fn file_names(folder: &Path) -> Result<Vec<String>, BackupError> {
    let listed = || -> std::io::Result<Vec<String>> {
        let names = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name().into_string().ok()))
            .collect::<std::io::Result<Vec<_>>>()?;
        Ok(names.into_iter().flatten().collect())
    };
    listed().map_err(BackupError::io("list the folder", folder))
}

/// Whether a folder holds nothing, or only what a backup leaves that ends before its first step.
fn is_new(root: &Path) -> Result<bool, BackupError> {
    let entries = fs::read_dir(root).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let entries = entries.map_err(BackupError::io("list the folder", root))?;
    let partial = files::partial(Path::new(VERSION));
    Ok(entries.iter().all(|entry| entry.file_name() == LOCK || *entry.file_name() == *partial))
}

fn check_version(root: &Path) -> Result<(), BackupError> {
    let path = root.join(VERSION);
    if !path.try_exists().map_err(BackupError::io("look at", &path))? {
        let reason = "it is no backup of a flisthub, and not empty; name another folder";
        let reason = if root.is_dir() { reason } else { "there is no such folder" };
        return Err(BackupError::refused(root, reason));
    }
    let content = read_small(&path, 64)?;
    let text = String::from_utf8_lossy(&content);
    let version = text.strip_prefix("flisthub backup ").and_then(|rest| rest.strip_suffix('\n'));
    match version.map(str::parse::<u32>) {
        Some(Ok(FORMAT)) if text == format!("flisthub backup {FORMAT}\n") => Ok(()),
        Some(Ok(found)) if found != FORMAT => Err(BackupError::refused(
            root,
            format!("the backup has format {found}; this program knows {FORMAT}"),
        )),
        _ => Err(BackupError::damaged(&path, "it does not say `flisthub backup` and a version")),
    }
}

/// The length of a file of the backup. Links and what else is no file are refused.
pub(super) fn check_file(path: &Path) -> Result<u64, BackupError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(found.len()),
        Ok(_) => Err(BackupError::damaged(path, "it is no regular file")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(BackupError::damaged(path, "it is missing"))
        }
        Err(error) => Err(BackupError::io("look at", path)(error)),
    }
}

/// Reads a file that is known to be small, if it is one.
pub(super) fn read_small(path: &Path, most: u64) -> Result<Vec<u8>, BackupError> {
    check_file(path)?;
    let mut content = Vec::new();
    let file = File::open(path).map_err(BackupError::io("open", path))?;
    file.take(most + 1).read_to_end(&mut content).map_err(BackupError::io("read", path))?;
    if content.len() as u64 > most {
        return Err(BackupError::damaged(path, format!("it is longer than {most} bytes")));
    }
    Ok(content)
}
