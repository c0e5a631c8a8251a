//! Sweep, scrub and `why` on a hub with real flists, started as jobs.

use std::os::unix::fs::FileExt as _;

use flisthub_hub::auth::{Expiry, Scope};
use flisthub_storage::{ChunkId, ChunkStore as _, Kind, Maintain as _, Silent};
use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::{files, noise};
use crate::support::{START, TestHub, answer};

const DAY: u64 = 86_400;

struct Upkeep {
    hub: TestHub,
    alice: String,
    admin: String,
}

impl Upkeep {
    async fn start() -> Self {
        let hub = TestHub::start().await;
        let alice = hub.user("alice").await;
        hub.user("root").await;
        let admin = hub.token("root", Scope::Admin, Expiry::Never).await;
        Self { hub, alice, admin }
    }

    async fn upload(&self, name: &str, archive: &[u8]) -> String {
        let (status, body) = answer(self.hub.upload(&self.alice, name, archive).await).await;
        assert_eq!(status, 200, "{body}");
        self.hub.settled().await;
        body["payload"]["report"]["flist"].as_str().unwrap().to_owned()
    }

    async fn delete(&self, name: &str) {
        let path = format!("/api/v1/flists/alice/{name}");
        let request = self.hub.request(Method::DELETE, &path).bearer_auth(&self.alice);
        assert_eq!(request.send().await.unwrap().status(), 204);
    }

    /// Does a job to its end; gives its row.
    async fn job(&self, spec: Value) -> Value {
        let request = self.hub.request(Method::POST, "/api/v1/jobs").bearer_auth(&self.admin);
        let (status, job) = answer(request.json(&spec).send().await.unwrap()).await;
        assert_eq!(status, 202, "{job}");
        let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
        loop {
            let request = self.hub.request(Method::GET, &path).bearer_auth(&self.admin);
            let (_, job) = answer(request.send().await.unwrap()).await;
            match job["state"].as_str().unwrap() {
                "queued" | "running" => {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
                _ => return job,
            }
        }
    }

    async fn result(&self, spec: Value) -> Value {
        let job = self.job(spec).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        job["result"].clone()
    }

    /// Reads every chunk of a file with known content back through the hub.
    async fn chunk(&self, id: ChunkId) -> u16 {
        let request = self.hub.request(Method::POST, "/api/v1/repositories/alice/chunks");
        let response = request.body(id.as_bytes().to_vec()).send().await.unwrap();
        let status = response.status().as_u16();
        if status == 200 && response.bytes().await.is_err() { 0 } else { status }
    }
}

fn id_of(content: &[u8]) -> ChunkId {
    Kind::Content.id_of(content)
}

#[tokio::test]
async fn a_sweep_gives_back_what_only_a_deleted_name_held() {
    let upkeep = Upkeep::start().await;
    let (shared, own) = (noise(300_000, 1), noise(200_000, 2));
    upkeep.upload("one.tar", &files(&[("shared", &shared), ("own", &own)])).await;
    upkeep.upload("two.tar", &files(&[("shared", &shared)])).await;
    upkeep.delete("one").await;

    let within = upkeep.result(json!({ "kind": "sweep" })).await;
    assert_eq!(within["removed"]["objects"], 0, "{within}");
    assert_eq!(within["roots"], 2, "a name that was just deleted keeps its flist");

    upkeep.hub.clock.forward(DAY + 1);
    let plan = upkeep.result(json!({ "kind": "sweep", "dry_run": true })).await;
    assert_eq!(plan["roots"], 1);
    assert_eq!(plan["garbage_chunks"]["bytes"], own.len(), "{plan}");
    assert_eq!(plan["garbage_objects"]["objects"], 2, "a directory and a manifest");
    assert_eq!(upkeep.chunk(id_of(&own)).await, 200, "a dry run removes nothing");

    let done = upkeep.result(json!({ "kind": "sweep" })).await;
    assert_eq!(done["removed"]["objects"], 3, "{done}");
    assert_eq!(upkeep.chunk(id_of(&own)).await, 404);
    assert_eq!(upkeep.chunk(id_of(&shared)).await, 200);
    assert!(done["disk_bytes_after"].as_u64().unwrap() < 400_000, "{done}");
    let path = "/api/v1/flists/alice/one/undelete";
    let request = upkeep.hub.request(Method::POST, path).bearer_auth(&upkeep.alice);
    let (status, problem) = answer(request.send().await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (410, &json!("swept")), "{problem}");
}

#[tokio::test]
async fn a_deleted_name_can_be_had_back_within_the_grace() {
    let upkeep = Upkeep::start().await;
    let own = noise(200_000, 2);
    upkeep.upload("one.tar", &files(&[("own", &own)])).await;
    // Old objects, a young deletion.
    upkeep.hub.clock.forward(10 * DAY);
    upkeep.delete("one").await;
    upkeep.hub.clock.forward(DAY - 1);
    upkeep.result(json!({ "kind": "sweep" })).await;
    let path = "/api/v1/flists/alice/one/undelete";
    let request = upkeep.hub.request(Method::POST, path).bearer_auth(&upkeep.alice);
    assert!(request.send().await.unwrap().status().is_success());
    upkeep.hub.clock.forward(20 * DAY);
    let done = upkeep.result(json!({ "kind": "sweep" })).await;
    assert_eq!(done["removed"]["objects"], 0, "{done}");
    assert_eq!(upkeep.chunk(id_of(&own)).await, 200);
}

#[tokio::test]
async fn a_longer_grace_does_not_look_for_what_a_shorter_one_took() {
    let upkeep = Upkeep::start().await;
    upkeep.upload("one.tar", &files(&[("own", &noise(200_000, 2))])).await;
    upkeep.delete("one").await;
    upkeep.hub.clock.forward(1);
    let grace = |seconds: u64| json!({ "kind": "sweep", "grace_seconds": seconds });
    // A dry run takes nothing, and so is not remembered.
    let dry = json!({ "kind": "sweep", "grace_seconds": 0, "dry_run": true });
    assert_eq!(upkeep.result(dry).await["roots"], 0);
    assert_eq!(upkeep.result(grace(DAY)).await["roots"], 1);
    assert_eq!(upkeep.result(grace(0)).await["removed"]["objects"], 3);
    assert_eq!(upkeep.result(grace(DAY)).await["roots"], 0);
    assert_eq!(upkeep.result(json!({ "kind": "scrub" })).await["sound"], true);
    upkeep.result(json!({ "kind": "space" })).await;
}

#[tokio::test]
async fn an_upload_session_keeps_what_it_sent() {
    let upkeep = Upkeep::start().await;
    let request = upkeep.hub.request(Method::POST, "/api/v1/sessions").bearer_auth(&upkeep.alice);
    let response = request.json(&json!({ "repository": "alice" })).send().await.unwrap();
    let (_, session) = answer(response).await;
    let path = format!("/api/v1/sessions/{}/chunks", session["session"].as_str().unwrap());
    let chunk = flisthub_storage::Chunk::new(Kind::Content, noise(1000, 3)).unwrap();
    let frame = flisthub_storage::Compressor::new(1).unwrap().compress(&chunk).unwrap();
    let mut body = bytes::BytesMut::new();
    flisthub_storage::wire::write_record(&frame, &mut body);
    let request = upkeep.hub.request(Method::POST, &path).bearer_auth(&upkeep.alice);
    assert_eq!(request.body(body.freeze()).send().await.unwrap().status(), 200);
    upkeep.hub.clock.forward(DAY - 1);
    let spec = json!({ "kind": "sweep", "grace_seconds": 0 });
    assert_eq!(upkeep.result(spec.clone()).await["removed"]["objects"], 0);
    upkeep.hub.clock.forward(1);
    assert_eq!(upkeep.result(spec).await["removed"]["objects"], 1, "the session is over");
}

#[tokio::test]
async fn why_tells_every_name_and_path() {
    let upkeep = Upkeep::start().await;
    let (shared, other) = (noise(1000, 1), noise(1000, 2));
    upkeep.upload("one.tar", &files(&[("a/b", &shared), ("c", &shared)])).await;
    upkeep.upload("two.tar", &files(&[("d", &shared)])).await;
    // The first flist is kept by history alone.
    upkeep.upload("two.tar", &files(&[("d", &other)])).await;
    let id = id_of(&shared).to_string();
    let why = upkeep.result(json!({ "kind": "why", "id": id })).await;
    let places: Vec<(String, Value, String)> = why["holders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            (text("name"), one["revision"].clone(), text("path"))
        })
        .collect();
    let place = |name: &str, revision: Value, path: &str| (name.into(), revision, path.into());
    for expected in [
        place("one", Value::Null, "/a/b"),
        place("one", Value::Null, "/c"),
        place("one", json!(1), "/a/b"),
        place("one", json!(1), "/c"),
        place("two", json!(1), "/d"),
    ] {
        assert!(places.contains(&expected), "{expected:?} in {places:?}");
    }
    assert_eq!(places.len(), 5, "{places:?}");
    assert_eq!((&why["stored"]["kind"], &why["stored"]["bytes"]), (&json!("chunk"), &json!(1000)));
    assert_eq!(why["young_until"], START + DAY);
    let nobody = Kind::Content.id_of(b"nobody has this").to_string();
    let why = upkeep.result(json!({ "kind": "why", "id": nobody })).await;
    assert_eq!((&why["stored"], &why["holders"]), (&Value::Null, &json!([])), "{why}");
}

#[tokio::test]
async fn a_scrub_names_what_damage_touches_and_pushing_again_heals_it() {
    let upkeep = Upkeep::start().await;
    let (good, bad) = (noise(100_000, 1), noise(100_000, 2));
    let archive = files(&[("good", &good), ("dir/bad", &bad)]);
    upkeep.upload("one.tar", &archive).await;
    let sound = upkeep.result(json!({ "kind": "scrub" })).await;
    assert_eq!((&sound["sound"], &sound["touched"]), (&json!(true), &json!([])), "{sound}");
    assert_eq!(sound["catalog"], "ok");

    // In its files, and not only in memory, from here on.
    upkeep.hub.store.reclaim(&Silent).unwrap();
    flip(&upkeep.hub.hub.disk.as_ref().unwrap().data.chunks(), &bad);
    let id = id_of(&bad);
    assert!(upkeep.hub.store.get_frames(&[id]).is_err(), "it is damaged");
    assert_eq!(upkeep.chunk(id).await, 500, "and never served");

    let found = upkeep.result(json!({ "kind": "scrub" })).await;
    assert_eq!(found["damaged"], json!([id.to_string()]), "{found}");
    assert_eq!(found["sound"], false);
    let touched = &found["touched"][0];
    assert_eq!(touched["id"], id.to_string());
    let first = &touched["holders"][0];
    assert_eq!((&first["repository"], &first["name"]), (&json!("alice"), &json!("one")));
    assert_eq!(first["path"], "/dir/bad");
    let again = upkeep.result(json!({ "kind": "scrub" })).await;
    assert_eq!((&again["damaged"], &again["sound"]), (&json!([]), &json!(false)), "{again}");
    assert_eq!(again["quarantined"], json!([id.to_string()]));

    upkeep.upload("again.tar", &archive).await;
    assert_eq!(upkeep.result(json!({ "kind": "scrub" })).await["sound"], true);
    assert_eq!(upkeep.chunk(id).await, 200);
}

/// Flips one bit of `content` wherever it lies in the blob files.
fn flip(folder: &std::path::Path, content: &[u8]) {
    let mut flipped = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|end| end != "blob") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let needle = &content[500..600];
        if let Some(at) = bytes.windows(needle.len()).position(|window| window == needle) {
            let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.write_at(&[bytes[at] ^ 1], at as u64).unwrap();
            flipped += 1;
        }
    }
    assert_eq!(flipped, 1);
}
