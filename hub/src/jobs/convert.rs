//! The conversion of an image into a flist, as a job.

use flisthub_converter::image::ImageError;
use flisthub_storage::Monitor;
use serde_json::{Value, json};

use super::spec::ConvertSpec;
use super::work::JobError;
use crate::actions::ActionError;
use crate::actions::convert::{Conversion, ConversionError, convert};
use crate::error::ApiError;
use crate::state::Hub;

/// Converts the image and publishes what comes out.
pub(super) fn run(hub: &Hub, spec: &ConvertSpec, monitor: &dyn Monitor) -> Result<Value, JobError> {
    match convert(hub, spec, monitor) {
        Ok(conversion) => Ok(report(&conversion)),
        Err(ConversionError::Image(ImageError::Cancelled)) => Err(JobError::Cancelled),
        Err(ConversionError::Image(error)) => Err(of_action(ActionError::of_image(error))),
        Err(ConversionError::Action(error)) => Err(of_action(error)),
        Err(error @ ConversionError::CredentialsGone) => {
            Err(JobError::Failed { code: "credentials_gone", message: error.to_string() })
        }
    }
}

fn of_action(error: ActionError) -> JobError {
    let (code, message) = ApiError::from(error).into_words();
    JobError::Failed { code, message }
}

/// As an upload's report, and where it is from.
pub(crate) fn report(conversion: &Conversion) -> Value {
    let Conversion { converted, published, seconds } = conversion;
    let (row, image) = (&published.row, &converted.image);
    let counts = converted.ingested.counts;
    let mut report = json!(crate::actions::upload::report(&converted.ingested, *seconds));
    if let Some(report) = report.as_object_mut() {
        report.extend([
            ("repository".to_owned(), json!(row.repository)),
            ("name".to_owned(), json!(row.name)),
            ("image".to_owned(), json!(image.reference)),
            ("digest".to_owned(), json!(image.digest.to_string())),
            ("layers".to_owned(), json!(image.layers.len())),
            ("known_layers".to_owned(), json!(converted.reused)),
            ("symlinks".to_owned(), json!(counts.symlink)),
            ("directories".to_owned(), json!(counts.directory)),
            ("special".to_owned(), json!(counts.special)),
            ("item".to_owned(), json!(published.item)),
        ]);
    }
    report
}
