//! Items of names that are deleted and brought back, and what of them others learn.

use flisthub_hub::catalog::{Actor, Change, Condition, FlistRow, Source};
use flisthub_hub::name::{FlistName, RepositoryName};
use flisthub_storage::Kind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::archives::files;
use crate::support::{Field, TestHub};

async fn ask(hub: &TestHub, method: Method, path: &str, token: &str, body: Value) -> StatusCode {
    let request = hub.request(method, &format!("/api/v1/flists/{path}"));
    request.bearer_auth(token).json(&body).send().await.unwrap().status()
}

async fn found(hub: &TestHub) -> Value {
    hub.json("/api/stac/search").await["numberMatched"].clone()
}

#[tokio::test]
async fn what_was_deleted_is_nobodys_to_read_until_it_is_back() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("file", b"one")]);
    let fields = [Field::text("categories", "dataset"), Field::file("file", "scene.tar", &archive)];
    assert_eq!(hub.form(&token, &fields).await.status(), 200);
    let again = files(&[("file", b"two")]);
    assert_eq!(hub.upload(&token, "scene.tar", &again).await.status(), 200);
    let older = [
        "/api/stac/collections/dataset/items/alice/scene@1",
        "/api/v1/flists/alice/scene/files/file?revision=1",
    ];
    let statuses = async || {
        let mut statuses = Vec::new();
        for path in older {
            statuses.push(hub.get(path).await.status().as_u16());
        }
        statuses
    };
    assert_eq!((statuses().await, found(&hub).await), (vec![200, 200], json!(1)));
    let star = ask(&hub, Method::PUT, "alice/scene/star", &token, Value::Null).await;
    assert!(star.is_success(), "{star}");
    let deleted = ask(&hub, Method::DELETE, "alice/scene", &token, Value::Null).await;
    assert_eq!(deleted, StatusCode::NO_CONTENT);
    assert_eq!((statuses().await, found(&hub).await), (vec![404, 404], json!(0)));
    let back = ask(&hub, Method::POST, "alice/scene/undelete", &token, Value::Null).await;
    assert_eq!(back, StatusCode::CREATED);
    // It is in its collection again, with its star; what it was before the deletion stays its owners'.
    let item = hub.json("/api/stac/collections/dataset/items/alice/scene").await;
    assert_eq!(item["properties"]["sharinghub:stars"], 1, "{item}");
    assert_eq!((statuses().await, found(&hub).await), (vec![404, 404], json!(1)));
}

#[tokio::test]
async fn a_checksum_does_not_tell_what_others_have() {
    let hub = TestHub::start().await;
    let (alice, bob) = (hub.user("alice").await, hub.user("bob").await);
    let secret = b"only alice has this".as_slice();
    let readme = b"---\ncategory: dataset\nassets: ['*.bin']\n---\n".as_slice();
    let archive = files(&[("README.md", readme), ("secret.bin", secret)]);
    assert_eq!(hub.upload(&alice, "scene.tar", &archive).await.status(), 200);
    let item = hub.json("/api/stac/collections/dataset/items/alice/scene").await;
    assert!(item["assets"]["secret.bin"]["file:checksum"].is_string(), "{item}");
    // A guess, in no collection, and then something else, so that the guess is a revision only.
    for content in [secret, b"else"] {
        let archive = files(&[("guess.bin", content)]);
        assert_eq!(hub.upload(&bob, "guess.tar", &archive).await.status(), 200);
    }
    let set = json!({ "categories": ["dataset"], "metadata": { "assets": ["*.bin"] } });
    let set = ask(&hub, Method::PUT, "bob/guess/metadata", &bob, set).await;
    assert_eq!(set, StatusCode::OK);
    let older = hub.json("/api/stac/collections/dataset/items/bob/guess@1").await;
    let asset = &older["assets"]["guess.bin"];
    assert_eq!(asset["file:size"], secret.len(), "{older}");
    assert_eq!(asset["file:checksum"], Value::Null, "{older}");
}

/// Waits until no item is to be composed again.
async fn settled(hub: &TestHub) {
    while !hub.hub.catalog.pending_items(None, 1).await.unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn items_follow_their_repository_whatever_is_wrong_with_others() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("file", b"one")]);
    assert_eq!(hub.upload(&token, "scene.tar", &archive).await.status(), 200);
    // A name before it whose flist is not in the store.
    let catalog = &hub.hub.catalog;
    let alice = catalog.repository(&RepositoryName::parse("alice").unwrap()).await.unwrap();
    let change = Change {
        repository_id: alice.unwrap().id,
        name: &FlistName::parse("aaa").unwrap(),
        by: &Actor::operator(),
        source: Source::Push,
        detail: None,
        condition: &Condition::NONE,
        dry_run: false,
        now: 1,
    };
    let lost = FlistRow { id: Kind::Manifest.id_of(b"lost"), entries: 1, bytes: 1 };
    catalog.publish_item(&change, &lost, None).await.unwrap();
    let set = async |categories: Value| {
        let request = hub.request(Method::PATCH, "/api/v1/repositories/alice");
        let body = json!({ "categories": categories });
        let status = request.bearer_auth(&token).json(&body).send().await.unwrap().status();
        assert_eq!(status, StatusCode::OK);
    };
    set(json!(["dataset"])).await;
    settled(&hub).await;
    let found_in = async |collection: &str| {
        let path = format!("/api/stac/search?collections={collection}");
        hub.json(&path).await["numberMatched"].clone()
    };
    assert_eq!(found_in("dataset").await, 1);
    set(json!(["ai-model"])).await;
    assert_eq!(found_in("dataset").await, 0, "it left with the answer");
    settled(&hub).await;
    assert_eq!((found_in("dataset").await, found_in("ai-model").await), (json!(0), json!(1)));
}
