//! Reading files in any part, at any size, by any reader: the right bytes, or none.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use flisthub_flist::{Piece, hold_flist};
use flisthub_hub::catalog::Catalog;
use flisthub_hub::config::Config;
use flisthub_hub::data::DataDirectory;
use flisthub_hub::name::RepositoryName;
use flisthub_storage::{
    Chunk, ChunkStore as _, Kind, Maintain as _, RocksOptions, RocksStore, SystemClock,
};
use futures_util::StreamExt as _;
use proptest::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::archives::noise;
use crate::files::{FILES, fetch};
use crate::postgres;
use crate::program::{Serving, user};
use crate::support::{TestHub, client};
use crate::tree_support::{Cut, Planting};

/// A file's pieces and its bytes.
fn content() -> impl Strategy<Value = Vec<Cut>> {
    let cut = prop_oneof![
        3 => (1_usize..200_000, any::<u64>()).prop_map(|(length, seed)| Cut::Data(noise(length, seed))),
        1 => (65_536_u64..1_500_000).prop_map(Cut::Hole),
    ];
    prop::collection::vec(cut, 1..12)
}

fn bytes(cuts: &[Cut]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for cut in cuts {
        match cut {
            Cut::Data(data) => bytes.extend(data),
            Cut::Hole(length) => bytes.resize(bytes.len() + usize::try_from(*length).unwrap(), 0),
        }
    }
    bytes
}

/// Ranges of a file of that length, some of a few bytes.
fn ranges(length: usize, places: &[(f64, f64)]) -> Vec<Range<usize>> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "any place will do"
    )]
    let at = |place: f64| ((length as f64 * place) as usize).min(length - 1);
    places
        .iter()
        .map(|(a, b)| at(a.min(*b))..at(a.max(*b)) + 1)
        .flat_map(|range| [range.start..(range.start + 7).min(length), range])
        .collect()
}

#[test]
fn any_part_of_any_file() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (hub, token) = runtime.block_on(async {
        let hub = TestHub::start().await;
        let token = hub.user("alice").await;
        (hub, token)
    });
    let places = prop::collection::vec((0.0..1.0_f64, 0.0..1.0_f64), 4);
    let config =
        ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(cuts in content(), places in places)| runtime.block_on(async {
        let mut tree = Planting::new(&*hub.store);
        tree.file(b"f", &cuts);
        tree.publish(&hub, &token, "alice/base").await;
        let content = bytes(&cuts);
        let path = format!("{FILES}/f");
        for range in ranges(content.len(), &places) {
            let asked = format!("bytes={}-{}", range.start, range.end - 1);
            let got = fetch(&hub, Method::GET, &path, &[("range", &asked)]).await;
            prop_assert_eq!(got.status, 206);
            prop_assert!(got.body == content[range], "{}", asked);
        }
        let whole = fetch(&hub, Method::GET, &path, &[]).await;
        prop_assert!(whole.body == content);
        Ok(())
    })?);
}

/// Pieces of a file of 100 GiB: a chunk that comes again and again, among holes of half of it.
fn huge(tree: &mut Planting<'_>, last: &[u8]) -> u64 {
    let chunk = tree.chunk(&noise(1 << 20, 7));
    let last = tree.chunk(last);
    let pieces =
        (0..51_200_u64).flat_map(|_| [chunk, Piece::Hole { length: 1 << 20 }]).chain([last]);
    tree.pieces(b"huge.bin", pieces);
    (100 << 30) + last.length()
}

#[tokio::test]
async fn the_end_of_a_hundred_gibibytes() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let mut tree = Planting::new(&*hub.store);
    let size = huge(&mut tree, b"the end");
    tree.publish(&hub, &token, "alice/base").await;
    let path = format!("{FILES}/huge.bin");
    let head = fetch(&hub, Method::HEAD, &path, &[]).await;
    assert_eq!(head.header("content-length"), size.to_string());
    let chunk = noise(1 << 20, 7);
    for (asked, body) in [
        ("bytes=-7".to_owned(), b"the end".to_vec()),
        (format!("bytes={}-", size - 9), b"\0\0the end".to_vec()),
        (
            format!("bytes={}-{}", (99_u64 << 30) - 2, (99_u64 << 30) + 2),
            [&[0, 0], &chunk[..3]].concat(),
        ),
        (format!("bytes={}-{}", 50_u64 << 30, (50_u64 << 30) + (1 << 20) - 1), chunk.clone()),
    ] {
        let got = fetch(&hub, Method::GET, &path, &[("range", &asked)]).await;
        assert_eq!(got.status, 206, "{asked}");
        assert!(got.body == body, "{asked}");
    }
}

/// The most memory that a process had, in bytes.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

/// Puts a tree into the store of a data directory that no hub has open, for alice's repository.
async fn plant_with(data: &Path, make: impl FnOnce(&mut Planting<'_>)) {
    let directory = DataDirectory::open(data).unwrap();
    let clock = Arc::new(SystemClock);
    let store = RocksStore::open(&directory.chunks(), &RocksOptions::default(), clock).unwrap();
    let mut tree = Planting::new(&store);
    make(&mut tree);
    let flist = tree.flist();
    let catalog = Catalog::at(&postgres::location(data)).await.unwrap();
    let alice = RepositoryName::parse("alice").unwrap();
    let alice = catalog.repository(&alice).await.unwrap().unwrap().id.try_into().unwrap();
    catalog.close().await;
    hold_flist(&store, alice, flist, &mut Err).unwrap();
    store.flush().unwrap();
    fs::write(data.join("planted"), flist.to_string()).unwrap();
}

/// Has `alice/base` point at it.
async fn publish_planted(hub: &Serving, data: &Path, token: &str) {
    let flist = fs::read_to_string(data.join("planted")).unwrap();
    let post = client().post(format!("{}/api/v1/sessions", hub.url)).bearer_auth(token);
    let opened = post.json(&json!({ "repository": "alice" })).send().await.unwrap();
    let session: Value = opened.json().await.unwrap();
    let put = client().put(format!("{}/api/v1/flists/alice/base", hub.url)).bearer_auth(token);
    let body = json!({ "session": session["session"], "flist": flist });
    assert_eq!(put.json(&body).send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_large_file_is_served_with_flat_memory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let token = user(&data, "alice");
    plant_with(&data, |tree| {
        huge(tree, b"the end");
    })
    .await;
    let hub = Serving::start(&data);
    publish_planted(&hub, &data, &token).await;
    let http = client();
    let url = format!("{}{FILES}/huge.bin", hub.url);
    let read = async |encoding: &str, most: u64| {
        let response = http.get(&url).header("accept-encoding", encoding).send().await.unwrap();
        let (mut parts, mut read) = (response.bytes_stream(), 0);
        while read < most {
            read += parts.next().await.unwrap().unwrap().len() as u64;
        }
    };
    read("identity", 64 << 20).await;
    let before = peak(hub.child.id());
    // Two gibibytes of the file, and of its frames what a gibibyte of it comes to.
    read("identity", 2 << 30).await;
    read("zstd", 1 << 29).await;
    let after = peak(hub.child.id());
    assert!(after < before + (64 << 20), "{before} bytes before, {after} after");
    assert_eq!(hub.stop(), Some(0));
}

#[tokio::test]
async fn readers_that_stand_still_hold_up_nobody() {
    let mut config = Config::default();
    config.limits.transfers = 1;
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    let mut tree = Planting::new(&*hub.store);
    tree.small("small", b"small");
    huge(&mut tree, b"the end");
    tree.publish(&hub, &token, "alice/base").await;
    let mut still = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(hub.address).await.unwrap();
        let request = format!("GET {FILES}/huge.bin HTTP/1.1\r\nHost: hub\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        still.push(stream);
    }
    for path in ["small", "huge.bin"] {
        let path = format!("{FILES}/{path}");
        let got = fetch(&hub, Method::GET, &path, &[("range", "bytes=0-4")]).await;
        assert_eq!((got.status, got.body.len()), (206, 5));
    }
    // None of them has a permit between two parts.
    while hub.hub.objects.readings_under_way() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    drop(still);
}

#[tokio::test]
async fn many_readers_that_stand_still_share_the_memory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let token = user(&data, "alice");
    plant_with(&data, |tree| {
        let chunks: Vec<Cut> = (0..320).map(|seed| Cut::Data(noise(128 << 10, seed))).collect();
        tree.file(b"huge.bin", &chunks);
    })
    .await;
    let hub = Serving::start(&data);
    publish_planted(&hub, &data, &token).await;
    let address = hub.url.strip_prefix("http://").unwrap().to_owned();
    let before = peak(hub.child.id());
    let mut still = Vec::new();
    for reader in 0..300_u64 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let request = format!(
            "GET {FILES}/huge.bin HTTP/1.1\r\nHost: hub\r\nRange: bytes={}-\r\n\r\n",
            reader * (100 << 10)
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 206");
        still.push(stream);
    }
    // Somebody who reads is not held up.
    let read = client().get(format!("{}{FILES}/huge.bin", hub.url)).send().await.unwrap();
    assert_eq!(read.bytes().await.unwrap().len(), 320 << 17);
    let after = peak(hub.child.id());
    assert!(after < before + (350 << 20), "{before} bytes before, {after} after");
    drop(still);
}

#[tokio::test]
async fn what_a_name_points_at_now_is_read() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let path = format!("{FILES}/d/f");
    let mut tags = Vec::new();
    for content in [&b"first"[..], b"second", b"first"] {
        let mut tree = Planting::new(&*hub.store);
        tree.small("d/f", content);
        tree.publish(&hub, &token, "alice/base").await;
        for _ in 0..3 {
            let got = fetch(&hub, Method::GET, &path, &[]).await;
            assert_eq!((got.status, &*got.body), (200, content));
            tags.push(got.header("etag").to_owned());
        }
    }
    assert!(tags[0] == tags[8] && tags[0] != tags[3]);
    let mut tree = Planting::new(&*hub.store);
    tree.small("d", b"a file now");
    tree.publish(&hub, &token, "alice/base").await;
    assert_eq!(fetch(&hub, Method::GET, &path, &[]).await.status, 404);
    let gone = hub.request(Method::DELETE, "/api/v1/flists/alice/base").bearer_auth(&token);
    assert_eq!(gone.send().await.unwrap().status(), 204);
    assert_eq!(fetch(&hub, Method::GET, &format!("{FILES}/d"), &[]).await.status, 404);
}

#[tokio::test]
async fn what_is_gone_from_the_store_is_no_content() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let mut tree = Planting::new(&*hub.store);
    let chunks: Vec<Vec<u8>> = (0..8).map(|seed| noise(1 << 20, seed + 100)).collect();
    let cuts: Vec<Cut> = chunks.iter().cloned().map(Cut::Data).collect();
    tree.file(b"f", &cuts);
    tree.publish(&hub, &token, "alice/base").await;
    let lost = Chunk::new(Kind::Content, chunks[5].clone()).unwrap().id();
    hub.clock.forward(10);
    assert_eq!(hub.store.remove(&[lost], u64::MAX).unwrap().objects, 1);
    let path = format!("{FILES}/f");
    // What comes before it is right; then the answer breaks off.
    for encoding in ["identity", "zstd"] {
        let request = hub.request(Method::GET, &path).header("accept-encoding", encoding);
        let mut parts = request.send().await.unwrap().bytes_stream();
        let (mut read, mut broken) = (Vec::new(), false);
        while let Some(part) = parts.next().await {
            match part {
                Ok(part) => read.extend(part),
                Err(_) => broken = true,
            }
        }
        assert!(broken, "{encoding}: nothing tells that the end is missing");
        if encoding == "identity" {
            assert!(read == chunks.concat()[..read.len()] && read.len() <= 5 << 20);
        }
    }
    let got = fetch(&hub, Method::GET, &path, &[("range", "bytes=5300000-5300009")]).await;
    assert_eq!((got.status, got.code().as_str()), (500, "damaged"));
    let whole = fetch(&hub, Method::GET, &path, &[("range", "bytes=0-9")]).await;
    assert_eq!((whole.status, &whole.body[..]), (206, &chunks[0][..10]));
}
