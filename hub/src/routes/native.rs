//! The native API, `/api/v1`: what `hub-client` speaks.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use flisthub_flist::wire::{
    ChunksStored, FlistInfo, Me, OpenSession, Publish, RepositoryInfo, SessionOpened,
};
use flisthub_storage::wire::{CHUNKS_TYPE, IDS_TYPE};
use futures_util::StreamExt as _;
use futures_util::stream::TryStreamExt as _;

use super::extract::JsonBody;
use super::intake::Paced;
use super::json_stream::array;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use crate::actions::{
    chunks, delete as deletion, lists, publish as publishing, sessions, undelete as undeletion,
};
use crate::auth::Caller;
use crate::catalog::NameRow;
use crate::error::ApiError;
use crate::state::Hub;

type Answer<T> = Result<T, ApiError>;

errors! {
    /// What a publish may find.
    Publishing {
        400 WRONG_SESSION, 400 BAD_ID, 400 BAD_DETAIL, 409 MISSING_OBJECTS, 422 BAD_FLIST,
    }
}

/// A name as the native API shows it.
pub(super) fn info(row: NameRow) -> FlistInfo {
    FlistInfo {
        repository: row.repository,
        name: row.name,
        flist: row.flist.id.to_string(),
        entries: row.flist.entries,
        bytes: row.flist.bytes,
        file_bytes: row.flist.file_bytes,
        updated: row.updated,
    }
}

/// Whose token it is, and the repositories that it may write to.
#[utoipa::path(
    get, path = "/me", operation_id = "get_me", tag = "hub", security(("bearer" = [])),
    responses(
        (status = 200, description = "The user.", body = Me),
        errors::Caller, errors::Token, errors::Timed,
    ),
)]
pub(super) async fn me(State(hub): State<Hub>, caller: Caller) -> Answer<Json<Me>> {
    let (user, repositories) = lists::me(&hub, &caller).await?;
    Ok(Json(Me { user, repositories }))
}

/// Opens an upload session that may publish into a repository.
#[utoipa::path(
    post, path = "/sessions", operation_id = "open_session", tag = "push",
    security(("bearer" = [])), request_body = OpenSession,
    responses(
        (status = 201, description = "The session.", body = SessionOpened),
        errors::Caller, errors::Token, errors::Timed, errors::JsonBody, errors::Named, errors::Writes,
    ),
)]
pub(super) async fn open_session(
    State(hub): State<Hub>,
    caller: Caller,
    JsonBody(asked): JsonBody<OpenSession>,
) -> Answer<(StatusCode, Json<SessionOpened>)> {
    let session = sessions::open(&hub, &caller, &asked.repository).await?;
    let opened = SessionOpened {
        session: session.id.to_string(),
        expires: session.expires,
        profile: hub.config.store.profile.name().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(opened)))
}

pub(super) async fn close_session(
    State(hub): State<Hub>,
    caller: Caller,
    Path(session): Path<String>,
) -> Answer<StatusCode> {
    sessions::close(&hub, &caller, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn missing(
    State(hub): State<Hub>,
    caller: Caller,
    Path(session): Path<String>,
    body: Bytes,
) -> Answer<Response> {
    let missing = chunks::missing(&hub, &caller, &session, &body).await?;
    Ok(([(CONTENT_TYPE, IDS_TYPE)], missing).into_response())
}

pub(super) async fn put_chunks(
    State(hub): State<Hub>,
    caller: Caller,
    Path(session): Path<String>,
    body: Body,
) -> Answer<Json<ChunksStored>> {
    let body = Paced::new(body, &hub.config.limits);
    let report = chunks::put(&hub, &caller, &session, body).await?;
    let flisthub_storage::PutReport { new, known, new_bytes, stored_bytes } = report;
    Ok(Json(ChunksStored { new, known, new_bytes, stored_bytes }))
}

pub(super) async fn get_chunks(
    State(hub): State<Hub>,
    caller: Caller,
    Path(repository): Path<String>,
    body: Bytes,
) -> Answer<Response> {
    let records = chunks::get(&hub, &caller, &repository, &body).await?;
    Ok(([(CONTENT_TYPE, CHUNKS_TYPE)], Body::from_stream(records)).into_response())
}

/// Makes a name point at a flist whose objects were all sent or known before. Everything is looked up and added up
/// again first. Ends the upload session.
#[utoipa::path(
    put, path = "/flists/{repository}/{name}", operation_id = "publish", tag = "push",
    params(params::Name), security(("bearer" = [])), request_body = Publish,
    responses(
        (status = 200, description = "The name pointed elsewhere before.", body = FlistInfo),
        (status = 201, description = "The name is new.", body = FlistInfo),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::JsonBody,
        errors::Session, errors::Writes, errors::Objects, Publishing,
    ),
)]
pub(super) async fn publish(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    JsonBody(asked): JsonBody<Publish>,
) -> Answer<(StatusCode, Json<FlistInfo>)> {
    let target = (repository.as_str(), name.as_str());
    let published = publishing::pushed(&hub, &caller, target, asked).await?;
    let status = if published.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(info(published.row))))
}

/// What a name points at. Links are followed.
#[utoipa::path(
    get, path = "/flists/{repository}/{name}", operation_id = "get_flist", tag = "names",
    params(params::Name),
    responses(
        (status = 200, description = "The name and its flist.", body = FlistInfo),
        errors::Caller, errors::Named,
    ),
)]
pub(super) async fn flist(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
) -> Answer<Json<FlistInfo>> {
    Ok(Json(info(lists::flist(&hub, &caller, &repository, &name).await?)))
}

/// Deletes a name. What it pointed at stays for the time of grace.
#[utoipa::path(
    delete, path = "/flists/{repository}/{name}", operation_id = "delete_name", tag = "names",
    params(params::Name), security(("bearer" = [])),
    responses(
        (status = 204, description = "It is gone."),
        errors::Caller, errors::Token, errors::Named, errors::Writes,
    ),
)]
pub(super) async fn delete(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
) -> Answer<StatusCode> {
    deletion::name(&hub, &caller, &repository, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn undelete(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
) -> Answer<(StatusCode, Json<FlistInfo>)> {
    let published = undeletion::name(&hub, &caller, &repository, &name).await?;
    Ok((StatusCode::CREATED, Json(info(published.row))))
}

pub(super) async fn repositories(State(hub): State<Hub>) -> Answer<Json<Vec<RepositoryInfo>>> {
    let listed = lists::repositories(&hub).await?.into_iter().map(|repository| RepositoryInfo {
        name: repository.row.name,
        official: repository.official,
        updated: repository.row.updated,
    });
    Ok(Json(listed.collect()))
}

pub(super) async fn flists(
    State(hub): State<Hub>,
    caller: Caller,
    Path(repository): Path<String>,
) -> Answer<Response> {
    let names = lists::names(&hub, &caller, &repository).await?;
    let body = Body::from_stream(array(names.map_ok(info)).boxed());
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}
