//! Tags: members come and go, and the tag with them.

use reqwest::Method;
use serde_json::json;

use super::{Two, error};

#[tokio::test]
async fn members_come_and_go() {
    let two = Two::with_flists().await;
    let names = async || -> Vec<String> {
        let members = two.hub.json("/api/flist/alice/tags/v1").await;
        let name = |member: &serde_json::Value| member["name"].as_str().unwrap().to_owned();
        members.as_array().unwrap().iter().map(name).collect()
    };
    two.done("v1/base/tag/alice/base").await;
    assert_eq!(names().await, ["base.flist"]);
    two.done("v1/app.flist/tag/bob/app.flist").await;
    assert_eq!(names().await, ["app.flist", "base.flist"]);
    // The same name again is another target.
    two.done("v1/base/tag/alice/extra").await;
    let members = two.hub.json("/api/flist/alice/tags/v1").await;
    assert_eq!(members[1]["target"], "alice/extra.flist");
    assert_eq!(two.hub.json("/api/flist/alice").await.as_array().unwrap().len(), 3);

    let untag = async |path: &str| {
        let path = format!("/api/flist/me/{path}");
        two.call(Method::DELETE, &two.alice, &path).await
    };
    assert_eq!(untag("v1/base/tag/alice/extra").await, (200, json!({ "status": "success" })));
    assert_eq!(names().await, ["app.flist"]);
    let gone = "target not found on this tag";
    two.refused_by(Method::DELETE, "v1/base/tag/alice/extra", 404, gone).await;
    two.refused_by(Method::DELETE, "absent/base/tag/alice/extra", 404, gone).await;
    // A flist of that name is no tag.
    two.refused_by(Method::DELETE, "base/base/tag/alice/extra", 404, gone).await;
    // With the last member the tag is gone, and its name is free.
    assert_eq!(untag("v1/app/tag/bob/app").await.0, 200);
    let listing = two.call(Method::GET, &two.alice, "/api/flist/alice/tags/v1").await;
    assert_eq!(listing, (404, error("source tag not found")));
    two.done("base/link/v1").await;
}

#[tokio::test]
async fn what_cannot_be_tagged() {
    let two = Two::with_flists().await;
    two.done("v1/base/tag/alice/base").await;
    two.done("stable/crosstag/alice/v1").await;
    for (path, status, message) in [
        ("v1/new/tag/carol/app", 404, "source repository not found"),
        ("v1/new/tag/bob/absent", 404, "source not found"),
        ("v1/new/tag/alice/v1", 404, "source not found"),
        ("v1/new/tag/alice/stable", 404, "source not found"),
    ] {
        two.refused(path, status, message).await;
    }
    // A tag and a flist of one name cannot be.
    let before = two.everything().await;
    for (path, named) in [("base/x/tag/bob/app", "base"), ("stable/x/tag/bob/app", "stable")] {
        let (status, body) =
            two.call(Method::GET, &two.alice, &format!("/api/flist/me/{path}")).await;
        assert_eq!((status, &body["status"]), (409, &json!("error")), "{path}: {body}");
        assert!(body["message"].as_str().unwrap().contains(named), "{path}: {body}");
    }
    for (path, word) in [("v1/a%20b/tag/bob/app", "not a name"), ("tags/x/tag/bob/app", "reserved")]
    {
        let (status, body) =
            two.call(Method::GET, &two.alice, &format!("/api/flist/me/{path}")).await;
        assert_eq!((status, &body["status"]), (400, &json!("error")), "{path}: {body}");
        assert!(body["message"].as_str().unwrap().contains(word), "{path}: {body}");
    }
    assert_eq!(two.everything().await, before);
    // An upload onto a tag is refused before anything is sent.
    let archive = crate::archives::files(&[("a", b"b")]);
    let upload = two.hub.upload(&two.alice, "v1.tar", &archive).await;
    assert_eq!(upload.status(), 409);
    assert_eq!(two.everything().await, before);
}

#[tokio::test]
async fn a_member_whose_target_is_gone_is_listed_and_leads_nowhere() {
    let two = Two::with_flists().await;
    two.done("v1/app/tag/bob/app").await;
    let deleted = two.call(Method::DELETE, &two.bob, "/api/flist/me/app").await;
    assert_eq!(deleted.0, 200);
    let members = two.hub.json("/api/flist/alice/tags/v1").await;
    assert_eq!(
        (&members[0]["target"], &members[0]["size"]),
        (&json!("bob/app.flist"), &json!("0 KB"))
    );
    let download = two.hub.get("/alice/tags/v1/app.flist").await;
    assert_eq!(download.status(), 404);
}
