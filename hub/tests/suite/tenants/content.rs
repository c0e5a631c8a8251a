//! Using another tenant's content by its ids.

use flisthub_flist::Manifest;
use flisthub_storage::wire::write_record;
use flisthub_storage::{Chunk, ChunkId, Compressor, DEFAULT_LEVEL, Frame, Kind};
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Heard, Tenants, secret_archive, twice};
use crate::archives::files;
use crate::push::{Local, Pusher, records};
use crate::support::{FORM_TYPE, Field, form};

fn frame(kind: Kind, bytes: &[u8]) -> Frame {
    let chunk = Chunk::new(kind, bytes.to_vec()).unwrap();
    Compressor::new(DEFAULT_LEVEL).unwrap().compress(&chunk).unwrap()
}

fn last_missing(tenants: &Tenants) -> Vec<String> {
    let Heard { body, .. } = tenants.heard.last().unwrap();
    let ids = body["missing"].as_array().unwrap_or_else(|| panic!("{body}"));
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn sorted(ids: &[ChunkId]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_flist_that_names_anothers_chunks_cannot_be_published() {
    let with = twice(async |tenants| {
        let secret = Local::of(&secret_archive());
        let (content, _) = tenants.secret_ids();
        let own = secret.frames.values().filter(|frame| frame.kind() != Kind::Content);
        assert_eq!(tenants.mallory_publishes("stolen", own, secret.flist).await, 409);
        let mut missing = last_missing(tenants);
        missing.sort();
        assert_eq!(missing, sorted(&content));
        assert_eq!(tenants.mallory(Method::GET, "/api/v1/flists/mallory/stolen", None).await, 404);
        // Whoever has the bytes may publish them, whoever else has them.
        assert_eq!(
            tenants.mallory_publishes("own", secret.frames.values(), secret.flist).await,
            201
        );
    })
    .await;
    let (content, _) = with.secret_ids();
    assert_eq!(with.chunks(&with.alice, "alice", &content).await, 200);
}

#[tokio::test]
async fn a_flist_whose_every_object_is_anothers_cannot_be_published() {
    twice(async |tenants| {
        let flist = tenants.secret.flist;
        assert_eq!(tenants.mallory_publishes("stolen", [], flist).await, 409);
        assert_eq!(last_missing(tenants), [flist.to_string()]);
    })
    .await;
}

#[tokio::test]
async fn a_directory_of_anothers_in_a_parent_of_ones_own_is_missing() {
    twice(async |tenants| {
        // The same directory `books`, and beside it a file of mallory's.
        let (large, small) =
            (crate::archives::noise(900_000, 11), crate::archives::noise(5_000, 12));
        let around = Local::of(&files(&[
            (&format!("books/{}", super::stage::SECRET_NAME), &large),
            ("books/notes/one", &small),
            ("books/notes/two", b"nobody else's business"),
            ("mine", b"mallory's own"),
        ]));
        let own = around.frames.values().filter(|frame| {
            // What is alice's too is left out.
            !tenants.secret.frames.contains_key(&frame.id())
        });
        let own: Vec<Frame> = own.cloned().collect();
        assert_eq!(own.len(), 3, "the root, the manifest and one file");
        assert_eq!(tenants.mallory_publishes("stolen", &own, around.flist).await, 409);
        let missing = last_missing(tenants);
        assert_eq!(missing.len(), 1, "of what is below it nobody speaks: {missing:?}");
    })
    .await;
}

#[tokio::test]
async fn a_root_of_anothers_in_a_manifest_of_ones_own_is_missing() {
    twice(async |tenants| {
        let manifest = &tenants.secret.frames[&tenants.secret.flist];
        let mut manifest = Manifest::decode(manifest.decode().unwrap().bytes()).unwrap();
        // What is said of it makes no difference: whether it is true is not told.
        for bytes in [manifest.totals.bytes, 1] {
            manifest.totals.bytes = bytes;
            manifest.values.insert("by".to_owned(), "mallory".to_owned());
            let chunk = manifest.to_chunk().unwrap();
            let own = frame(Kind::Manifest, chunk.bytes());
            let root = manifest.root.to_string();
            assert_eq!(tenants.mallory_publishes("stolen", [&own], chunk.id()).await, 409);
            assert_eq!(last_missing(tenants), [root]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_with_the_bytes_of_a_directory_is_no_directory() {
    twice(async |tenants| {
        let secret = Local::of(&secret_archive());
        let directories = secret.frames.values().filter(|frame| frame.kind() == Kind::Directory);
        for directory in directories {
            let bytes = directory.decode().unwrap().bytes().to_vec();
            let upload =
                tenants.hub.upload(&tenants.mallory, "a.tar", &files(&[("a", &bytes)])).await;
            assert_eq!(tenants.hear("upload", upload).await, 200);
            // As content those bytes have another id; under the directory's they are refused.
            let content = frame(Kind::Content, &bytes);
            assert_ne!(content.id(), directory.id());
            let mut record = bytes::BytesMut::new();
            write_record(&content, &mut record);
            let mut record = record.to_vec();
            record[1..33].copy_from_slice(directory.id().as_bytes());
            let push = Pusher::open(&tenants.hub, &tenants.mallory, "mallory").await;
            let forged = push.send(record).await;
            drop(push);
            assert_eq!(tenants.hear("forged", forged).await, 400);
            assert_eq!(tenants.mallory_publishes("x", [&content], directory.id()).await, 409);
            let status = tenants.mallory_publishes("x", [&content], content.id()).await;
            assert!(matches!(status, 409 | 422), "{status}");
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_hears_which_objects_others_have() {
    let with = twice(async |tenants| {
        let ids: Vec<ChunkId> = tenants.secret.frames.keys().copied().collect();
        assert_eq!(tenants.mallory_lacks(&ids).await, ids);
        let mallory = tenants.mallory.clone();
        for repository in ["mallory", "alice"] {
            assert_eq!(tenants.chunks(&mallory, repository, &ids).await, 404);
        }
        let one = tenants.hub.request(Method::POST, "/api/v1/repositories/mallory/chunks");
        let one = one.header("content-type", "application/vnd.flisthub.ids");
        let one = one.body(flisthub_storage::wire::write_ids(&ids).to_vec()).send().await.unwrap();
        assert_eq!(tenants.hear("chunks", one).await, 404);
    })
    .await;
    // Alice has them all the same.
    let ids: Vec<ChunkId> = with.secret.frames.keys().copied().collect();
    assert_eq!(with.chunks(&with.alice, "alice", &ids).await, 200);
    let push = Pusher::open(&with.hub, &with.alice, "alice").await;
    assert_eq!(push.missing(&ids).await, []);
}

#[tokio::test]
async fn what_was_sent_and_not_published_is_the_senders_alone() {
    twice(async |tenants| {
        // Alice is in the middle of a push, or has only opened a session.
        let more = Local::of(&files(&[("more", b"in the middle of a push")]));
        let push = Pusher::open(&tenants.hub, &tenants.alice, "alice").await;
        if tenants.there {
            assert_eq!(push.send(records(more.frames.values())).await.status(), 200);
        }
        let session = push.session.clone();
        drop(push);
        let ids = more.ids();
        assert_eq!(tenants.mallory_lacks(&ids).await, ids);
        // Nor by alice's session.
        for (method, rest) in
            [(Method::POST, "/missing"), (Method::POST, "/chunks"), (Method::DELETE, "")]
        {
            let path = format!("/api/v1/sessions/{session}{rest}");
            let asked = tenants.hub.request(method, &path).bearer_auth(&tenants.mallory);
            let status = asked.send().await.unwrap().status().as_u16();
            assert!(matches!(status, 403 | 404), "{status}");
        }
        let path = "/api/v1/flists/mallory/stolen";
        let body = json!({ "session": session, "flist": more.flist.to_string() });
        let status = tenants.mallory(Method::PUT, path, Some(body)).await;
        assert!(matches!(status, 403 | 404), "{status}");
    })
    .await;
}

#[tokio::test]
async fn a_flist_file_of_a_private_tree_brings_nothing() {
    // Mallory got it when she was a reader, say.
    let keeper = Tenants::new(true).await;
    let file = keeper.hub.request(Method::GET, "/alice/secret.flist").bearer_auth(&keeper.alice);
    let file = file.send().await.unwrap().bytes().await.unwrap().to_vec();
    let with = twice(async |tenants| {
        let path = "/api/v1/flists/mallory/stolen/flist-file";
        let native = tenants.hub.request(Method::POST, path).bearer_auth(&tenants.mallory);
        let native = native.body(file.clone()).send().await.unwrap();
        assert_eq!(tenants.hear("native", native).await, 409);
        let mut missing = last_missing(tenants);
        missing.sort();
        assert_eq!(missing, sorted(&tenants.secret_ids().0));
        let body = form(&[Field::file("file", "stolen.flist", &file)]);
        let path = "/api/flist/me/upload-flist";
        let zero = tenants.hub.request(Method::POST, path).bearer_auth(&tenants.mallory);
        let zero = zero.header("content-type", FORM_TYPE).body(body).send().await.unwrap();
        assert_eq!(tenants.hear("0-hub", zero).await, 409);
        assert_eq!(tenants.mallory(Method::GET, "/api/v1/flists/mallory/stolen", None).await, 404);
    })
    .await;
    // Who may read it may.
    let path = "/api/v1/flists/alice/again/flist-file";
    let own = with.hub.request(Method::POST, path).bearer_auth(&with.alice).body(file);
    assert_eq!(own.send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn one_public_pool_is_one() {
    use flisthub_hub::config::Config;
    let mut config = Config::default();
    config.access.public_pool = true;
    let hub = crate::support::TestHub::with(config).await;
    let mut tenants = Tenants::at(hub, true).await;
    let ids: Vec<ChunkId> = tenants.secret.frames.keys().copied().collect();
    assert_eq!(tenants.mallory_lacks(&ids).await, []);
    // Names are what they were.
    let said: Value = tenants.hub.names().await;
    assert!(!said.to_string().contains("alice"), "{said}");
    assert_eq!(tenants.mallory(Method::GET, "/api/v1/flists/alice/secret", None).await, 404);
}
