//! `POST /api/flist/me/upload`: a form with an archive, taken apart as it arrives.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use futures_util::stream::TryStreamExt as _;
use serde_json::{Value, json};

use super::face;
use super::intake::{FormBody, Progress};
use crate::actions::ActionError;
use crate::actions::upload::{Place, Upload, Uploaded, Values, place};
use crate::auth::Caller;
use crate::error::{ApiError, Code};
use crate::name::FLIST_ENDING;
use crate::state::Hub;

/// The header that gives an upload another name than its file's.
const ORIGINAL_NAME: &str = "x-original-name";

/// The handler.
pub(super) async fn upload(
    State(hub): State<Hub>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let place = place(&hub, &caller).await?;
    let (parts, body) = request.into_parts();
    let headers = parts.headers.clone();
    let name = original_name(&headers)?;
    let progress = Arc::new(Progress::default());
    let body = FormBody::new(body, &hub.config.limits, Arc::clone(&progress));
    let request = Request::from_parts(parts, Body::from_stream(body));
    let form = Multipart::from_request(request, &hub).await;
    let mut form = form.map_err(|error| bad_form(error.body_text()))?;
    let taken = take(&hub, place, name, (&mut form, &progress)).await;
    let (upload, values) = taken.map_err(|error| progress.refused().unwrap_or(error))?;
    let uploaded = upload.finish(&hub, values.into_map()).await?;
    Ok(face::success(Some(&payload(&uploaded))))
}

fn bad_form(message: impl Into<String>) -> ActionError {
    ActionError::Invalid { code: Code::BAD_FORM, message: message.into() }
}

fn broken(error: &MultipartError) -> ActionError {
    match error.status() {
        status if status.is_server_error() => ActionError::BodyEnded,
        _ => bad_form(error.body_text()),
    }
}

fn original_name(headers: &HeaderMap) -> Result<Option<&str>, ActionError> {
    let name = headers.get(ORIGINAL_NAME).map(axum::http::HeaderValue::to_str);
    name.transpose().map_err(|_| bad_form("X-Original-Name is not plain text"))
}

/// Reads the form to its end. The archive is converted while it is read.
async fn take(
    hub: &Hub,
    place: Place,
    name: Option<&str>,
    (form, progress): (&mut Multipart, &Progress),
) -> Result<(Upload, Values), ActionError> {
    let mut place = Some(place);
    let mut upload = None;
    let mut values = Values::default();
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        progress.moved();
        let key = field.name().unwrap_or_default().to_owned();
        if let Some(key) = key.strip_prefix("metadata-") {
            values.add(key, text(field, values.room()).await?)?;
        } else if key != "file" {
            let message = format!("unexpected form field {key:?}: send the archive as \"file\"");
            return Err(bad_form(message));
        } else {
            let place = place.take().ok_or_else(|| bad_form("more than one \"file\""))?;
            upload = Some(file(hub, place, name, field, progress).await?);
        }
    }
    upload.map(|upload| (upload, values)).ok_or_else(|| bad_form("no file found"))
}

/// Takes the archive.
async fn file(
    hub: &Hub,
    place: Place,
    name: Option<&str>,
    field: Field<'_>,
    progress: &Progress,
) -> Result<Upload, ActionError> {
    let own = field.file_name().map(ToOwned::to_owned).filter(|own| !own.is_empty());
    let name = name.or(own.as_deref()).ok_or_else(|| bad_form("no file selected"))?;
    let upload = place.start(hub, name)?;
    let mut archive = field.inspect_ok(|_| progress.moved()).map_err(|error| broken(&error));
    upload.take(hub, &mut archive).await
}

/// The text of a small field.
async fn text(mut field: Field<'_>, room: usize) -> Result<String, ActionError> {
    let mut bytes = Vec::new();
    while let Some(part) = field.chunk().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&part);
        if bytes.len() > room {
            return Err(ActionError::TooLarge("the metadata fields are too long".to_owned()));
        }
    }
    String::from_utf8(bytes).map_err(|_| bad_form("a metadata field is not UTF-8"))
}

/// 0-hub's answer, and our report beside it.
fn payload(uploaded: &Uploaded) -> Value {
    let row = &uploaded.published.row;
    json!({
        "name": format!("{}{FLIST_ENDING}", row.name),
        "files": {
            "success": true,
            "error": null,
            "response": {
                "regular": row.flist.regular,
                "symlink": row.flist.symlink,
                "directory": row.flist.directory,
                "special": row.flist.special,
                "failure": 0,
                "fullsize": row.flist.bytes,
            },
            "status": 0,
        },
        "report": uploaded.report,
    })
}
