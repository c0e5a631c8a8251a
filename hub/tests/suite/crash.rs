//! `kill -9` of the real program: what was acknowledged is there, what was not is not.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;

use flisthub_flist::{Tree, VerifyLimits, verify};
use flisthub_hub::data::DataDirectory;
use flisthub_storage::{ChunkId, ChunkStore as _, RocksOptions, RocksStore, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::{files, noise};
use crate::program::{Serving, user};
use crate::support::{FORM_TYPE, Field, answer, client, form};

pub(crate) async fn upload(serving: &Serving, token: &str, name: &str, archive: &[u8]) -> Value {
    let request = client()
        .request(Method::POST, format!("{}/api/flist/me/upload", serving.url))
        .bearer_auth(token)
        .header("content-type", FORM_TYPE)
        .body(form(&[Field::file("file", name, archive)]));
    let (status, body) = answer(request.send().await.unwrap()).await;
    assert_eq!(status, 200, "{body}");
    body["payload"]["report"]["flist"].clone()
}

async fn names(serving: &Serving) -> Value {
    client().get(format!("{}/api/flist", serving.url)).send().await.unwrap().json().await.unwrap()
}

/// Opens the store that a killed hub left, and checks a flist in it down to the last byte.
fn check(data: &Path, id: &Value) {
    let id: ChunkId = id.as_str().unwrap().parse().unwrap();
    let chunks = DataDirectory::open(data).unwrap().chunks();
    let clock = std::sync::Arc::new(SystemClock);
    let store = RocksStore::open(&chunks, &RocksOptions::default(), clock).unwrap();
    verify(&store, id, &VerifyLimits::default(), &[]).unwrap();
    let tree = Tree::open(&store, id).unwrap();
    let mut chunks = Vec::new();
    for entry in tree.walk(&store) {
        let (_, entry) = entry.unwrap();
        if let flisthub_flist::Content::File { pieces, .. } = &entry.content {
            for piece in flisthub_flist::pieces(&store, pieces) {
                if let flisthub_flist::Piece::Chunk { id, .. } = piece.unwrap() {
                    chunks.push(id);
                }
            }
        }
    }
    assert!(store.get(&chunks).unwrap().iter().all(Option::is_some), "verified by reading");
}

#[tokio::test]
async fn what_was_acknowledged_survives() {
    let directory = tempfile::tempdir().unwrap();
    let token = user(directory.path(), "alice");
    let mut ids = Vec::new();
    for round in 0..5_u8 {
        let serving = Serving::start(directory.path());
        let archive = files(&[("big", &noise(3_000_000, u64::from(round))), ("small", &[round])]);
        ids.push(upload(&serving, &token, &format!("name-{round}.tar"), &archive).await);
        // At once: nothing of the hub's own gets to run after the answer was read.
        serving.kill();
        for id in &ids {
            check(directory.path(), id);
        }
    }
    let serving = Serving::start(directory.path());
    let expected: Vec<String> = (0..5).map(|round| format!("alice/name-{round}.flist")).collect();
    assert_eq!(names(&serving).await, json!(expected));
    for round in 0..5 {
        let path = format!("{}/alice/name-{round}.flist", serving.url);
        assert_eq!(client().get(path).send().await.unwrap().status(), 200);
    }
}

/// Sends the first part of an upload and leaves it there.
fn part_of_an_upload(serving: &Serving, token: &str, body: &[u8], part: usize) -> TcpStream {
    let head = format!(
        "POST /api/flist/me/upload HTTP/1.1\r\nHost: hub\r\nAuthorization: bearer {token}\r\n\
         Content-Type: {FORM_TYPE}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(serving.url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..part]).unwrap();
    stream
}

#[tokio::test]
async fn what_was_not_acknowledged_leaves_no_name_and_a_usable_store() {
    let directory = tempfile::tempdir().unwrap();
    let token = user(directory.path(), "alice");
    let archive = files(&[("one", &noise(30_000_000, 1)), ("two", &noise(5_000_000, 2))]);
    let body = form(&[Field::file("file", "half.tar", &archive)]);
    let first = files(&[("first", b"first")]);
    let serving = Serving::start(directory.path());
    let before = upload(&serving, &token, "first.tar", &first).await;
    serving.kill();
    // Killed at several places, the last one with everything sent but the form's end.
    for part in [100, 1 << 20, body.len() / 2, body.len() - 20] {
        let serving = Serving::start(directory.path());
        let running = part_of_an_upload(&serving, &token, &body, part);
        serving.kill();
        drop(running);
        check(directory.path(), &before);
        let serving = Serving::start(directory.path());
        assert_eq!(
            names(&serving).await,
            json!(["alice/first.flist"]),
            "killed after {part} bytes"
        );
        serving.kill();
    }
    let serving = Serving::start(directory.path());
    let whole = upload(&serving, &token, "half.tar", &archive).await;
    assert_eq!(names(&serving).await, json!(["alice/first.flist", "alice/half.flist"]));
    serving.kill();
    check(directory.path(), &whole);
}
