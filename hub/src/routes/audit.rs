//! The log of changes on the native API.

use axum::extract::{OriginalUri, Path, State};
use axum::response::Response;
use flisthub_flist::wire::{AuditEntry, AuditPage};
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::QueryOf;
use super::openapi::errors;
use super::openapi::params;
use super::page::{Page, PageQuery, bad_page};
use crate::actions::audit::{self, Asked};
use crate::auth::Caller;
use crate::catalog::AuditRow;
use crate::error::ApiError;
use crate::state::Hub;

/// The lists whose cursors are good for each other: a row has one number in all of them.
const CURSORS: &str = "audit";

/// Which changes are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// Those that this user made.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "alice")]
    user: Option<String>,
    /// Those that were made in this repository.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "alice")]
    repository: Option<String>,
    /// Those of this action.
    #[param(example = "token-create")]
    action: Option<String>,
    /// The most items of the page; 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// A change as JSON.
pub(crate) fn entry(row: AuditRow) -> AuditEntry {
    AuditEntry {
        at: row.happened,
        actor: row.actor.name,
        credential: row.actor.credential,
        address: row.actor.address,
        request: row.actor.request,
        action: row.action,
        subject: row.subject,
        detail: row.detail,
    }
}

/// The change that a page begins before, and how many to look for.
fn place(hub: &Hub, asked: &Page) -> Result<(Option<u64>, u32), ApiError> {
    let before = asked.cursor.as_deref().map(|cursor| {
        let number = hub.cursors.open(CURSORS, cursor);
        number.ok_or_else(|| bad_page("cursor must be what the page before gave as next"))
    });
    Ok((before.transpose()?, asked.one_more()))
}

fn answer(hub: &Hub, asked: &Page, mut rows: Vec<AuditRow>) -> Response {
    let next = asked.next(&mut rows, |last| hub.cursors.seal(CURSORS, last.id));
    let page = AuditPage { entries: rows.into_iter().map(entry).collect(), next };
    asked.answer(&page, page.next.as_deref())
}

/// Every change that was made, newest first: for admins.
#[utoipa::path(
    get, path = "/audit", operation_id = "list_audit", tag = "accounts", security(("bearer" = [])),
    params(AuditQuery),
    responses(
        (status = 200, description = "A page of them.", body = AuditPage,
         headers(("Link" = Option<String>, description = "The next page, `rel=\"next\"`.")), example = json!({
            "entries": [{
                "at": 1_795_267_311, "actor": "alice", "credential": "token 4093417529012845123",
                "address": "192.0.2.7", "request": "0d4c8b5f2a917e36", "action": "publish", "subject": "alice/base",
                "detail": null,
            }],
            "next": "5be0cd19137e2179a54ff53a5f1d36f1",
        })),
        errors::Caller, errors::Token, errors::Timed, errors::Paged, errors::Named,
    ),
)]
pub(super) async fn list(
    State(hub): State<Hub>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    QueryOf(query): QueryOf<AuditQuery>,
) -> Result<Response, ApiError> {
    caller.user()?;
    let AuditQuery { user, repository, action, limit, cursor } = query;
    let asked = Page::of(uri, limit, cursor)?;
    let wanted = Asked { user, repository, action };
    let rows = audit::all(&hub, &caller, &wanted, place(&hub, &asked)?).await?;
    Ok(answer(&hub, &asked, rows))
}

/// The changes of a repository and of its names, newest first. Takes an owner.
#[utoipa::path(
    get, path = "/repositories/{repository}/audit", operation_id = "list_repository_audit", tag = "accounts",
    params(params::Repository, PageQuery), security(("bearer" = [])),
    responses(
        (status = 200, description = "A page of them.", body = AuditPage,
         headers(("Link" = Option<String>, description = "The next page, `rel=\"next\"`."))),
        errors::Caller, errors::Token, errors::Timed, errors::Paged, errors::Named, errors::Refusing,
    ),
)]
pub(super) async fn of_repository(
    State(hub): State<Hub>,
    caller: Caller,
    Path(repository): Path<String>,
    asked: Page,
) -> Result<Response, ApiError> {
    caller.user()?;
    let rows = audit::of_repository(&hub, &caller, &repository, place(&hub, &asked)?).await?;
    Ok(answer(&hub, &asked, rows))
}
