//! What one caller may have does not take from another.

use flisthub_hub::auth::{Expiry, Scope};
use flisthub_hub::config::Config;
use flisthub_hub::limits::CallerKey;
use reqwest::Method;
use serde_json::json;

use super::{alive, connect, until};
use crate::archives::{files, noise};
use crate::push::{Local, Pusher, records};
use crate::support::{TestHub, answer};

#[tokio::test]
async fn requests_are_counted_by_user_or_else_by_address() {
    let mut config = Config::default();
    (config.limits.requests_per_second, config.limits.request_burst) = (2, 3);
    let hub = TestHub::with(config).await;
    let (alice, bob) = (hub.user("alice").await, hub.user("bob").await);
    let as_user = |token: &str| hub.request(Method::GET, "/api/v1/me").bearer_auth(token).send();
    for _ in 0..3 {
        assert_eq!(as_user(&alice).await.unwrap().status(), 200);
    }
    let refused = as_user(&alice).await.unwrap();
    assert_eq!(refused.headers()["retry-after"], "1");
    assert!(refused.headers().contains_key("x-request-id"));
    let (status, problem) = answer(refused).await;
    assert_eq!((status, &problem["code"]), (429, &json!("too_many_requests")), "{problem}");
    // Another user from the same address, and nobody in particular from there.
    assert_eq!(as_user(&bob).await.unwrap().status(), 200);
    for _ in 0..3 {
        assert_eq!(hub.get("/api/v1/repositories").await.status(), 200);
    }
    assert_eq!(hub.get("/api/v1/repositories").await.status(), 429);
    let old = answer(hub.get("/api/flist").await).await;
    assert_eq!((old.0, &old.1["status"]), (429, &json!("error")), "in each face's words");
    assert_eq!(hub.get("/alice/x.flist").await.status(), 429);
    // What watches over the hub is not refused.
    assert_eq!(hub.get("/healthz").await.status(), 200);
    hub.clock.forward(1);
    assert_eq!(as_user(&alice).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_token_that_is_nobodys_counts_for_its_address() {
    let mut config = Config::default();
    (config.limits.requests_per_second, config.limits.request_burst) = (1, 4);
    let hub = TestHub::with(config).await;
    let wrong =
        |n: u32| hub.request(Method::GET, "/api/v1/me").bearer_auth(format!("fh_{n}")).send();
    for n in 0..4 {
        assert_eq!(wrong(n).await.unwrap().status(), 401);
    }
    assert_eq!(wrong(4).await.unwrap().status(), 429);
}

#[tokio::test]
async fn trying_tokens_ends_and_valid_ones_go_on() {
    let mut config = Config::default();
    config.limits.invalid_tokens_per_address = 3;
    let hub = TestHub::with(config).await;
    let alice = hub.user("alice").await;
    let with = |token: String| hub.request(Method::GET, "/api/v1/me").bearer_auth(token).send();
    for n in 0..3 {
        assert_eq!(with(format!("fh_{n}")).await.unwrap().status(), 401);
    }
    let (status, problem) = answer(with("fh_3".to_owned()).await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (429, &json!("too_many_attempts")));
    assert_eq!(with(alice).await.unwrap().status(), 200);
    // A token that was good once is no guess.
    let expiry = Expiry::After(1);
    let old = hub.token("alice", Scope::Read, expiry).await;
    hub.clock.forward(2);
    assert_eq!(answer(with(old).await.unwrap()).await.1["code"], "token_expired");
}

#[tokio::test]
async fn one_user_does_not_take_all_uploads() {
    let mut config = Config::default();
    (config.limits.uploads, config.limits.uploads_per_user) = (3, 2);
    let hub = TestHub::with(config).await;
    let (alice, bob) = (hub.user("alice").await, hub.user("bob").await);
    let request = |token: &str| {
        format!(
            "POST /api/flist/me/upload HTTP/1.1\r\nHost: hub\r\nAuthorization: bearer {token}\r\n\
             Content-Type: {}\r\nContent-Length: 1000000\r\n\r\n",
            crate::support::FORM_TYPE
        )
    };
    let mut held = Vec::new();
    for left in [2, 1] {
        let mut stream = connect(hub.address).await;
        tokio::io::AsyncWriteExt::write_all(&mut stream, request(&alice).as_bytes()).await.unwrap();
        held.push(stream);
        until(async || hub.hub.uploads.available_permits() == left).await;
    }
    let archive = files(&[("a", b"b")]);
    let refused = hub.upload(&alice, "x.tar", &archive).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(hub.upload(&bob, "x.tar", &archive).await.status(), 200);
    // Connections that are gone give their places back, and leave nothing behind.
    drop(held);
    hub.settled().await;
    assert_eq!(hub.upload(&alice, "x.tar", &archive).await.status(), 200);
    assert_eq!(hub.names().await, json!(["alice/x.flist", "bob/x.flist"]));
}

#[tokio::test]
async fn one_caller_does_not_take_all_exports() {
    let mut config = Config::default();
    config.limits.exports_per_caller = 1;
    let hub = TestHub::with(config).await;
    let alice = hub.user("alice").await;
    let uploaded = hub.upload(&alice, "x.tar", &files(&[("a", b"b")])).await;
    assert_eq!(uploaded.status(), 200);
    let here = CallerKey::of_address("127.0.0.1".parse().ok());
    let _held = hub.hub.limits.exports.each.take(&here).unwrap();
    let path = "/api/v1/flists/alice/x/export?format=tar";
    let (status, problem) = answer(hub.get(path).await).await;
    assert_eq!((status, &problem["code"]), (429, &json!("too_many_at_a_time")), "{problem}");
    let other = hub.request(Method::GET, path).bearer_auth(&alice).send().await.unwrap();
    assert_eq!(other.status(), 200);
}

#[tokio::test]
async fn callers_without_a_token_leave_an_export_to_the_others() {
    let mut config = Config::default();
    config.limits.exports_per_caller = 0;
    let hub = TestHub::with(config).await;
    let alice = hub.user("alice").await;
    let uploaded = hub.upload(&alice, "x.tar", &files(&[("a", b"b")])).await;
    assert_eq!(uploaded.status(), 200);
    let elsewhere = CallerKey::of_address("192.0.2.7".parse().ok());
    let strangers = hub.hub.limits.exports.with_strangers(&elsewhere).unwrap();
    let held: Vec<_> = std::iter::from_fn(|| strangers.try_acquire().ok()).collect();
    assert_eq!(held.len(), 3, "of four");
    let path = "/api/v1/flists/alice/x/export?format=tar";
    let (status, problem) = answer(hub.get(path).await).await;
    assert_eq!((status, &problem["code"]), (503, &json!("busy")), "{problem}");
    let other = hub.request(Method::GET, path).bearer_auth(&alice).send().await.unwrap();
    assert_eq!(other.status(), 200);
    drop(held);
    assert_eq!(hub.get(path).await.status(), 200);
}

#[tokio::test]
async fn connections_of_one_address_are_bounded() {
    let mut config = Config::default();
    config.limits.connections_per_address = 2;
    let hub = TestHub::with(config).await;
    let (mut one, mut two) = (connect(hub.address).await, connect(hub.address).await);
    assert!(alive(&mut one).await && alive(&mut two).await);
    assert!(!alive(&mut connect(hub.address).await).await, "closed at once");
    // Asked for without a connection.
    let text = hub.hub.metrics.text(&hub.hub).await;
    assert!(text.contains("\nflisthub_connections_refused_total 1\n"), "{text}");
    drop(one);
    until(async || alive(&mut connect(hub.address).await).await).await;
    assert!(alive(&mut two).await);
}

#[tokio::test]
async fn what_is_not_published_is_bounded_until_it_is() {
    let mut config = Config::default();
    config.limits.unpublished_bytes_per_user = 1_500_000;
    let hub = TestHub::with(config).await;
    let (alice, bob) = (hub.user("alice").await, hub.user("bob").await);
    let local = |seed| Local::of(&files(&[("a", &noise(1 << 20, seed))]));
    let (one, two) = (local(1), local(2));
    let push = Pusher::open(&hub, &alice, "alice").await;
    assert_eq!(push.send(records(one.frames.values())).await.status(), 200);
    let second = Pusher::open(&hub, &alice, "alice").await;
    let (status, problem) = answer(second.send(records(two.frames.values())).await).await;
    assert_eq!((status, &problem["code"]), (413, &json!("too_much_unpublished")), "{problem}");
    // An archive counts the same.
    let archive = files(&[("a", &noise(1 << 20, 3))]);
    assert_eq!(hub.upload(&alice, "y.tar", &archive).await.status(), 413);
    assert_eq!(hub.upload(&bob, "y.tar", &archive).await.status(), 200);
    // Ending the session makes no room: what was sent is still stored, until the grace has passed.
    let path = format!("/api/v1/sessions/{}", push.session);
    let ended = hub.request(Method::DELETE, &path).bearer_auth(&alice).send().await.unwrap();
    assert_eq!(ended.status(), 204);
    assert_eq!(second.send(records(two.frames.values())).await.status(), 413);
    hub.clock.forward(2 * hub.hub.config.store.grace_seconds);
    let third = Pusher::open(&hub, &alice, "alice").await;
    assert_eq!(third.send(records(two.frames.values())).await.status(), 200);
    // Publishing does.
    let published = third.publish("alice/x", &two.flist.to_string()).await;
    assert!(published.status().is_success());
    let fourth = Pusher::open(&hub, &alice, "alice").await;
    assert_eq!(fourth.send(records(local(4).frames.values())).await.status(), 200);
}
