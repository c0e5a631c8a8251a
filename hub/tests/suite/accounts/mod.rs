//! Accounts over HTTP: logins, tokens, repositories, members, users, and the log of changes.

mod audit;
mod login;
mod members;
mod repositories;
mod tokens;
mod users;

use flisthub_hub::auth::{Expiry, Scope};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestHub, answer};

pub(super) const PASSWORD: &str = "correct horse battery";

/// A call with a JSON body, or without one (null), and with a token, or without one (empty).
pub(super) async fn call(
    hub: &TestHub,
    token: &str,
    method: &str,
    path: &str,
    body: Value,
) -> (u16, Value) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = hub.request(method, &format!("/api/v1/{path}"));
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if !body.is_null() {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    if response.status() == 204 {
        return (204, Value::Null);
    }
    answer(response).await
}

/// The status and the code of a refusal.
pub(super) async fn refusal(
    hub: &TestHub,
    token: &str,
    method: &str,
    path: &str,
    body: Value,
) -> (u16, String) {
    let (status, answer) = call(hub, token, method, path, body).await;
    (status, answer["code"].as_str().unwrap_or_else(|| panic!("{status} {answer}")).to_owned())
}

pub(super) fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// An admin with a token for all that admins may.
pub(super) async fn admin(hub: &TestHub) -> String {
    hub.user("root").await;
    hub.token("root", Scope::Admin, Expiry::Never).await
}

/// A user with a password.
pub(super) async fn with_password(hub: &TestHub, admin: &str, name: &str) {
    let body = json!({ "name": name, "password": PASSWORD });
    assert_eq!(call(hub, admin, "POST", "users", body).await.0, 201);
}

/// What a login answers.
pub(super) async fn login(hub: &TestHub, user: &str, password: &str) -> (u16, Value) {
    call(hub, "", "POST", "login", json!({ "user": user, "password": password })).await
}

/// A token for the right password.
pub(super) async fn logged_in(hub: &TestHub, user: &str) -> String {
    let (status, made) = login(hub, user, PASSWORD).await;
    assert_eq!(status, 201, "{made}");
    made["token"].as_str().unwrap().to_owned()
}
