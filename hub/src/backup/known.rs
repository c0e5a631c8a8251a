//! Which files a backup need not read again: those of the newest snapshot, and those that an unfinished
//! backup copied. RocksDB gives a file's name once and never changes what is in it, so one of the same
//! name, length and time is the same file.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use flisthub_storage::Monitor;

use super::error::BackupError;
use super::files;
use super::layout::{Layout, check_file, read_small};
use super::snapshot::{StoredFile, StoredPath};
use super::staging::StagedFile;

/// Longest list of an unfinished backup that is read.
const MAX_LIST: u64 = 64 << 20;

/// What the folder has, and the list of what this backup adds to it.
pub(super) struct Known {
    files: HashMap<StoredPath, StoredFile>,
    list: File,
    path: PathBuf,
}

impl Known {
    /// Reads the newest snapshot and the list of an unfinished backup. What cannot be read is not used:
    /// then more is copied.
    pub(super) fn read(layout: &Layout, monitor: &dyn Monitor) -> Result<Self, BackupError> {
        let mut files = HashMap::new();
        let mut add = |file: StoredFile| drop(files.insert(file.path.clone(), file));
        if let Some(newest) = layout.names()?.last() {
            match layout.snapshot(newest) {
                Ok(snapshot) => snapshot.files.into_iter().for_each(&mut add),
                Err(error) => monitor.note(format!("everything is copied anew: {error}")),
            }
        }
        let path = layout.unfinished();
        if let Ok(content) = read_small(&path, MAX_LIST) {
            // A line that a crash has torn is no JSON.
            let lines = content.split(|byte| *byte == b'\n');
            lines.filter_map(|line| serde_json::from_slice(line).ok()).for_each(add);
        }
        let list = files::own().append(true).create(true).open(&path);
        Ok(Self { files, list: list.map_err(BackupError::io("open", &path))?, path })
    }

    /// The file as it is in the folder already.
    pub(super) fn find(&self, layout: &Layout, file: &StagedFile) -> Option<StoredFile> {
        let known = self.files.get(&file.path).filter(|known| {
            file.path.is_immutable()
                && known.bytes == file.bytes
                && known.modified_ns == file.modified_ns
        })?;
        let length = check_file(&layout.file(&known.blake3)).ok()?;
        (length == file.bytes).then(|| known.clone())
    }

    /// Remembers a copied file, in case this backup does not end well. The line begins with a line end,
    /// so that a torn one before it costs nothing else.
    pub(super) fn add(&mut self, file: &StoredFile) -> Result<(), BackupError> {
        let failed = BackupError::io("write", &self.path);
        let line = match serde_json::to_string(file) {
            Ok(line) => line,
            Err(error) => return Err(failed(error.into())),
        };
        self.list.write_all(format!("\n{line}").as_bytes()).map_err(failed)
    }
}
