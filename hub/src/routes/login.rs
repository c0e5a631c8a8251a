//! Logging in and out, and one's own password, on the native API.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use flisthub_flist::wire::{LoginRequest, PasswordChange, TokenMade};

use super::extract::{JsonBody, OpenJsonBody};
use super::openapi::errors::{self, errors};
use super::tokens::made;
use crate::actions::{login as action, tokens::Shown};
use crate::auth::{Caller, Origin};
use crate::error::ApiError;
use crate::state::Hub;

errors! {
    /// User or password are wrong, or were tried too often.
    LoggingIn { 401 LOGIN_REFUSED, 429 TOO_MANY_ATTEMPTS, 500 INTERNAL, 503 BUSY }
    /// The password that holds is another, or the new one is none.
    Password { 400 BAD_PASSWORD, 403 LOGIN_REFUSED, 429 TOO_MANY_ATTEMPTS }
}

/// Makes a token for a user name and a password.
///
/// It is shown this once, and ends after some hours (12 unless the hub is configured otherwise). A wrong password and a
/// user that is not there are answered alike. A token that comes along is not looked at.
#[utoipa::path(
    post, path = "/login", operation_id = "login", tag = "accounts", security(()),
    request_body(content = LoginRequest, example = json!({"user": "alice", "password": "correct horse battery"})),
    responses(
        (status = 201, description = "The token.", body = TokenMade, example = json!({
            "token": "fh_0000000000000000000000000000000000000000000000000000000000000000",
            "id": "4093417529012845123", "user": "alice", "kind": "login", "label": "", "scope": "write",
            "created": 1_795_267_311, "expires": 1_795_310_511, "revoked": null,
        })),
        errors::Timed, errors::JsonBody, errors::Stores, LoggingIn,
    ),
)]
pub(super) async fn login(
    State(hub): State<Hub>,
    origin: Option<Extension<Origin>>,
    OpenJsonBody(asked): OpenJsonBody<LoginRequest>,
) -> Result<(StatusCode, Json<TokenMade>), ApiError> {
    let origin = origin.map(|Extension(origin)| origin).unwrap_or_default();
    let (token, row) = action::login(&hub, &origin, &asked.user, asked.password).await?;
    Ok((StatusCode::CREATED, Json(made(&token, Shown { row, repositories: None }))))
}

/// Revokes the token that the request comes with, of whatever scope.
#[utoipa::path(
    post, path = "/logout", operation_id = "logout", tag = "accounts", security(("bearer" = [])),
    responses(
        (status = 204, description = "The token is worth nothing any more."),
        errors::Caller, errors::Token, errors::Timed, errors::Stores,
    ),
)]
pub(super) async fn logout(State(hub): State<Hub>, caller: Caller) -> Result<StatusCode, ApiError> {
    action::logout(&hub, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives the caller another password.
///
/// The one that holds must be told. Ends all logins of the user; API tokens stay.
#[utoipa::path(
    put, path = "/me/password", operation_id = "change_password", tag = "accounts", security(("bearer" = [])),
    request_body(content = PasswordChange, example = json!({
        "current": "correct horse battery", "new": "staple of another kind",
    })),
    responses(
        (status = 204, description = "The new password holds."),
        errors::Caller, errors::Token, errors::Timed, errors::JsonBody, errors::Writes, Password,
    ),
)]
pub(super) async fn change_password(
    State(hub): State<Hub>,
    caller: Caller,
    JsonBody(asked): JsonBody<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    action::change_password(&hub, &caller, asked.current, asked.new).await?;
    Ok(StatusCode::NO_CONTENT)
}
