//! A publish looks only at what differs from what names point at, and only where that is certain to be whole.

use flisthub_storage::{
    ChunkId, ChunkStore as _, Kind, Maintain as _, Membership as _, Quarantined,
};

use crate::archives::files;
use crate::push::{Local, Pusher, records};
use crate::support::{TestHub, answer};

const SAME: &[u8] = b"what both have in common";

/// Two trees that differ in one directory and have another in common.
fn two() -> (Local, Local) {
    let with = |other: &[u8]| Local::of(&files(&[("same/x", SAME), ("other/y", other)]));
    (with(b"one"), with(b"two"))
}

/// Publishes a flist of which everything is sent but one chunk; gives the status and what is missing.
async fn publish_without(
    hub: &TestHub,
    token: &str,
    name: &str,
    (local, left_out): (&Local, ChunkId),
) -> (u16, serde_json::Value) {
    let push = Pusher::open(hub, token, name.split_once('/').unwrap().0).await;
    let sent = local.frames.values().filter(|frame| frame.id() != left_out);
    assert_eq!(push.send(records(sent)).await.status(), 200);
    let (status, body) = answer(push.publish(name, &local.flist.to_string()).await).await;
    (status, body["missing"].clone())
}

/// Publishes the first tree, then takes the content that both have in common from under it: whatever looks at
/// that finds it gone.
async fn published_then_damaged(hub: &TestHub, token: &str, one: &Local) -> ChunkId {
    let push = Pusher::open(hub, token, "alice").await;
    assert_eq!(push.send(records(one.frames.values())).await.status(), 200);
    let published = push.publish("alice/base", &one.flist.to_string()).await;
    assert_eq!(published.status(), 201);
    let same = Kind::Content.id_of(SAME);
    assert!(one.frames.contains_key(&same));
    hub.store.remove(&[same], u64::MAX).unwrap();
    same
}

#[tokio::test]
async fn what_the_name_has_in_common_is_not_looked_at_again() {
    let hub = TestHub::start().await;
    let (alice, bob) = (hub.user("alice").await, hub.user("bob").await);
    let (one, two) = two();
    let same = published_then_damaged(&hub, &alice, &one).await;
    let missing = (409, serde_json::json!([same.to_string()]));
    // Names that point at nothing, or at something else, have nothing in common with it.
    assert_eq!(publish_without(&hub, &alice, "alice/new", (&two, same)).await, missing);
    assert_eq!(publish_without(&hub, &bob, "bob/base", (&two, same)).await, missing);
    let done = publish_without(&hub, &alice, "alice/base", (&two, same)).await;
    assert_eq!(done.0, 200, "only what differs is looked at: {done:?}");
}

#[tokio::test]
async fn a_hub_that_lost_something_looks_at_everything() {
    let hub = TestHub::lossy().await;
    let alice = hub.user("alice").await;
    let (one, two) = two();
    let same = published_then_damaged(&hub, &alice, &one).await;
    let found = publish_without(&hub, &alice, "alice/base", (&two, same)).await;
    assert_eq!(found, (409, serde_json::json!([same.to_string()])));
}

#[tokio::test]
async fn a_name_that_was_deleted_vouches_for_nothing() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let (one, two) = two();
    let same = published_then_damaged(&hub, &alice, &one).await;
    let deleted = hub.request(reqwest::Method::DELETE, "/api/v1/flists/alice/base");
    assert_eq!(deleted.bearer_auth(&alice).send().await.unwrap().status(), 204);
    let found = publish_without(&hub, &alice, "alice/base", (&two, same)).await;
    assert_eq!(found, (409, serde_json::json!([same.to_string()])));
}

/// Asks for a promotion of alice's base; gives the status and what is missing.
async fn promote(hub: &TestHub, token: &str) -> (u16, serde_json::Value) {
    let request = hub
        .request(reqwest::Method::POST, "/api/v1/flists/alice/copy/promote")
        .bearer_auth(token)
        .json(&serde_json::json!({ "from": "alice/base" }));
    let (status, body) = answer(request.send().await.unwrap()).await;
    (status, body["missing"].clone())
}

#[tokio::test]
async fn a_hub_that_knows_of_damage_looks_at_everything() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let (one, _) = two();
    let push = Pusher::open(&hub, &alice, "alice").await;
    assert_eq!(push.send(records(one.frames.values())).await.status(), 200);
    assert_eq!(push.publish("alice/base", &one.flist.to_string()).await.status(), 201);
    let same = Kind::Content.id_of(SAME);
    // As a scrub does that finds it damaged.
    let stat = hub.store.stat(&[same]).unwrap()[0].unwrap();
    let holders = hub.store.holders(&[same], 9).unwrap().remove(0);
    hub.store.remove(&[same], u64::MAX).unwrap();
    hub.store.hold(holders[0], &[same]).unwrap();
    hub.store.aside.lock().unwrap().push(Quarantined { id: same, stat, found: 1 });
    assert_eq!(promote(&hub, &alice).await, (409, serde_json::json!([same.to_string()])));
    assert_eq!(hub.get("/api/v1/flists/alice/copy").await.status(), 404);
    // Pushing the same content again heals it.
    let push = Pusher::open(&hub, &alice, "alice").await;
    assert_eq!(push.send(records(one.frames.values())).await.status(), 200);
    assert_eq!(promote(&hub, &alice).await.0, 201);
}

#[tokio::test]
async fn that_a_loss_was_accepted_is_remembered_until_nothing_is_lost() {
    let hub = TestHub::start().await;
    hub.hub.accept_loss().await.unwrap();
    assert!(hub.hub.catalog.loss_accepted().await.unwrap());
    assert!(hub.hub.lossy.load(std::sync::atomic::Ordering::SeqCst));
    hub.hub.nothing_lost().await.unwrap();
    assert!(!hub.hub.catalog.loss_accepted().await.unwrap());
    assert!(!hub.hub.lossy.load(std::sync::atomic::Ordering::SeqCst));
}
