//! Names on the native API beyond publishing: links, promotion, renaming, history and going back in it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{AppendHeaders, IntoResponse, Response};
use flisthub_flist::wire::{
    FlistInfo, HistoryEntry, HistoryPage, LinkRequest, NameInfo, NameKind, PromoteRequest,
    RenameRequest, RollbackRequest,
};

use super::condition::{Conditional, tag, tag_of_row};
use super::extract::JsonBody;
use super::native;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use super::page::{Page, PageQuery, bad_page};
use crate::actions::{
    Outcome, history, links, promote as promoting, rename as renaming, rollback as going_back,
    undelete as undeletion,
};
use crate::auth::Caller;
use crate::catalog::{HistoryRow, Kind, Named, Pointed};
use crate::error::ApiError;
use crate::state::Hub;

fn kind(kind: Kind) -> NameKind {
    match kind {
        Kind::Flist => NameKind::Flist,
        Kind::Link => NameKind::Link,
        Kind::Tag => NameKind::Tag,
        Kind::TagLink => NameKind::TagLink,
    }
}

/// A name as it is, as the native API shows it.
pub(super) fn name_info(named: Named) -> NameInfo {
    let flist = match &named.points_at {
        Pointed::Flist(flist) => Some(*flist),
        _ => None,
    };
    NameInfo {
        kind: kind(named.points_at.kind()),
        target: named.points_at.target().map(ToString::to_string),
        repository: named.repository,
        name: named.name,
        updated: named.updated,
        revision: named.revision,
        flist: flist.map(|flist| flist.id.to_string()),
        entries: flist.map(|flist| flist.entries),
        bytes: flist.map(|flist| flist.bytes),
    }
}

fn status(created: bool) -> StatusCode {
    if created { StatusCode::CREATED } else { StatusCode::OK }
}

fn changed(outcome: Outcome<Named>, dry_run: bool) -> impl IntoResponse {
    let Outcome { value, created, .. } = outcome;
    let tag = AppendHeaders([(ETAG, tag(&value))]);
    (status(created && !dry_run), tag, Json(name_info(value)))
}

errors! {
    /// What is wrong with where a promotion is from.
    Promoting { 400 BAD_SOURCE, 409 NAME_TAKEN, 409 CIRCULAR_LINK }
    /// What is wrong with a link's target, or with what it would make.
    Linking { 400 BAD_TARGET, 409 NAME_TAKEN, 409 CIRCULAR_LINK }
    /// The other name is there.
    Renaming { 409 NAME_TAKEN }
    /// A revision that cannot be gone back to.
    GoingBack { 400 BAD_REVISION, 409 NAME_TAKEN, 409 CIRCULAR_LINK, 410 SWEPT }
    /// A name that cannot come back.
    Undeleting { 400 BAD_REVISION, 409 CONFLICT, 409 NAME_TAKEN, 409 CIRCULAR_LINK, 410 SWEPT }
}

/// Makes a name point at what another name points at now.
///
/// Nothing is copied but the reference, and nothing changes if it points there already. The caller must be allowed to
/// read the other name.
#[utoipa::path(
    post, path = "/flists/{repository}/{name}/promote", operation_id = "promote", tag = "names",
    params(params::Name, params::Conditions), security(("bearer" = [])),
    request_body(content = PromoteRequest, example = json!({"from": "bob/base"})),
    responses(
        (status = 200, description = "The name pointed elsewhere before, or it is a dry run.", body = FlistInfo, headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        (status = 201, description = "The name is new.", body = FlistInfo, headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::JsonBody, errors::Conditional, errors::Writes, Promoting,
    ),
)]
pub(super) async fn promote(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    Conditional(condition): Conditional,
    JsonBody(asked): JsonBody<PromoteRequest>,
) -> Result<
    (StatusCode, AppendHeaders<[(axum::http::HeaderName, String); 1]>, Json<FlistInfo>),
    ApiError,
> {
    let PromoteRequest { from, dry_run } = asked;
    let target = (repository.as_str(), name.as_str());
    let done = promoting::promote(&hub, &caller, target, &from, &condition, dry_run).await?;
    let tag = AppendHeaders([(ETAG, tag_of_row(&done.value))]);
    Ok((status(done.created && !dry_run), tag, Json(native::info(done.value))))
}

/// Makes a name a link to another name.
///
/// Links are by name, as symbolic links are: they lead to whatever the other name points at when they are followed. A
/// tag as target makes a `tag-link`. At most 8 links may follow one another, and none may lead back to itself.
#[utoipa::path(
    put, path = "/flists/{repository}/{name}/link", operation_id = "link", tag = "names",
    params(params::Name, params::Conditions), security(("bearer" = [])),
    request_body(content = LinkRequest, example = json!({"target": "bob/base"})),
    responses(
        (status = 200, description = "The link was there before, or it is a dry run.", body = NameInfo, headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        (status = 201, description = "The name is new.", body = NameInfo, headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::JsonBody, errors::Conditional, errors::Writes, Linking,
    ),
)]
pub(super) async fn link(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    Conditional(condition): Conditional,
    JsonBody(asked): JsonBody<LinkRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let LinkRequest { target, dry_run } = asked;
    let name = (repository.as_str(), name.as_str());
    let done = links::link(&hub, &caller, name, &target, &condition, dry_run).await?;
    Ok(changed(done, dry_run))
}

/// Gives a name another name in its repository. Its history moves along.
#[utoipa::path(
    post, path = "/flists/{repository}/{name}/rename", operation_id = "rename", tag = "names",
    params(params::Name, params::Conditions), security(("bearer" = [])),
    request_body(content = RenameRequest, example = json!({"to": "base-2026"})),
    responses(
        (status = 200, description = "The name as it is now.", body = NameInfo, headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::JsonBody, errors::Conditional, errors::Writes, Renaming,
    ),
)]
pub(super) async fn rename(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    Conditional(condition): Conditional,
    JsonBody(asked): JsonBody<RenameRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let RenameRequest { to, dry_run } = asked;
    let name = (repository.as_str(), name.as_str());
    let done = renaming::rename(&hub, &caller, name, &to, &condition, dry_run).await?;
    Ok(changed(Outcome { created: false, ..done }, dry_run))
}

/// Makes a name what it was at an earlier revision.
///
/// This is a new change, with a revision of its own.
#[utoipa::path(
    post, path = "/flists/{repository}/{name}/rollback", operation_id = "rollback", tag = "names",
    params(params::Name, params::Conditions), security(("bearer" = [])),
    request_body(content = RollbackRequest, example = json!({"revision": 3})),
    responses(
        (status = 200, description = "The name as it is now.", body = NameInfo, headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::JsonBody, errors::Conditional, errors::Writes, GoingBack,
    ),
)]
pub(super) async fn rollback(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    Conditional(condition): Conditional,
    JsonBody(asked): JsonBody<RollbackRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let RollbackRequest { revision, dry_run } = asked;
    let name = (repository.as_str(), name.as_str());
    let done = going_back::rollback(&hub, &caller, name, revision, &condition, dry_run).await?;
    Ok(changed(Outcome { created: false, ..done }, dry_run))
}

/// Brings a deleted name back, as it was when it was last deleted.
#[utoipa::path(
    post, path = "/flists/{repository}/{name}/undelete", operation_id = "undelete", tag = "names",
    params(params::Name), security(("bearer" = [])),
    responses(
        (status = 201, description = "The name is back.", body = NameInfo, headers(("ETag" = String, description = "The name's revision, for `If-Match`."))),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::Writes,
        errors::Conditional, Undeleting,
    ),
)]
pub(super) async fn undelete(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    Conditional(condition): Conditional,
) -> Result<impl IntoResponse, ApiError> {
    let done = undeletion::name(&hub, &caller, &repository, &name, &condition).await?;
    Ok(changed(done, false))
}

/// The changes of a name, newest first. They outlive the name.
#[utoipa::path(
    get, path = "/flists/{repository}/{name}/history", operation_id = "list_history", tag = "names",
    params(params::Name, PageQuery),
    responses(
        (status = 200, description = "A page of them.", body = HistoryPage, headers(("Link" = Option<String>, description = "The next page, `rel=\"next\"`.")), example = json!({
            "entries": [{
                "revision": 4, "kind": "flist", "user": "alice", "source": "promote", "at": 1_795_267_311,
                "flist": "53491a5918f05e4f8bfec34a9504d3127dd94aa8e230e551d025f5fbc1c8be71",
                "detail": "ci/base@53491a5918f05e4f8bfec34a9504d3127dd94aa8e230e551d025f5fbc1c8be71",
            }],
            "next": "4",
        })),
        errors::Caller, errors::Named, errors::Paged,
    ),
)]
pub(super) async fn log(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    asked: Page,
) -> Result<Response, ApiError> {
    let before = asked.cursor.as_deref().map(|cursor| {
        let revision = cursor.parse::<u64>().ok().filter(|revision| *revision > 0);
        revision.ok_or_else(|| bad_page("cursor must be what the page before gave as next"))
    });
    let name = (repository.as_str(), name.as_str());
    let most = asked.one_more();
    let mut rows = history::page(&hub, &caller, name, before.transpose()?, most).await?;
    let next = asked.next(&mut rows, |last| last.revision.to_string());
    let page = HistoryPage { entries: rows.into_iter().map(entry).collect(), next };
    Ok(asked.answer(&page, page.next.as_deref()))
}

fn entry(row: HistoryRow) -> HistoryEntry {
    HistoryEntry {
        revision: row.revision,
        kind: row.kind.map(kind),
        flist: row.flist.map(|id| id.to_string()),
        target: row.target.map(|target| target.to_string()),
        user: row.user,
        source: row.source.word().to_owned(),
        detail: row.detail,
        at: row.happened,
    }
}
