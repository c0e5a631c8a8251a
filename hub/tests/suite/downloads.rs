//! `.flist` files over HTTP: whole, in part, and not at all when the caller has them.

use flisthub_flist::FlistWriter;
use reqwest::Method;
use reqwest::header::HeaderMap;

use crate::archives::{files, noise};
use crate::support::{TestHub, answer};

const PATH: &str = "/alice/base.flist";
const CHANGED: &str = "Fri, 15 Jan 2027 08:00:00 GMT";

/// A hub with one flist, its id and its file.
async fn served() -> (TestHub, String, Vec<u8>) {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("a/one", &noise(3_000_000, 1)), ("a/two", b"two"), ("b/c/d", b"x")]);
    let (_, body) = answer(hub.upload(&token, "base.tar", &archive).await).await;
    let id = body["payload"]["report"]["flist"].as_str().unwrap().to_owned();
    let file: Vec<u8> = FlistWriter::new(&*hub.store, id.parse().unwrap())
        .flat_map(|record| record.unwrap().to_vec())
        .collect();
    // The time of a change is told once it stands for one state.
    hub.clock.forward(60);
    (hub, id, file)
}

async fn fetch(
    hub: &TestHub,
    method: Method,
    headers: &[(&str, &str)],
) -> (u16, HeaderMap, Vec<u8>) {
    let mut request = hub.request(method, PATH);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn the_whole_file() {
    let (hub, id, file) = served().await;
    let (status, headers, body) = fetch(&hub, Method::GET, &[]).await;
    assert_eq!((status, &body), (200, &file));
    for (name, value) in [
        ("etag", &*format!("\"{id}\"")),
        ("last-modified", CHANGED),
        ("accept-ranges", "bytes"),
        ("content-type", "application/octet-stream"),
        ("content-length", &file.len().to_string()),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    let (status, of_head, body) = fetch(&hub, Method::HEAD, &[]).await;
    assert_eq!((status, body.len()), (200, 0));
    for name in ["etag", "last-modified", "accept-ranges", "content-type", "content-length"] {
        assert_eq!(of_head[name], headers[name], "{name}");
    }
}

#[tokio::test]
async fn parts_of_the_file() {
    let (hub, id, file) = served().await;
    let length = file.len();
    let tag = format!("\"{id}\"");
    let last = format!("bytes={}-", length - 1);
    let long = format!("bytes=-{}", length + 5);
    let outside = format!("bytes={length}-");
    let weak = format!("W/{tag}");
    for (headers, status, part) in [
        (vec![("range", "bytes=0-0")], 206, 0..1),
        (vec![("range", "bytes=0-99")], 206, 0..100),
        (vec![("range", "bytes=100-")], 206, 100..length),
        (vec![("range", "bytes=10-99999999999")], 206, 10..length),
        (vec![("range", "bytes=-10")], 206, length - 10..length),
        (vec![("range", &*long)], 206, 0..length),
        (vec![("range", &*last)], 206, length - 1..length),
        (vec![("range", &*outside)], 416, 0..0),
        (vec![("range", "bytes=-0")], 416, 0..0),
        (vec![("range", "bytes=9-1")], 200, 0..length),
        (vec![("range", "bytes=0-1,4-5")], 206, 0..6),
        (vec![("range", "bytes=0-1,400-500")], 200, 0..length),
        (vec![("range", "bytes=0-9"), ("if-range", &*tag)], 206, 0..10),
        (vec![("range", "bytes=0-9"), ("if-range", &*weak)], 200, 0..length),
        (vec![("range", "bytes=0-9"), ("if-range", "\"other\"")], 200, 0..length),
        (vec![("range", "bytes=0-9"), ("if-range", CHANGED)], 206, 0..10),
        (vec![("if-match", &*tag)], 200, 0..length),
        (vec![("if-none-match", &*tag)], 304, 0..0),
        (vec![("if-none-match", &*weak)], 304, 0..0),
        (vec![("if-none-match", "*")], 304, 0..0),
        (vec![("if-none-match", "\"other\"")], 200, 0..length),
        (vec![("if-modified-since", CHANGED)], 304, 0..0),
        (vec![("if-modified-since", "Fri, 15 Jan 2027 07:59:59 GMT")], 200, 0..length),
        (vec![("range", "bytes=0-9"), ("if-none-match", &*tag)], 304, 0..0),
    ] {
        let (found, answered, body) = fetch(&hub, Method::GET, &headers).await;
        assert_eq!(found, status, "{headers:?}");
        assert_eq!(answered["etag"], tag, "{headers:?}");
        match status {
            206 => {
                let range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
                assert_eq!(answered["content-range"], range, "{headers:?}");
                assert_eq!(answered["content-length"], part.len().to_string(), "{headers:?}");
            }
            416 => assert_eq!(answered["content-range"], format!("bytes */{length}")),
            _ => assert!(!answered.contains_key("content-range"), "{headers:?}"),
        }
        if status != 416 {
            assert_eq!(body, file[part], "{headers:?}");
        }
        let (of_head, answered, body) = fetch(&hub, Method::HEAD, &headers).await;
        let expected = if matches!(status, 206 | 416) { 200 } else { status };
        assert_eq!((of_head, body.len()), (expected, 0), "HEAD {headers:?}");
        if expected == 200 {
            assert_eq!(answered["content-length"], length.to_string(), "HEAD {headers:?}");
        }
    }
}

#[tokio::test]
async fn another_state_than_expected_is_refused() {
    let (hub, id, _) = served().await;
    let (weak, earlier) = (format!("W/\"{id}\""), "Fri, 15 Jan 2027 07:59:59 GMT");
    for (name, value) in
        [("if-match", "\"other\""), ("if-match", &*weak), ("if-unmodified-since", earlier)]
    {
        for method in [Method::GET, Method::HEAD] {
            let (status, headers, _) = fetch(&hub, method, &[(name, value)]).await;
            assert_eq!(status, 412, "{name}: {value}");
            assert_eq!(headers["etag"], format!("\"{id}\""));
        }
    }
}

#[tokio::test]
async fn a_change_in_the_same_second_is_not_missed() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    assert_eq!(hub.upload(&token, "base.tar", &files(&[("a", b"1")])).await.status(), 200);
    let (_, headers, _) = fetch(&hub, Method::GET, &[]).await;
    assert!(!headers.contains_key("last-modified"));
    assert_eq!(hub.upload(&token, "base.tar", &files(&[("a", b"2")])).await.status(), 200);
    let (status, ..) = fetch(&hub, Method::GET, &[("if-modified-since", CHANGED)]).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn what_is_not_there() {
    let (hub, ..) = served().await;
    for path in [
        "/alice/nothing.flist",
        "/nobody/base.flist",
        "/alice/base",
        "/alice/base.flist.sha1",
        "/alice/.flist",
        "/alice/base.flist.flist",
        "/alice/..%2F..%2Fcatalog.sqlite.flist",
        "/alice/%00.flist",
        "/alice/%FF.flist",
        "/",
        "/alice",
        "/alice/base.flist/more",
    ] {
        let response = hub.get(path).await;
        let status = response.status().as_u16();
        let expected = if path.contains("%FF") { 400 } else { 404 };
        assert_eq!(status, expected, "{path}");
    }
}
