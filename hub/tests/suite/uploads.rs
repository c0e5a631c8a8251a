//! Uploads that succeed: what they answer, what they leave behind.

use flisthub_hub::catalog::Source;
use flisthub_hub::name::{FlistName, RepositoryName};
use reqwest::Method;
use serde_json::json;

use crate::archives::{files, gzip, noise};
use crate::support::{FORM_TYPE, Field, TestHub, answer, form};

#[tokio::test]
async fn an_archive_becomes_a_flist() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("etc/motd", b"hello"), ("bin/tool", &noise(3000, 1))]);
    let (status, body) = answer(hub.upload(&token, "base.tar.gz", &gzip(&archive)).await).await;
    assert_eq!((status, &body["status"]), (200, &json!("success")));
    let payload = &body["payload"];
    assert_eq!(payload["name"], "base.flist");
    assert_eq!(
        payload["files"],
        json!({
            "success": true,
            "error": null,
            "response": {
                "regular": 2, "symlink": 0, "directory": 2, "special": 0, "failure": 0,
                "fullsize": 3005,
            },
            "status": 0,
        })
    );
    let report = &payload["report"];
    assert_eq!(report["flist"].as_str().unwrap().len(), 64);
    for (key, value) in [("files", 2), ("entries", 4), ("bytes", 3005), ("chunks", 2)] {
        assert_eq!(report[key], value, "{key}");
    }
    assert_eq!(report["new_chunks"], 2);
    // Root, etc and bin, and the manifest.
    assert_eq!(report["new_objects"], 4);
    assert!(report["seconds"].as_f64().unwrap() > 0.0);
    hub.settled().await;
}

#[tokio::test]
async fn the_same_again_writes_nothing_and_is_the_same_flist() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("a", &noise(100_000, 1)), ("b", b"small")]);
    let (_, first) = answer(hub.upload(&token, "one.tar", &archive).await).await;
    let (_, again) = answer(hub.upload(&token, "two.tgz", &gzip(&archive)).await).await;
    let (first, again) = (&first["payload"]["report"], &again["payload"]["report"]);
    assert_eq!(first["flist"], again["flist"]);
    assert!(first["stored_bytes"].as_u64().unwrap() > 100_000);
    for key in ["new_chunks", "new_objects", "stored_bytes"] {
        assert_eq!(again[key], 0, "{key}");
    }
    assert_eq!(hub.names().await, json!(["alice/one.flist", "alice/two.flist"]));
}

#[tokio::test]
async fn a_name_is_overwritten_and_its_history_kept() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let mut ids = Vec::new();
    for content in [&b"one"[..], b"two"] {
        let (_, body) = answer(hub.upload(&token, "x.tar", &files(&[("a", content)])).await).await;
        ids.push(body["payload"]["report"]["flist"].as_str().unwrap().to_owned());
        hub.clock.forward(5);
    }
    assert_ne!(ids[0], ids[1]);
    let info = hub.json("/api/v1/flists/alice/x").await;
    assert_eq!(info["flist"], ids[1]);
    let path = "/api/flist/me/x.flist";
    let deleted = hub.request(Method::DELETE, path).bearer_auth(&token).send().await.unwrap();
    assert_eq!(answer(deleted).await, (200, json!({ "status": "success" })));
    assert_eq!(hub.names().await, json!([]));

    let catalog = &hub.hub.catalog;
    let repository = catalog.repository(&RepositoryName::parse("alice").unwrap()).await.unwrap();
    let name = FlistName::parse("x").unwrap();
    let history = catalog.history(repository.unwrap().id, &name, None, 100).await.unwrap();
    let seen: Vec<_> =
        history.iter().map(|row| (row.source, row.flist.map(|id| id.to_string()))).collect();
    assert_eq!(
        seen,
        [
            (Source::Delete, None),
            (Source::Upload, Some(ids[1].clone())),
            (Source::Upload, Some(ids[0].clone())),
        ]
    );
}

#[tokio::test]
async fn the_header_names_the_upload_before_the_file_does() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("a", b"b")]);
    for (header, name) in [("other.tar.zst", "other"), ("plain", "plain"), ("x.flist", "x")] {
        let request = hub
            .request(Method::POST, "/api/flist/me/upload")
            .bearer_auth(&token)
            .header("content-type", FORM_TYPE)
            .header("x-original-name", header)
            .body(form(&[Field::file("file", "../ignored", &archive)]));
        let (status, body) = answer(request.send().await.unwrap()).await;
        assert_eq!((status, &body["payload"]["name"]), (200, &json!(format!("{name}.flist"))));
    }
}

#[tokio::test]
async fn metadata_fields_are_values_of_the_flist() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("a", b"b")]);
    let (_, plain) = answer(hub.upload(&token, "plain.tar", &archive).await).await;
    let fields = |colour: &'static str| {
        vec![
            Field::text("metadata-before", "1"),
            Field::file("file", "x.tar", b""),
            Field::text("metadata-colour", colour),
            Field::text("metadata-entrypoint", "/bin/sh"),
        ]
    };
    let mut ids = vec![plain["payload"]["report"]["flist"].clone()];
    for colour in ["blue", "red"] {
        let mut fields = fields(colour);
        fields[1] = Field::file("file", "x.tar", &archive);
        let (status, body) = answer(hub.form(&token, &fields).await).await;
        assert_eq!(status, 200, "{body}");
        ids.push(body["payload"]["report"]["flist"].clone());
    }
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "values are part of the flist's id");

    let id = ids[2].as_str().unwrap().parse().unwrap();
    let manifest = flisthub_flist::Manifest::load(&*hub.store, id).unwrap();
    let values: Vec<_> =
        manifest.values.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(values, [("before", "1"), ("colour", "red")]);
    // The tree itself is the same one.
    let plain = ids[0].as_str().unwrap().parse().unwrap();
    let plain = flisthub_flist::Manifest::load(&*hub.store, plain).unwrap();
    assert_eq!(plain.root, manifest.root);
}

#[tokio::test]
async fn every_compression_gives_the_same_flist() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("a", &noise(50_000, 3))]);
    let half = archive.len() / 2;
    let members = [gzip(&archive[..half]), gzip(&archive[half..])].concat();
    let zstd = zstd::encode_all(&archive[..], 1).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    // The ending lies: what counts is the bytes.
    for (name, bytes) in
        [("a.tar", &archive), ("b.tar", &gzip(&archive)), ("c.tgz", &members), ("d.tgz", &zstd)]
    {
        let (status, body) = answer(hub.upload(&token, name, bytes).await).await;
        assert_eq!(status, 200, "{name}: {body}");
        ids.insert(body["payload"]["report"]["flist"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 1);
}
