//! The data directory: where the catalog and the chunk store are in it.

use std::path::{Path, PathBuf};

/// While a restore is under way, a file of this name is in the data directory.
pub const RESTORING: &str = "restoring";

/// A directory that holds all of one hub: `catalog.sqlite` (with SQLite's own files beside it) and
/// `chunks/` (RocksDB).
#[derive(Debug, Clone)]
pub struct DataDirectory(PathBuf);

impl DataDirectory {
    /// Takes `path` for a data directory. Makes it if it is not there, for its owner alone: the catalog
    /// says who may do what. Refuses one that a restore left half done.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        if path.join(RESTORING).try_exists()? {
            return Err(std::io::Error::other(
                "a restore into it is under way or was not finished; if none runs, remove the \
                 directory and restore again",
            ));
        }
        Ok(Self(path.to_owned()))
    }

    /// The data directory that a restore works on.
    pub(crate) fn being_restored(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The socket on which a running hub takes the operator's orders.
    pub fn control(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    /// The catalog's file.
    pub fn catalog(&self) -> PathBuf {
        self.0.join("catalog.sqlite")
    }

    /// The chunk store's directory.
    pub fn chunks(&self) -> PathBuf {
        self.0.join("chunks")
    }
}
