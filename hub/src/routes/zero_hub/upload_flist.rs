//! `POST /api/flist/me/upload-flist`: a form with a `.flist` file.

use axum::extract::multipart::Multipart;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use flisthub_storage::ChunkId;
use futures_util::stream::TryStreamExt as _;
use serde_json::json;

use super::super::face;
use super::super::form::{Form, bad_form, broken, file_name};
use super::super::intake::Progress;
use super::super::upload::counts;
use super::file_name as shown_name;
use crate::actions::ActionError;
use crate::actions::flist_upload::{FlistUpload, Place, place};
use crate::auth::Caller;
use crate::catalog::Condition;
use crate::error::{ApiError, Code};
use crate::state::Hub;

/// The handler.
pub(super) async fn upload(
    State(hub): State<Hub>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let place = place(&hub, &caller, None).await?;
    let Form { mut fields, progress, name } = Form::of(&hub, request).await?;
    let taken = take(&hub, place, name.as_deref(), (&mut fields, &progress)).await;
    let upload = taken.map_err(|error| progress.refused().unwrap_or(error))?;
    let uploaded = upload.finish(&hub).await.map_err(as_zero_hub)?;
    let row = &uploaded.published.row;
    let files = counts(row, &uploaded.counts);
    Ok(face::success(Some(&json!({ "name": shown_name(&row.name), "files": files }))))
}

/// Reads the form to its end.
async fn take(
    hub: &Hub,
    place: Place,
    name: Option<&str>,
    (form, progress): (&mut Multipart, &Progress),
) -> Result<FlistUpload, ActionError> {
    let mut place = Some(place);
    let mut upload = None;
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        progress.moved();
        let key = field.name().unwrap_or_default();
        if key != "file" {
            let message = format!("unexpected form field {key:?}: send the .flist as \"file\"");
            return Err(bad_form(message));
        }
        let place = place.take().ok_or_else(|| bad_form("more than one \"file\""))?;
        let started = place.start(hub, &file_name(name, &field)?, Condition::NONE).await?;
        let mut body = field.inspect_ok(|_| progress.moved()).map_err(|error| broken(&error));
        upload = Some(started.take(hub, &mut body).await?);
    }
    upload.ok_or_else(|| bad_form("no file found"))
}

/// 0-hub's words for content that is not there, and what it is.
fn as_zero_hub(error: ActionError) -> ApiError {
    match error {
        ActionError::Missing(ids) => {
            let first: Vec<String> = ids.iter().take(3).map(ChunkId::to_string).collect();
            let message = format!(
                "unauthorized upload, contents is not fully present on backend: {} chunks are missing: {}{}",
                ids.len(),
                first.join(", "),
                if ids.len() > first.len() { ", …" } else { "" }
            );
            ApiError::new(StatusCode::CONFLICT, Code::MISSING_OBJECTS, message).missing(ids)
        }
        error => error.into(),
    }
}
