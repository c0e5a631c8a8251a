//! What publishers write beside their data, and what is asked of the catalogue.

use flisthub_flist::{FileBuilder, Manifest, Metadata, Piece, TreeBuilder, TreePath};
use flisthub_stac::parameters::{OF_SEARCH, of_body};
use flisthub_stac::{
    Context, Draft, Fields, Heard, Inputs, Mode, PLACE_FAILED, Settings, YamlLimits, compose,
    parse_yaml, render,
};
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore as _, Compressor, Kind, MemoryStore, Profile, StoreError,
};
use serde_json::{Map, Value, json};

use crate::Outcome;

/// The most bytes of a whole item.
const MOST_DOCUMENT: usize = 2 << 20;

/// The bytes are YAML.
pub(crate) fn yaml(bytes: &[u8]) -> Outcome {
    let Ok(text) = std::str::from_utf8(bytes) else { return Outcome::Refused };
    let limits = YamlLimits { depth: 16, values: 1_000, ..YamlLimits::default() };
    let read = parse_yaml(text, &limits);
    assert_eq!(read, parse_yaml(text, &limits), "the same each time");
    let Ok(read) = read else { return Outcome::Refused };
    let read = Value::Object(read);
    assert!(depth(&read) <= limits.depth + 1, "no deeper than may be");
    assert!(values(&read) <= limits.values, "no more values than may be");
    assert!(read.to_string().len() <= 8 * limits.bytes, "no more text than may be");
    Outcome::Accepted
}

fn inner(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(list) => Box::new(list.iter()),
        Value::Object(map) => Box::new(map.values()),
        _ => Box::new(std::iter::empty()),
    }
}

fn depth(value: &Value) -> usize {
    inner(value).map(|value| depth(value) + 1).max().unwrap_or(0)
}

fn values(value: &Value) -> usize {
    inner(value).map(values).sum::<usize>() + 1
}

/// The bytes are a README with front matter.
pub(crate) fn readme(bytes: &[u8]) -> Outcome {
    said(&composed(&[("README.md", bytes), ("a.bin", b"a")], None))
}

/// The bytes are `stac/item.json`.
pub(crate) fn item_json(bytes: &[u8]) -> Outcome {
    said(&composed(&[("stac/item.json", bytes), ("a.bin", b"a")], None))
}

/// The bytes are a place as WKT.
pub(crate) fn wkt(bytes: &[u8]) -> Outcome {
    let Ok(text) = std::str::from_utf8(bytes) else { return Outcome::Refused };
    let api = json!({ "extent": { "spatial": text } });
    said(&composed(&[("a.bin", b"a")], api.as_object()))
}

/// What is accepted is an item without warnings.
fn said(heard: &Heard) -> Outcome {
    let draft = heard.draft.as_ref().expect("the repository has a category");
    whole(draft);
    if heard.warnings.is_empty() { Outcome::Accepted } else { Outcome::Refused }
}

/// However an item was made, what is written out is JSON with the members that the hub gives.
fn whole(draft: &Draft) {
    assert!(draft.document.len() <= MOST_DOCUMENT, "the item has {} bytes", draft.document.len());
    let context = Context {
        base: "https://hub.example.com",
        collection: "dataset",
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
    let item: Value = serde_json::from_str(&render(&draft.document, &context)).unwrap();
    assert_eq!((&item["id"], &item["collection"]), (&json!("alice/flood"), &json!("dataset")));
    assert_eq!(
        (&item["type"], &item["properties"]["sharinghub:stars"]),
        (&json!("Feature"), &json!(3))
    );
}

fn composed(files: &[(&str, &[u8])], api: Option<&Map<String, Value>>) -> Heard {
    let store = MemoryStore::default();
    let manifest = planted(&store, files);
    let settings = Settings::default();
    let categories = ["dataset".to_owned()];
    let mut api = api.cloned().unwrap_or_default();
    // What the bytes say of categories makes no difference: there is an item in each case.
    api.insert("categories".to_owned(), json!(categories));
    let inputs = Inputs {
        repository: "alice",
        name: "flood",
        settings: &settings,
        api: Some(&api),
        written: None,
        categories: &categories,
        created: 1_600_000_000,
        published: 1_714_903_200,
    };
    let compose = || compose(&store, manifest, &inputs, &mut |_| None).unwrap();
    let heard = compose();
    assert_eq!(heard, compose(), "the same each time");
    assert!(!heard.failed, "a reader panics");
    // Geometries are caught by themselves.
    let of_place = heard.warnings.iter().any(|warning| warning.contains(PLACE_FAILED));
    assert!(!of_place, "the check of a geometry panics");
    heard
}

/// A flist of those files.
fn planted(store: &MemoryStore, files: &[(&str, &[u8])]) -> ChunkId {
    let keep = |chunk: Chunk| -> Result<(), StoreError> {
        let frame = Compressor::new(1).unwrap().compress(&chunk).unwrap();
        store.put(&[frame]).map(|_| ())
    };
    let mut tree = TreeBuilder::new();
    for (path, bytes) in files {
        let mut file = FileBuilder::new();
        if !bytes.is_empty() {
            let chunk = Chunk::new(Kind::Content, bytes.to_vec()).unwrap();
            let piece = Piece::Chunk { id: chunk.id(), length: chunk.length() };
            keep(chunk).unwrap();
            file.push(piece, &mut { keep }).unwrap();
        }
        let content = file.finish(&mut { keep }).unwrap();
        tree.add(&TreePath::parse(path.as_bytes()).unwrap(), Metadata::default(), content).unwrap();
    }
    let manifest = Manifest::of(&tree.finish(&mut { keep }).unwrap(), Profile::default());
    let manifest = manifest.to_chunk().unwrap();
    let id = manifest.id();
    keep(manifest).unwrap();
    id
}

/// The bytes are the body of a search.
pub(crate) fn search(bytes: &[u8]) -> Outcome {
    let Ok(body) = serde_json::from_slice::<Map<String, Value>>(bytes) else {
        return Outcome::Refused;
    };
    let asked = of_body(&body, OF_SEARCH);
    assert_eq!(asked, of_body(&body, OF_SEARCH), "the same each time");
    let Ok(search) = asked else { return Outcome::Refused };
    assert!(search.bbox.is_none() || search.intersects.is_none());
    assert!(search.limit.is_none_or(|limit| (1..=10_000).contains(&limit)));
    Outcome::Accepted
}
