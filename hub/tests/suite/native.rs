//! The native API: sessions, chunks, publishing.

use flisthub_flist::Manifest;
use flisthub_storage::wire::{CHUNKS_TYPE, RecordReader, write_ids};
use flisthub_storage::{Chunk, ChunkId, Compressor, Frame, Kind};
use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::{files, noise};
use crate::push::{Local, Pusher, records};
use crate::support::{START, TestHub, answer};

fn local() -> Local {
    Local::of(&files(&[("a/one", &noise(700_000, 1)), ("a/two", b"two"), ("three", b"three")]))
}

async fn code(response: reqwest::Response) -> (u16, String, Value) {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let (status, problem) = answer(response).await;
    assert_eq!(problem["type"], "about:blank");
    assert_eq!(problem["status"], status);
    assert!(problem["title"].is_string() && problem["detail"].is_string());
    (status, problem["code"].as_str().unwrap().to_owned(), problem)
}

#[tokio::test]
async fn a_push_from_first_to_last() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let local = local();
    let me = hub.request(Method::GET, "/api/v1/me").bearer_auth(&token).send().await.unwrap();
    let (status, me) = answer(me).await;
    assert_eq!(
        (status, &me["user"], &me["repositories"], &me["scope"]),
        (200, &json!("alice"), &json!(["alice"]), &json!("write"))
    );

    let push = Pusher::open(&hub, &token, "alice").await;
    assert_eq!(push.missing(&local.ids()).await, local.ids());
    let (status, stored) = answer(push.send(records(local.frames.values())).await).await;
    let stored_bytes: usize = local.frames.values().map(|frame| frame.bytes().len()).sum();
    let new_bytes: u64 = local.frames.values().map(|frame| u64::from(frame.length())).sum();
    assert_eq!(status, 200);
    assert_eq!(
        stored,
        json!({
            "new": local.frames.len(), "known": 0, "new_bytes": new_bytes,
            "stored_bytes": stored_bytes,
        })
    );
    assert_eq!(push.missing(&local.ids()).await, []);
    assert_eq!(hub.names().await, json!([]), "nothing is published yet");

    let (status, mut info) =
        answer(push.publish("alice/base", &local.flist.to_string()).await).await;
    assert_eq!(status, 201, "{info}");
    // Who publishes is told what became of the metadata, also where there is none. Who reads the name is not.
    let item = info.as_object_mut().unwrap().remove("item");
    assert_eq!(item, Some(json!({ "collections": [], "warnings": [] })));
    assert_eq!(hub.json("/api/v1/flists/alice/base").await, info);
    assert_eq!(hub.json("/api/v1/flists/alice/base.flist").await, info);
    let mut listed = info.clone();
    listed["kind"] = json!("flist");
    let page = hub.json("/api/v1/flists/alice").await;
    assert_eq!(page, json!({ "names": [listed], "next": null }));
    for (key, value) in [
        ("repository", json!("alice")),
        ("name", json!("base")),
        ("flist", json!(local.flist.to_string())),
        ("entries", json!(4)),
        ("bytes", json!(700_008)),
        ("updated", json!(START)),
    ] {
        assert_eq!(info[key], value, "{key}");
    }
    // The session is over; another one may publish the same again, and finds the name there.
    let (status, word, _) = code(push.publish("alice/base", &local.flist.to_string()).await).await;
    assert_eq!((status, word.as_str()), (404, "no_session"));
    let again = Pusher::open(&hub, &token, "alice").await;
    let (status, _) = answer(again.publish("alice/base", &local.flist.to_string()).await).await;
    assert_eq!(status, 200);
    let path = "/api/v1/flists/alice/base";
    let deleted = hub.request(Method::DELETE, path).bearer_auth(&token).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    let deleted = hub.request(Method::DELETE, path).bearer_auth(&token).send().await.unwrap();
    assert_eq!(code(deleted).await.0, 404);
    assert_eq!(code(hub.get(path).await).await.1, "not_found");
}

#[tokio::test]
async fn an_upload_and_a_push_of_one_archive_are_one_flist() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("a/one", &noise(700_000, 1)), ("a/two", b"two")]);
    let local = Local::of(&archive);
    let (_, uploaded) = answer(hub.upload(&token, "base.tar", &archive).await).await;
    assert_eq!(uploaded["payload"]["report"]["flist"], local.flist.to_string());
    let push = Pusher::open(&hub, &token, "alice").await;
    assert_eq!(push.missing(&local.ids()).await, []);
}

#[tokio::test]
async fn one_question_takes_a_hundred_thousand_ids() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let local = local();
    let push = Pusher::open(&hub, &token, "alice").await;
    push.send(records(local.frames.values())).await;
    let unknown = |number: u32| Kind::Content.id_of(&number.to_be_bytes());
    let mut ids: Vec<ChunkId> = (0..100_000).map(unknown).collect();
    for (place, known) in local.ids().into_iter().enumerate() {
        ids[place * 1000] = known;
    }
    let missing = push.missing(&ids).await;
    let expected: Vec<ChunkId> =
        ids.iter().filter(|id| !local.frames.contains_key(id)).copied().collect();
    assert_eq!(missing, expected, "in the order asked");

    let most: Vec<ChunkId> = (0..131_072).map(unknown).collect();
    assert_eq!(push.missing(&most).await.len(), most.len());
    for (body, status) in [(vec![0; 131_073 * 32], 413), (vec![0; 33], 400)] {
        let refused = push.post("missing", "application/vnd.flisthub.ids", body).await;
        assert_eq!(code(refused).await.0, status);
    }
}

/// A record whose frame is any bytes.
fn record(id: ChunkId, length: usize, frame: &[u8]) -> Vec<u8> {
    let mut record = vec![Kind::Content.code()];
    record.extend(id.as_bytes());
    record.extend(u32::try_from(length).unwrap().to_be_bytes());
    record.extend(u32::try_from(frame.len()).unwrap().to_be_bytes());
    record.extend(frame);
    record
}

fn frame_of(bytes: &'static [u8]) -> Frame {
    let chunk = Chunk::new(Kind::Content, bytes).unwrap();
    Compressor::new(1).unwrap().compress(&chunk).unwrap()
}

/// Bodies that break one rule each, with a word of the message.
fn bad_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let text = b"some bytes that are in no other test, and a bit more of them";
    let id = Kind::Content.id_of(text);
    let good = frame_of(text).bytes().to_vec();
    let length = text.len();
    let skippable = [&[0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4], &good[..]].concat();
    let half = zstd::bulk::compress(&text[..10], 1).unwrap();
    let rest = zstd::bulk::compress(&text[10..], 1).unwrap();
    // Magic; a descriptor with an 8-byte content size (and, for the dictionary, its id).
    let size = (length as u64).to_le_bytes();
    let raw_block = {
        let header = (u32::try_from(length).unwrap() << 3) | 1;
        [&header.to_le_bytes()[..3], text].concat()
    };
    let magic = [0x28, 0xB5, 0x2F, 0xFD];
    let window = [&magic[..], &[0xC0, 14 << 3], &size, &raw_block].concat();
    let dictionary = [&magic[..], &[0xE1, 7], &size, &raw_block].concat();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let no_size = [&magic[..], &[0x00, 0x50], &raw_block].concat();
    let mut kind = record(id, length, &good);
    kind[0] = 9;
    let mut huge = record(id, length, &good);
    huge[33..37].copy_from_slice(&(2_u32 << 20).to_be_bytes());
    vec![
        ("other bytes", record(Kind::Content.id_of(b"other"), length, &good)),
        ("flipped", record(id, length, &flipped)),
        ("two frames", record(id, length, &[&half[..], &rest].concat())),
        ("padding", record(id, length, &[&good[..], &[0]].concat())),
        ("skippable", record(id, length, &skippable)),
        ("window", record(id, length, &window)),
        ("dictionary", record(id, length, &dictionary)),
        ("no size", record(id, length, &no_size)),
        ("wrong size", record(id, length - 1, &good)),
        ("no frame", record(id, length, b"not zstd")),
        ("empty", record(id, length, b"")),
        ("kind", kind),
        ("huge", huge),
        ("cut", record(id, length, &good)[..50].to_vec()),
    ]
}

#[tokio::test]
async fn bad_records_are_named_and_good_ones_before_them_kept() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let push = Pusher::open(&hub, &token, "alice").await;
    let text = b"some bytes that are in no other test, and a bit more of them";
    let forged = Kind::Content.id_of(text);
    for (number, (what, bad)) in bad_bodies().into_iter().enumerate() {
        let before = noise(1000, number as u64);
        let before = Chunk::new(Kind::Content, before).unwrap();
        let before = Compressor::new(1).unwrap().compress(&before).unwrap();
        let after = frame_of(b"never comes");
        let body = [records([&before]), bad, records([&after])].concat();
        let (status, word, problem) = code(push.send(body).await).await;
        assert_eq!((status, word.as_str()), (400, "bad_chunk"), "{what}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("record 1"), "{what}: {detail}");
        let named = detail.contains(&forged.to_string()) || ["other bytes", "kind"].contains(&what);
        // What is cut short runs into the record after it.
        assert!(named || what == "cut", "{what}: {detail}");
        let missing = push.missing(&[before.id(), forged, after.id()]).await;
        assert_eq!(missing, [forged, after.id()], "{what}");
    }
    let cut = &records([&frame_of(text)])[..60];
    let (_, word, problem) = code(push.send(cut.to_vec()).await).await;
    assert_eq!(word, "bad_chunk");
    assert!(problem["detail"].as_str().unwrap().contains("middle of record 0"));
}

#[tokio::test]
async fn a_publish_names_what_is_missing() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let local = local();
    let push = Pusher::open(&hub, &token, "alice").await;
    let id = local.flist.to_string();
    let listed = async |push: &Pusher<'_>| {
        let (status, word, problem) = code(push.publish("alice/base", &id).await).await;
        assert_eq!((status, word.as_str()), (409, "missing_objects"));
        let missing = problem["missing"].as_array().unwrap();
        missing.iter().map(|id| id.as_str().unwrap().parse().unwrap()).collect::<Vec<ChunkId>>()
    };
    assert_eq!(listed(&push).await, [local.flist]);
    let of_kind = |content: bool| {
        local.frames.values().filter(move |frame| (frame.kind() == Kind::Content) == content)
    };
    push.send(records(of_kind(false))).await;
    let mut missing = listed(&push).await;
    missing.sort_unstable();
    assert_eq!(missing, of_kind(true).map(Frame::id).collect::<Vec<_>>());
    assert_eq!(hub.names().await, json!([]));
    push.send(records(of_kind(true))).await;
    let (status, _) = answer(push.publish("alice/base", &id).await).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn a_flist_that_lies_is_refused() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let local = local();
    let push = Pusher::open(&hub, &token, "alice").await;
    push.send(records(local.frames.values())).await;
    let manifest = local.frames[&local.flist].decode().unwrap();
    let manifest = Manifest::decode(manifest.bytes()).unwrap();
    let mut totals = manifest.clone();
    totals.totals.bytes += 1;
    let mut links = manifest.clone();
    links.links = Some(manifest.root);
    let mut root = manifest.clone();
    root.root = *local.ids().iter().find(|id| local.frames[*id].kind() == Kind::Content).unwrap();
    let forged: Vec<Chunk> = [totals, links, root].map(|it| it.to_chunk().unwrap()).into();
    let garbage = Chunk::new(Kind::Manifest, "no CBOR at all").unwrap();
    for chunk in forged.iter().chain([&garbage]) {
        let frame = Compressor::new(1).unwrap().compress(chunk).unwrap();
        assert_eq!(push.send(records([&frame])).await.status(), 200);
        let (status, word, _) =
            code(push.publish("alice/base", &chunk.id().to_string()).await).await;
        assert_eq!((status, word.as_str()), (422, "bad_flist"));
    }
    // A directory is no manifest, whatever it is called.
    let (status, word, _) =
        code(push.publish("alice/base", &manifest.root.to_string()).await).await;
    assert_eq!((status, word.as_str()), (422, "bad_flist"));
    assert_eq!(hub.names().await, json!([]));
}

#[tokio::test]
async fn bad_publishes_are_refused() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let bob = hub.user("bob").await;
    let local = local();
    let id = local.flist.to_string();
    let push = Pusher::open(&hub, &token, "alice").await;
    push.send(records(local.frames.values())).await;
    for (name, flist, status, word) in [
        ("alice/base", "xyz", 400, "bad_id"),
        ("alice/base", &*id.to_uppercase(), 400, "bad_id"),
        ("alice/tags", &id, 400, "bad_name"),
        ("alice/..%2Fbase", &id, 400, "bad_name"),
        ("alice/base%00", &id, 400, "bad_name"),
        ("nobody/base", &id, 404, "not_found"),
        ("bob/base", &id, 403, "forbidden"),
    ] {
        let (found, code, _) = code(push.publish(name, flist).await).await;
        assert_eq!((found, code.as_str()), (status, word), "{name} {flist}");
    }
    let elsewhere = Pusher::open(&hub, &bob, "bob").await;
    let admin =
        hub.token("bob", flisthub_hub::auth::Scope::Admin, flisthub_hub::auth::Expiry::Never);
    let admin = admin.await;
    let request = hub
        .request(Method::PUT, "/api/v1/flists/alice/base")
        .bearer_auth(&admin)
        .json(&json!({ "session": elsewhere.session, "flist": id }));
    let (status, word, _) = code(request.send().await.unwrap()).await;
    assert_eq!((status, word.as_str()), (400, "wrong_session"));
    for body in [json!({ "flist": id }), json!({ "session": "x", "flist": id, "more": 1 })] {
        let request = hub.request(Method::PUT, "/api/v1/flists/alice/base").bearer_auth(&token);
        assert_eq!(code(request.json(&body).send().await.unwrap()).await.0, 400);
    }
    assert_eq!(hub.names().await, json!([]));
}

#[tokio::test]
async fn a_session_ends() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let local = local();
    let closed = Pusher::open(&hub, &token, "alice").await;
    let expired = Pusher::open(&hub, &token, "alice").await;
    assert_eq!(closed.close().await.status(), 204);
    hub.clock.forward(hub.hub.config.sessions.life_seconds);
    for push in [&closed, &expired] {
        let body = records(local.frames.values());
        for response in [
            push.post("missing", "x/y", vec![]).await,
            push.send(body).await,
            push.publish("alice/base", &local.flist.to_string()).await,
            push.close().await,
        ] {
            let (status, word, _) = code(response).await;
            assert_eq!((status, word.as_str()), (404, "no_session"));
        }
    }
    assert_eq!(flisthub_hub::actions::sessions::sweep(&hub.hub).await.unwrap(), 1);
    let open = Pusher::open(&hub, &token, "alice").await;
    assert_eq!(open.missing(&local.ids()).await, local.ids(), "nothing of that was stored");
}

#[tokio::test]
async fn chunks_come_back_in_the_order_asked() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let local = local();
    let push = Pusher::open(&hub, &token, "alice").await;
    push.send(records(local.frames.values())).await;
    let published = push.publish("alice/base", &local.flist.to_string()).await;
    assert_eq!(published.status(), 201, "what was only sent is in no repository yet");
    let mut ids = local.ids();
    ids.reverse();
    ids.push(ids[0]);
    let ask = async |repository: &str, body: Vec<u8>| {
        let path = format!("/api/v1/repositories/{repository}/chunks");
        hub.request(Method::POST, &path).body(body).send().await.unwrap()
    };
    let response = ask("alice", write_ids(&ids).to_vec()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], CHUNKS_TYPE);
    let mut reader = RecordReader::default();
    reader.push(&response.bytes().await.unwrap());
    for id in &ids {
        let (frame, _) = reader.next_record().unwrap().unwrap();
        assert_eq!(&frame, &local.frames[id]);
    }
    reader.finish().unwrap();

    let absent = Kind::Content.id_of(b"absent");
    ids.insert(3, absent);
    let (status, word, problem) = code(ask("alice", write_ids(&ids).to_vec()).await).await;
    assert_eq!((status, word.as_str()), (404, "missing_objects"));
    assert_eq!(problem["missing"], json!([absent.to_string()]));
    assert_eq!(code(ask("nobody", vec![]).await).await.1, "not_found");
    assert_eq!(code(ask("alice", vec![0; 4097 * 32]).await).await.1, "too_large");
    assert_eq!(ask("alice", vec![]).await.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_push_may_say_where_the_flist_is_from() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let local = local();
    let push = Pusher::open(&hub, &token, "alice").await;
    push.send(records(local.frames.values())).await;
    let publish = async |detail: &str| {
        let body = json!({
            "session": push.session, "flist": local.flist.to_string(), "detail": detail,
        });
        let path = "/api/v1/flists/alice/base";
        let request = hub.request(Method::PUT, path).bearer_auth(&token).json(&body);
        request.send().await.unwrap()
    };
    for bad in ["two\nlines", &"x".repeat(1025)] {
        let (status, word, _) = code(publish(bad).await).await;
        assert_eq!((status, word.as_str()), (400, "bad_detail"));
    }
    assert_eq!(hub.names().await, json!([]));
    assert_eq!(publish("docker:app:1@sha256:ab").await.status(), 201);
    let name = flisthub_hub::name::FlistName::parse("base").unwrap();
    let alice = flisthub_hub::name::RepositoryName::parse("alice").unwrap();
    let alice = hub.hub.catalog.repository(&alice).await.unwrap().unwrap();
    let history = hub.hub.catalog.history(alice.id, &name, None, 100).await.unwrap();
    assert_eq!(history[0].detail.as_deref(), Some("docker:app:1@sha256:ab"));
}
