//! Renaming, promoting, deleting.

use reqwest::Method;
use serde_json::json;

use super::{Two, error};

#[tokio::test]
async fn renaming() {
    let two = Two::with_flists().await;
    two.done("base/rename/new.flist").await;
    two.done("extra/link/latest").await;
    two.done("latest.flist/rename/newest").await;
    let listed = two.hub.json("/api/flist").await;
    let names = ["alice/extra.flist", "alice/new.flist", "alice/newest.flist", "bob/app.flist"];
    assert_eq!(listed, json!(names));
    two.done("v1/x/tag/alice/extra").await;
    for (path, status, message) in [
        ("absent/rename/other", 404, "source not found"),
        ("base/rename/other", 404, "source not found"),
        ("v1/rename/other", 404, "source not found"),
    ] {
        two.refused(path, status, message).await;
    }
    // 0-hub would overwrite.
    let before = two.everything().await;
    for name in ["extra", "newest", "v1"] {
        let path = format!("/api/flist/me/new/rename/{name}");
        let (status, body) = two.call(Method::GET, &two.alice, &path).await;
        assert_eq!((status, &body["status"]), (409, &json!("error")), "{path}: {body}");
        assert!(body["message"].as_str().unwrap().contains(name), "{path}: {body}");
    }
    for (name, word) in [("a%20b", "not a name"), ("me", "reserved"), ("x.flist.flist", "ends in")]
    {
        let path = format!("/api/flist/me/new/rename/{name}");
        let (status, body) = two.call(Method::GET, &two.alice, &path).await;
        assert_eq!(status, 400, "{path}: {body}");
        assert!(body["message"].as_str().unwrap().contains(word), "{path}: {body}");
    }
    // To what it is called already: nothing changes.
    two.done("new/rename/new.flist").await;
    assert_eq!(two.everything().await, before);
}

#[tokio::test]
async fn promoting() {
    let two = Two::with_flists().await;
    let promote = async |path: &str| {
        let path = format!("/api/flist/me/promote/{path}");
        two.call(Method::GET, &two.alice, &path).await
    };
    let payload = json!({ "status": "success", "payload": {
        "source": { "username": "bob", "filename": "app.flist" },
        "destination": { "username": "alice", "filename": "official.flist" },
    }});
    assert_eq!(promote("bob/app/official").await, (200, payload.clone()));
    let md5 = async |path: &str| two.hub.json(path).await["md5"].clone();
    let of_bob = md5("/api/flist/bob/app/light").await;
    assert_eq!(md5("/api/flist/alice/official/light").await, of_bob);
    // It is no link: it stays what it is.
    two.upload(&two.bob, "app", b"new").await;
    assert_eq!(md5("/api/flist/alice/official/light").await, of_bob);
    // With the endings, over what is there.
    assert_eq!(promote("bob/app.flist/official.flist").await, (200, payload));
    let new = md5("/api/flist/bob/app/light").await;
    assert_eq!(md5("/api/flist/alice/official/light").await, new);
    // What a link leads to, and one's own.
    two.done("theirs/crosslink/bob/app").await;
    assert_eq!(promote("alice/theirs/copy").await.0, 200);
    assert_eq!(md5("/api/flist/alice/copy/light").await, new);
}

#[tokio::test]
async fn what_cannot_be_promoted() {
    let two = Two::with_flists().await;
    two.done("v1/x/tag/alice/extra").await;
    two.done("base/link/latest").await;
    two.done("theirs/crosslink/bob/app").await;
    assert_eq!(two.call(Method::DELETE, &two.bob, "/api/flist/me/app").await.0, 200);
    for (path, status, message) in [
        ("promote/carol/app/new", 404, "user not found"),
        ("promote/bob/absent/new", 404, "source not found"),
        ("promote/bob/app/new", 404, "source not found"),
        ("promote/alice/v1/new", 404, "source not found"),
        ("promote/alice/theirs/new", 404, "source not found"),
    ] {
        two.refused(path, status, message).await;
    }
    let before = two.everything().await;
    for (path, status, word) in [
        ("alice/base/latest", 409, "latest"),
        ("alice/base/v1", 409, "v1"),
        ("alice/base/upload", 400, "reserved"),
        ("alice/base/.hidden", 400, "not a name"),
    ] {
        let path = format!("/api/flist/me/promote/{path}");
        let (found, body) = two.call(Method::GET, &two.alice, &path).await;
        assert_eq!((found, &body["status"]), (status, &json!("error")), "{path}: {body}");
        assert!(body["message"].as_str().unwrap().contains(word), "{path}: {body}");
    }
    assert_eq!(two.everything().await, before);
}

#[tokio::test]
async fn deleting() {
    let two = Two::with_flists().await;
    two.done("base/link/latest").await;
    two.done("v1/x/tag/alice/extra").await;
    two.done("stable/crosstag/alice/v1").await;
    let delete = async |name: &str| {
        two.call(Method::DELETE, &two.alice, &format!("/api/flist/me/{name}")).await
    };
    let success = (200, json!({ "status": "success" }));
    // A link goes, and not what it links to.
    assert_eq!(delete("latest.flist").await, success);
    assert_eq!(delete("stable").await, success);
    assert_eq!(two.hub.json("/api/flist/alice/tags/v1").await.as_array().unwrap().len(), 1);
    assert_eq!(delete("base").await, success);
    assert_eq!(two.hub.json("/api/flist").await, json!(["alice/extra.flist", "bob/app.flist"]));
    for name in ["base", "latest", "stable", "absent", "app", ".hidden", "v1"] {
        two.refused_by(Method::DELETE, name, 404, "source not found").await;
    }
    let listing = two.call(Method::GET, &two.alice, "/api/flist/carol").await;
    assert_eq!(listing, (404, error("user not found")));
}
