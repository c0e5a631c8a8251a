//! Asking for the conversion of an image, natively and as 0-hub's clients do; the configuration of an
//! image that was converted.

use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use flisthub_flist::wire::{Conversion, JobInfo, RegistryCredentials};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::condition::Conditional;
use super::extract::{QueryOf, json_object, small_body};
use super::face;
use super::intake::Paced;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use crate::actions::{ActionError, conversions, image_upload};
use crate::auth::Caller;
use crate::error::{ApiError, Code};
use crate::jobs::{report, wire};
use crate::name::FLIST_ENDING;
use crate::state::Hub;

errors! {
    /// What is wrong with what is asked for, before any image is looked at.
    Asking { 400 BAD_CONVERSION, 400 BAD_SOURCE, 400 BAD_CREDENTIALS, 400 BAD_METADATA }
    /// What is wrong with the image's name or its platform.
    Reference { 400 BAD_REFERENCE, 400 BAD_PLATFORM }
    /// The hub's own credentials cannot be used.
    OwnCredentials { 500 BAD_DOCKER_CONFIG }
    /// What may be wrong with an archive of an image.
    Archived {
        400 BAD_PLATFORM, 404 UNKNOWN_IMAGE, 409 NAME_TAKEN, 422 AMBIGUOUS_IMAGE, 422 BAD_IMAGE, 422 BAD_LAYER,
        422 NO_PLATFORM, 422 UNKNOWN_TYPE, 500 FAILED,
    }
    /// The query of an archive.
    ArchiveQuery { 400 BAD_QUERY }
}

/// Converts an image of a registry, or of an engine of the hub's machine, into a flist.
///
/// If the same caller has asked for the same image, and that job has not ended, it is that job that comes back.
/// Credentials are held in memory until the job has ended, never written down and never shown.
#[utoipa::path(
    post, path = "/conversions", operation_id = "convert_image", tag = "images",
    security(("bearer" = [])),
    request_body(content = Conversion, examples(
        ("public" = (value = json!({"image": "debian:12", "name": "debian"}))),
        ("private" = (value = json!({
            "image": "registry.example.org/team/app:1", "platform": "linux/arm64",
            "credentials": {"username": "alice", "password": "…"},
        }))),
    )),
    responses(
        (status = 202, description = "The job; its result is as an upload's.", body = JobInfo,
         headers(("Location" = String, description = "The job's own path."))),
        errors::Caller, errors::Token, errors::Timed, errors::JsonBody, errors::Named,
        errors::NewName, errors::Writes, Asking, Reference, OwnCredentials,
    ),
)]
pub(super) async fn start(
    State(hub): State<Hub>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    caller.user()?;
    let asked: Conversion = match json_object(request, &hub, Code::BAD_CONVERSION).await {
        Ok(asked) => asked,
        Err(refusal) => return Ok(refusal),
    };
    let (row, _) = conversions::start(&hub, &caller, asked).await?;
    let location = format!("/api/v1/jobs/{}", row.id);
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], Json(wire::job(row))).into_response())
}

/// `POST /api/flist/me/docker`: waits for the conversion, as 0-hub does. If the caller goes away it goes on.
pub(super) async fn zero_hub(
    State(hub): State<Hub>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    caller.user()?;
    let request = match small_body(request, &hub).await {
        Ok((parts, body)) => Request::from_parts(parts, Body::from(body)),
        Err(refused) => return Ok(refused),
    };
    let asked = form(&hub, request).await?;
    let result = conversions::run(&hub, &caller, asked).await?;
    Ok(face::success(Some(&payload(&result))))
}

/// The configuration of the image that a flist was made of, byte for byte as the image has it.
#[utoipa::path(
    get, path = "/flists/{repository}/{name}/image", operation_id = "get_image_config",
    tag = "images", params(params::Name),
    responses(
        (status = 200, description = "The configuration.", body = Value,
         example = json!({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"]}})),
        errors::Caller, errors::Named, errors::Objects,
    ),
)]
pub(super) async fn image_config(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let config = conversions::image_config(&hub, &caller, &repository, &name).await?;
    Ok(([(CONTENT_TYPE, "application/json")], config).into_response())
}

/// What `POST …/image` is asked for beside the archive.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AskedOfArchive {
    /// Which image of the archive; the only one unless given.
    tag: Option<String>,
    /// Which image of one for several platforms: `linux/arm64`; the hub's own platform unless given.
    #[param(pattern = "^[!-.0-~]{1,64}(/[!-.0-~]{1,64}){1,2}$")]
    platform: Option<String>,
    /// Whether to add a `.startup.toml` that starts what the image would start.
    #[serde(default)]
    startup: bool,
}

/// Converts an archive of an image, as `docker save` writes it, or an OCI layout in a tar.
///
/// Plain or compressed. It is kept on the hub's disk while it is read.
#[utoipa::path(
    post, path = "/flists/{repository}/{name}/image", operation_id = "upload_image", tag = "images",
    params(params::Name, params::Conditions, AskedOfArchive), security(("bearer" = [])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "The name pointed elsewhere before.", body = Value),
        (status = 201, description = "The name is new.", body = Value),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::Streamed,
        errors::Writes, errors::Conditional, Archived, ArchiveQuery,
    ),
)]
pub(super) async fn upload(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    Conditional(condition): Conditional,
    QueryOf(asked): QueryOf<AskedOfArchive>,
    body: Body,
) -> Result<Response, ApiError> {
    let AskedOfArchive { tag, platform, startup } = asked;
    let asked = image_upload::Asked { tag, platform, startup, condition };
    let mut body = Paced::new(body, &hub.config.limits);
    let target = (repository.as_str(), name.as_str());
    let done = image_upload::take(&hub, &caller, target, asked, &mut body).await?;
    let status = if done.published.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(report(&done))).into_response())
}

/// The form: `image`, and what 0-hub does not know: `name`, `platform`, `username` and `password`.
async fn form(hub: &Hub, request: Request) -> Result<Conversion, ApiError> {
    let bad = |message: &str| {
        ApiError::from(ActionError::Invalid { code: Code::BAD_FORM, message: message.to_owned() })
    };
    let sort = request.headers().get(CONTENT_TYPE).cloned();
    let mut fields = Vec::new();
    if sort.is_none() {
        // A request without a form has none of its fields.
    } else if sort.is_some_and(|sort| sort.as_bytes().starts_with(b"multipart/form-data")) {
        let mut form =
            Multipart::from_request(request, hub).await.map_err(|error| bad(&error.body_text()))?;
        while let Some(field) = form.next_field().await.map_err(|error| bad(&error.body_text()))? {
            let key = field.name().unwrap_or_default().to_owned();
            fields.push((key, field.text().await.map_err(|error| bad(&error.body_text()))?));
        }
    } else {
        let form = Form::from_request(request, hub).await;
        Form(fields) = form.map_err(|error| bad(&error.body_text()))?;
    }
    conversion(fields).map_err(|message| bad(&message))
}

/// What the fields ask for.
fn conversion(fields: Vec<(String, String)>) -> Result<Conversion, String> {
    let mut asked = Conversion {
        image: String::new(),
        repository: None,
        name: None,
        platform: None,
        source: None,
        startup: false,
        categories: None,
        credentials: None,
    };
    let (mut username, mut password) = (None, None);
    for (key, value) in fields {
        match key.as_str() {
            "image" => asked.image = value,
            "name" => asked.name = Some(value),
            "platform" => asked.platform = Some(value),
            "username" => username = Some(value),
            "password" => password = Some(value),
            other => {
                let other: String = other.chars().take(40).collect();
                return Err(format!("unexpected form field {other:?}"));
            }
        }
    }
    if asked.image.is_empty() {
        return Err("missing docker image name".to_owned());
    }
    asked.credentials = match (username, password) {
        (Some(username), Some(password)) => {
            Some(RegistryCredentials::Password { username, password })
        }
        (None, None) => None,
        _ => return Err("username and password come together".to_owned()),
    };
    Ok(asked)
}

/// 0-hub's answer to an upload, and our report beside it. 0-hub's own gives the counts as `name`, which no
/// client can have meant.
fn payload(result: &Value) -> Value {
    let field = |key: &str| result.get(key).cloned().unwrap_or(Value::Null);
    let name = field("name").as_str().map(|name| format!("{name}{FLIST_ENDING}"));
    json!({
        "name": name,
        "files": {
            "success": true,
            "error": null,
            "response": {
                "regular": field("files"),
                "symlink": field("symlinks"),
                "directory": field("directories"),
                "special": field("special"),
                "failure": 0,
                "fullsize": field("bytes"),
            },
            "status": 0,
        },
        "report": result,
    })
}
