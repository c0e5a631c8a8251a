//! Which items have a thumbnail that the hub makes, and of which raster.

use serde_json::{Value, json};

use crate::compose_tests::{composed, planted, rendered};
use crate::{Context, Fields, Inputs, Mode, Settings, compose, render};

const A: &[u8] = include_bytes!("../../tests/fixtures/geodata/a.tif");
const B: &[u8] = include_bytes!("../../tests/fixtures/geodata/b.tif");
const JSON: &[u8] = include_bytes!("../../tests/fixtures/geodata/area.geojson");

fn item(files: &[(&str, &[u8])]) -> Value {
    item_of(files, json!({}))
}

fn item_of(files: &[(&str, &[u8])], mut api: Value) -> Value {
    api["category"] = json!("dataset");
    rendered(&composed(files, Some(&api)).unwrap())
}

/// Of which file the hub makes the thumbnail of an item, if it does.
fn pictured(found: &Value) -> Option<String> {
    let asset = found["assets"].get("thumbnail")?;
    let href = asset["href"].as_str().unwrap();
    let path = href.strip_prefix("https://hub.example.com/api/v1/flists/alice/flood/thumbnail/")?;
    assert_eq!((&asset["type"], &asset["roles"]), (&json!("image/png"), &json!(["thumbnail"])));
    let link = json!({ "rel": "preview", "href": href, "type": "image/png" });
    assert!(found["links"].as_array().unwrap().contains(&link), "{}", found["links"]);
    Some(path.to_owned())
}

#[test]
fn an_item_with_a_raster_and_no_picture_has_a_thumbnail() {
    let found = item(&[("a b.tif", A)]);
    assert_eq!(pictured(&found).unwrap(), "a%20b.tif");
    assert_eq!(found["assets"]["thumbnail"]["title"], "Thumbnail of a b.tif");
    // What a publisher calls a file is never a place that is filled in.
    let found = item(&[("flisthub:.name.tif", A)]);
    assert_eq!(pictured(&found).unwrap(), "flisthub%3A.name.tif");
    assert_eq!(found["assets"]["thumbnail"]["title"], "Thumbnail of flisthub:.name.tif");
    // The first of which one can be made.
    let mut packed = A.to_vec();
    let at = tag(&packed, 259);
    packed[at + 8..at + 10].copy_from_slice(&50_000_u16.to_le_bytes());
    let found = item(&[("0.geojson", JSON), ("1.tif", &packed), ("2.tif", A), ("3.tif", B)]);
    assert_eq!(pictured(&found).unwrap(), "2.tif");
    assert_eq!(pictured(&item(&[("1.tif", &packed)])), None);
    // Only some are tried.
    let names: Vec<String> = (0..11).map(|at| format!("{at:02}.tif")).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &packed[..])).collect();
    files[9].1 = A;
    assert_eq!(pictured(&item(&files)).unwrap(), "09.tif");
    files.swap(9, 10);
    let files: Vec<(&str, &[u8])> =
        names.iter().zip(&files).map(|(name, file)| (name.as_str(), file.1)).collect();
    assert_eq!(pictured(&item(&files)), None);
}

/// Where the entry of a tag begins.
fn tag(file: &[u8], tag: u16) -> usize {
    let at = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
    let mut entries = (0..30).map(|entry| at + 2 + entry * 12);
    entries.find(|&entry| file[entry..entry + 2] == tag.to_le_bytes()).unwrap()
}

#[test]
fn a_picture_of_the_publishers_is_the_only_one() {
    let png: &[u8] = b"a picture";
    assert_eq!(pictured(&item(&[("a.tif", A), ("preview.png", png)])), None);
    let files: [(&str, &[u8]); 2] = [("a.tif", A), ("b.png", png)];
    let rules = |rule: Value| json!({ "assets": ["*.tif", rule] });
    let own = rules(json!({ "path": "b.png", "roles": ["overview", "thumbnail"] }));
    assert_eq!(pictured(&item_of(&files, own)), None);
    let found = item_of(&files, rules(json!({ "path": "b.png", "key": "thumbnail" })));
    assert_eq!(found["assets"]["thumbnail"]["roles"], json!(["data"]));
    assert_eq!(pictured(&item_of(&files, rules(json!("*.png")))).unwrap(), "a.tif");
    assert_eq!(pictured(&item_of(&files, json!({ "assets": ["*.png"] }))), None);
    assert_eq!(pictured(&item(&[("a.tif", b"hello")])), None);
}

/// As the file's own address: of an older revision it is that of the raster as it was. What was written through the API
/// has what it was given.
#[test]
fn thumbnails_are_of_the_revision_and_also_of_what_was_written() {
    let planted = planted(&[("a.tif", A)]);
    let settings = Settings::default();
    let api = json!({ "category": "dataset" });
    let item = |written: Option<&str>, revision: Option<u64>| -> Value {
        let inputs = Inputs {
            repository: "alice",
            name: "flood",
            settings: &settings,
            api: api.as_object(),
            written,
            categories: &[],
            created: 1,
            published: 1,
        };
        let heard = compose(&planted.store, planted.manifest, &inputs, &mut |_| None).unwrap();
        let context = Context {
            base: "https://hub.example.com",
            collection: "dataset",
            repository: "alice",
            name: "flood",
            revision,
            predecessor: None,
            successor: None,
            latest: true,
            stars: 0,
            access_level: None,
            mode: Mode::Full,
            fields: &Fields::default(),
        };
        serde_json::from_str(&render(&heard.draft.unwrap().document, &context)).unwrap()
    };
    assert_eq!(pictured(&item(None, None)).unwrap(), "a.tif");
    assert_eq!(pictured(&item(None, Some(3))).unwrap(), "a.tif?revision=3");
    let mut written = json!({
        "type": "Feature", "collection": "dataset", "geometry": null, "links": [],
        "properties": { "datetime": "2024-01-01T00:00:00Z" },
        "assets": { "a": { "href": "a.tif" } },
    });
    let found = item(Some(&written.to_string()), None);
    assert_eq!(pictured(&found).unwrap(), "a.tif");
    assert_eq!(found["assets"]["a"].get("proj:shape"), None, "{found}");
    written["links"] = json!([{ "rel": "preview", "href": "https://example.com/a.png" }]);
    let found = item(Some(&written.to_string()), None);
    assert!(found["assets"]["a"].is_object() && pictured(&found).is_none(), "{found}");
}
