//! What is there, in every kind of entry.

use serde_json::{Value, json};

use super::{Two, error};
use crate::support::{START, answer};

/// The length of a flist's file, as listings write it.
async fn size(two: &Two, path: &str) -> String {
    let bytes = two.hub.get(path).await.bytes().await.unwrap().len();
    format!("{}.{:02} KB", bytes / 1024, bytes % 1024 * 100 / 1024)
}

#[tokio::test]
async fn every_kind_of_entry() {
    let two = Two::with_flists().await;
    let later = |seconds: u64| two.hub.clock.forward(seconds);
    later(10);
    two.done("base/link/latest").await;
    later(10);
    two.done("theirs/crosslink/bob/app").await;
    later(10);
    two.done("v1/x/tag/bob/app").await;
    later(10);
    two.done("v1/y/tag/alice/base").await;
    later(10);
    two.done("stable/crosstag/alice/v1").await;
    later(10);
    two.upload(&two.bob, "app", b"newer").await;

    let (own, app) = (size(&two, "/alice/base.flist").await, size(&two, "/bob/app.flist").await);
    let regular = |name: &str, size: &str, after: u64| json!({ "name": name, "size": size, "updated": START + after, "type": "regular" });
    let link = |kind: &str, name: &str, size: &str, updated: u64, linked: u64, target: &str| {
        json!({ "name": name, "size": size, "updated": START + updated, "type": kind,
                "linktime": START + linked, "target": target })
    };
    let alice = json!([
        regular("base.flist", &own, 0),
        regular("extra.flist", &size(&two, "/alice/extra.flist").await, 0),
        link("symlink", "latest.flist", &own, 0, 10, "base.flist"),
        link("taglink", "stable", "0 KB", 50, 50, "alice/tags/v1"),
        link("symlink", "theirs.flist", &app, 60, 20, "bob/app.flist"),
        { "name": "v1", "size": "0 KB", "updated": START + 40, "type": "tag" },
    ]);
    assert_eq!(two.hub.json("/api/flist/alice").await, alice);
    let bob = json!([regular("app.flist", &app, 60)]);
    let all = two.hub.json("/api/fileslist").await;
    assert_eq!(all, json!({ "alice": alice, "bob": bob }));
    assert_eq!(
        two.hub.json("/api/flist/alice/tags/v1").await,
        json!([
            link("symlink", "x.flist", &app, 60, 30, "bob/app.flist"),
            link("symlink", "y.flist", &own, 0, 40, "alice/base.flist"),
        ])
    );
    // A tag is no file; a link to one is listed as it is called.
    let names = [
        "alice/base.flist",
        "alice/extra.flist",
        "alice/latest.flist",
        "alice/stable",
        "alice/theirs.flist",
        "bob/app.flist",
    ];
    assert_eq!(two.hub.json("/api/flist").await, json!(names));
}

#[tokio::test]
async fn a_link_that_leads_nowhere_is_listed() {
    let two = Two::with_flists().await;
    two.hub.clock.forward(7);
    two.done("theirs/crosslink/bob/app").await;
    let deleted = two.call(reqwest::Method::DELETE, &two.bob, "/api/flist/me/app").await;
    assert_eq!(deleted.0, 200);
    let listed = two.hub.json("/api/flist/alice").await;
    assert_eq!(
        listed[2],
        json!({ "name": "theirs.flist", "size": "0 KB", "updated": START + 7, "type": "symlink",
                "linktime": START + 7, "target": "bob/app.flist" })
    );
    assert_eq!(two.hub.json("/api/fileslist").await["alice"], listed);
}

#[tokio::test]
async fn repositories_and_what_is_not_there() {
    let two = Two::with_flists().await;
    let repository = |name: &str| json!({ "name": name, "official": false, "updated": START });
    let repositories: Value = two.hub.json("/api/repositories").await;
    assert_eq!(repositories, json!([repository("alice"), repository("bob")]));
    for (path, message) in [
        ("/api/flist/carol", "user not found"),
        ("/api/flist/carol/base", "user not found"),
        ("/api/flist/carol/tags/v1", "user not found"),
        ("/api/flist/alice/tags/v1", "source tag not found"),
        ("/api/flist/alice/tags/base", "source tag not found"),
        ("/api/flist/alice/absent", "source not found"),
        ("/api/flist/alice/.hidden", "source not found"),
    ] {
        let response = two.hub.get(path).await;
        assert_eq!(response.headers()["content-type"], "application/json", "{path}");
        assert_eq!(answer(response).await, (404, error(message)), "{path}");
    }
}
