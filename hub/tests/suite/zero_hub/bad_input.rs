//! Bad input on 0-hub's face: the right status, a message that names the thing, and nothing changed.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Two, error};
use crate::support::answer;

async fn merge(two: &Two, target: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = two.hub.request(Method::POST, &format!("/api/flist/me/merge/{target}"));
    answer(request.bearer_auth(&two.alice).body(body).send().await.unwrap()).await
}

#[tokio::test]
async fn merges_that_cannot_be() {
    let two = Two::with_flists().await;
    two.done("theirs/crosslink/bob/app").await;
    two.done("v1/x/tag/alice/base").await;
    two.done("base/link/latest").await;
    assert_eq!(two.call(Method::DELETE, &two.bob, "/api/flist/me/app").await.0, 200);
    let before = two.everything().await;
    let thousand: Vec<String> = (0..1000).map(|number| format!("alice/name-{number}")).collect();
    let sources = |names: &[&str]| json!(names).to_string();
    for (target, body, status, message) in [
        ("new", String::new(), 400, "malformed json request"),
        ("new", "[\"alice/base\"".to_owned(), 400, "malformed json request"),
        ("new", "{\"sources\":[]}".to_owned(), 400, "malformed json request"),
        ("new", "null".to_owned(), 400, "malformed json request"),
        ("new", "[]".to_owned(), 400, "no source found"),
        ("new", sources(&["base", "extra"]), 400, "malformed source filename"),
        ("new", sources(&["alice/base/x", "alice/extra"]), 400, "malformed source filename"),
        ("new", sources(&["alice/../base", "alice/extra"]), 400, "malformed source filename"),
        ("new", "[1,2]".to_owned(), 400, "malformed source filename"),
        ("new", sources(&["alice/base", "alice/absent"]), 404, "alice/absent does not exists"),
        ("new", sources(&["alice/base", "carol/x.flist"]), 404, "carol/x does not exists"),
        ("new", sources(&["alice/base", "alice/v1"]), 404, "alice/v1 does not exists"),
        ("a%20b", sources(&["alice/base", "alice/extra"]), 400, "build name not allowed"),
        ("upload", sources(&["alice/base", "alice/extra"]), 400, "build name not allowed"),
    ] {
        let merged = merge(&two, target, body.clone()).await;
        assert_eq!(merged, (status, error(message)), "{target} {body}");
    }
    for (target, body, status, words) in [
        ("new", sources(&["alice/base", "alice/base.flist"]), 400, "alice/base is named twice"),
        ("new", sources(&["alice/base"]), 400, "2 to 100 sources, not 1"),
        ("new", json!(thousand).to_string(), 400, "2 to 100 sources, not 1000"),
        // A link to a name that was deleted.
        ("new", sources(&["alice/base", "alice/theirs"]), 404, "alice/theirs"),
        ("v1", sources(&["alice/base", "alice/extra"]), 409, "v1"),
        ("latest", sources(&["alice/base", "alice/extra"]), 409, "latest"),
        ("new", format!("[{}]", " ".repeat(70_000)), 413, "more bytes than this"),
    ] {
        let (found, answered) = merge(&two, target, body).await;
        let message = answered["message"].as_str().unwrap_or_default();
        assert_eq!((found, &answered["status"]), (status, &json!("error")), "{answered}");
        assert!(message.contains(words), "{words}: {message}");
    }
    assert_eq!(two.everything().await, before);
    two.hub.settled().await;
}

#[tokio::test]
async fn paths_that_lead_nowhere() {
    let two = Two::with_flists().await;
    let before = two.everything().await;
    let long = "n".repeat(4096);
    for path in [
        "/api/flist/alice/..%2f..%2fetc%2fpasswd",
        "/api/flist/alice/base%00",
        "/api/flist/..%2falice/base",
        "/api/flist/alice/base/metadata/more",
        "/api/flist/alice/base/heavy",
        &format!("/api/flist/alice/{long}"),
        &format!("/api/flist/{long}"),
        "/api/flist/me/base/link",
        "/api/flist/me/base/link/a/b",
        "/api/flist/me/promote/bob/app",
        "/api/exists",
    ] {
        let (status, body) = two.call(Method::GET, &two.alice, path).await;
        assert_eq!((status, &body["status"]), (404, &json!("error")), "{path}");
    }
    for path in ["/api/flist/alice/%ff", "/api/flist/me/%ff/link/new", "/api/flist/%c3%28"] {
        let (status, body) = two.call(Method::GET, &two.alice, path).await;
        assert_eq!((status, &body["status"]), (400, &json!("error")), "{path}");
    }
    for (method, path) in [
        (Method::POST, "/api/flist"),
        (Method::POST, "/api/flist/me/base/link/new"),
        (Method::DELETE, "/api/flist/me/base/link/new"),
        (Method::PUT, "/api/flist/me/promote/bob/app/new"),
        (Method::GET, "/api/flist/me/upload/x/y/z/more"),
        (Method::GET, "/api/flist/me/merge/new"),
        (Method::DELETE, "/api/flist/alice/base"),
    ] {
        let (status, body) = two.call(method.clone(), &two.alice, path).await;
        let expected = if path.ends_with("more") { 404 } else { 405 };
        assert_eq!((status, &body["status"]), (expected, &json!("error")), "{method} {path}");
    }
    assert_eq!(two.everything().await, before);
}

#[tokio::test]
async fn bodies_of_the_wrong_type() {
    let two = Two::with_flists().await;
    let before = two.everything().await;
    for (path, kind) in [
        ("upload", "application/json"),
        ("upload", "multipart/form-data"),
        ("upload-flist", "application/octet-stream"),
        ("upload-flist", "multipart/mixed; boundary=x"),
        ("docker", "application/json"),
    ] {
        let request = two.hub.request(Method::POST, &format!("/api/flist/me/{path}"));
        let request = request.bearer_auth(&two.alice).header("content-type", kind);
        let (status, body) = answer(request.body("{}").send().await.unwrap()).await;
        assert!([400, 415].contains(&status), "{path} {kind}: {status}");
        assert_eq!(body["status"], "error", "{path} {kind}");
    }
    assert_eq!(two.everything().await, before);
    two.hub.settled().await;
}
