//! The native API, `/api/v1`: what `hub-client` speaks.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName};
use axum::response::{AppendHeaders, IntoResponse, Response};
use flisthub_flist::wire::{
    ChunksStored, FlistInfo, Me, NamePage, OpenSession, Publish, RepositoryInfo, RepositoryPage,
    SessionOpened,
};
use flisthub_storage::wire::{CHUNKS_TYPE, IDS_TYPE};

use super::condition::{Conditional, tag_of_row};
use super::extract::JsonBody;
use super::intake::Paced;
use super::names::name_info;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use super::page::{Page, PageQuery};
use crate::actions::{
    ActionError, chunks, delete as deletion, lists, me, publish as publishing, sessions,
};
use crate::auth::Caller;
use crate::catalog::NameRow;
use crate::error::ApiError;
use crate::state::Hub;

type Answer<T> = Result<T, ApiError>;

errors! {
    /// A path that is no text.
    Undecoded { 400 BAD_REQUEST }
    /// A list of ids.
    Ids { 400 BAD_IDS, 400 BAD_REQUEST, 413 TOO_LARGE }
    /// Chunk records.
    Records { 400 BAD_CHUNK }
    /// Chunks that are not there.
    AbsentChunks { 404 MISSING_OBJECTS }
    /// What a publish may find.
    Publishing {
        400 WRONG_SESSION, 400 BAD_ID, 400 BAD_DETAIL, 400 BAD_METADATA, 409 MISSING_OBJECTS, 409 NAME_TAKEN,
        422 BAD_FLIST,
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
        updated: row.updated,
        revision: row.revision,
        link: row.link.map(|link| link.target.to_string()),
        item: None,
    }
}

/// Whose token it is, the repositories that it may write to, and what else it is worth.
#[utoipa::path(
    get, path = "/me", operation_id = "get_me", tag = "hub", security(("bearer" = [])),
    responses(
        (status = 200, description = "The user.", body = Me),
        errors::Caller, errors::Token, errors::Timed,
    ),
)]
pub(super) async fn me(State(hub): State<Hub>, caller: Caller) -> Answer<Json<Me>> {
    Ok(Json(me::me(&hub, &caller).await?))
}

/// Opens an upload session that may publish into a repository.
#[utoipa::path(
    post, path = "/sessions", operation_id = "open_session", tag = "push",
    security(("bearer" = [])), 
    request_body(content = OpenSession, example = json!({"repository": "alice"})),
    responses(
        (status = 201, description = "The session.", body = SessionOpened, example = json!({
            "session": "9f86d081884c7d659a2feaa0c55ad015", "expires": 1_795_353_711,
            "profile": "fastcdc-2020/64k-256k-1024k",
        })),
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

/// Closes an upload session.
///
/// What was sent and not published is space for a later sweep.
#[utoipa::path(
    delete, path = "/sessions/{session}", operation_id = "close_session", tag = "push",
    params(params::Session), security(("bearer" = [])),
    responses(
        (status = 204, description = "It is closed."),
        errors::Caller, errors::Token, errors::Timed, errors::Session, errors::Writes, Undecoded,
    ),
)]
pub(super) async fn close_session(
    State(hub): State<Hub>,
    caller: Caller,
    Path(session): Path<String>,
) -> Answer<StatusCode> {
    sessions::close(&hub, &caller, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which of some objects the hub does not have.
///
/// Ids are 32 bytes each, at most 131,072 of them; the answer is in the order asked.
#[utoipa::path(
    post, path = "/sessions/{session}/missing", operation_id = "list_missing", tag = "push",
    params(params::Session), security(("bearer" = [])),
    request_body(content = Vec<u8>, content_type = "application/vnd.flisthub.ids"),
    responses(
        (status = 200, description = "Ids.", body = Vec<u8>, content_type = "application/vnd.flisthub.ids"),
        errors::Caller, errors::Token, errors::Timed, errors::Session, errors::Writes, Ids, Undecoded,
    ),
)]
pub(super) async fn missing(
    State(hub): State<Hub>,
    caller: Caller,
    Path(session): Path<String>,
    body: Bytes,
) -> Answer<Response> {
    let missing = chunks::missing(&hub, &caller, &session, &body).await?;
    Ok(([(CONTENT_TYPE, IDS_TYPE)], missing).into_response())
}

/// Sends chunk records.
///
/// Each is decoded and hashed. At a bad record the request ends with 400; the good ones before it stay stored.
#[utoipa::path(
    post, path = "/sessions/{session}/chunks", operation_id = "send_chunks", tag = "push",
    params(params::Session), security(("bearer" = [])),
    request_body(content = Vec<u8>, content_type = "application/vnd.flisthub.chunks"),
    responses(
        (status = 200, description = "What was stored.", body = ChunksStored),
        errors::Caller, errors::Token, errors::Session, errors::Streamed, errors::Writes, Records, Undecoded,
    ),
)]
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

/// Chunks by their ids.
///
/// Ids are 32 bytes each, at most 4,096 of them; the records are in the order asked. If any is absent, nothing is sent
/// but the list of all that are.
#[utoipa::path(
    post, path = "/repositories/{repository}/chunks", operation_id = "get_chunks", tag = "contents",
    params(params::Repository),
    request_body(content = Vec<u8>, content_type = "application/vnd.flisthub.ids"),
    responses(
        (status = 200, description = "Chunk records.", body = Vec<u8>,
         content_type = "application/vnd.flisthub.chunks"),
        errors::Caller, errors::Named, errors::Timed, errors::Objects, Ids, AbsentChunks,
    ),
)]
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
    params(params::Name, params::Conditions), security(("bearer" = [])), 
    request_body(content = Publish, example = json!({
        "session": "9f86d081884c7d659a2feaa0c55ad015",
        "flist": "53491a5918f05e4f8bfec34a9504d3127dd94aa8e230e551d025f5fbc1c8be71",
    })),
    responses(
        (status = 200, description = "The name pointed elsewhere before.", body = FlistInfo,
         headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        (status = 201, description = "The name is new.", body = FlistInfo,
         headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        errors::Caller, errors::Conditional, errors::Token, errors::Named, errors::NewName, errors::JsonBody,
        errors::Session, errors::Writes, errors::Objects, Publishing,
    ),
)]
pub(super) async fn publish(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    Conditional(condition): Conditional,
    JsonBody(asked): JsonBody<Publish>,
) -> Answer<(StatusCode, AppendHeaders<[(HeaderName, String); 1]>, Json<FlistInfo>)> {
    let target = (repository.as_str(), name.as_str());
    let published = publishing::pushed(&hub, &caller, target, asked, condition).await?;
    let status = if published.created { StatusCode::CREATED } else { StatusCode::OK };
    let tag = AppendHeaders([(ETAG, tag_of_row(&published.row))]);
    Ok((status, tag, Json(FlistInfo { item: published.item, ..info(published.row) })))
}

/// What a name points at. Links are followed.
#[utoipa::path(
    get, path = "/flists/{repository}/{name}", operation_id = "get_flist", tag = "names",
    params(params::Name),
    responses(
        (status = 200, description = "The name and its flist.", body = FlistInfo,
         headers(("ETag" = String, description = "The name's revision, for `If-Match`.")), example = json!({
            "repository": "alice", "name": "base", "entries": 7_812, "bytes": 164_000_000,
            "flist": "53491a5918f05e4f8bfec34a9504d3127dd94aa8e230e551d025f5fbc1c8be71",
            "updated": 1_795_267_311, "revision": 4,
        })),
        errors::Caller, errors::Named,
    ),
)]
pub(super) async fn flist(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
) -> Answer<(AppendHeaders<[(HeaderName, String); 1]>, Json<FlistInfo>)> {
    let row = lists::flist(&hub, &caller, &repository, &name).await?;
    Ok((AppendHeaders([(ETAG, tag_of_row(&row))]), Json(info(row))))
}

/// Deletes a name. What it pointed at stays for the time of grace.
#[utoipa::path(
    delete, path = "/flists/{repository}/{name}", operation_id = "delete_name", tag = "names",
    params(params::Name, params::Conditions), security(("bearer" = [])),
    responses(
        (status = 204, description = "It is gone."),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::Conditional,
        errors::Writes,
    ),
)]
pub(super) async fn delete(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    Conditional(condition): Conditional,
) -> Answer<StatusCode> {
    deletion::name(&hub, &caller, &repository, &name, &condition).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The repositories, by name.
#[utoipa::path(
    get, path = "/repositories", operation_id = "list_repositories", tag = "names",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of them.", body = RepositoryPage,
         headers(("Link" = Option<String>, description = "The next page, `rel=\"next\"`.")), example = json!({
            "repositories": [{"name": "alice", "official": true, "updated": 1_795_267_311}],
            "next": "alice",
        })),
        errors::Caller, errors::Timed, errors::Paged,
    ),
)]
pub(super) async fn repositories(
    State(hub): State<Hub>,
    caller: Caller,
    asked: Page,
) -> Answer<Response> {
    let mut listed =
        lists::repositories_after(&hub, &caller, asked.name()?, asked.one_more()).await?;
    let next = asked.next(&mut listed, |last| last.row.name.clone());
    let repositories = listed.into_iter().map(|repository| RepositoryInfo {
        name: repository.row.name,
        official: repository.official,
        updated: repository.row.updated,
    });
    let page = RepositoryPage { repositories: repositories.collect(), next };
    Ok(asked.answer(&page, page.next.as_deref()))
}

/// The names of a repository, as they are: no link is followed.
#[utoipa::path(
    get, path = "/flists/{repository}", operation_id = "list_names", tag = "names",
    params(params::Repository, PageQuery),
    responses(
        (status = 200, description = "A page of them, in order.", body = NamePage,
         headers(("Link" = Option<String>, description = "The next page, `rel=\"next\"`.")), example = json!({
            "names": [{
                "repository": "alice", "name": "latest", "kind": "link", "updated": 1_795_267_311,
                "revision": 1, "target": "bob/base",
            }],
            "next": null,
        })),
        errors::Caller, errors::Named, errors::Timed, errors::Paged,
    ),
)]
pub(super) async fn flists(
    State(hub): State<Hub>,
    caller: Caller,
    Path(repository): Path<String>,
    asked: Page,
) -> Answer<Response> {
    let (after, limit) = (asked.name()?, asked.one_more());
    let listed = lists::page(&hub, &caller, &repository, after, limit).await?;
    let more = listed.names.len() > asked.most();
    let names = listed.names.get(..asked.most()).unwrap_or(&listed.names);
    let next = names.last().filter(|_| more).map(|last| last.name.clone());
    if let Some(shown) = listed.shown.get() {
        return Ok(asked.shown(shown.clone(), next.as_deref()));
    }
    let names = names.iter().cloned().map(name_info).collect();
    let page = NamePage { names, next: next.clone() };
    let shown = Bytes::from(serde_json::to_vec(&page).map_err(ActionError::internal)?);
    Ok(asked.shown(listed.shown.get_or_init(|| shown).clone(), next.as_deref()))
}
