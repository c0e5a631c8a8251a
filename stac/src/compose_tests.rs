//! Flists with metadata of all kinds, good and bad, and the items that they become.

use std::ops::Deref;

use flisthub_flist::{
    Content, FileBuilder, LoadError, Manifest, Metadata, Piece, TreeBuilder, TreePath,
};
use flisthub_storage::{Chunk, ChunkId, ChunkStore, Compressor, Kind, MemoryStore, Profile};
use serde_json::{Map, Value, json};

use super::{Context, Draft, Fields, Heard, Inputs, Mode, Settings, compose, render};

const GOLDEN: &str = include_str!("../tests/fixtures/flood/README.md");
const EXPECTED: &str = include_str!("../tests/fixtures/flood/expected.json");

/// What is told of a file that is called like a raster.
pub(super) const NO_TIFF: &str = "s.tif: it does not begin as files of its name do";

/// A flist of small files, in a store of its own.
pub(super) struct Planted {
    pub(super) store: MemoryStore,
    pub(super) manifest: ChunkId,
}

pub(super) fn planted(files: &[(&str, &[u8])]) -> Planted {
    let store = MemoryStore::default();
    let put = |chunk: Chunk| {
        let frame = Compressor::new(1).unwrap().compress(&chunk).unwrap();
        store.put(&[frame]).map(|_| ())
    };
    let mut tree = TreeBuilder::new();
    for (path, bytes) in files {
        let mut file = FileBuilder::new();
        for part in bytes.chunks(1 << 19) {
            let chunk = Chunk::new(Kind::Content, part.to_vec()).unwrap();
            let piece = Piece::Chunk { id: chunk.id(), length: chunk.length() };
            put(chunk).unwrap();
            file.push(piece, &mut { put }).unwrap();
        }
        let content: Content = file.finish(&mut { put }).unwrap();
        let path = TreePath::parse(path.as_bytes()).unwrap();
        tree.add(&path, Metadata::default(), content).unwrap();
    }
    let built = tree.finish(&mut { put }).unwrap();
    let manifest = Manifest::of(&built, Profile::default()).to_chunk().unwrap();
    let id = manifest.id();
    put(manifest).unwrap();
    Planted { store, manifest: id }
}

/// An item, and what its publisher is told.
pub(super) struct Told {
    draft: Draft,
    pub(super) warnings: Vec<String>,
}

impl Deref for Told {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        &self.draft
    }
}

pub(super) fn composed(files: &[(&str, &[u8])], api: Option<&Value>) -> Option<Told> {
    let Heard { draft, warnings, .. } = heard(files, api);
    draft.map(|draft| Told { draft, warnings })
}

fn heard(files: &[(&str, &[u8])], api: Option<&Value>) -> Heard {
    heard_with(files, api, &Settings::default())
}

pub(super) fn heard_with(
    files: &[(&str, &[u8])],
    api: Option<&Value>,
    settings: &Settings,
) -> Heard {
    let planted = planted(files);
    heard_of(&planted.store, planted.manifest, api, settings).unwrap()
}

pub(super) fn heard_of(
    store: &dyn ChunkStore,
    manifest: ChunkId,
    api: Option<&Value>,
    settings: &Settings,
) -> Result<Heard, LoadError> {
    let inputs = Inputs {
        repository: "alice",
        name: "flood",
        settings,
        api: api.map(|api| api.as_object().unwrap()),
        written: None,
        categories: &[],
        created: 1_600_000_000,
        published: 1_714_903_200,
    };
    compose(store, manifest, &inputs, &mut |_| None)
}

fn readme(text: &str) -> Told {
    composed(&[("README.md", text.as_bytes())], None).unwrap()
}

pub(super) fn rendered(draft: &Draft) -> Value {
    rendered_in(draft, &draft.categories[0])
}

pub(super) fn rendered_in(draft: &Draft, collection: &str) -> Value {
    let context = Context {
        base: "https://hub.example.com",
        collection,
        repository: "alice",
        name: "flood",
        revision: None,
        predecessor: None,
        successor: None,
        latest: true,
        stars: 3,
        access_level: Some(4),
        mode: Mode::Full,
        fields: &Fields::default(),
    };
    serde_json::from_str(&render(&draft.document, &context)).unwrap()
}

pub(super) fn front(yaml: &str) -> Told {
    readme(&format!("---\ncategory: dataset\n{yaml}\n---\nText\n"))
}

#[test]
fn the_golden_item() {
    let files: [(&str, &[u8]); 5] = [
        ("README.md", GOLDEN.as_bytes()),
        ("a/train.ipynb", b"{}"),
        ("s.tif", b"tif"),
        ("docs/manual.md", b"m"),
        ("flood.png", b"\x89PNG"),
    ];
    let draft = composed(&files, None).unwrap();
    assert_eq!(draft.warnings, [NO_TIFF]);
    let mut expected: Value = serde_json::from_str(EXPECTED).unwrap();
    for asset in expected["assets"].as_object_mut().unwrap().values_mut() {
        asset.as_object_mut().unwrap().remove("file:checksum");
    }
    expected["properties"]["sharinghub:id"] = json!(super::number("alice", "flood"));
    expected["properties"]["flisthub:warnings"] = json!([NO_TIFF]);
    expected["assets"]["README.md"]["file:size"] = json!(GOLDEN.len());
    let found = rendered(&draft);
    for part in ["properties", "links", "assets", "stac_extensions"] {
        assert_eq!(found[part], expected[part], "{part}");
    }
    assert_eq!(found, expected);
    assert_eq!(
        (&draft.categories, &draft.tags),
        (&vec!["ai-model".to_owned()], &vec!["Image segmentation".to_owned()])
    );
    assert!(draft.text.contains("unet flood") && draft.text.contains("some text"));
    assert_eq!(draft.datetime, Some(1_714_903_200_000_000));
}

#[test]
fn who_is_in_no_category_is_no_item() {
    assert!(composed(&[("README.md", b"# T")], None).is_none());
    assert!(composed(&[("x", b"")], None).is_none());
    let front = b"---\ncategory: dataset\n---\n";
    assert!(composed(&[("README.md", front)], Some(&json!({ "categories": [] }))).is_none());
    let unknown =
        composed(&[("README.md", b"---\ncategories: [dataset, nope]\n---\n")], None).unwrap();
    assert_eq!(unknown.categories, ["dataset"]);
    assert!(unknown.warnings[0].contains("nope"));
    let none = heard(&[("README.md", b"---\ncategory: nope\n---\n")], None);
    assert!(none.draft.is_none() && none.warnings[0].contains("nope"), "{none:?}");
}

#[test]
fn the_weightier_source_counts() {
    let item = br#"{"type":"Feature","properties":{"title":"item","gsd":1,"a":1,"o":{"x":1,"y":1}},"assets":{}}"#;
    let files: [(&str, &[u8]); 3] = [
        ("stac/item.json", item),
        ("README.md", b"---\ncategory: dataset\ntitle: readme\ngsd: 2\nb: 2\no: {y: 2}\n---\n"),
        ("sharinghub.yaml", b"title: yaml\ngsd: 3\ncategories: [ai-model]\n"),
    ];
    let found = rendered(&composed(&files, Some(&json!({ "title": "api" }))).unwrap());
    let properties = &found["properties"];
    assert_eq!(
        (
            &properties["title"],
            &properties["gsd"],
            &properties["a"],
            &properties["b"],
            &properties["o"]
        ),
        (&json!("api"), &json!(3), &json!(1), &json!(2), &json!({ "x": 1, "y": 2 }))
    );
    assert_eq!(found["collection"], "ai-model");
}

#[test]
fn a_publishers_own_item_stays_as_it_is() {
    let item = br#"{"type":"Feature","stac_version":"1.0.0","id":"mine","collection":"dataset","big":123456789012345678901234567890,
      "stac_extensions":["https://stac-extensions.github.io/file/v2.0.0/schema.json"],"geometry":{"type":"Point","coordinates":[1.50,2.0]},
      "properties":{"datetime":"2024-01-01T00:00:00.000+02:00","n":null,"e":[],"f":1.10,"t":"flisthub:/ flisthub:./"},
      "links":[{"rel":"self","href":"x"},{"rel":"via","href":"https://x.example/"}],
      "assets":{"data":{"href":"../data/x.tif","own":[1.0]},"gone":{"href":"gone.tif"},"web":{"href":"s3://b/k"}}}"#;
    let draft = composed(&[("stac/item.json", item), ("data/x.tif", b"abc")], None).unwrap();
    for kept in [
        "123456789012345678901234567890",
        "[1.50,2.0]",
        "\"n\":null",
        "\"e\":[]",
        "\"f\":1.10",
        "2024-01-01T00:00:00.000+02:00",
        "\"own\":[1.0]",
    ] {
        assert!(draft.document.contains(kept), "{kept} in {}", draft.document);
    }
    let found = rendered(&draft);
    assert_eq!(found["properties"]["t"], "flisthub:/ flisthub:./");
    assert_eq!((&found["id"], &found["stac_version"]), (&json!("alice/flood"), &json!("1.0.0")));
    assert_eq!(
        found["assets"]["data"]["href"],
        "https://hub.example.com/api/v1/flists/alice/flood/files/data/x.tif"
    );
    assert_eq!(found["assets"]["data"]["file:size"], 3);
    // What leads nowhere stays as it was written.
    assert_eq!(found["assets"]["gone"], json!({ "href": "gone.tif" }));
    assert_eq!(found["assets"]["web"]["href"], "s3://b/k");
    assert_eq!(found["stac_extensions"].as_array().unwrap().len(), 1);
    assert_eq!(draft.datetime, Some(1_704_060_000_000_000));
    assert_eq!(draft.interval.unwrap().start, draft.datetime);
    assert!(draft.warnings.iter().any(|warning| warning.contains("gone.tif")));
    assert_eq!(
        found["links"].as_array().unwrap().iter().filter(|link| link["rel"] == "self").count(),
        1
    );
}

#[test]
fn bad_metadata_is_a_warning_and_the_item_stands() {
    for (yaml, told) in [
        ("extent: {temporal: ['2024-13-40', '2024-01-01']}", "2024-13-40"),
        ("extent: {spatial: 'POLYGON((0 0,2 2,2 0,0 2,0 0))'}", "POLYGON"),
        ("extent: {spatial: [0, -91, 5, 0]}", "latitude"),
        ("extent: {temporal: [0000-01-01, 2024-01-01]}", "extent.temporal"),
        ("datetime: yesterday", "yesterday"),
        ("datetime: 0000-01-01T00:00:00Z", "years 1 to 9999"),
        ("created: 9999-12-31T23:59:59-10:00", "created"),
        ("assets: ['[']", "assets[0]"),
        ("assets: ['*.none']", "assets[0]"),
        ("assets: 5", "assets"),
        ("preview: gone.png", "gone.png"),
        ("links: [{href: ../../x}]", "links[0]"),
        ("related: {nope: a/b}", "nope"),
        ("providers: [1]", "providers"),
    ] {
        let draft = front(yaml);
        assert!(
            draft.warnings.iter().any(|warning| warning.contains(told)),
            "{yaml}: {:?}",
            draft.warnings
        );
        let found = rendered(&draft);
        assert_eq!(found["properties"]["flisthub:warnings"], json!(draft.warnings), "{yaml}");
        assert_eq!(found["geometry"], Value::Null, "{yaml}");
    }
}

#[test]
fn broken_and_huge_files_are_warnings() {
    let api = json!({ "categories": ["dataset"] });
    let huge = format!("---\ncategory: dataset\ntext: {}\n---\n", "x".repeat(10 << 20));
    let laugh = |step: u32| {
        let nine = format!("*l{},", step - 1).repeat(9);
        format!("l{step}: &l{step} [{nine}]")
    };
    let laughs: Vec<String> = (1..30).map(laugh).collect();
    let laughs = format!("---\ncategory: dataset\nl0: &l0 ha\n{}\n---\n", laughs.join("\n"));
    let deep = format!(r#"{{"type":"Feature","properties":{}}}"#, "[".repeat(5000));
    let points = format!(
        "---\ncategory: dataset\nextent: {{spatial: 'LINESTRING({})'}}\n---\n",
        vec!["1 2"; 100_000].join(",")
    );
    for (path, text) in [
        ("README.md", huge.as_str()),
        ("README.md", laughs.as_str()),
        ("README.md", points.as_str()),
        ("README.md", "---\na: [1\nb: 2\n---\n"),
        ("README.md", "---\na: [1\ncategory: dataset\n---\n"),
        ("sharinghub.yaml", "category: dataset\nx: '"),
        ("README.md", "---\nnever ends\n"),
        ("sharinghub.yaml", "- 1"),
        ("stac/item.json", "{"),
        ("stac/item.json", r#"{"type":"Collection"}"#),
        ("stac/item.json", deep.as_str()),
        ("stac/collection.json", "[]"),
    ] {
        let draft = composed(&[(path, text.as_bytes())], Some(&api)).unwrap();
        // Without what was set the category is in the broken file alone.
        let alone = heard(&[(path, text.as_bytes())], None);
        assert_eq!(alone.draft.is_some(), text.contains("category: dataset"), "{path}");
        assert_eq!(alone.warnings, draft.warnings);
        let start: String = text.chars().take(40).collect();
        assert_eq!(draft.warnings.len(), 1, "{start}: {:?}", draft.warnings);
        assert_eq!(rendered(&draft)["id"], "alice/flood");
    }
}

#[test]
fn numbers_that_lose_digits_are_told() {
    let yaml = "category: dataset\nbig: 18446744073709551616\neo: {x: [-9223372036854775809]}\n";
    let front = format!("---\n{yaml}---\n");
    for (path, text) in [("README.md", front.as_str()), ("sharinghub.yaml", yaml)] {
        let draft = composed(&[(path, text.as_bytes())], None).unwrap();
        assert_eq!(draft.warnings.len(), 1, "{:?}", draft.warnings);
        for part in [path, "between quotes", "big, eo.x[0]"] {
            assert!(draft.warnings[0].contains(part), "{part}: {:?}", draft.warnings);
        }
    }
    let draft = front_of_kept("'18446744073709551616'");
    assert_eq!(rendered(&draft)["properties"]["big"], "18446744073709551616");
    for kept in ["18446744073709551615", "-9223372036854775808"] {
        let draft = front_of_kept(kept);
        assert_eq!(rendered(&draft)["properties"]["big"].to_string(), kept);
    }
}

/// An item with a value that is kept as it is written.
fn front_of_kept(value: &str) -> Told {
    let draft = front(&format!("big: {value}"));
    assert_eq!(draft.warnings, Vec::<String>::new(), "{value}");
    draft
}

#[test]
fn lines_are_those_of_the_file() {
    let api = json!({ "categories": ["dataset"] });
    let warning = |path: &str, text: &str| {
        let draft = composed(&[(path, text.as_bytes())], Some(&api)).unwrap();
        let told = draft.warnings[0].split_once(path).unwrap().1.to_owned();
        assert!(told.contains("line 2"), "{told}");
        told
    };
    let in_readme = warning("README.md", "---\na: b: c\n---\n");
    assert_eq!(in_readme, warning("sharinghub.yaml", "---\na: b: c\n"));
}

#[test]
fn a_path_may_be_a_pattern() {
    let rules = json!({ "categories": ["dataset"], "assets": [
        { "path": "d/*.bin", "key": "bin" }, { "path": "d/a.txt" }, { "path": "no.txt" },
    ] });
    let files: [(&str, &[u8]); 2] = [("d/a.bin", b"1"), ("d/a.txt", b"22")];
    let draft = composed(&files, Some(&rules)).unwrap();
    let found = rendered(&draft);
    assert_eq!(
        (&found["assets"]["bin"]["file:size"], &found["assets"]["d/a.txt"]["file:size"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(draft.warnings, ["assets[2]: there is no file no.txt in the flist"]);
}

#[test]
fn a_pattern_for_everything_ends_at_the_bound() {
    let names: Vec<String> = (0..1_100).map(|at| format!("d/{at:04}.bin")).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    files.push(("README.md", b"---\ncategory: dataset\nassets: ['*']\n---\n"));
    let draft = composed(&files, None).unwrap();
    let found = rendered(&draft);
    // Two more are the whole flist.
    assert_eq!(found["assets"].as_object().unwrap().len(), 1_002);
    assert!(draft.warnings[0].contains("1000"), "{:?}", draft.warnings);
}

#[test]
fn a_collection_of_the_publisher_is_an_item_too() {
    let collection = json!({
        "type": "Collection", "id": "c", "title": "C", "license": "MIT", "keywords": ["k"],
        "extent": { "spatial": { "bbox": [[1, 2, 3, 4]] },
            "temporal": { "interval": [["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"]] } },
        "summaries": { "gsd": [10] }, "links": [], "assets": {},
    });
    let text = collection.to_string();
    let api = json!({ "categories": ["dataset"] });
    let draft = composed(&[("stac/collection.json", text.as_bytes())], Some(&api)).unwrap();
    let found = rendered(&draft);
    assert_eq!(found["bbox"], json!([1.0, 2.0, 3.0, 4.0]));
    assert_eq!(
        (&found["properties"]["title"], &found["summaries"]["gsd"]),
        (&json!("C"), &json!([10]))
    );
    assert_eq!(draft.tags, ["k"]);
    assert_eq!(draft.interval.unwrap().start, Some(1_577_836_800_000_000));
}

#[test]
fn an_older_revision_has_an_address_of_its_own() {
    let draft = front("assets: ['*.md']");
    let context = Context {
        base: "https://hub.example.com",
        collection: "dataset",
        repository: "alice",
        name: "flood",
        revision: Some(2),
        predecessor: Some(1),
        successor: Some(3),
        latest: true,
        stars: 0,
        access_level: None,
        mode: Mode::Full,
        fields: &Fields::default(),
    };
    let found: Value = serde_json::from_str(&render(&draft.document, &context)).unwrap();
    assert_eq!(found["id"], "alice/flood@2");
    let href = found["assets"]["README.md"]["href"].as_str().unwrap();
    assert!(href.ends_with("/files/README.md?revision=2"), "{href}");
    assert!(found["assets"].get("archive").is_none());
    let rels: Map<String, Value> = found["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| (link["rel"].as_str().unwrap().to_owned(), link["href"].clone()))
        .collect();
    let item = "https://hub.example.com/api/stac/collections/dataset/items/alice/flood";
    assert_eq!(rels["self"], format!("{item}@2"));
    assert_eq!(rels["latest-version"], item);
    assert_eq!(rels["predecessor-version"], format!("{item}@1"));
    assert_eq!(rels["successor-version"], format!("{item}@3"));
}
