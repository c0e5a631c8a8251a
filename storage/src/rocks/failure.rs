//! What a failure of RocksDB means to whoever called the store.

use rocksdb::{Error, ErrorKind};

use crate::store::StoreError;

/// Sorts an error of RocksDB. Its kinds do not tell a full disk from other trouble; its text, which
/// ends with what the operating system said, does.
pub(super) fn classify(error: Error) -> StoreError {
    let text = error.to_string();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["No space left on device", "NoSpace", "Disk quota exceeded", "Out of space"]) {
        return StoreError::Full(text);
    }
    if says(&["Read-only file system", "background error", "Permission denied"]) {
        return StoreError::Unwritable(text);
    }
    StoreError::backend(error)
}

/// Whether reading failed because a file of the store is not there any more.
pub(super) fn is_file_gone(error: &Error) -> bool {
    error.as_ref().contains("No such file or directory")
}

/// The same as [`classify`] for a failed write: whatever kept RocksDB from writing keeps it from writing on.
pub(super) fn classify_write(error: Error) -> StoreError {
    let (kind, text) = (error.kind(), error.to_string());
    match (kind, classify(error)) {
        (
            ErrorKind::IOError | ErrorKind::Aborted | ErrorKind::ShutdownInProgress,
            StoreError::Backend(_),
        ) => StoreError::Unwritable(text),
        (_, sorted) => sorted,
    }
}
