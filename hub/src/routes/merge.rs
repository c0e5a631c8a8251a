//! Merging, on the native API and as 0-hub's clients know it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use flisthub_flist::wire::{MergeRequest, MergeRule, MergedFlist};

use super::{face, native};
use crate::actions::{ActionError, Thing, merge as merging};
use crate::auth::Caller;
use crate::error::{ApiError, Code};
use crate::state::Hub;

/// `POST /api/v1/flists/{repository}/{name}/merge`: merges flists into that name.
pub(super) async fn merge(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    Json(asked): Json<MergeRequest>,
) -> Result<(StatusCode, Json<MergedFlist>), ApiError> {
    let target = (repository.as_str(), name.as_str());
    let (published, merge) = merging::merge(&hub, &caller, target, &asked).await?;
    let status = if published.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(MergedFlist { flist: native::info(published.row), merge })))
}

/// `POST /api/flist/me/merge/{target}`: `["repository/name.flist", …]` into a name of the caller's own. The
/// first one wins.
pub(super) async fn zero_hub_merge(
    State(hub): State<Hub>,
    caller: Caller,
    Path(target): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let repository = caller.user().map_err(ActionError::from)?.name.clone();
    let sources = sources(&body)?;
    let asked = MergeRequest { sources, rule: MergeRule::FirstWins, image_config: None };
    let target = (repository.as_str(), target.as_str());
    merging::merge(&hub, &caller, target, &asked).await.map_err(as_zero_hub)?;
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
            let message = format!("{name} does not exists");
            ApiError::new(StatusCode::NOT_FOUND, Code::NOT_FOUND, message)
        }
        error => error.into(),
    }
}
