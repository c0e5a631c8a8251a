//! Who may use a backup's folder at a time: one writer, or any number of readers. What lies in the folder
//! is not known here.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::error::BackupError;

/// A lock on a folder, held as long as this lives.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Keeps everybody else out. The file is the folder's lock file.
    pub(super) fn to_write(root: &Path, file: File) -> Result<Self, BackupError> {
        Self::taken(root, file.try_lock())?;
        Ok(Self(file))
    }

    /// Keeps writers out.
    pub(super) fn to_read(root: &Path, file: File) -> Result<Self, BackupError> {
        Self::taken(root, file.try_lock_shared())?;
        Ok(Self(file))
    }

    fn taken(root: &Path, result: Result<(), TryLockError>) -> Result<(), BackupError> {
        match result {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => {
                let reason = "another backup or restore uses it at the moment; wait for its end";
                Err(BackupError::refused(root, reason))
            }
            Err(TryLockError::Error(error)) => Err(BackupError::io("lock", root)(error)),
        }
    }
}

impl Drop for Lock {
    /// Closing the file would not do: the lock is that of the open file, and a program that this one starts
    /// at the same moment has the file too until it runs.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "a backup's folder stays locked until this program ends");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Lock;

    #[test]
    fn it_ends_although_another_program_has_the_file() {
        let named = tempfile::NamedTempFile::new().unwrap();
        let file = named.reopen().unwrap();
        // What a program has that was started a moment ago.
        let inherited = file.try_clone().unwrap();
        let lock = Lock::to_write(Path::new("folder"), file).unwrap();
        named.reopen().unwrap().try_lock().unwrap_err();
        drop(lock);
        named.reopen().unwrap().try_lock().unwrap();
        drop(inherited);
    }
}
