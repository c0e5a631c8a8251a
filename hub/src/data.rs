//! The data directory: where the catalog and the chunk store are in it.

use std::path::{Path, PathBuf};

/// A directory that holds all of one hub: `catalog.sqlite` (with SQLite's own files beside it) and
/// `chunks/` (RocksDB).
#[derive(Debug, Clone)]
pub struct DataDirectory(PathBuf);

impl DataDirectory {
    /// Takes `path` for a data directory. Makes it if it is not there, for its owner alone: the catalog
    /// says who may do what.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Ok(Self(path.to_owned()))
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
