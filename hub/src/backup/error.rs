//! What can go wrong with a backup or a restore.

use std::io;
use std::path::{Path, PathBuf};

use flisthub_storage::StoreError;

use crate::catalog::CatalogError;

/// Why a backup or a restore was not made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The hub was put together from parts, by a test.
    #[error("this hub was not opened from a data directory, so there is nothing to back up")]
    NotOnDisk,
    /// The directory cannot be used for this; nothing in it was changed.
    #[error("{}: {reason}", .path.display())]
    Refused {
        /// The directory.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// A file of the backup is not what it was when it was written.
    #[error("the backup is damaged: {}: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What was restored cannot be used, though every byte of it is as it was backed up.
    #[error("{}: what was restored does not fit together: {reason}", .path.display())]
    Unfit {
        /// The data directory.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The restore failed when the catalog was on its way into a database, or there.
    #[error(
        "the database {place} may hold the restored catalog by now: empty it, too, before you try again"
    )]
    Copied {
        /// Which database; without a password.
        place: String,
        /// What failed.
        source: Box<BackupError>,
    },
    /// Somebody asked for an end.
    #[error("cancelled")]
    Cancelled,
    /// A file could not be read or written.
    #[error("cannot {doing} {}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The chunk store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    pub(super) fn refused(path: &Path, reason: impl Into<String>) -> Self {
        Self::Refused { path: path.to_owned(), reason: reason.into() }
    }

    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.into() }
    }

    /// Wraps an input/output error; for `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }
}
