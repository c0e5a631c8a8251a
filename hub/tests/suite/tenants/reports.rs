//! What reports tell: "new" and "shared" count what the caller may know of.

use flisthub_flist::Manifest;
use flisthub_storage::Kind;
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Tenants, secret_archive, twice};
use crate::archives::files;
use crate::conversions::convert;
use crate::image_registry::Registry;
use crate::push::{Local, Pusher, records};
use crate::support::TestHub;

/// The report of an upload by mallory.
async fn upload(tenants: &mut Tenants, name: &str) -> Value {
    let uploaded = tenants.hub.upload(&tenants.mallory, name, &secret_archive()).await;
    assert_eq!(tenants.hear("upload", uploaded).await, 200);
    tenants.heard.last().unwrap().body["payload"]["report"].clone()
}

#[tokio::test]
async fn an_upload_counts_as_new_what_others_have() {
    twice(async |tenants| {
        let first = upload(tenants, "mine.tar").await;
        assert!(first["new_chunks"].as_u64().unwrap() > 2, "{first}");
        assert!(first["stored_bytes"].as_u64().unwrap() > 900_000, "{first}");
        // What mallory has is not new to her.
        let again = upload(tenants, "again.tar").await;
        assert_eq!((&again["new_chunks"], &again["stored_bytes"]), (&json!(0), &json!(0)));
    })
    .await;
}

#[tokio::test]
async fn a_push_counts_as_new_what_others_have() {
    twice(async |tenants| {
        let secret = Local::of(&secret_archive());
        let flist = secret.flist;
        assert_eq!(tenants.mallory_publishes("mine", secret.frames.values(), flist).await, 201);
        let sent = &tenants.heard[0].body;
        assert_eq!((&sent["new"], &sent["known"]), (&json!(secret.frames.len()), &json!(0)));
    })
    .await;
}

#[tokio::test]
async fn what_was_sent_in_a_session_is_known_in_it() {
    twice(async |tenants| {
        let secret = Local::of(&secret_archive());
        let push = Pusher::open(&tenants.hub, &tenants.mallory, "mallory").await;
        let first = push.send(records(secret.frames.values())).await;
        let again = push.send(records(secret.frames.values())).await;
        drop(push);
        tenants.hear("first", first).await;
        tenants.hear("again", again).await;
        let known = &tenants.heard.last().unwrap().body;
        assert_eq!(known["known"], json!(secret.frames.len()), "{known}");
    })
    .await;
}

#[tokio::test]
async fn a_merge_counts_as_new_what_others_have() {
    twice(async |tenants| {
        // The halves of the secret: their merge has alice's very directories.
        let (large, small) =
            (crate::archives::noise(900_000, 11), crate::archives::noise(5_000, 12));
        let path = format!("books/{}", super::stage::SECRET_NAME);
        let halves = [
            files(&[(&path, &large)]),
            files(&[("books/notes/one", &small), ("books/notes/two", b"nobody else's business")]),
        ];
        for (name, half) in ["one.tar", "two.tar"].into_iter().zip(&halves) {
            let uploaded = tenants.hub.upload(&tenants.mallory, name, half).await;
            assert_eq!(tenants.hear("upload", uploaded).await, 200);
        }
        for dry_run in [true, false] {
            let merge = json!({ "sources": ["mallory/one", "mallory/two"], "dry_run": dry_run });
            let path = "/api/v1/flists/mallory/both/merge";
            let status = tenants.mallory(Method::POST, path, Some(merge)).await;
            assert!(matches!(status, 200 | 201), "{status}");
            let report = &tenants.heard.last().unwrap().body["merge"];
            assert!(report["new_objects"].as_u64().unwrap() > 0, "{report}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_image_counts_as_new_what_others_have() {
    let maker = Tenants::new(true).await;
    let export = "/api/v1/flists/alice/secret/export?format=docker-archive&tag=a:1";
    let image = maker.hub.request(Method::GET, export).bearer_auth(&maker.alice);
    let image = image.send().await.unwrap().bytes().await.unwrap().to_vec();
    let with = twice(async |tenants| {
        let path = "/api/v1/flists/mallory/image/image";
        let sent = tenants.hub.request(Method::POST, path).bearer_auth(&tenants.mallory);
        let sent = sent.body(image.clone()).send().await.unwrap();
        assert_eq!(tenants.hear("image", sent).await, 201);
        let report = &tenants.heard.last().unwrap().body["report"];
        let report = if report.is_null() { &tenants.heard.last().unwrap().body } else { report };
        assert!(report["new_chunks"].as_u64().is_none_or(|new| new > 2), "{report}");
        assert!(!report.is_null());
    })
    .await;
    drop(with);
}

/// Alice has converted an image. Mallory's registry has the same manifest, and not the layer.
#[tokio::test]
async fn a_layer_digest_of_anothers_brings_no_layer() {
    let registry = Registry::start(None).await;
    let layers = registry.add("alices", &[secret_archive()]);
    let hub = TestHub::with(registry.config()).await;
    let tenants = Tenants::at(hub, false).await;
    let image = registry.image("alices");
    let asked = |name: &str| json!({ "image": image, "name": name });
    let first = convert(&tenants.hub, &tenants.alice, asked("app")).await;
    assert_eq!(first["result"]["known_layers"], 0, "{first}");
    assert_eq!(registry.fetched(), layers);
    // Mallory is sent for every layer, as if nobody had it.
    let hers = convert(&tenants.hub, &tenants.mallory, asked("hers")).await;
    assert_eq!((&hers["state"], &hers["result"]["known_layers"]), (&json!("succeeded"), &json!(0)));
    assert_eq!(registry.fetched(), layers);
    let report = |job: &Value| {
        let result = &job["result"];
        let of = |key: &str| result[key].clone();
        [of("new_chunks"), of("new_objects"), of("stored_bytes"), of("chunks")]
    };
    assert_eq!(report(&hers), report(&first), "{hers}");
    tenants.hub.settled().await;
}

/// Tenants of whom alice has converted an image.
async fn with_an_image(registry: &Registry, asked: Value) -> Tenants {
    let tenants = Tenants::at(TestHub::with(registry.config()).await, false).await;
    let first = convert(&tenants.hub, &tenants.alice, asked).await;
    assert_eq!(first["state"], "succeeded", "{first}");
    tenants
}

#[tokio::test]
async fn a_layer_that_only_another_has_cannot_be_had_by_its_digest() {
    let registry = Registry::start(None).await;
    let layers = registry.add("alices", &[secret_archive()]);
    let asked = |name: &str| json!({ "image": registry.image("alices"), "name": name });
    let tenants = with_an_image(&registry, asked("app")).await;
    registry.forget(&layers[0]);
    let stolen = convert(&tenants.hub, &tenants.mallory, asked("stolen")).await;
    assert_eq!(stolen["state"], "failed", "{stolen}");
    let path = "/api/v1/flists/mallory/stolen";
    assert_eq!(tenants.ask(&tenants.mallory, Method::GET, path, None).await.0, 404);
    // Alice needs it fetched no more.
    let own = convert(&tenants.hub, &tenants.alice, asked("again")).await;
    assert_eq!((&own["state"], &own["result"]["known_layers"]), (&json!("succeeded"), &json!(1)));
    tenants.hub.settled().await;
}

/// Mallory could read alice's image for a while, and promoted it. A layer is more than what came of it: it has the
/// names that a layer above took away.
#[tokio::test]
async fn layers_do_not_come_with_a_promoted_image() {
    let registry = Registry::start(None).await;
    let layers = registry.add("alices", &[secret_archive()]);
    let asked = |name: &str| json!({ "image": registry.image("alices"), "name": name });
    let tenants = with_an_image(&registry, asked("app")).await;
    tenants.member("mallory", Some("reader")).await;
    let promote = "/api/v1/flists/mallory/hers/promote";
    let from = Some(json!({ "from": "alice/app" }));
    let (status, said) = tenants.ask(&tenants.mallory, Method::POST, promote, from).await;
    assert!(matches!(status, 200 | 201), "{said}");
    tenants.member("mallory", None).await;
    registry.forget(&layers[0]);
    let stolen = convert(&tenants.hub, &tenants.mallory, asked("stolen")).await;
    assert_eq!(stolen["state"], "failed", "{stolen}");
    // Who gets the layer from the registry once need not fetch it again, also where another has it too.
    registry.add("alices", &[secret_archive()]);
    for (name, known) in [("own", 0), ("again", 1)] {
        let own = convert(&tenants.hub, &tenants.mallory, asked(name)).await;
        assert_eq!(own["state"], "succeeded", "{own}");
        assert_eq!(own["result"]["known_layers"], known, "{own}");
    }
    tenants.hub.settled().await;
}

/// Totals, hard links and all else that is checked when a flist is published is looked at only in what the caller
/// may use.
#[tokio::test]
async fn what_is_wrong_with_anothers_objects_is_not_told() {
    twice(async |tenants| {
        let frame = &tenants.secret.frames[&tenants.secret.flist];
        let mut manifest = Manifest::decode(frame.decode().unwrap().bytes()).unwrap();
        // A manifest that names a piece of content, or a directory of alice's, as its links object.
        let (content, other) = tenants.secret_ids();
        for id in [content[0], other[0]] {
            manifest.links = Some(id);
            let chunk = manifest.to_chunk().unwrap();
            let mut compressor = flisthub_storage::Compressor::new(1).unwrap();
            let own = compressor.compress(&chunk).unwrap();
            assert_eq!(own.kind(), Kind::Manifest);
            assert_eq!(tenants.mallory_publishes("x", [&own], chunk.id()).await, 409);
        }
    })
    .await;
}
