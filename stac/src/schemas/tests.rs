use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;

pub(super) fn item() -> Value {
    json!({
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": "alice/scene",
        "geometry": {"type": "Point", "coordinates": [10, 45]},
        "bbox": [10, 45, 10, 45],
        "properties": {"datetime": "2024-05-01T00:00:00Z"},
        "links": [],
        "assets": {},
    })
}

/// An item, with a member set at a pointer.
pub(super) fn with(mut item: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    item.pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .insert(key.replace("~1", "/"), value);
    item
}

/// The schemas of extensions, and where they are.
pub(super) fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    let is_one = |(at, _): &&(&str, &str)| at.ends_with("/schema.json");
    BUNDLED.iter().filter(is_one).copied()
}

fn told(item: &Value) -> Vec<String> {
    faults(item).iter().map(ToString::to_string).collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            found.push(path);
        }
    }
}

#[test]
fn each_file_is_part_of_the_program_and_can_be_made_ready() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut found = Vec::new();
    files(&folder, &mut found);
    assert_eq!(found.len(), BUNDLED.len());
    for path in found {
        let path = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
        let address = format!("https://{path}");
        assert!(text(&address).is_some(), "{address} has no line");
        // Also that all schemas are there which it refers to.
        assert!(ready(&address).is_some(), "{address} cannot be made ready");
    }
    assert!(ready("https://example.com/schema.json").is_none());
}

/// What must be among the extensions that an item lists.
fn demanded(schema: &Value, found: &mut Vec<Value>) {
    match schema {
        Value::Array(values) => values.iter().for_each(|value| demanded(value, found)),
        Value::Object(members) => {
            let listed = members.get("stac_extensions").and_then(|listed| listed.get("contains"));
            found.extend(listed.and_then(|listed| listed.get("const")).cloned());
            members.values().for_each(|value| demanded(value, found));
        }
        _ => {}
    }
}

#[test]
fn each_extension_takes_items_that_list_it() {
    let mut count = 0;
    for (address, text) in texts() {
        let mut found = Vec::new();
        demanded(&serde_json::from_str(text).unwrap(), &mut found);
        // Some were published with the address of another one: whatever lists these would be refused.
        let is_taken = found.is_empty() || found.contains(&json!(address));
        assert!(is_taken, "{address} demands {found:?}");
        count += 1;
    }
    assert!(count > 70, "{count}");
}

#[test]
fn what_is_as_it_should_be_has_no_faults() {
    assert_eq!(told(&item()), [""; 0]);
    assert_eq!(told(&with(item(), "/stac_version", json!("1.0.0"))), [""; 0]);
    let eo = json!(["https://stac-extensions.github.io/eo/v2.0.0/schema.json"]);
    let mut cloudy = with(item(), "/stac_extensions", eo);
    cloudy["properties"]["eo:cloud_cover"] = json!(12.5);
    assert_eq!(told(&cloudy), [""; 0]);
    // A schema that the program does not have says nothing.
    let unknown = json!(["https://example.com/x/v1.0.0/schema.json"]);
    assert_eq!(told(&with(item(), "/stac_extensions", unknown)), [""; 0]);
}

#[test]
fn a_fault_points_at_the_member() {
    let cases = [
        ("/stac_version", json!("0.9.0"), "/stac_version"),
        ("/properties/datetime", json!("yesterday"), "/properties/datetime"),
        ("/properties/datetime", json!(5), "/properties/datetime"),
        ("/properties/gsd", json!("ten"), "/properties/gsd"),
        ("/properties/license", json!(7), "/properties/license"),
        ("/assets/a", json!({"title": "no address"}), "/assets/a"),
        ("/assets/a", json!({"href": 5}), "/assets/a/href"),
        ("/assets/a", json!({"href": "x", "roles": "data"}), "/assets/a/roles"),
        ("/links", json!([{"href": "x"}]), "/links/0"),
        ("/links", json!({}), "/links"),
        ("/stac_extensions", json!(["eo"]), "/stac_extensions/0"),
        ("/bbox", json!([1, 2]), "/bbox"),
        ("/type", json!("Item"), "/type"),
    ];
    for (pointer, value, expected) in cases {
        let found = faults(&with(item(), pointer, value.clone()));
        let pointers: Vec<&str> = found.iter().map(|fault| fault.pointer.as_str()).collect();
        assert!(pointers.contains(&expected), "{pointer} = {value}: {found:?}");
    }
    let mut without = item();
    without["properties"].as_object_mut().unwrap().remove("datetime");
    assert!(told(&without).iter().any(|one| one.contains("datetime")), "{:?}", told(&without));
}

#[test]
fn extensions_are_held_to_their_schemas() {
    let eo = json!(["https://stac-extensions.github.io/eo/v1.1.0/schema.json"]);
    let mut cloudy = with(item(), "/stac_extensions", eo);
    cloudy["properties"]["eo:cloud_cover"] = json!(120);
    let found = faults(&cloudy);
    assert_eq!(found[0].pointer, "/properties/eo:cloud_cover", "{found:?}");
}

#[test]
fn only_some_of_many_faults_are_told_and_none_is_long() {
    let many = json!((0..500).map(|_| json!({"rel": 1})).collect::<Vec<_>>());
    assert_eq!(faults(&with(item(), "/links", many)).len(), MAX_FAULTS);
    let long = with(item(), "/type", json!("x".repeat(100_000)));
    assert!(faults(&long).iter().all(|fault| fault.what.len() < 300));
}

#[test]
fn a_schema_that_is_listed_often_is_held_against_once_and_others_than_extensions_are_not() {
    let eo = "https://stac-extensions.github.io/eo/v1.1.0/schema.json";
    let often: Vec<String> =
        (0..5).map(|at| format!("{eo}{}", if at % 2 == 0 { "" } else { "#" })).collect();
    let mut cloudy = item();
    cloudy["properties"]["eo:cloud_cover"] = json!(120);
    cloudy["stac_extensions"] = json!(often);
    // That is wrong by itself, and all that is told.
    assert_eq!(
        faults(&cloudy).iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(),
        ["/stac_extensions"]
    );
    for other in [
        "https://geojson.org/schema/Geometry.json",
        "https://proj.org/schemas/v0.7/projjson.schema.json",
    ] {
        assert_eq!(told(&with(item(), "/stac_extensions", json!([other]))), [""; 0], "{other}");
    }
}

#[test]
fn what_is_wrong_is_not_looked_for_in_what_is_deep_and_large() {
    let projection = json!(["https://stac-extensions.github.io/projection/v2.0.0/schema.json"]);
    let mut system = json!({"x": "y".repeat(30_000)});
    for _ in 0..25 {
        system = json!({"source_crs": system, "type": "BoundCRS"});
    }
    let mut deep = with(item(), "/stac_extensions", projection.clone());
    deep["properties"]["proj:projjson"] = system.clone();
    let found = told(&deep);
    // Small enough it is.
    assert!(found[0].starts_with("/properties/proj:projjson: "), "{found:?}");
    deep["properties"]["more"] = json!("z".repeat(60_000));
    assert!(told(&deep)[0].contains("too large to say where"), "{:?}", told(&deep));
}
