use serde_json::{Value, json};

use super::*;
use crate::compose_tests::planted;
use crate::{Context, Draft, Fields, Heard, Inputs, Mode, Settings, compose, render};

const HUB: &str = "https://hub.example.com";

const TARGET: Target<'_> =
    Target { base: HUB, collection: "dataset", repository: "alice", name: "flood" };

const FILES: [(&str, &[u8]); 4] = [
    (
        "README.md",
        b"---\ncategory: dataset\nlicense: MIT\ntags: [a, b]\nassets: ['*.txt']\n\
          extent: {spatial: [1, 2, 3, 4]}\neo: {cloud_cover: 12.50}\n---\n\
          See [doi](https://doi.org/10.5281/zenodo.1).\n",
    ),
    ("data/a b%20.txt", b"tif"),
    ("preview.png", b"\x89PNG"),
    ("manual.md", b"m"),
];

fn composed(files: &[(&str, &[u8])], written: Option<&str>) -> Heard {
    let planted = planted(files);
    let api = json!({"categories": ["dataset"]});
    let inputs = Inputs {
        repository: "alice",
        name: "flood",
        settings: &Settings::default(),
        api: api.as_object().filter(|_| written.is_some()),
        written,
        categories: &[],
        created: 1_600_000_000,
        published: 1_714_903_200,
    };
    compose(&planted.store, planted.manifest, &inputs, &mut |_| Some([7; 32])).unwrap()
}

fn answered(draft: &Draft) -> String {
    let context = Context {
        base: HUB,
        collection: "dataset",
        repository: "alice",
        name: "flood",
        revision: None,
        predecessor: Some(3),
        successor: None,
        latest: true,
        stars: 3,
        access_level: Some(4),
        mode: Mode::Full,
        fields: &Fields::default(),
    };
    render(&draft.document, &context)
}

/// What is answered of an item that is written.
fn put(files: &[(&str, &[u8])], body: &str) -> Value {
    let document = Sent::read(body).unwrap().document(TARGET, None, 5).unwrap();
    let heard = composed(files, Some(&document));
    assert_eq!(heard.warnings, Vec::<String>::new());
    serde_json::from_str(&answered(&heard.draft.unwrap())).unwrap()
}

/// The item with its links in an order of their own.
fn in_order(mut item: Value) -> Value {
    item["links"].as_array_mut().unwrap().sort_by_key(Value::to_string);
    item
}

fn refused(body: &str) -> Vec<String> {
    let document = Sent::read(body).and_then(|sent| sent.document(TARGET, None, 5));
    document.unwrap_err().iter().map(ToString::to_string).collect()
}

fn item() -> Value {
    json!({
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": "flood",
        "geometry": {"type": "Point", "coordinates": [10, 45]},
        "properties": {"datetime": "2024-05-01T00:00:00Z", "title": "Flood"},
        "assets": {},
    })
}

fn with(pointer: &str, value: Value) -> String {
    let mut item = item();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    item.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    item.to_string()
}

#[test]
fn what_is_read_and_written_back_stays_what_it_was() {
    let first = answered(&composed(&FILES, None).draft.unwrap());
    let document = Sent::read(&first).unwrap().document(TARGET, None, 5).unwrap();
    // Files are paths, so that another name or address changes nothing.
    assert!(!document.contains(HUB), "{document}");
    let second = put(&FILES, &first);
    let first = in_order(serde_json::from_str(&first).unwrap());
    assert_eq!(in_order(second.clone()), first);
    assert_eq!(in_order(put(&FILES, &second.to_string())), first);
}

#[test]
fn what_is_written_stands_in_the_place_of_what_files_say() {
    let made = put(&FILES, &item().to_string());
    assert_eq!(made["properties"]["title"], "Flood");
    assert_eq!(made["properties"].get("eo:cloud_cover"), None);
    let assets: Vec<&String> = made["assets"].as_object().unwrap().keys().collect();
    assert_eq!(assets, ["archive", "flist"]);
    assert_eq!(made["bbox"], json!([10.0, 45.0, 10.0, 45.0]));
    let more = with("/assets/tif", json!({"href": "data/a%20b%2520.txt", "roles": ["data"]}));
    let made = put(&FILES, &more);
    let address = format!("{HUB}/api/v1/flists/alice/flood/files/data/a%20b%2520.txt");
    assert_eq!(made["assets"]["tif"]["href"], json!(address));
    assert_eq!(made["assets"]["tif"]["file:size"], 3);
}

#[test]
fn an_item_of_a_flist_without_files_has_no_files() {
    let made = put(&[], &item().to_string());
    assert_eq!(made["assets"], json!({}));
    assert_eq!(made["id"], "alice/flood");
    let elsewhere = json!({"href": "https://example.com/a.tif", "type": "image/tiff"});
    let made = put(&[], &with("/assets/tif", elsewhere.clone()));
    assert_eq!(made["assets"], json!({"tif": elsewhere}));
}

#[test]
fn a_patch_changes_what_it_speaks_of() {
    let body = with("/properties/big", json!(0))
        .replace("\"big\":0", "\"big\":12345678901234567890123.40");
    let document = Sent::read(&body).unwrap().document(TARGET, None, 5).unwrap();
    let current = answered(&composed(&FILES, Some(&document)).draft.unwrap());
    let patch = json!({
        "properties": {"title": null, "eo": {"a": {"b": 1, "c": null}}, "license": "MIT"},
        "assets": {"tif": {"href": "data/a%20b%2520.txt"}},
    });
    let sent = Sent::read(&patch.to_string()).unwrap().over(&current, TARGET);
    let document = sent.document(TARGET, Some(&current), 1_750_000_000).unwrap();
    let made = answered(&composed(&FILES, Some(&document)).draft.unwrap());
    // Also a number that no program keeps whole as a binary one.
    assert!(made.contains("12345678901234567890123.40"), "{made}");
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["properties"]["title"], "flood");
    assert_eq!(made["properties"]["eo"], json!({"a": {"b": 1}}));
    assert_eq!(made["properties"]["datetime"], "2024-05-01T00:00:00Z");
    assert_eq!(made["properties"]["updated"], "2025-06-15T15:06:40Z");
    assert_eq!(made["geometry"], item()["geometry"]);
    assert!(made["assets"]["tif"].is_object());
    let nothing = Sent::read("{}").unwrap().over(&current, TARGET);
    assert!(nothing.document(TARGET, Some(&current), 5).is_ok());
}

#[test]
fn a_patch_of_the_geometry_has_another_box() {
    let document = Sent::read(&item().to_string()).unwrap().document(TARGET, None, 5).unwrap();
    let current = answered(&composed(&FILES, Some(&document)).draft.unwrap());
    let patch = json!({"geometry": {"type": "Point", "coordinates": [20, 50]}});
    let sent = Sent::read(&patch.to_string()).unwrap().over(&current, TARGET);
    let document = sent.document(TARGET, Some(&current), 5).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["bbox"], json!([20.0, 50.0, 20.0, 50.0]));
}

#[test]
fn what_a_file_is_is_said_by_the_file() {
    let body = with("/assets/tif", json!({"href": "data/a%20b%2520.txt"}));
    let document = Sent::read(&body).unwrap().document(TARGET, None, 5).unwrap();
    let first = answered(&composed(&FILES, Some(&document)).draft.unwrap());
    let document = Sent::read(&first).unwrap().document(TARGET, Some(&first), 5).unwrap();
    // The file is another one by then.
    let mut files = FILES;
    files[1].1 = b"another tif";
    let heard = composed(&files, Some(&document));
    assert_eq!(heard.warnings, Vec::<String>::new());
    let made: Value = serde_json::from_str(&answered(&heard.draft.unwrap())).unwrap();
    assert_eq!(made["assets"]["tif"]["file:size"], 11);
}

#[test]
fn no_schema_is_added_that_nobody_listed() {
    let body = with("/properties/eo:cloud_cover", json!("some"));
    let document = Sent::read(&body).unwrap().document(TARGET, None, 5).unwrap();
    let current = answered(&composed(&FILES, Some(&document)).draft.unwrap());
    let sent = Sent::read(r#"{"properties":{"title":"x"}}"#).unwrap().over(&current, TARGET);
    assert!(sent.document(TARGET, Some(&current), 5).is_ok());
}

#[test]
fn a_link_to_the_license_follows_the_license() {
    let first = answered(&composed(&FILES, None).draft.unwrap());
    let sent = Sent::read(r#"{"properties":{"license":"CC0-1.0"}}"#).unwrap();
    let document = sent.over(&first, TARGET).document(TARGET, Some(&first), 5).unwrap();
    let made: Value =
        serde_json::from_str(&answered(&composed(&FILES, Some(&document)).draft.unwrap())).unwrap();
    let links = made["links"].as_array().unwrap().iter();
    let of_license: Vec<&Value> = links.filter(|link| link["rel"] == "license").collect();
    assert_eq!(of_license.len(), 1);
    assert_eq!(of_license[0]["href"], "https://spdx.org/licenses/CC0-1.0.html");
}

#[test]
fn who_says_when_it_changed_is_believed() {
    let current = with("/properties/updated", json!("2024-01-01T00:00:00Z"));
    for (said, expected) in [
        (None, "1970-01-01T00:00:05Z"),
        (Some("2024-01-01T00:00:00Z"), "1970-01-01T00:00:05Z"),
        (Some("2024-06-01T00:00:00Z"), "2024-06-01T00:00:00Z"),
    ] {
        let body = with("/properties/updated", json!(said));
        let document = Sent::read(&body).unwrap().document(TARGET, Some(&current), 5).unwrap();
        let document: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document["properties"]["updated"], expected, "{said:?}");
    }
}

#[test]
fn what_is_wrong_is_told_with_a_pointer() {
    let crossed =
        json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]});
    let span = json!({
        "datetime": null, "start_datetime": "2024-05-02T00:00:00Z",
        "end_datetime": "2024-05-01T00:00:00Z",
    });
    for (body, begin) in [
        ("[]".to_owned(), "the item: it is no JSON object"),
        ("{".to_owned(), "the item: it is no item: EOF"),
        (with("/id", json!("bob/flood")), "/id: it is not alice/flood"),
        (with("/id", json!(5)), "/id: "),
        (with("/collection", json!("other")), "/collection: it is not dataset"),
        (with("/geometry", crossed), "/geometry: "),
        (with("/geometry", json!({"type": "Point", "coordinates": [10, 95]})), "/geometry: "),
        (with("/bbox", json!([1, 2, 3])), "/bbox: "),
        (with("/properties", span), "/properties/end_datetime: "),
        (with("/properties/datetime", json!("x")), "/properties/datetime: "),
        (with("/x", json!(vec![0; 30_000])), "the item: it has more than 20000 values"),
        (with("/x", json!("x".repeat(MAX_BYTES))), "the item: it has more than 1024 KiB"),
        (
            with("/x", json!(0)).replace("\"x\":0", &format!("\"x\":{}", "[".repeat(5000))),
            "the item: it is no item: it is nested more than",
        ),
    ] {
        let told = refused(&body);
        assert!(told[0].starts_with(begin), "{begin}: {told:?}");
    }
    let mut without = item();
    without.as_object_mut().unwrap().remove("assets");
    assert!(refused(&without.to_string())[0].contains("assets"));
}
