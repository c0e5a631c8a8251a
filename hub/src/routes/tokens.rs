//! Tokens on the native API.

use axum::Json;
use axum::extract::{OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use flisthub_flist::wire::{TokenInfo, TokenMade, TokenPage, TokenRequest};
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::{JsonBody, QueryOf};
use super::openapi::errors::{self, errors};
use super::openapi::params;
use super::page::{Page, bad_page};
use crate::actions::tokens::{self, Asked, Shown};
use crate::auth::{Caller, Token};
use crate::error::{ApiError, Code};
use crate::state::Hub;

errors! {
    /// What is asked for cannot be a token.
    Making { 400 BAD_TOKEN, 404 NOT_FOUND, 409 CONFLICT }
}

/// Which tokens are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TokensQuery {
    /// Whose; the caller's own unless given. Others' are for admins.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "alice")]
    user: Option<String>,
    /// The most items of the page; 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

fn info(shown: Shown) -> TokenInfo {
    let Shown { row, repositories } = shown;
    TokenInfo {
        id: row.id.to_string(),
        user: row.user.name,
        kind: row.kind.word().to_owned(),
        label: row.label,
        scope: row.scope.word().to_owned(),
        repositories,
        created: row.created,
        expires: row.expires,
        revoked: row.revoked,
    }
}

/// A token that was just made, the only time that it is shown.
pub(super) fn made(token: &Token, shown: Shown) -> TokenMade {
    TokenMade { token: token.reveal().to_owned(), info: info(shown) }
}

/// The caller's tokens, newest first, revoked ones too; for admins also those of others.
///
/// Tokens themselves are never shown again.
#[utoipa::path(
    get, path = "/tokens", operation_id = "list_tokens", tag = "accounts", security(("bearer" = [])),
    params(TokensQuery),
    responses(
        (status = 200, description = "A page of them.", body = TokenPage,
         headers(("Link" = Option<String>, description = "The next page, `rel=\"next\"`."))),
        errors::Caller, errors::Token, errors::Timed, errors::Paged, errors::Named,
    ),
)]
pub(super) async fn list(
    State(hub): State<Hub>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    QueryOf(query): QueryOf<TokensQuery>,
) -> Result<Response, ApiError> {
    caller.user()?;
    let asked = Page::of(uri, query.limit, query.cursor)?;
    let before = asked.cursor.as_deref().map(|cursor| {
        let place = cursor.split_once('.').and_then(|(created, id)| {
            let id = id.parse::<i64>().ok().filter(|id| *id >= 0)?;
            Some((created.parse::<u64>().ok()?, id))
        });
        place.ok_or_else(|| bad_page("cursor must be what the page before gave as next"))
    });
    let page = (before.transpose()?, asked.one_more());
    let mut listed = tokens::list(&hub, &caller, query.user.as_deref(), page).await?;
    let next = asked.next(&mut listed, |last| format!("{}.{}", last.row.created, last.row.id));
    let page = TokenPage { tokens: listed.into_iter().map(info).collect(), next };
    Ok(asked.answer(&page, page.next.as_deref()))
}

/// Makes a token for the caller. It is shown this once.
///
/// It is never wider than the token that makes it, and where that is an API token it does not outlive it.
#[utoipa::path(
    post, path = "/tokens", operation_id = "create_token", tag = "accounts", security(("bearer" = [])),
    request_body(content = TokenRequest, example = json!({
        "label": "ci", "scope": "write", "repositories": ["alice"], "expires_in": 7_776_000,
    })),
    responses(
        (status = 201, description = "The token.", body = TokenMade),
        errors::Caller, errors::Token, errors::Timed, errors::JsonBody, errors::Writes, Making,
    ),
)]
pub(super) async fn create(
    State(hub): State<Hub>,
    caller: Caller,
    JsonBody(asked): JsonBody<TokenRequest>,
) -> Result<(StatusCode, Json<TokenMade>), ApiError> {
    let scope = asked.scope.parse().map_err(|error: crate::auth::ParseScopeError| {
        ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_TOKEN, error.to_string())
    })?;
    let TokenRequest { label, repositories, expires_in, .. } = asked;
    let asked = Asked { label, scope, repositories, expires_in };
    let (token, shown) = tokens::create(&hub, &caller, asked).await?;
    Ok((StatusCode::CREATED, Json(made(&token, shown))))
}

/// Revokes a token: from now on it is worth nothing. For admins also one of others.
#[utoipa::path(
    delete, path = "/tokens/{token}", operation_id = "revoke_token", tag = "accounts",
    params(params::TokenId), security(("bearer" = [])),
    responses(
        (status = 204, description = "It is revoked, now or before."),
        errors::Caller, errors::Token, errors::Timed, errors::Named, errors::Stores,
    ),
)]
pub(super) async fn revoke(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    tokens::revoke(&hub, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
