//! A hub in read-only mode: every change over HTTP is refused, reading and upkeep go on.

use flisthub_hub::auth::{Expiry, Scope};
use flisthub_hub::catalog::Condition;
use flisthub_hub::config::Config;
use flisthub_hub::control;
use flisthub_hub::state::Hub;
use reqwest::Method;
use serde_json::{Value, json};

use super::error;
use crate::archives::files;
use crate::support::{FORM_TYPE, Field, START, TestHub, answer, form};

const MESSAGE: &str = "this hub is in read-only mode: nothing can be changed";

/// A hub in read-only mode with something in it, and an admin's token.
async fn read_only() -> (TestHub, String) {
    let config = Config { read_only: true, ..Config::default() };
    let hub = TestHub::with(config).await;
    hub.user("alice").await;
    let admin = hub.token("alice", Scope::Admin, Expiry::Never).await;
    // What was there before the mode was switched on.
    let writable = std::sync::Arc::new(Config::default());
    let before = Hub { config: writable, ..hub.hub.clone() };
    fill(&before).await;
    (hub, admin)
}

/// Uploads `alice/base` to a hub that shares everything but the mode.
async fn fill(hub: &Hub) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = flisthub_hub::routes::router(hub);
    let served = tokio::spawn(async { axum::serve(listener, router).await });
    let scope = (Scope::Write, Expiry::Never);
    let catalog = &hub.catalog;
    let token =
        flisthub_hub::actions::accounts::create_token(catalog, "alice", scope.0, scope.1, START);
    let token = token.await.unwrap().reveal().to_owned();
    let body = form(&[Field::file("file", "base.tar", &files(&[("a", b"b")]))]);
    let http = crate::support::client();
    let request = http.post(format!("{url}/api/flist/me/upload")).bearer_auth(&token);
    let sent = request.header("content-type", FORM_TYPE).body(body).send().await.unwrap();
    assert_eq!(sent.status(), 200);
    let tag = format!("{url}/api/flist/me/v1/x/tag/alice/base");
    assert_eq!(http.get(tag).bearer_auth(&token).send().await.unwrap().status(), 200);
    served.abort();
}

#[tokio::test]
async fn every_change_is_refused() {
    let (hub, admin) = read_only().await;
    let before = hub.json("/api/v1/flists/alice").await;
    for (method, path) in [
        (Method::GET, "base/link/new"),
        (Method::GET, "new/crosslink/alice/base"),
        (Method::GET, "new/crosstag/alice/v1"),
        (Method::GET, "v1/new/tag/alice/base"),
        (Method::DELETE, "v1/x/tag/alice/base"),
        (Method::GET, "base/rename/new"),
        (Method::GET, "promote/alice/base/new"),
        (Method::DELETE, "base"),
        (Method::POST, "upload"),
        (Method::POST, "upload-flist"),
        (Method::POST, "merge/new"),
        (Method::POST, "docker"),
    ] {
        let path = format!("/api/flist/me/{path}");
        let request = hub.request(method.clone(), &path).bearer_auth(&admin);
        let request = match &*path {
            "/api/flist/me/merge/new" => request.body("[\"alice/base\",\"alice/other\"]"),
            "/api/flist/me/docker" => request
                .header("content-type", "application/x-www-form-urlencoded")
                .body("image=busybox"),
            _ if method == Method::POST => {
                request.header("content-type", FORM_TYPE).body(form(&[]))
            }
            _ => request,
        };
        let answered = answer(request.send().await.unwrap()).await;
        assert_eq!(answered, (403, error("readonly mode")), "{method} {path}");
    }
    native_changes_are_refused(&hub, &admin).await;
    assert_eq!(hub.json("/api/v1/flists/alice").await, before);
}

async fn native_changes_are_refused(hub: &TestHub, admin: &str) {
    let flist = "0".repeat(64);
    let session = "0".repeat(32);
    for (method, path, body) in [
        (Method::POST, "sessions", json!({ "repository": "alice" })),
        (Method::PUT, "flists/alice/new", json!({ "session": session, "flist": flist })),
        (Method::DELETE, "flists/alice/base", Value::Null),
        (Method::POST, "flists/alice/base/undelete", Value::Null),
        (Method::POST, "flists/alice/new/promote", json!({ "from": "alice/base" })),
        (Method::PUT, "flists/alice/new/link", json!({ "target": "alice/base" })),
        (Method::POST, "flists/alice/base/rename", json!({ "to": "new" })),
        (Method::POST, "flists/alice/base/rollback", json!({ "revision": 1 })),
        (Method::POST, "flists/alice/new/merge", json!({ "sources": ["alice/base", "alice/x"] })),
        (Method::POST, "flists/alice/new/image", Value::Null),
        (Method::POST, "flists/alice/new/flist-file", Value::Null),
        (Method::PUT, "tags/alice/v1/new", json!({ "target": "alice/base" })),
        (Method::DELETE, "tags/alice/v1/x", Value::Null),
        (Method::POST, "conversions", json!({ "image": "busybox" })),
    ] {
        let mut request =
            hub.request(method.clone(), &format!("/api/v1/{path}")).bearer_auth(admin);
        if !body.is_null() {
            request = request.json(&body);
        }
        let (status, body) = answer(request.send().await.unwrap()).await;
        let refused = (403, &json!("read_only_mode"), &json!(MESSAGE));
        assert_eq!((status, &body["code"], &body["detail"]), refused, "{method} {path}");
    }
}

#[tokio::test]
async fn reading_and_upkeep_go_on() {
    let (hub, admin) = read_only().await;
    for path in [
        "/api/flist",
        "/api/flist/alice",
        "/api/flist/alice/base",
        "/api/flist/alice/base/light",
        "/api/flist/alice/base/metadata",
        "/api/flist/alice/tags/v1",
        "/api/v1/flists/alice/base",
        "/alice/base.flist",
        "/alice/tags/v1/x.flist.md5",
        "/healthz",
    ] {
        assert_eq!(hub.get(path).await.status(), 200, "{path}");
    }
    let me = hub.request(Method::GET, "/api/flist/me").bearer_auth(&admin);
    assert_eq!(me.send().await.unwrap().status(), 200);
    let sweep = hub.request(Method::POST, "/api/v1/jobs").bearer_auth(&admin);
    let sweep = sweep.json(&json!({ "kind": "sweep", "dry_run": true })).send().await.unwrap();
    assert_eq!(sweep.status(), 202);
    // Who says nothing of themselves is asked to first.
    let nobody = hub.request(Method::DELETE, "/api/flist/me/base").send().await.unwrap();
    assert_eq!(answer(nobody).await, (401, error("no authorization provided")));
}

/// What the operator does at the machine is no change over HTTP.
#[tokio::test]
async fn the_operator_may_still_undelete() {
    let (hub, _) = read_only().await;
    let writable = Hub { config: std::sync::Arc::new(Config::default()), ..hub.hub.clone() };
    let caller = flisthub_hub::auth::Caller::Operator;
    flisthub_hub::actions::delete::name(&writable, &caller, "alice", "base", &Condition::NONE)
        .await
        .unwrap();
    assert_eq!(hub.get("/alice/base.flist").await.status(), 404);
    control::undelete(&hub.hub, "alice/base").await.unwrap();
    assert_eq!(hub.get("/alice/base.flist").await.status(), 200);
}
