//! Tags on the native API.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{AppendHeaders, IntoResponse};
use flisthub_flist::wire::{LinkRequest, TagInfo, TagMember};

use super::condition::Conditional;
use super::extract::JsonBody;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use crate::actions::tags::{self, Tag};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::Hub;

fn answer(tag: Tag) -> impl IntoResponse {
    let etag = AppendHeaders([(ETAG, format!("\"{}\"", tag.revision))]);
    let members = tag.members.into_iter().map(|member| TagMember {
        name: member.name,
        target: member.target.to_string(),
        linked: member.linked,
        flist: member.flist.map(|row| row.flist.id.to_string()),
    });
    let info = TagInfo {
        members: members.collect(),
        repository: tag.repository,
        name: tag.name,
        updated: tag.updated,
        revision: tag.revision,
    };
    (etag, Json(info))
}

errors! {
    /// What is wrong with a member's target, or with the tag's name.
    Tagging { 400 BAD_TARGET, 409 NAME_TAKEN, 409 CIRCULAR_LINK }
}

/// A tag and its members.
#[utoipa::path(
    get, path = "/tags/{repository}/{tag}", operation_id = "get_tag", tag = "names",
    params(params::Tag),
    responses(
        (status = 200, description = "The tag.", body = TagInfo, headers(("ETag" = String, description = "The name's revision, for `If-Match`.")), example = json!({
            "repository": "alice", "name": "v1", "updated": 1_795_267_311, "revision": 2,
            "members": [{"name": "base", "target": "bob/base", "linked": 1_795_267_311}],
        })),
        errors::Caller, errors::Named,
    ),
)]
pub(super) async fn tag(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, tag)): Path<(String, String)>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(answer(tags::tag(&hub, &caller, &repository, &tag).await?))
}

/// Makes a member of a tag point at a name.
///
/// Makes the tag if it is not there.
#[utoipa::path(
    put, path = "/tags/{repository}/{tag}/{member}", operation_id = "put_member", tag = "names",
    params(params::Member, params::Conditions), security(("bearer" = [])),
    request_body(content = LinkRequest, example = json!({"target": "bob/base"})),
    responses(
        (status = 200, description = "The member was there before, or it is a dry run.", body = TagInfo, headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        (status = 201, description = "The member is new.", body = TagInfo, headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::JsonBody, errors::Conditional, errors::Writes, Tagging,
    ),
)]
pub(super) async fn put(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, tag, member)): Path<(String, String, String)>,
    Conditional(condition): Conditional,
    JsonBody(asked): JsonBody<LinkRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let LinkRequest { target, dry_run } = asked;
    let name = (repository.as_str(), tag.as_str(), member.as_str());
    let done = tags::put(&hub, &caller, name, &target, &condition, dry_run).await?;
    let status = if done.created && !dry_run { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, answer(done.value)))
}

/// Removes a member of a tag, and with the last one the tag.
#[utoipa::path(
    delete, path = "/tags/{repository}/{tag}/{member}", operation_id = "remove_member", tag = "names",
    params(params::Member, params::Conditions), security(("bearer" = [])),
    responses(
        (status = 204, description = "It is gone."),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::Conditional, errors::Writes,
    ),
)]
pub(super) async fn remove(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, tag, member)): Path<(String, String, String)>,
    Conditional(condition): Conditional,
) -> Result<StatusCode, ApiError> {
    let name = (repository.as_str(), tag.as_str(), member.as_str());
    tags::remove(&hub, &caller, name, &condition).await?;
    Ok(StatusCode::NO_CONTENT)
}
