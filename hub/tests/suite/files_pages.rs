//! Directories as pages of JSON.

use std::collections::BTreeMap;

use flisthub_flist::{Content, Metadata, Pieces};
use reqwest::Method;
use serde_json::{Value, json};

use crate::files::{FILES, Got, fetch};
use crate::support::TestHub;
use crate::tree_support::Planting;

async fn page(hub: &TestHub, path: &str) -> (Value, Got) {
    let got = fetch(hub, Method::GET, path, &[]).await;
    assert_eq!(got.status, 200, "{path}: {}", String::from_utf8_lossy(&got.body));
    (serde_json::from_slice(&got.body).unwrap(), got)
}

#[tokio::test]
async fn every_sort_of_entry_is_listed() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let mut tree = Planting::new(&*hub.store);
    tree.small("file", b"12345").small("d/x/y", b"123").special().link("link", b"to \xff");
    let xattrs = BTreeMap::from([(b"user.tag".to_vec(), b"v".to_vec())]);
    let metadata = Metadata { mode: 0o4755, uid: 7, gid: 8, mtime: -1, mtime_nanos: 5, xattrs };
    let empty = Content::File { size: 0, pieces: Pieces::Inline(vec![]) };
    tree.add_with(b"full\xff", metadata, empty);
    tree.publish(&hub, &token, "alice/base").await;
    let (root, got) = page(&hub, FILES).await;
    assert_eq!(got.header("content-type"), "application/json");
    let of = |kind: &str, name: &str| json!({ "name": name, "kind": kind, "mode": 0o644, "uid": 0, "gid": 0, "mtime": 1_700_000_000 });
    let with = |mut entry: Value, more: Value| {
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    let directory = |name: &str, entries: u64, bytes: u64| {
        let more = json!({ "mode": 0o755, "mtime": 0, "entries": entries, "bytes": bytes });
        with(of("directory", name), more)
    };
    let full = json!({
        "name": "full\u{fffd}", "name_bytes": "ZnVsbP8=", "kind": "file", "size": 0, "mode": 0o4755,
        "uid": 7, "gid": 8, "mtime": -1, "mtime_nanos": 5, "xattrs": ["user.tag"],
    });
    let link = json!({ "target": "to \u{fffd}", "target_bytes": "dG8g/w==" });
    let expected = json!({ "path": "", "next": null, "entries": [
        directory("d", 2, 3), directory("dev", 4, 0), with(of("file", "file"), json!({ "size": 5 })),
        full, with(of("symlink", "link"), link),
    ]});
    assert_eq!(root, expected);
    let (dev, _) = page(&hub, &format!("{FILES}/dev/")).await;
    let device = |major, minor| json!({ "device": { "major": major, "minor": minor } });
    let expected = json!({ "path": "dev", "next": null, "entries": [
        with(of("char-device", "null"), device(1, 3)), of("fifo", "pipe"),
        with(of("block-device", "sda"), device(8, 0)), of("socket", "socket"),
    ]});
    assert_eq!(dev, expected);
    let head = fetch(&hub, Method::HEAD, FILES, &[]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), got.body.len().to_string());
}

#[tokio::test]
async fn a_large_directory_comes_page_by_page() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let mut tree = Planting::new(&*hub.store);
    let empty = Content::File { size: 0, pieces: Pieces::Inline(vec![]) };
    for index in 0..10_000 {
        tree.add(format!("big dir/{index:05}").as_bytes(), empty.clone());
    }
    tree.publish(&hub, &token, "alice/base").await;
    let mut next = format!("{FILES}/big%20dir?limit=499");
    let (mut names, mut pages) = (Vec::new(), 0);
    loop {
        let (body, got) = page(&hub, &next).await;
        pages += 1;
        let entries = body["entries"].as_array().unwrap();
        names.extend(entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()));
        let link = got.header("link");
        if body["next"].is_null() {
            assert_eq!(link, "");
            break;
        }
        assert_eq!(entries.len(), 499);
        let cursor = body["next"].as_str().unwrap();
        assert_eq!(link, format!("<{FILES}/big%20dir?limit=499&cursor={cursor}>; rel=\"next\""));
        link[1..].split_once('>').unwrap().0.clone_into(&mut next);
    }
    assert_eq!(names, (0..10_000).map(|index| format!("{index:05}")).collect::<Vec<_>>());
    assert_eq!(pages, 21);
    let (usual, _) = page(&hub, &format!("{FILES}/big%20dir")).await;
    assert_eq!(usual["entries"].as_array().unwrap().len(), 50);
    for query in ["limit=0", "limit=501", "cursor=%21", "cursor=a"] {
        let got = fetch(&hub, Method::GET, &format!("{FILES}/big%20dir?{query}"), &[]).await;
        assert_eq!((got.status, got.code().as_str()), (400, "bad_page"), "{query}");
    }
    for query in ["limit=x", "limit=-1", "limit=99999999999"] {
        let got = fetch(&hub, Method::GET, &format!("{FILES}/big%20dir?{query}"), &[]).await;
        assert_eq!(got.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_page_of_much_text_ends_early() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let mut tree = Planting::new(&*hub.store);
    for index in 0..400 {
        tree.link(&format!("l{index:03}"), &vec![b'x'; 4_000]);
    }
    tree.publish(&hub, &token, "alice/base").await;
    let (first, _) = page(&hub, &format!("{FILES}?limit=500")).await;
    let count = first["entries"].as_array().unwrap().len();
    assert!((200..300).contains(&count), "{count}");
    let cursor = first["next"].as_str().unwrap();
    let (rest, _) = page(&hub, &format!("{FILES}?limit=500&cursor={cursor}")).await;
    assert_eq!(rest["entries"].as_array().unwrap().len(), 400 - count);
}

#[tokio::test]
async fn a_page_has_a_tag() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let mut tree = Planting::new(&*hub.store);
    tree.small("a/x", b"x").small("b/y", b"y");
    tree.publish(&hub, &token, "alice/base").await;
    let (_, got) = page(&hub, FILES).await;
    let tag = got.header("etag").to_owned();
    for (path, headers, status) in [
        (FILES, [("if-none-match", &*tag)], 304),
        (&*format!("{FILES}?limit=1"), [("if-none-match", &*tag)], 200),
        (&*format!("{FILES}/a"), [("if-none-match", &*tag)], 200),
        (FILES, [("if-match", &*tag)], 200),
        (FILES, [("if-match", "\"other\"")], 412),
        // A page has no parts.
        (FILES, [("range", "bytes=0-0")], 200),
    ] {
        let got = fetch(&hub, Method::GET, path, &headers).await;
        assert_eq!(got.status, status, "{path} {headers:?}");
    }
    let mut tree = Planting::new(&*hub.store);
    tree.small("a/x", b"x").small("b/y", b"z");
    tree.publish(&hub, &token, "alice/base").await;
    let (_, changed) = page(&hub, FILES).await;
    assert_ne!(changed.header("etag"), tag);
}
