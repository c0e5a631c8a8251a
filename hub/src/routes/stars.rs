//! Stars on the native API.

use axum::Json;
use axum::extract::{Path, State};
use flisthub_flist::wire::StarInfo;

use super::openapi::errors;
use super::openapi::params;
use crate::actions::stars::{self, Stars};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::Hub;

fn info(Stars { stars, starred }: Stars) -> Json<StarInfo> {
    Json(StarInfo { stars, starred })
}

/// Stars a name, so that the caller finds it again by `:starred`. Takes the right to read it. Again is as good as once.
#[utoipa::path(
    put, path = "/flists/{repository}/{name}/star", operation_id = "star", tag = "names",
    params(params::Name), security(("bearer" = [])),
    responses(
        (status = 200, description = "Its stars.", body = StarInfo, example = json!({"stars": 3, "starred": true})),
        errors::Caller, errors::Token, errors::Timed, errors::Named, errors::Writes,
    ),
)]
pub(super) async fn star(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
) -> Result<Json<StarInfo>, ApiError> {
    Ok(info(stars::set(&hub, &caller, (&repository, &name), true).await?))
}

/// Takes the caller's star from a name, if there is one.
#[utoipa::path(
    delete, path = "/flists/{repository}/{name}/star", operation_id = "unstar", tag = "names",
    params(params::Name), security(("bearer" = [])),
    responses(
        (status = 200, description = "Its stars.", body = StarInfo, example = json!({"stars": 2, "starred": false})),
        errors::Caller, errors::Token, errors::Timed, errors::Named, errors::Writes,
    ),
)]
pub(super) async fn unstar(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
) -> Result<Json<StarInfo>, ApiError> {
    Ok(info(stars::set(&hub, &caller, (&repository, &name), false).await?))
}
