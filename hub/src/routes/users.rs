//! Users on the native API: for admins.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use flisthub_flist::wire::{UserChange, UserInfo, UserPage, UserRequest};

use super::extract::JsonBody;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use super::page::{Page, PageQuery};
use crate::actions::users::{self, Change};
use crate::auth::Caller;
use crate::catalog::AccountRow;
use crate::error::ApiError;
use crate::state::Hub;

errors! {
    /// There is a user or a repository of that name.
    Making { 400 BAD_PASSWORD, 409 CONFLICT }
    /// Admins do not lock themselves out.
    Changing { 400 BAD_PASSWORD, 409 CONFLICT }
}

fn info(row: AccountRow) -> UserInfo {
    UserInfo {
        name: row.user.name,
        admin: row.user.admin,
        disabled: row.disabled,
        password: row.has_password,
        created: row.created,
    }
}

/// The users, by name.
#[utoipa::path(
    get, path = "/users", operation_id = "list_users", tag = "accounts", security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "A page of them.", body = UserPage,
         headers(("Link" = Option<String>, description = "The next page, `rel=\"next\"`."))),
        errors::Caller, errors::Token, errors::Timed, errors::Paged,
    ),
)]
pub(super) async fn list(
    State(hub): State<Hub>,
    caller: Caller,
    asked: Page,
) -> Result<Response, ApiError> {
    caller.user()?;
    let mut listed = users::list(&hub, &caller, asked.name()?, asked.one_more()).await?;
    let next = asked.next(&mut listed, |last| last.user.name.clone());
    let page = UserPage { users: listed.into_iter().map(info).collect(), next };
    Ok(asked.answer(&page, page.next.as_deref()))
}

/// Makes a user, and the repository of the same name, which the user owns.
#[utoipa::path(
    post, path = "/users", operation_id = "create_user", tag = "accounts", security(("bearer" = [])),
    request_body(content = UserRequest, example = json!({"name": "carol", "password": "correct horse battery"})),
    responses(
        (status = 201, description = "The user.", body = UserInfo),
        errors::Caller, errors::Token, errors::Timed, errors::JsonBody, errors::NewName, errors::Stores, Making,
    ),
)]
pub(super) async fn create(
    State(hub): State<Hub>,
    caller: Caller,
    JsonBody(asked): JsonBody<UserRequest>,
) -> Result<(StatusCode, Json<UserInfo>), ApiError> {
    let UserRequest { name, admin, password } = asked;
    let made = users::create(&hub, &caller, &name, admin, password).await?;
    Ok((StatusCode::CREATED, Json(info(made))))
}

/// Changes a user: shuts out or lets in again, makes an admin or no longer, sets another password.
///
/// Whoever is shut out is so at once, whatever tokens they hold.
#[utoipa::path(
    patch, path = "/users/{user}", operation_id = "change_user", tag = "accounts", security(("bearer" = [])),
    params(params::User),
    request_body(content = UserChange, example = json!({"disabled": true})),
    responses(
        (status = 200, description = "The user, as it is now.", body = UserInfo),
        errors::Caller, errors::Token, errors::Timed, errors::JsonBody, errors::Named, errors::Stores, Changing,
    ),
)]
pub(super) async fn change(
    State(hub): State<Hub>,
    caller: Caller,
    Path(user): Path<String>,
    JsonBody(asked): JsonBody<UserChange>,
) -> Result<Json<UserInfo>, ApiError> {
    let UserChange { disabled, admin, password } = asked;
    let change = Change { disabled, admin, password };
    Ok(Json(info(users::change(&hub, &caller, &user, change).await?)))
}
