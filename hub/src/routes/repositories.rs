//! Repositories themselves on the native API. What is in them is elsewhere.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use flisthub_flist::wire::{RepositoryChange, RepositoryDetail, RepositoryRequest};

use super::extract::JsonBody;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use crate::actions::repositories::{self, Shown, Wanted};
use crate::auth::{Caller, ParseWordError, Visibility};
use crate::error::{ApiError, Code};
use crate::state::Hub;

errors! {
    /// The name is taken, by whomever, or the caller has made too many.
    Making { 409 NAME_TAKEN, 409 CONFLICT }
    /// Categories that there are not.
    Putting { 400 BAD_METADATA }
}

fn detail(shown: Shown) -> RepositoryDetail {
    RepositoryDetail {
        name: shown.row.name,
        visibility: shown.row.visibility.word().to_owned(),
        level: shown.level.map(|level| level.word().to_owned()),
        official: shown.official,
        updated: shown.row.updated,
        categories: shown.categories,
    }
}

/// A word of the permission table in a body.
pub(super) fn word(error: &ParseWordError) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_REQUEST, error.to_string())
}

fn visibility(text: &str) -> Result<Visibility, ApiError> {
    text.parse().map_err(|error| word(&error))
}

/// Makes a repository, which the caller owns.
///
/// Names of users and repositories are one space: a taken one is refused in the same words whether or not the caller may
/// see what has it.
#[utoipa::path(
    post, path = "/repositories", operation_id = "create_repository", tag = "accounts", security(("bearer" = [])),
    request_body(content = RepositoryRequest, example = json!({"name": "eo-team", "visibility": "private"})),
    responses(
        (status = 201, description = "The repository.", body = RepositoryDetail),
        errors::Caller, errors::Token, errors::Timed, errors::JsonBody, errors::NewName, errors::Writes, Making,
    ),
)]
pub(super) async fn create(
    State(hub): State<Hub>,
    caller: Caller,
    JsonBody(asked): JsonBody<RepositoryRequest>,
) -> Result<(StatusCode, Json<RepositoryDetail>), ApiError> {
    let visibility = asked.visibility.as_deref().map(visibility).transpose()?;
    let made = repositories::create(&hub, &caller, &asked.name, visibility).await?;
    Ok((StatusCode::CREATED, Json(detail(made))))
}

/// What a repository is, and what the caller is in it.
#[utoipa::path(
    get, path = "/repositories/{repository}", operation_id = "get_repository", tag = "accounts",
    params(params::Repository),
    responses(
        (status = 200, description = "The repository.", body = RepositoryDetail, example = json!({
            "name": "eo-team", "visibility": "private", "level": "owner", "official": false, "updated": 1_795_267_311,
            "categories": ["dataset"],
        })),
        errors::Caller, errors::Named, errors::Timed,
    ),
)]
pub(super) async fn get(
    State(hub): State<Hub>,
    caller: Caller,
    Path(repository): Path<String>,
) -> Result<Json<RepositoryDetail>, ApiError> {
    Ok(Json(detail(repositories::get(&hub, &caller, &repository).await?)))
}

/// Says who may read a repository from now on, and in which categories of the STAC catalogue its names are which say
/// none themselves. Takes an owner. Items follow in the background.
#[utoipa::path(
    patch, path = "/repositories/{repository}", operation_id = "change_repository", tag = "accounts",
    params(params::Repository), security(("bearer" = [])),
    request_body(content = RepositoryChange, example = json!({"visibility": "internal", "categories": ["dataset"]})),
    responses(
        (status = 200, description = "The repository, as it is now.", body = RepositoryDetail),
        errors::Caller, errors::Token, errors::Timed, errors::JsonBody, errors::Named, errors::Writes, Putting,
    ),
)]
pub(super) async fn change(
    State(hub): State<Hub>,
    caller: Caller,
    Path(repository): Path<String>,
    JsonBody(asked): JsonBody<RepositoryChange>,
) -> Result<Json<RepositoryDetail>, ApiError> {
    let RepositoryChange { visibility: asked, categories } = asked;
    if asked.is_none() && categories.is_none() {
        let message = "say `visibility`, `categories` or both";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_REQUEST, message));
    }
    let visibility = asked.as_deref().map(visibility).transpose()?;
    let wanted = Wanted { visibility, categories };
    Ok(Json(detail(repositories::change(&hub, &caller, &repository, wanted).await?)))
}
