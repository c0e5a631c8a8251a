//! Who may do what: every route that needs a token, against every sort of caller.

use flisthub_hub::auth::{Expiry, Scope};
use reqwest::Method;
use serde_json::json;

use crate::archives::files;
use crate::support::{FORM_TYPE, Field, TestHub, answer, form};

const ID: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const SESSION: &str = "00000000000000000000000000000000";

/// Method, path, JSON body, and whether it is open to the owner of `alice` alone.
const ROUTES: &[(&str, &str, bool)] = &[
    ("GET", "/api/flist/me", false),
    ("GET", "/api/flist/me/base", false),
    ("DELETE", "/api/flist/me/base", true),
    ("POST", "/api/flist/me/upload", true),
    ("GET", "/api/v1/me", false),
    ("POST", "/api/v1/sessions", true),
    ("POST", "/api/v1/sessions/00000000000000000000000000000000/missing", false),
    ("POST", "/api/v1/sessions/00000000000000000000000000000000/chunks", false),
    ("DELETE", "/api/v1/sessions/00000000000000000000000000000000", false),
    ("PUT", "/api/v1/flists/alice/base", true),
    ("DELETE", "/api/v1/flists/alice/base", true),
];

async fn call(hub: &TestHub, method: &str, path: &str, authorization: Option<&str>) -> u16 {
    let mut request = hub.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    request = match path {
        "/api/v1/sessions" => request.json(&json!({ "repository": "alice" })),
        "/api/v1/flists/alice/base" if method == "PUT" => {
            request.json(&json!({ "session": SESSION, "flist": ID }))
        }
        "/api/flist/me/upload" => {
            let archive = files(&[("a", b"b")]);
            let body = form(&[Field::file("file", "base.tar", &archive)]);
            request.header("content-type", FORM_TYPE).body(body)
        }
        _ => request,
    };
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn without_a_valid_token_nothing_is_done() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    hub.upload(&alice, "base.tar", &files(&[("a", b"b")])).await;
    let short = hub.token("alice", Scope::Write, Expiry::After(10)).await;
    assert_eq!(call(&hub, "GET", "/api/v1/me", Some(&format!("bearer {short}"))).await, 200);
    hub.clock.forward(10);
    let expired = format!("bearer {short}");
    let unknown = format!("bearer fh_{ID}");
    let basic = format!("Basic {alice}");
    let bare = alice.clone();
    let callers =
        [None, Some(&*expired), Some(&*unknown), Some(&*basic), Some(&*bare), Some("bearer")];
    for (method, path, _) in ROUTES {
        for caller in callers {
            assert_eq!(call(&hub, method, path, caller).await, 401, "{method} {path} {caller:?}");
        }
    }
    // A bad token is refused where none would be needed.
    for path in ["/api/flist/alice", "/alice/base.flist", "/api/v1/flists/alice"] {
        assert_eq!(call(&hub, "GET", path, None).await, 200, "{path}");
        assert_eq!(call(&hub, "GET", path, Some(&unknown)).await, 401, "{path}");
    }
    assert_eq!(hub.names().await, json!(["alice/base.flist"]));
}

#[tokio::test]
async fn a_token_reaches_as_far_as_its_scope() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    hub.upload(&alice, "base.tar", &files(&[("a", b"b")])).await;
    let read = format!("bearer {}", hub.token("alice", Scope::Read, Expiry::Never).await);
    for (method, path, writes) in ROUTES {
        let status = call(&hub, method, path, Some(&read)).await;
        assert_eq!(status == 403, *writes, "{method} {path}: {status}");
        assert_ne!(status, 401, "{method} {path}");
    }
    assert_eq!(hub.names().await, json!(["alice/base.flist"]));
}

#[tokio::test]
async fn somebody_elses_repository_is_out_of_reach() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    hub.upload(&alice, "base.tar", &files(&[("a", b"b")])).await;
    let mallory = format!("bearer {}", hub.user("mallory").await);
    for (method, path) in [
        ("POST", "/api/v1/sessions"),
        ("PUT", "/api/v1/flists/alice/base"),
        ("DELETE", "/api/v1/flists/alice/base"),
    ] {
        assert_eq!(call(&hub, method, path, Some(&mallory)).await, 403, "{method} {path}");
    }
    // `me` is another repository for another caller.
    assert_eq!(call(&hub, "DELETE", "/api/flist/me/base", Some(&mallory)).await, 404);
    assert_eq!(hub.names().await, json!(["alice/base.flist"]));

    let admin = format!("bearer {}", hub.token("mallory", Scope::Admin, Expiry::Never).await);
    assert_eq!(call(&hub, "DELETE", "/api/v1/flists/alice/base", Some(&admin)).await, 204);
}

#[tokio::test]
async fn somebody_elses_session_is_out_of_reach() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let mallory = hub.user("mallory").await;
    let opened = hub
        .request(Method::POST, "/api/v1/sessions")
        .bearer_auth(&alice)
        .json(&json!({ "repository": "alice" }));
    let (status, opened) = answer(opened.send().await.unwrap()).await;
    assert_eq!(status, 201);
    let session = format!("/api/v1/sessions/{}", opened["session"].as_str().unwrap());
    for (method, path) in [
        (Method::POST, format!("{session}/missing")),
        (Method::POST, format!("{session}/chunks")),
        (Method::DELETE, session.clone()),
    ] {
        let request = hub.request(method, &path).bearer_auth(&mallory);
        let (status, problem) = answer(request.send().await.unwrap()).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (403, "forbidden"), "{path}");
    }
    let closed = hub.request(Method::DELETE, &session).bearer_auth(&alice).send().await.unwrap();
    assert_eq!(closed.status(), 204);
}

#[tokio::test]
async fn refusals_say_what_0_hub_says() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let response = hub.get("/api/flist/me").await;
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    assert_eq!(
        answer(response).await,
        (401, json!({ "status": "error", "message": "no authorization provided" }))
    );
    for scheme in ["bearer", "Bearer", "BEARER"] {
        let header = format!("{scheme} {alice}");
        let request = hub.request(Method::GET, "/api/flist/me").header("authorization", header);
        assert_eq!(
            answer(request.send().await.unwrap()).await,
            (200, json!({ "status": "success", "payload": { "username": "alice" } }))
        );
    }
    let request = hub.request(Method::DELETE, "/api/flist/me/nothing").bearer_auth(&alice);
    assert_eq!(
        answer(request.send().await.unwrap()).await,
        (404, json!({ "status": "error", "message": "source not found" }))
    );
    assert_eq!(
        answer(hub.get("/api/flist/nobody").await).await,
        (404, json!({ "status": "error", "message": "user not found" }))
    );
}
