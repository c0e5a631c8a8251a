use serde_json::{Value, json};

use super::tests::{item, texts, with};
use super::*;

const EXTENSIONS: &str = "https://stac-extensions.github.io/";

/// An item with members at pointers that lists an extension, or none.
fn listing(extension: &str, members: &[(&str, Value)]) -> Value {
    let mut item = item();
    if !extension.is_empty() {
        item["stac_extensions"] = json!([format!("{EXTENSIONS}{extension}/schema.json")]);
    }
    for (pointer, value) in members {
        item = with(item, pointer, value.clone());
    }
    item
}

/// That the faults point at a member and say something of it, and none of them what only the schema explains.
fn assert_told(item: &Value, pointer: &str, what: &str) {
    let found = faults(item);
    let is_told = |fault: &Fault| fault.pointer == pointer && fault.what.contains(what);
    assert!(found.iter().any(is_told), "not {pointer}: {what}, but {found:?} of {item}");
    for fault in &found {
        let parts = ["{\"", "keyword", "schema.json", "Collection"];
        assert!(!parts.iter().any(|part| fault.what.contains(part)), "{found:?} of {item}");
    }
}

#[test]
fn of_a_choice_between_items_and_collections_the_member_of_the_item_is_told() {
    let properties = |key: &str| format!("/properties/{key}");
    let unknown = "the schema knows no member of this name";
    for (extension, key, value, what) in [
        ("view/v1.1.0", "view:off_nadir", json!(500), "greater than the maximum of 90"),
        ("view/v1.0.0", "view:off_nadir", json!(500), "greater than the maximum of 90"),
        ("view/v1.1.0", "view:azimuth", json!("x"), "not of type number"),
        ("view/v1.0.0", "view:azimuth", json!("x"), "not of type number"),
        ("mgrs/v1.0.0", "mgrs:utm_zone", json!("x"), "not of type integer"),
        ("datacube/v1.0.0", "cube:dimensions", json!(5), "not of type object"),
        ("datacube/v2.0.0", "cube:dimensions", json!(5), "not of type object"),
        ("datacube/v2.3.0", "cube:dimensions", json!(5), "not of type object"),
        ("projection/v1.0.0", "proj:foo", json!(1), unknown),
        ("projection/v2.0.0", "proj:foo", json!(1), unknown),
        ("projection/v2.0.0", "proj:a~1b", json!(1), unknown),
        ("projection/v2.0.0", "proj:projjson", json!(5), "not of type object or null"),
        ("eo/v1.1.0", "eo:foo", json!(1), unknown),
        ("eo/v1.1.0", "eo:bands", json!([{"name": "B1"}]), "it must not be given"),
        ("sar/v1.0.0", "sar:frequency_band", json!("Z"), "it must be \"P\", \"L\""),
        ("sat/v1.0.0", "sat:orbit_state", json!("up"), "it must be \"ascending\""),
        ("grid/v1.0.0", "grid:code", json!(5), "not of type string"),
        ("label/v1.0.0", "label:properties", json!(5), "not of type array or null"),
    ] {
        let pointer = properties(key);
        assert_told(&listing(extension, &[(&pointer, value)]), &pointer, what);
    }
}

#[test]
fn members_that_are_missing_are_named() {
    let zone = [("/properties/mgrs:utm_zone", json!(99))];
    let mgrs = listing("mgrs/v1.0.0", &zone);
    assert_told(&mgrs, "/properties", "mgrs:latitude_band must be given");
    assert_told(&mgrs, "/properties", "mgrs:grid_square must be given");
    let fields = "eo:cloud_cover, eo:snow_cover, eo:common_name, eo:center_wavelength, \
                  eo:full_width_half_max, eo:solar_illumination or bands must be given, here or in an asset";
    assert_told(&listing("eo/v2.0.0", &[]), "/properties", fields);
    let count = [("/properties/pc:count", json!("x"))];
    let points = listing("pointcloud/v2.0.0", &count);
    assert_told(&points, "/properties/pc:count", "not of type integer");
    assert_told(&points, "/properties", "pc:type must be given, here or in an asset");
    let points = listing("pointcloud/v1.0.0", &count);
    assert_told(&points, "/properties/pc:count", "not of type integer");
    assert_told(&points, "/properties", "pc:encoding must be given");
    let dimension = json!({"x": {"type": "spatial", "axis": "x"}});
    let cube = listing("datacube/v2.3.0", &[("/properties/cube:dimensions", dimension)]);
    assert_told(&cube, "/properties/cube:dimensions/x", "extent must be given");
}

#[test]
fn what_goes_with_a_null_is_told() {
    for version in ["1.0.0", "1.1.0"] {
        let version = ("/stac_version", json!(version));
        let undated = listing("", &[version.clone(), ("/properties/datetime", Value::Null)]);
        for key in ["start_datetime", "end_datetime"] {
            let what = format!("{key} must be given, as datetime is null");
            assert_told(&undated, "/properties", &what);
        }
        let nowhere = listing("", &[version, ("/geometry", Value::Null)]);
        assert_told(&nowhere, "/bbox", "it must not be given, as geometry is null");
    }
}

#[test]
fn members_of_assets_are_told_and_several_of_one_value() {
    let bands = json!({"href": "x", "raster:bands": [{"data_type": "int8"}, {"data_type": "x"}]});
    for version in ["raster/v1.0.0", "raster/v1.1.0"] {
        let raster = listing(version, &[("/assets/a", bands.clone())]);
        assert_told(&raster, "/assets/a/raster:bands/1/data_type", "it must be \"int8\", ");
    }
    let model = json!({"href": "x", "mlm:name": "x", "mlm:input": []});
    let model = listing("mlm/v1.5.2", &[("/assets/a", model)]);
    assert_told(&model, "/assets/a", "mlm:name and mlm:input must not be given");
    let unknown =
        listing("eo/v1.1.0", &[("/properties/eo:a", json!(1)), ("/properties/eo:b", json!(1))]);
    assert_told(&unknown, "/properties/eo:a", "knows no member");
    assert_told(&unknown, "/properties/eo:b", "knows no member");
    // That one is for collections alone.
    let told = faults(&listing("item-assets/v1.0.0", &[]));
    assert!(
        told.iter().any(|fault| fault.to_string() == "/type: it must be \"Collection\""),
        "{told:?}"
    );
}

/// The names of the members with a prefix that a schema has somewhere.
fn fields(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Array(values) => values.iter().for_each(|value| fields(value, found)),
        Value::Object(members) => {
            let properties = members.get("properties").and_then(Value::as_object);
            let names = properties.into_iter().flat_map(|properties| properties.keys());
            found.extend(names.filter(|name| name.contains(':')).cloned());
            members.values().for_each(|value| fields(value, found));
        }
        _ => {}
    }
}

#[test]
fn whatever_is_wrong_by_any_extension_no_part_of_a_schema_is_told() {
    for (address, text) in texts().filter(|(at, _)| !at.contains("/item-assets/")) {
        let mut keys = Vec::new();
        fields(&serde_json::from_str(text).unwrap(), &mut keys);
        keys.sort();
        keys.dedup();
        let mut item = item();
        item["stac_extensions"] = json!([address]);
        item["assets"]["a"] = json!({"href": "x"});
        for value in [json!({"a": [[]]}), json!(-5)] {
            for key in &keys {
                for place in ["/properties", "/assets/a"] {
                    let changed = with(item.clone(), &format!("{place}/{key}"), value.clone());
                    for fault in faults(&changed) {
                        let told = fault.to_string();
                        let parts = ["{\"", "keyword", "None of", "Collection", "[{"];
                        assert!(
                            !parts.iter().any(|part| told.contains(part)),
                            "{address} {key}: {told}"
                        );
                        assert_ne!(fault.pointer, "/type", "{address} {key}: {told}");
                    }
                }
            }
        }
    }
}
