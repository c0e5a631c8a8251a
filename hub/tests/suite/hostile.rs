//! Callers that hold on to what others need, and tokens that reach for more than they may.

use flisthub_hub::auth::{Expiry, Scope};
use flisthub_hub::config::Config;
use flisthub_hub::name::RepositoryName;
use flisthub_storage::wire::{IDS_TYPE, write_ids};
use flisthub_storage::{Chunk, ChunkStore as _, Compressor, Kind, Membership as _};
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::archives::{files, noise};
use crate::push::{Local, Pusher, records};
use crate::support::{BOUNDARY, FORM_TYPE, Field, TestHub, answer, form};

async fn send_form(hub: &TestHub, token: &str, body: Vec<u8>) -> u16 {
    let request = hub.request(Method::POST, "/api/flist/me/upload").bearer_auth(token);
    let request = request.header("content-type", FORM_TYPE).header("x-original-name", "x");
    answer(request.body(body).send().await.unwrap()).await.0
}

#[tokio::test]
async fn what_stands_before_a_field_is_bounded() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("a", b"b")]);
    let good = form(&[Field::file("file", "x.tar", &archive)]);
    let much = vec![b'x'; 3 << 20];
    let preamble = [&much[..], b"\r\n", &good].concat();
    assert_eq!(send_form(&hub, &token, preamble).await, 413);
    let head = format!("--{BOUNDARY}\r\nX-Long: ");
    assert_eq!(send_form(&hub, &token, [head.as_bytes(), &much].concat()).await, 413);
    hub.settled().await;
    // A field that moves on may be as long as it likes.
    let large = files(&[("a", &noise(5 << 20, 1))]);
    assert_eq!(send_form(&hub, &token, form(&[Field::file("file", "x.tar", &large)])).await, 200);
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_given_up() {
    let mut config = Config::default();
    config.limits.slowest_bytes_per_second = u64::MAX;
    config.limits.slow_start_seconds = 0;
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    let body = form(&[Field::file("file", "x.tar", &noise(1 << 20, 1))]);
    let head = format!(
        "POST /api/flist/me/upload HTTP/1.1\r\nHost: hub\r\nAuthorization: bearer {token}\r\n\
         Content-Type: {FORM_TYPE}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(hub.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    while hub.hub.uploads.available_permits() == hub.hub.config.limits.uploads {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    // The hub waits by now, however short; at this pace any wait is too long.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    stream.write_all(&body).await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_token_that_may_read_does_not_write_in_a_session_of_its_user() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let reading = hub.token("alice", Scope::Read, Expiry::Never).await;
    let local = Local::of(&files(&[("a", b"b")]));
    let push = Pusher::open(&hub, &token, "alice").await;
    let session = format!("/api/v1/sessions/{}", push.session);
    let chunks = hub.request(Method::POST, &format!("{session}/chunks"));
    for request in [
        chunks.body(records(local.frames.values())),
        hub.request(Method::POST, &format!("{session}/missing")).body(Vec::new()),
        hub.request(Method::DELETE, &session),
    ] {
        let (status, problem) = answer(request.bearer_auth(&reading).send().await.unwrap()).await;
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")));
    }
    assert_eq!(push.missing(&local.ids()).await, local.ids(), "nothing was taken in");
}

#[tokio::test]
async fn a_name_that_ends_twice_is_refused() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let refused = hub.upload(&token, "x.flist.flist", &files(&[("a", b"b")])).await;
    assert_eq!(answer(refused).await.0, 400);
    assert_eq!(hub.names().await, json!([]));
}

/// One place for connections, and a caller in it that asks for gigabytes and reads none of them: another
/// one is served only because the hub gives the first one up.
#[tokio::test]
async fn a_caller_that_does_not_read_is_given_up() {
    let mut config = Config::default();
    config.limits.idle_seconds = 1;
    config.limits.connections = 1;
    let hub = TestHub::with(config).await;
    hub.user("alice").await;
    let chunk = Chunk::new(Kind::Content, noise(1 << 20, 1)).unwrap();
    let frame = Compressor::new(1).unwrap().compress(&chunk).unwrap();
    let question = write_ids(&vec![frame.id(); 4096]);
    let alice = RepositoryName::parse("alice").unwrap();
    let alice = hub.hub.catalog.repository(&alice).await.unwrap().unwrap();
    hub.store.hold(alice.id.try_into().unwrap(), &[frame.id()]).unwrap();
    hub.store.put(&[frame]).unwrap();
    let mut stream = TcpStream::connect(hub.address).await.unwrap();
    let head = format!(
        "POST /api/v1/repositories/alice/chunks HTTP/1.1\r\nHost: hub\r\n\
         Content-Type: {IDS_TYPE}\r\nContent-Length: {}\r\n\r\n",
        question.len()
    );
    stream.write_all(&[head.as_bytes(), &question].concat()).await.unwrap();
    assert_eq!(hub.get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn readers_wait_for_a_while_and_hold_up_no_push() {
    let mut config = Config::default();
    config.limits.transfers = 1;
    config.limits.request_seconds = 2;
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    assert_eq!(hub.upload(&token, "x.tar", &files(&[("a", b"b")])).await.status(), 200);
    let _reading = hub.hub.readers.clone().acquire_owned().await.unwrap();
    let busy = hub.get("/alice/x.flist").await;
    assert_eq!(
        (busy.status().as_u16(), &busy.headers()["retry-after"]),
        (503, &"5".parse().unwrap())
    );
    let (status, dump) = answer(hub.get("/api/flist/alice/x").await).await;
    assert_eq!((status, &dump["status"]), (503, &json!("error")));
    let local = Local::of(&files(&[("c", b"d")]));
    let push = Pusher::open(&hub, &token, "alice").await;
    assert_eq!(push.send(records(local.frames.values())).await.status(), 200);
}

#[tokio::test]
async fn a_tree_larger_than_may_be_is_not_published() {
    let mut config = Config::default();
    config.limits.entries = 1;
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    let local = Local::of(&files(&[("a", b"b"), ("c", b"d")]));
    let push = Pusher::open(&hub, &token, "alice").await;
    push.send(records(local.frames.values())).await;
    let (status, problem) = answer(push.publish("alice/x", &local.flist.to_string()).await).await;
    assert_eq!((status, &problem["code"]), (413, &json!("too_large")));
}

/// Far more than the buffers of a connection take, from a caller that reads nothing before it has sent
/// all: it can only do so, and see the answer, if the hub takes the rest.
#[tokio::test]
async fn a_caller_that_is_refused_early_sees_why() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let body = vec![0; 32 << 20];
    for (path, token, status) in [
        ("/api/flist/me/upload", "fh_wrong", 401),
        ("/api/v1/sessions/00000000000000000000000000000000/chunks", &*token, 404),
        ("/nowhere", &*token, 404),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: hub\r\nAuthorization: bearer {token}\r\n\
             Content-Type: {FORM_TYPE}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(hub.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, format!("HTTP/1.1 {status}").as_bytes(), "{path}");
    }
}
