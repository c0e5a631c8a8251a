//! The members of repositories on the native API.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use flisthub_flist::wire::{MemberInfo, MemberList, MemberRequest};

use super::extract::JsonBody;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use super::repositories::word;
use crate::actions::members;
use crate::auth::Caller;
use crate::catalog::RepositoryMember;
use crate::error::ApiError;
use crate::state::Hub;

errors! {
    /// The last owner stays.
    LastOwner { 409 CONFLICT }
}

fn info(member: RepositoryMember) -> MemberInfo {
    MemberInfo { user: member.user, level: member.level.word().to_owned(), added: member.added }
}

/// The members of a repository, by name. Takes an owner.
#[utoipa::path(
    get, path = "/repositories/{repository}/members", operation_id = "list_members", tag = "accounts",
    params(params::Repository), security(("bearer" = [])),
    responses(
        (status = 200, description = "The members.", body = MemberList, example = json!({
            "members": [{"user": "alice", "level": "owner", "added": 1_795_267_311}],
        })),
        errors::Caller, errors::Token, errors::Timed, errors::Named, errors::Refusing,
    ),
)]
pub(super) async fn list(
    State(hub): State<Hub>,
    caller: Caller,
    Path(repository): Path<String>,
) -> Result<Json<MemberList>, ApiError> {
    let members = members::list(&hub, &caller, &repository).await?;
    Ok(Json(MemberList { members: members.into_iter().map(info).collect() }))
}

/// Makes a user a member, or changes what a member may do. Takes an owner; one always stays.
#[utoipa::path(
    put, path = "/repositories/{repository}/members/{user}", operation_id = "set_repository_member",
    tag = "accounts", params(params::RepositoryMember), security(("bearer" = [])),
    request_body(content = MemberRequest, example = json!({"level": "contributor"})),
    responses(
        (status = 200, description = "The member, as it is now.", body = MemberInfo),
        errors::Caller, errors::Token, errors::Timed, errors::JsonBody, errors::Named, errors::Writes, LastOwner,
    ),
)]
pub(super) async fn set(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, user)): Path<(String, String)>,
    JsonBody(asked): JsonBody<MemberRequest>,
) -> Result<Json<MemberInfo>, ApiError> {
    let level = asked.level.parse().map_err(|error| word(&error))?;
    Ok(Json(info(members::set(&hub, &caller, (&repository, &user), level).await?)))
}

/// Removes a member, at once. Takes an owner, or the member itself; the last owner stays.
#[utoipa::path(
    delete, path = "/repositories/{repository}/members/{user}", operation_id = "remove_repository_member",
    tag = "accounts", params(params::RepositoryMember), security(("bearer" = [])),
    responses(
        (status = 204, description = "It is a member no more."),
        errors::Caller, errors::Token, errors::Timed, errors::Named, errors::Writes, LastOwner,
    ),
)]
pub(super) async fn remove(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, user)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    members::remove(&hub, &caller, &repository, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}
