//! The backup of this hub as a job. What a backup is, and how it is made, is in `crate::backup`.

use std::num::NonZeroU32;
use std::path::Path;

use flisthub_storage::Monitor;
use serde_json::Value;

use super::work::JobError;
use crate::backup::{self, BackupError};
use crate::state::Hub;

/// Adds a snapshot to the backup in `directory`, then keeps the newest `keep`.
pub(super) fn run(
    hub: &Hub,
    directory: &Path,
    keep: Option<u32>,
    monitor: &dyn Monitor,
) -> Result<Value, JobError> {
    let report = backup::run(hub, directory, keep.and_then(NonZeroU32::new), monitor)?;
    serde_json::to_value(report).map_err(|error| JobError::failed(&error))
}

impl From<BackupError> for JobError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Cancelled => Self::Cancelled,
            error => Self::failed(&error),
        }
    }
}
