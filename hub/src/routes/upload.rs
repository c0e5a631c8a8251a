//! `POST /api/flist/me/upload`: a form with an archive, taken apart as it arrives.

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{Request, State};
use axum::response::Response;
use flisthub_flist::Counts;
use futures_util::stream::TryStreamExt as _;
use serde_json::{Value, json};

use super::face;
use super::form::{Form, bad_form, broken, file_name};
use super::intake::Progress;
use crate::actions::ActionError;
use crate::actions::items::settings::check;
use crate::actions::upload::{Place, Upload, Uploaded, Values, place};
use crate::auth::Caller;
use crate::catalog::NameRow;
use crate::error::ApiError;
use crate::name::FLIST_ENDING;
use crate::state::Hub;

/// Bytes of the field that says in which categories the name is to be.
const MAX_CATEGORIES: usize = 8 << 10;

/// The handler.
pub(super) async fn upload(
    State(hub): State<Hub>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let place = place(&hub, &caller).await?;
    let Form { mut fields, progress, name } = Form::of(&hub, request).await?;
    let taken = take(&hub, place, name.as_deref(), (&mut fields, &progress)).await;
    let taken = taken.map_err(|error| progress.refused().unwrap_or(error))?;
    let Taken { upload, values, categories } = taken;
    let uploaded = upload.finish(&hub, values.into_map(), categories).await?;
    Ok(face::success(Some(&payload(&uploaded))))
}

/// What a form holds.
struct Taken {
    upload: Upload,
    values: Values,
    categories: Option<Vec<String>>,
}

/// Reads the form to its end. The archive is converted while it is read.
async fn take(
    hub: &Hub,
    place: Place,
    name: Option<&str>,
    (form, progress): (&mut Multipart, &Progress),
) -> Result<Taken, ActionError> {
    let mut place = Some(place);
    let mut upload = None;
    let mut values = Values::default();
    let mut categories = None;
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        progress.moved();
        let key = field.name().unwrap_or_default().to_owned();
        if let Some(key) = key.strip_prefix("metadata-") {
            values.add(key, text(field, values.room()).await?)?;
        } else if key == "categories" {
            categories = Some(listed(hub, &text(field, MAX_CATEGORIES).await?)?);
        } else if key != "file" {
            let message = format!("unexpected form field {key:?}: send the archive as \"file\"");
            return Err(bad_form(message));
        } else {
            let place = place.take().ok_or_else(|| bad_form("more than one \"file\""))?;
            upload = Some(file(hub, place, name, field, progress).await?);
        }
    }
    let upload = upload.ok_or_else(|| bad_form("no file found"))?;
    Ok(Taken { upload, values, categories })
}

/// The ids of categories, with commas between them.
fn listed(hub: &Hub, text: &str) -> Result<Vec<String>, ActionError> {
    let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
    let categories: Vec<String> = ids.map(str::to_owned).collect();
    check(hub, &categories)?;
    Ok(categories)
}

/// Takes the archive.
async fn file(
    hub: &Hub,
    place: Place,
    name: Option<&str>,
    field: Field<'_>,
    progress: &Progress,
) -> Result<Upload, ActionError> {
    let upload = place.start(hub, &file_name(name, &field)?).await?;
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
        "files": counts(row, &uploaded.counts),
        "report": uploaded.report,
    })
}

/// What zflist says of a flist, in its own envelope.
pub(super) fn counts(row: &NameRow, counts: &Counts) -> Value {
    json!({
        "success": true,
        "error": null,
        "response": {
            "regular": counts.regular,
            "symlink": counts.symlink,
            "directory": counts.directory,
            "special": counts.special,
            "failure": 0,
            "fullsize": row.flist.bytes,
        },
        "status": 0,
    })
}
