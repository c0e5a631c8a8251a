//! Bad uploads: each answers a clear 4xx that names what is wrong, and changes nothing.

use flisthub_hub::config::Config;
use reqwest::Method;
use serde_json::{Value, json};
use tar::EntryType;
use tokio::io::AsyncWriteExt as _;

use crate::archives::{files, gzip, header, noise, pax_named, raw};
use crate::support::{FORM_TYPE, Field, TestHub, answer, form};

fn limits() -> Config {
    let mut config = Config::default();
    config.limits.entries = 5;
    config.limits.expansion = 20;
    config.limits.expansion_floor_bytes = 1 << 20;
    config.limits.upload_bytes = 1 << 20;
    config.limits.path_depth = 3;
    config
}

/// Sends a form, and checks that the refusal has the status and says the words.
async fn refused(hub: &TestHub, token: &str, fields: &[Field<'_>], status: u16, words: &str) {
    let (found, body) = answer(hub.form(token, fields).await).await;
    let message = body["message"].as_str().unwrap_or_default();
    assert_eq!((found, &body["status"]), (status, &json!("error")), "{words}: {body}");
    assert!(message.contains(words), "{words}: {message}");
    assert_eq!(hub.names().await, json!([]), "{words}");
}

fn long_link(target: &str) -> Vec<u8> {
    let mut entry = header(EntryType::Link, 0);
    entry.set_link_name_literal(target).unwrap();
    raw(entry, b"link", b"")
}

fn device(major: u32, minor: u32) -> Vec<u8> {
    let mut entry = header(EntryType::Char, 0);
    entry.set_device_major(major).unwrap();
    entry.set_device_minor(minor).unwrap();
    raw(entry, b"device", b"")
}

#[tokio::test]
async fn bad_archives_are_refused() {
    let hub = TestHub::with(limits()).await;
    let token = hub.user("alice").await;
    let good = files(&[("some/file", &noise(4000, 1))]);
    let mut corrupt = gzip(&good);
    // The check sum of gzip's own: all before it is as it was.
    let sum = corrupt.len() - 8;
    corrupt[sum] ^= 1;
    let cut = gzip(&good);
    let plain_file = header(EntryType::Regular, 0);
    let many: Vec<(String, &[u8])> = (0..9).map(|n| (format!("file-{n}"), &b""[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (&**name, *bytes)).collect();
    let long = "n".repeat(256);

    for (archive, status, words) in [
        (vec![], 422, "empty"),
        (good[..1000].to_vec(), 422, "some/file"),
        (cut[..cut.len() / 2].to_vec(), 422, "gzip"),
        (corrupt, 422, "gzip"),
        (b"#!/bin/sh\necho this is no archive at all\n".to_vec(), 422, "not a tar archive"),
        (noise(5000, 2), 422, "not a tar archive"),
        (gzip(b"a letter, not an archive"), 422, "not a tar archive"),
        (gzip(&noise(5000, 2)), 422, "not a tar archive"),
        (gzip(&vec![0; 8 << 20]), 413, "times"),
        (files(&many), 413, "5 entries"),
        (raw(plain_file.clone(), b"a/../../etc/passwd", b""), 422, "a/../../etc/passwd"),
        (raw(plain_file.clone(), b"..", b""), 422, ".."),
        (raw(plain_file, b"a/b/c/d", b""), 413, "a/b/c/d"),
        (pax_named(b"nul\0byte"), 422, "NUL"),
        (pax_named(long.as_bytes()), 422, &long[..100]),
        (long_link("../outside"), 422, "link"),
        (long_link("absent"), 422, "link"),
        (device(1 << 20, 0), 422, "device"),
        (device(0, 1 << 20), 422, "device"),
    ] {
        refused(&hub, &token, &[Field::file("file", "x.tar", &archive)], status, words).await;
    }
    hub.settled().await;
    // After all that the hub takes a good one.
    assert_eq!(hub.upload(&token, "x.tar", &good).await.status(), 200);
}

#[tokio::test]
async fn too_large_an_upload_is_refused() {
    let hub = TestHub::with(limits()).await;
    let token = hub.user("alice").await;
    let archive = files(&[("big", &noise(2 << 20, 1))]);
    let fields = [Field::file("file", "x.tar", &archive)];
    refused(&hub, &token, &fields, 413, "1048576 bytes").await;
    hub.settled().await;
}

#[tokio::test]
async fn bad_forms_are_refused() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("a", b"b")]);
    let file = |name| Field::file("file", name, &archive);
    let long = "v".repeat(70_000);
    for (fields, status, words) in [
        (vec![], 400, "no file found"),
        (vec![Field::text("metadata-a", "b")], 400, "no file found"),
        (vec![Field::file("archive", "x.tar", &archive)], 400, "archive"),
        (vec![Field::file("upload", "x.tar", &archive), file("x.tar")], 400, "upload"),
        (vec![file("")], 400, "no file selected"),
        (vec![file("x.tar"), file("y.tar")], 400, "more than one"),
        (vec![file("x.tar"), Field::text("metadata-a", &long)], 413, "metadata"),
        (vec![file("../x.tar")], 400, "../x"),
        (vec![file("a/b.tar")], 400, "a/b"),
        (vec![file(".tar.gz")], 400, "not a name"),
        (vec![file("..")], 400, "not a name"),
        (vec![file("tags.tar")], 400, "reserved"),
        (vec![file("ü.tar")], 400, "not a name"),
    ] {
        refused(&hub, &token, &fields, status, words).await;
    }
    hub.settled().await;
}

async fn send(hub: &TestHub, token: &str, kind: &str, name: &str, body: Vec<u8>) -> (u16, Value) {
    let request = hub
        .request(Method::POST, "/api/flist/me/upload")
        .bearer_auth(token)
        .header("content-type", kind)
        .header("x-original-name", name);
    answer(request.body(body).send().await.unwrap()).await
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("a", b"b")]);
    let whole = form(&[Field::file("file", "x.tar", &archive)]);
    let cut = whole[..whole.len() - 30].to_vec();
    for (kind, name, body) in [
        ("application/gzip", "x", archive.clone()),
        ("multipart/form-data", "x", whole.clone()),
        (FORM_TYPE, "x", archive),
        (FORM_TYPE, "x", cut),
        (FORM_TYPE, "a/..", whole.clone()),
        (FORM_TYPE, "", whole.clone()),
        (FORM_TYPE, "\u{fc}", whole),
    ] {
        let (status, body) = send(&hub, &token, kind, name, body).await;
        assert_eq!((status, &body["status"]), (400, &json!("error")), "{kind} {name:?}: {body}");
    }
    hub.settled().await;
    assert_eq!(hub.names().await, json!([]));
}

/// Starts an upload by hand and leaves it hanging after half of the archive.
async fn half_an_upload(hub: &TestHub, token: &str) -> tokio::net::TcpStream {
    let archive = files(&[("big", &noise(4 << 20, 7))]);
    let body = form(&[Field::file("file", "half.tar", &archive)]);
    let head = format!(
        "POST /api/flist/me/upload HTTP/1.1\r\nHost: hub\r\nAuthorization: bearer {token}\r\n\
         Content-Type: {FORM_TYPE}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(hub.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..body.len() / 2]).await.unwrap();
    while hub.hub.uploads.available_permits() == hub.hub.config.limits.uploads {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    stream
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let stream = half_an_upload(&hub, &token).await;
    drop(stream);
    hub.settled().await;
    assert_eq!(hub.names().await, json!([]));
    let archive = files(&[("big", &noise(4 << 20, 7))]);
    assert_eq!(hub.upload(&token, "half.tar", &archive).await.status(), 200);
}

#[tokio::test]
async fn more_uploads_than_may_run_are_told_to_wait() {
    let mut config = Config::default();
    config.limits.uploads = 1;
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    let archive = files(&[("a", b"b")]);
    let running = half_an_upload(&hub, &token).await;
    let response = hub.upload(&token, "x.tar", &archive).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "5");
    drop(running);
    hub.settled().await;
    assert_eq!(hub.upload(&token, "x.tar", &archive).await.status(), 200);
}

/// A caller that holds its upload open without sending is cut off, and its place goes to others.
#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let mut config = Config::default();
    config.limits.idle_seconds = 1;
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    let _held = half_an_upload(&hub, &token).await;
    hub.settled().await;
    assert_eq!(hub.names().await, json!([]));
}
