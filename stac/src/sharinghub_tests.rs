//! The item that SharingHub made of a README against the one that is made of it here. What differs is listed in
//! `docs/sharinghub-compatibility.md`; here each of these sentences is what it does to SharingHub's item, and nothing
//! else may differ.

use serde_json::{Value, json};

use super::Settings;
use super::compose_tests::{NO_TIFF, heard_with, rendered};

const THEIRS: &str = include_str!("../tests/fixtures/sharinghub/item.json");
const README: &str = include_str!("../tests/fixtures/sharinghub/flood.md");
const LISTED: &str = include_str!("../../docs/sharinghub-compatibility.md");

/// A sentence of the list, or its begin, and what SharingHub's item is by it.
type Difference = (&'static str, fn(&mut Value));

const DIFFERENCES: &[Difference] = &[
    ("| version | STAC 1.0.0 | 1.1.0", |item| {
        put(item, "/stac_version", json!("1.1.0"));
    }),
    (
        "`file:size` and `file:checksum` stand at assets, and the extension `file` is named.",
        |item| {
            let schemas = list(item, "/stac_extensions");
            schemas.insert(0, json!("https://stac-extensions.github.io/file/v2.1.0/schema.json"));
            for (key, size) in [
                ("README.md", README.len()),
                ("a/train.ipynb", 2),
                ("s.tif", 3),
                ("preview.png", 4),
            ] {
                item["assets"][key]["file:size"] = json!(size);
            }
        },
    ),
    ("Times are RFC 3339 and end in `Z`.", |item| {
        for (key, time) in [
            ("start_datetime", "2023-11-01T12:00:00Z"),
            ("end_datetime", "2024-01-01T12:00:00Z"),
            ("created", "2023-11-01T12:00:00Z"),
            ("updated", "2024-01-01T12:00:00Z"),
        ] {
            put(item, &format!("/properties/{key}"), json!(time));
        }
    }),
    (
        "Addresses of files are those of the hub's route of files, without `ref`, `cache` or a token.",
        |item| {
            let theirs = "https://sharinghub.example.com/api/download/alice/flood/repository/";
            let ours = "https://hub.example.com/api/v1/flists/alice/flood/files/";
            let text = item.to_string().replace(theirs, ours);
            let text = text.replace("?ref=main&cache=300&gitlab_token=TOKEN", "");
            *item =
                serde_json::from_str(&text.replace("?ref=main&gitlab_token=TOKEN", "")).unwrap();
        },
    ),
    (
        "The provider with the role `host` is Flisthub with the name's address, the `producer` the repository,",
        |item| {
            put(
                item,
                "/properties/providers",
                json!([
                    { "name": "Flisthub", "roles": ["host"],
                      "url": "https://hub.example.com/api/v1/flists/alice/flood" },
                    { "name": "alice", "roles": ["producer"],
                      "url": "https://hub.example.com/api/v1/repositories/alice" },
                ]),
            );
        },
    ),
    ("`sharinghub:id` is a number made of the path.", |item| {
        put(item, "/properties/sharinghub:id", json!(super::number("alice", "flood")));
    }),
    ("`sharinghub:default-branch` and `sharinghub:dvc-init` are missing:", |item| {
        for key in ["sharinghub:default-branch", "sharinghub:dvc-init"] {
            remove(item, "/properties", key);
        }
    }),
    (
        "Links that come from other services are missing: `package`, `container`, `mlflow:tracking-uri`, `mlflow:model`;",
        |item| {
            for rel in ["package", "container", "mlflow:tracking-uri", "mlflow:model"] {
                unlink(item, rel);
            }
        },
    ),
    ("so is the model's file among the assets.", |item| remove(item, "/assets", "flood-v2.onnx")),
    ("`bug_tracker` is there if the metadata lists it.", |item| unlink(item, "bug_tracker")),
    ("The link `preview` says its type.", |item| {
        let mut links = list(item, "/links").iter_mut();
        links.find(|link| link["rel"] == "preview").unwrap()["type"] = json!("image/png");
    }),
    (
        "The archive of a release is `archive` (`.tar.zst`) and `flist` (for `hub-client pull`) here.",
        |item| {
            remove(item, "/assets", "release");
            item["assets"]["archive"] = json!({
                "href": "https://hub.example.com/api/v1/flists/alice/flood/export?format=tar.zst",
                "title": "All files", "type": "application/zstd", "roles": ["source"],
            });
            item["assets"]["flist"] = json!({
                "href": "https://hub.example.com/alice/flood.flist", "title": "The flist, for hub-client pull",
                "type": "application/octet-stream", "roles": ["metadata"],
            });
        },
    ),
    ("The README is always an asset, and more media types are known.", |item| {
        item["assets"]["a/train.ipynb"]["type"] = json!("application/x-ipynb+json");
    }),
];

fn put(item: &mut Value, pointer: &str, value: Value) {
    *item.pointer_mut(pointer).unwrap() = value;
}

fn list<'a>(item: &'a mut Value, pointer: &str) -> &'a mut Vec<Value> {
    item.pointer_mut(pointer).unwrap().as_array_mut().unwrap()
}

fn remove(item: &mut Value, pointer: &str, key: &str) {
    let members = item.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
    assert!(members.remove(key).is_some(), "{key}");
}

fn unlink(item: &mut Value, rel: &str) {
    let links = list(item, "/links");
    let before = links.len();
    links.retain(|link| link["rel"] != rel);
    assert_eq!(links.len(), before - 1, "{rel}");
}

/// What the category of SharingHub's configuration had.
fn settings() -> Settings {
    let mut settings = Settings::default();
    let category = settings.categories.iter_mut().find(|one| one.id == "ai-model").unwrap();
    for (key, value) in [
        ("deployment-spaces", "disable"),
        ("jupyter", "enable"),
        ("map-viewer", "enable"),
        ("store-s3", "enable"),
        ("mlflow", "enable"),
    ] {
        category.features.insert(key.to_owned(), json!(value));
    }
    settings
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn an_item_of_sharinghub_is_the_same_but_for_what_is_listed() {
    let listed = in_one_line(LISTED);
    let mut expected: Value = serde_json::from_str(THEIRS).unwrap();
    for (sentence, differs) in DIFFERENCES {
        assert!(listed.contains(sentence), "{sentence} is not in docs/sharinghub-compatibility.md");
        let before = expected.clone();
        differs(&mut expected);
        assert_ne!(expected, before, "{sentence} makes no difference");
    }
    // Each hub has an address of its own.
    let expected = expected.to_string().replace("sharinghub.example.com", "hub.example.com");
    let mut expected: Value = serde_json::from_str(&expected).unwrap();
    expected["properties"]["flisthub:warnings"] = serde_json::json!([NO_TIFF]);
    let files: [(&str, &[u8]); 5] = [
        ("README.md", README.as_bytes()),
        ("a/train.ipynb", b"{}"),
        ("s.tif", b"tif"),
        ("docs/manual.md", b"m"),
        ("flood.png", b"\x89PNG"),
    ];
    let heard = heard_with(&files, None, &settings());
    assert_eq!(heard.warnings, [NO_TIFF]);
    let found = rendered(&heard.draft.unwrap());
    for part in ["properties", "links", "assets", "stac_extensions"] {
        assert_eq!(found[part], expected[part], "{part}");
    }
    assert_eq!(found, expected);
}
