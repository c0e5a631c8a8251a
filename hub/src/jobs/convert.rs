//! The conversion of an image into a flist, as a job.

use flisthub_storage::Monitor;
use serde_json::Value;

use super::spec::ConvertSpec;
use super::work::JobError;
use crate::state::Hub;

/// Converts the image and publishes what comes out.
pub(super) fn run(
    _hub: &Hub,
    _spec: &ConvertSpec,
    _monitor: &dyn Monitor,
) -> Result<Value, JobError> {
    let message = "this hub does not convert images yet".to_owned();
    Err(JobError::Failed { code: "unsupported", message })
}
