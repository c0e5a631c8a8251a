//! Exports over HTTP: every format, parts of a tree, and connections that break off.

use std::io::Read as _;

use flisthub_converter::{IngestOptions, ingest_archive};
use flisthub_storage::{ChunkId, Maintain as _, MemoryStore};
use reqwest::Method;

use crate::archives::{files, noise, pax_named};
use crate::support::{TestHub, answer};

const EXPORT: &str = "/api/v1/flists/alice/base/export";

/// A hub with one flist of two files, and its id.
async fn served() -> (TestHub, ChunkId) {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("a/one", &noise(3_000_000, 1)), ("a/b/two", b"two"), ("c++ d", b"x")]);
    let id = upload(&hub, &token, "base.tar", &archive).await;
    (hub, id)
}

async fn upload(hub: &TestHub, token: &str, name: &str, archive: &[u8]) -> ChunkId {
    let (_, body) = answer(hub.upload(token, name, archive).await).await;
    body["payload"]["report"]["flist"].as_str().unwrap().parse().unwrap()
}

fn flist_of(archive: &[u8]) -> ChunkId {
    ingest_archive(archive, &MemoryStore::new(), &IngestOptions::default()).unwrap().flist
}

async fn body(hub: &TestHub, query: &str) -> Vec<u8> {
    let response = hub.get(&format!("{EXPORT}?{query}")).await;
    assert_eq!(response.status(), 200, "{query}");
    response.bytes().await.unwrap().to_vec()
}

/// The files of an archive.
fn members(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut members = Vec::new();
    for member in tar::Archive::new(archive).entries().unwrap() {
        let mut member = member.unwrap();
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        members.push((member.path().unwrap().display().to_string(), content));
    }
    members
}

#[tokio::test]
async fn a_tree_comes_out_as_it_went_in() {
    let (hub, id) = served().await;
    for (format, kind, file) in [
        ("tar", "application/x-tar", "base.tar"),
        ("tar.gz", "application/gzip", "base.tar.gz"),
        ("tar.zst", "application/zstd", "base.tar.zst"),
    ] {
        let response = hub.get(&format!("{EXPORT}?format={format}")).await;
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        for (name, value) in [
            ("content-type", kind),
            ("content-disposition", &format!("attachment; filename=\"{file}\"")),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(headers[name], value, "{format}");
        }
        let body = response.bytes().await.unwrap();
        assert_eq!(flist_of(&body), id, "{format}");
        let head = hub.request(Method::HEAD, &format!("{EXPORT}?format={format}"));
        let head = head.send().await.unwrap();
        assert_eq!(head.headers()["content-disposition"], headers["content-disposition"]);
        if format == "tar" {
            assert_eq!(headers["content-length"], body.len().to_string());
            assert_eq!(head.headers()["content-length"], body.len().to_string());
        } else {
            assert!(!head.headers().contains_key("content-length"), "{format}: nobody knows it");
        }
        assert!(head.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn images_have_the_tree_for_their_layer() {
    let (hub, id) = served().await;
    let archive = members(&body(&hub, "format=docker-archive").await);
    let layer = archive.iter().find(|(name, _)| name == "layer.tar").unwrap();
    assert_eq!(flist_of(&layer.1), id);
    let manifest = archive.iter().find(|(name, _)| name == "manifest.json").unwrap();
    assert!(String::from_utf8_lossy(&manifest.1).contains("\"alice/base:latest\""));
    for compression in ["gzip", "zstd", "none"] {
        let query = format!("format=oci&tag=v1&compression={compression}");
        let layout = members(&body(&hub, &query).await);
        let index = layout.iter().find(|(name, _)| name == "index.json").unwrap();
        assert!(String::from_utf8_lossy(&index.1).contains("\"v1\""));
        let layer = layout.iter().max_by_key(|(_, content)| content.len()).unwrap();
        assert_eq!(flist_of(&layer.1), id, "{compression}");
    }
}

#[tokio::test]
async fn a_part_of_the_tree() {
    let (hub, _) = served().await;
    let part = members(&body(&hub, "format=tar&path=a%2Fb").await);
    assert_eq!(part[1], ("two".to_owned(), b"two".to_vec()));
    let one = members(&body(&hub, "format=tar&path=c%2B%2b+d").await);
    assert_eq!(one, [("c++ d".to_owned(), b"x".to_vec())]);
    for path in ["b", "a/one/x", "c%20d", "%FF"] {
        let (status, problem) =
            answer(hub.get(&format!("{EXPORT}?format=tar&path={path}")).await).await;
        assert_eq!((status, &problem["code"]), (404, &"not_found".into()), "{path}");
    }
}

#[tokio::test]
async fn a_path_need_not_be_utf_8() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    upload(&hub, &token, "base.tar", &pax_named(b"a\xff")).await;
    let tar = body(&hub, "format=tar&path=a%ff").await;
    let name = b"path=a\xff\n";
    assert!(tar.windows(name.len()).any(|part| part == name));
}

#[tokio::test]
async fn what_cannot_be_is_told_in_words() {
    let (hub, _) = served().await;
    for (query, status, code) in [
        ("", 400, "bad_export"),
        ("format=zip", 400, "bad_export"),
        ("format=tar&compression=lz4", 400, "bad_export"),
        ("format=tar&path=..%2Fa", 400, "bad_export"),
        ("format=oci&tag=a%2Fb", 400, "bad_tag"),
        ("format=docker-archive&tag=UPPER", 400, "bad_tag"),
    ] {
        let (found, problem) = answer(hub.get(&format!("{EXPORT}?{query}")).await).await;
        assert_eq!((found, &problem["code"]), (status, &code.into()), "{query}");
        assert_eq!(head(&hub, &format!("{EXPORT}?{query}")).await, status, "{query}");
    }
    let response = hub.get("/api/v1/flists/alice/nothing/export?format=tar").await;
    assert_eq!(response.status(), 404);
    let token = hub.token("alice", flisthub_hub::auth::Scope::Write, never()).await;
    upload(&hub, &token, "deleted.tar", &files(&[("etc/.wh.passwd", b"")])).await;
    let of_deleted = "/api/v1/flists/alice/deleted/export?format=";
    assert_eq!(hub.get(&format!("{of_deleted}tar")).await.status(), 200);
    for format in ["oci", "docker-archive"] {
        let (status, problem) = answer(hub.get(&format!("{of_deleted}{format}")).await).await;
        assert_eq!((status, &problem["code"]), (422, &"cannot_export".into()));
        assert!(problem["detail"].to_string().contains("etc/.wh.passwd"), "{problem}");
        assert_eq!(head(&hub, &format!("{of_deleted}{format}")).await, 422);
    }
}

async fn head(hub: &TestHub, path: &str) -> u16 {
    hub.request(Method::HEAD, path).send().await.unwrap().status().as_u16()
}

/// Readers are not held up by exports, nor exports by readers; what is beyond is told to come back.
#[tokio::test]
async fn only_so_many_exports_run_at_a_time() {
    let (hub, _) = served().await;
    let path = format!("{EXPORT}?format=tar");
    let readers = hub.hub.readers.clone().try_acquire_many_owned(64).unwrap();
    assert_eq!(hub.get(&path).await.status(), 200);
    drop(readers);
    // The export that nobody read ends by itself.
    let places = hub.hub.exports.clone().acquire_many_owned(4).await.unwrap();
    let response = hub.get(&path).await;
    assert!(response.headers().contains_key("retry-after"));
    let (status, problem) = answer(response).await;
    assert_eq!((status, &problem["code"]), (503, &"busy".into()));
    assert_eq!(head(&hub, &path).await, 503);
    assert_eq!(hub.get("/alice/base.flist").await.status(), 200);
    drop(places);
    assert_eq!(hub.get(&path).await.status(), 200);
}

fn never() -> flisthub_hub::auth::Expiry {
    flisthub_hub::auth::Expiry::Never
}

/// A chunk that is gone is met when part of the answer has been sent: the connection breaks, and nobody
/// takes what came for whole.
#[tokio::test]
async fn a_failure_midway_breaks_the_connection_off() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let (first, last) = (noise(20 << 20, 1), noise(300_000, 2));
    upload(&hub, &token, "base.tar", &files(&[("a", &first), ("z", &last)])).await;
    let gone = flisthub_storage::Kind::Content.id_of(&last);
    assert_eq!(hub.store.remove(&[gone], u64::MAX).unwrap().objects, 1);
    for query in ["format=tar", "format=tar.gz", "format=tar.zst", "format=docker-archive"] {
        let response = hub.get(&format!("{EXPORT}?{query}")).await;
        assert_eq!(response.status(), 200, "{query}");
        assert!(response.bytes().await.is_err(), "{query}: an answer that is cut must not end");
    }
    // A layout is read to its end before anything is sent.
    let (status, problem) = answer(hub.get(&format!("{EXPORT}?format=oci")).await).await;
    assert_eq!((status, &problem["code"]), (500, &"damaged".into()));
}
