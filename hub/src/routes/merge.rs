//! Merging, on the native API and as 0-hub's clients know it.

use axum::Json;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{AppendHeaders, IntoResponse, Response};
use flisthub_flist::wire::{MergeRequest, MergeRule, MergedFlist};

use super::condition::{Conditional, tag_of_row};
use super::extract::{JsonBody, small_body};
use super::openapi::errors::{self, errors};
use super::openapi::params;
use super::{face, native};
use crate::actions::{ActionError, Thing, merge as merging};
use crate::auth::Caller;
use crate::catalog::Condition;
use crate::error::{ApiError, Code};
use crate::state::Hub;

errors! {
    /// What is wrong with the sources, or with what they make together.
    Merging {
        400 BAD_SOURCES, 400 BAD_SOURCE, 400 BAD_IMAGE_CONFIG, 409 NAME_TAKEN, 422 MERGE_CONFLICTS, 422 BAD_MERGE,
    }
}

/// Merges flists and makes the name point at the result.
///
/// The caller must be allowed to read each source and to write the target, which may be one of the sources. A merge
/// that fails changes nothing, and neither does a dry run, which answers what would be.
#[utoipa::path(
    post, path = "/flists/{repository}/{name}/merge", operation_id = "merge", tag = "names",
    params(params::Name, params::Conditions), security(("bearer" = [])),
    request_body(content = MergeRequest, example = json!({
        "sources": ["alice/base", "bob/extra"], "rule": "first-wins",
    })),
    responses(
        (status = 200, description = "The name was there before, or it is a dry run.", body = MergedFlist, headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        (status = 201, description = "The name is new.", body = MergedFlist, headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::JsonBody, errors::Conditional,
        errors::Writes, errors::Objects, Merging,
    ),
)]
pub(super) async fn merge(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    Conditional(condition): Conditional,
    JsonBody(asked): JsonBody<MergeRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let target = (repository.as_str(), name.as_str());
    let (published, merge) = merging::merge(&hub, &caller, target, &asked, condition).await?;
    let created = published.created && !asked.dry_run;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let tag = AppendHeaders([(ETAG, tag_of_row(&published.row))]);
    Ok((status, tag, Json(MergedFlist { flist: native::info(published.row), merge })))
}

/// `POST /api/flist/me/merge/{target}`: `["repository/name.flist", …]` into a name of the caller's own. The
/// first one wins.
pub(super) async fn zero_hub_merge(
    State(hub): State<Hub>,
    caller: Caller,
    Path(target): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let repository = caller.own_repository().map_err(ActionError::from)?.to_owned();
    let body = match small_body(request, &hub).await {
        Ok((_, body)) => body,
        Err(refused) => return Ok(refused),
    };
    let sources = sources(&body)?;
    let asked =
        MergeRequest { sources, rule: MergeRule::FirstWins, image_config: None, dry_run: false };
    let target = (repository.as_str(), target.as_str());
    merging::merge(&hub, &caller, target, &asked, Condition::NONE).await.map_err(as_zero_hub)?;
    Ok(face::success(None::<&()>))
}

fn refused(code: Code, message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, code, message)
}

fn sources(body: &[u8]) -> Result<Vec<String>, ApiError> {
    let sources: Vec<serde_json::Value> = serde_json::from_slice(body)
        .map_err(|_| refused(Code::BAD_REQUEST, "malformed json request"))?;
    if sources.is_empty() {
        return Err(refused(Code::BAD_SOURCES, "no source found"));
    }
    let text = |source| match source {
        serde_json::Value::String(source) => Ok(source),
        _ => Err(refused(Code::BAD_SOURCE, "malformed source filename")),
    };
    sources.into_iter().map(text).collect()
}

/// The messages that 0-hub's clients know.
fn as_zero_hub(error: ActionError) -> ApiError {
    match error {
        ActionError::Invalid { code: code @ Code::BAD_SOURCE, .. } => {
            refused(code, "malformed source filename")
        }
        ActionError::Invalid { code: code @ Code::BAD_NAME, .. } => {
            refused(code, "build name not allowed")
        }
        ActionError::NotFound { what: Thing::Flist, name } => {
            // What else is said of a name stands behind a colon, and a link that dangles behind its target.
            let name = name.split_once(", to which ").map_or(&*name, |(_, link)| link);
            let name = name.strip_suffix(" links").unwrap_or(name);
            let name = name.split(": ").next().unwrap_or(name);
            let message = format!("{name} does not exists");
            ApiError::new(StatusCode::NOT_FOUND, Code::NOT_FOUND, message)
        }
        error => error.into(),
    }
}
