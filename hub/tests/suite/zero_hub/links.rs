//! Links to names and to tags: `link`, `crosslink`, `crosstag`.

use reqwest::Method;
use serde_json::json;

use super::{Two, error};

#[tokio::test]
async fn a_link_leads_to_what_its_target_points_at_now() {
    let two = Two::with_flists().await;
    two.done("base/link/latest").await;
    let of = async |name: &str| {
        let light = two.hub.json(&format!("/api/flist/alice/{name}/light")).await;
        light["md5"].clone()
    };
    assert_eq!(of("latest").await, of("base").await);
    two.upload(&two.alice, "base", b"changed").await;
    assert_eq!(of("latest").await, of("base").await);
    // Again, elsewhere, with the ending: a link that is there is changed.
    two.done("extra.flist/link/latest.flist").await;
    assert_eq!(of("latest").await, of("extra").await);
}

#[tokio::test]
async fn a_link_needs_a_source_and_a_place_of_its_own() {
    let two = Two::with_flists().await;
    two.done("base/link/latest").await;
    two.done("set/member/tag/alice/base").await;
    for (path, status, message) in [
        ("absent/link/new", 404, "source not found"),
        (".hidden/link/new", 404, "source not found"),
        ("set/link/new", 404, "source not found"),
        ("base/link/extra", 409, "link destination is already a file"),
        ("base/link/extra.flist", 409, "link destination is already a file"),
        ("base/link/set", 409, "link destination is already a file"),
    ] {
        two.refused(path, status, message).await;
    }
}

#[tokio::test]
async fn a_link_into_another_repository() {
    let two = Two::with_flists().await;
    two.done("theirs/crosslink/bob/app").await;
    two.done("more.flist/crosslink/bob/app.flist").await;
    for name in ["theirs", "more"] {
        let light = two.hub.json(&format!("/api/flist/alice/{name}/light")).await;
        assert_eq!(light["target"], "../bob/app.flist");
        assert_eq!(light["md5"], two.hub.json("/api/flist/bob/app/light").await["md5"]);
    }
    for (path, status, message) in [
        ("new/crosslink/carol/app", 404, "source repository not found"),
        ("new/crosslink/tags/app", 404, "source repository not found"),
        ("new/crosslink/bob/absent", 404, "source not found"),
        ("base/crosslink/bob/app", 409, "link destination is already a file"),
    ] {
        two.refused(path, status, message).await;
    }
    // Bob's app is gone: the link stays, and leads nowhere.
    let deleted = two.call(Method::DELETE, &two.bob, "/api/flist/me/app").await;
    assert_eq!(deleted.0, 200);
    let (status, body) = two.call(Method::GET, &two.alice, "/api/flist/alice/theirs/light").await;
    assert_eq!((status, body), (404, error("source not found")));
    two.refused("theirs/link/new", 404, "source not found").await;
}

#[tokio::test]
async fn links_in_a_circle_are_refused() {
    let two = Two::with_flists().await;
    two.done("base/link/one").await;
    two.done("one/link/two").await;
    two.done("two/link/three").await;
    let before = two.everything().await;
    for path in ["three/link/one", "one/link/one", "one.flist/crosslink/alice/three"] {
        let (status, body) =
            two.call(Method::GET, &two.alice, &format!("/api/flist/me/{path}")).await;
        assert_eq!((status, &body["status"]), (409, &json!("error")), "{path}: {body}");
        assert!(
            body["message"].as_str().unwrap().contains("one would lead back"),
            "{path}: {body}"
        );
    }
    assert_eq!(two.everything().await, before);
}

#[tokio::test]
async fn a_link_to_a_tag() {
    let two = Two::with_flists().await;
    let tagged = two.call(Method::GET, &two.bob, "/api/flist/me/v1/app/tag/bob/app").await;
    assert_eq!(tagged.0, 200);
    two.done("stable/crosstag/bob/v1").await;
    let link = two.hub.json("/api/flist/alice/stable/taglink").await;
    assert_eq!(link, json!({ "target": "bob/tags/v1" }));
    // Of one's own, and changed.
    two.done("v2/base/tag/alice/base").await;
    two.done("stable/crosstag/alice/v2").await;
    let link = two.hub.json("/api/flist/alice/stable/taglink").await;
    assert_eq!(link, json!({ "target": "alice/tags/v2" }));
    let there = "there is a .flist file with the same name existing already";
    for (path, status, message) in [
        ("new/crosstag/bob/absent", 404, "source tag not found"),
        ("new/crosstag/carol/v1", 404, "source tag not found"),
        ("new/crosstag/bob/app", 404, "source tag not found"),
        ("new.flist/crosstag/bob/v1", 400, "tag symlink cannot ends with .flist"),
        ("base/crosstag/bob/v1", 409, there),
        ("v2/crosstag/bob/v1", 409, "link destination is already a file"),
        ("base/link/stable", 409, "link destination is already a file"),
    ] {
        two.refused(path, status, message).await;
    }
    for (path, message) in [
        ("/api/flist/alice/absent/taglink", "source not found"),
        ("/api/flist/alice/base/taglink", "could not read tag link"),
        ("/api/flist/alice/v2/taglink", "could not read tag link"),
        ("/api/flist/carol/stable/taglink", "user not found"),
    ] {
        let answer = two.call(Method::GET, &two.bob, path).await;
        assert_eq!(answer, (404, error(message)), "{path}");
    }
}
