//! Items of geodata files that nobody described, or described in part. The files are GDAL's:
//! `scripts/make_geodata_fixtures.py`.

use serde_json::{Value, json};

use crate::Settings;
use crate::compose_tests::{Told, composed, heard_with, rendered};

const A: &[u8] = include_bytes!("../../tests/fixtures/geodata/a.tif");
const B: &[u8] = include_bytes!("../../tests/fixtures/geodata/b.tif");
const C: &[u8] = include_bytes!("../../tests/fixtures/geodata/c.tif");
const FGB: &[u8] = include_bytes!("../../tests/fixtures/geodata/area.fgb");
const JSON: &[u8] = include_bytes!("../../tests/fixtures/geodata/area.geojson");
const SHP: &[u8] = include_bytes!("../../tests/fixtures/geodata/area.shp");
const PRJ: &[u8] = include_bytes!("../../tests/fixtures/geodata/area.prj");
const PARQUET: &[u8] = include_bytes!("../../tests/fixtures/geodata/area.parquet");

const PROJECTION: &str = "https://stac-extensions.github.io/projection/v2.0.0/schema.json";

fn item(files: &[(&str, &[u8])]) -> (Told, Value) {
    item_of(files, json!({}))
}

fn item_of(files: &[(&str, &[u8])], mut api: Value) -> (Told, Value) {
    api["category"] = json!("dataset");
    let told = composed(files, Some(&api)).unwrap();
    let found = rendered(&told);
    (told, found)
}

/// As rasterio's `transform_bounds` has it.
fn near(found: &Value, expected: [f64; 4]) {
    let found: Vec<f64> = found.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
}

#[test]
fn a_raster_that_nobody_described_has_a_place_and_a_date() {
    let (told, found) = item(&[("a.tif", A)]);
    assert_eq!(told.warnings, [""; 0]);
    near(&found["bbox"], [2.161_840_843, 41.454_933_928, 2.169_070_320, 41.458_588_669]);
    assert_eq!(found["geometry"]["type"], "Polygon");
    assert!(told.place.is_some());
    let properties = &found["properties"];
    assert_eq!(properties["datetime"], "2024-05-01T10:00:00Z");
    assert_eq!(properties["gsd"], 10.0);
    assert_eq!(properties["proj:code"], "EPSG:32631");
    let origins = ["geometry", "datetime", "gsd", "proj:code"].map(|name| (name, ["a.tif"]));
    let origins: serde_json::Map<String, Value> =
        origins.into_iter().map(|(name, keys)| (name.to_owned(), json!(keys))).collect();
    assert_eq!(properties["flisthub:origins"], json!(origins));
    let asset = &found["assets"]["a.tif"];
    assert_eq!(asset["proj:shape"], json!([40, 60]));
    assert_eq!(asset["proj:transform"], json!([10.0, 0.0, 430_000.0, 0.0, -10.0, 4_590_000.0]));
    assert_eq!(asset["bands"].as_array().unwrap().len(), 3);
    assert_eq!(asset["bands"][0]["data_type"], "uint8");
    let origins = asset["flisthub:origins"].as_object().unwrap();
    for name in ["geometry", "gsd", "bands", "proj:code", "proj:shape", "datetime"] {
        assert!(origins[name].is_string(), "{name}");
    }
    assert_eq!(origins["geometry"], "GeoTIFF tags ModelPixelScale and ModelTiepoint");
    let schemas = found["stac_extensions"].as_array().unwrap();
    assert!(schemas.contains(&json!(PROJECTION)), "{schemas:?}");
    assert_eq!(schemas.iter().filter(|one| one.to_string().contains("projection")).count(), 1);
}

#[test]
fn what_is_declared_wins_over_what_is_found() {
    let declared = json!({
        "extent": { "spatial": [1, 2, 3, 4], "temporal": ["2020-01-01", "2020-01-02"] },
        "gsd": 7, "proj:code": "EPSG:4326",
        "assets": [{ "glob": "*.tif", "bands": [{ "name": "own" }] }],
        "flisthub:origins": { "geometry": "forged" },
    });
    let (told, found) = item_of(&[("a.tif", A)], declared);
    assert_eq!(told.warnings, [""; 0]);
    assert_eq!(found["bbox"], json!([1.0, 2.0, 3.0, 4.0]));
    let properties = &found["properties"];
    assert_eq!(properties["start_datetime"], "2020-01-01T00:00:00Z");
    assert_eq!((&properties["gsd"], &properties["proj:code"]), (&json!(7), &json!("EPSG:4326")));
    assert!(properties.get("flisthub:origins").is_none());
    let asset = &found["assets"]["a.tif"];
    assert_eq!(asset["bands"], json!([{ "name": "own" }]));
    // Numbers of another system than is declared would mean nothing.
    for absent in ["gsd", "datetime", "proj:code", "proj:transform", "proj:bbox"] {
        assert!(asset.get(absent).is_none(), "{absent}");
    }
    assert_eq!(asset["proj:shape"], json!([40, 60]));
}

#[test]
fn an_item_of_a_publisher_stays_as_it_is_and_keeps_its_words() {
    let own = json!({
        "type": "Feature", "stac_version": "1.0.0", "geometry": null,
        "stac_extensions": ["https://stac-extensions.github.io/projection/v1.1.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json"],
        "properties": { "datetime": "2019-01-01T00:00:00Z", "category": "dataset" },
        "assets": { "data": { "href": "../a.tif", "gsd": 5, "flisthub:origins": { "gsd": "me" } } },
    });
    let own = own.to_string();
    let (told, found) = item(&[("stac/item.json", own.as_bytes()), ("a.tif", A)]);
    assert_eq!(told.warnings, [""; 0]);
    assert_eq!(found["geometry"], Value::Null);
    assert!(told.place.is_none());
    assert_eq!(found["properties"]["datetime"], "2019-01-01T00:00:00Z");
    let asset = &found["assets"]["data"];
    assert_eq!((&asset["gsd"], &asset["proj:epsg"]), (&json!(5), &json!(32631)));
    assert!(asset.get("proj:code").is_none() && asset.get("raster:sampling").is_none());
    assert!(asset["flisthub:origins"].get("gsd").is_none());
    let schemas = found["stac_extensions"].as_array().unwrap();
    assert!(!schemas.contains(&json!(PROJECTION)), "{schemas:?}");
}

/// Version 2 of the extension has no `proj:epsg`.
#[test]
fn old_words_are_listed_with_an_old_version() {
    let api = json!({ "category": "dataset", "assets": [{ "glob": "*.tif", "proj:epsg": 32631 }] });
    let schema = |version: &str| PROJECTION.replace("v2.0.0", version);
    for (operators, listed) in [
        (None, schema("v1.2.0")),
        (Some(schema("v2.0.0")), schema("v1.2.0")),
        (Some(schema("v1.1.0")), schema("v1.1.0")),
    ] {
        let mut settings = Settings::default();
        settings.extensions.remove("proj");
        settings.extensions.extend(operators.map(|schema| ("proj".to_owned(), schema)));
        let draft = heard_with(&[("a.tif", A)], Some(&api), &settings).draft.unwrap();
        let found = rendered(&draft);
        assert_eq!(found["assets"]["a.tif"]["proj:epsg"], 32631);
        let schemas = found["stac_extensions"].as_array().unwrap();
        let ours = schemas.iter().filter(|one| one.to_string().contains("/projection/"));
        assert_eq!(ours.collect::<Vec<_>>(), [&json!(listed)]);
    }
}

#[test]
fn a_place_that_cannot_be_read_is_not_replaced() {
    let item = |place: Value| {
        let mut own = json!({
            "type": "Feature", "stac_version": "1.0.0",
            "properties": { "datetime": "2019-01-01T00:00:00Z", "category": "dataset" },
            "assets": { "data": { "href": "../a.tif" } },
        });
        own.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        ("stac/item.json", own)
    };
    let collection = |bbox: Value| {
        let extent = json!({ "spatial": { "bbox": bbox } });
        let own = json!({ "type": "Collection", "stac_version": "1.0.0", "extent": extent });
        ("stac/collection.json", own)
    };
    for ((path, own), is_found) in [
        (item(json!({ "geometry": { "type": "Point", "coordinates": [1, 200] } })), false),
        (item(json!({ "geometry": 7 })), false),
        (item(json!({ "bbox": [1, 2, 3, 4] })), false),
        (item(json!({})), true),
        (collection(json!([[1, 2, 3, 400]])), false),
        (collection(json!("none")), false),
    ] {
        let api = json!({ "assets": ["a.tif"] });
        let (_, found) = item_of(&[(path, own.to_string().as_bytes()), ("a.tif", A)], api);
        assert_eq!(!found["geometry"].is_null(), is_found, "{own}");
        assert!(found["assets"].as_object().unwrap().values().any(|one| one.get("gsd").is_some()));
    }
    let (_, found) = item_of(&[("a.tif", A)], json!({ "extent": { "spatial": [1, 2, 3, 400] } }));
    assert!(found["geometry"].is_null());
}

#[test]
fn several_rasters_are_one_place_and_one_span() {
    let (told, found) = item(&[("a.tif", A), ("b.tif", B)]);
    assert_eq!(told.warnings, [""; 0]);
    // They touch, so what both cover is one polygon.
    assert_eq!(found["geometry"]["type"], "Polygon");
    // And not the box around them.
    assert!(found["geometry"]["coordinates"][0].as_array().unwrap().len() > 5);
    near(&found["bbox"], [2.161_840_843, 41.454_933_928, 2.176_253_434, 41.458_640_339]);
    let properties = &found["properties"];
    assert_eq!(properties["datetime"], Value::Null);
    assert_eq!(properties["start_datetime"], "2024-05-01T10:00:00Z");
    assert_eq!(properties["end_datetime"], "2024-05-03T10:00:00Z");
    assert_eq!(properties["flisthub:origins"]["geometry"], json!(["a.tif", "b.tif"]));
    let (_, found) = item(&[("a.tif", A), ("c.tif", C)]);
    assert_eq!(found["geometry"]["type"], "MultiPolygon");
    assert_eq!(found["properties"]["datetime"], "2024-05-01T10:00:00Z");
}

#[test]
fn files_of_features_have_bounds() {
    let prj: (&str, &[u8]) = ("x/area.prj", PRJ);
    for files in [
        &[("area.fgb", FGB)][..],
        &[("area.geojson", JSON)],
        &[("x/area.shp", SHP), prj],
        &[("area.geoparquet", PARQUET)],
    ] {
        let (told, found) = item(files);
        assert_eq!(told.warnings, [""; 0]);
        near(&found["bbox"], [2.0, 41.0, 3.0, 42.0]);
        assert_eq!(found["properties"]["proj:code"], "EPSG:4326", "{}", files[0].0);
        assert_eq!(found["properties"]["flisthub:origins"]["geometry"], json!([files[0].0]));
    }
    let (told, found) = item(&[("area.shp", SHP)]);
    assert_eq!(found["geometry"], Value::Null);
    assert!(told.warnings[0].contains("area.shp: ") && told.warnings[0].contains(".prj"));
}

/// Tables and JSON are read where they are assets, and need not be geodata.
#[test]
fn names_that_others_have_are_read_where_they_are_declared() {
    let files: [(&str, &[u8]); 3] =
        [("t.parquet", PARQUET), ("j.json", JSON), ("n.json", b"{\"a\": 1}")];
    let (told, found) = item(&files);
    assert_eq!((told.warnings.len(), &found["geometry"]), (0, &Value::Null));
    let (told, found) = item_of(&files, json!({ "assets": ["*.parquet", "*.json"] }));
    assert_eq!(told.warnings, [""; 0]);
    near(&found["bbox"], [2.0, 41.0, 3.0, 42.0]);
    assert_eq!(found["properties"]["flisthub:origins"]["geometry"], json!(["j.json", "t.parquet"]));
}

/// Data sets have `features`, too.
#[test]
fn json_that_is_no_geojson_is_nothing_to_be_warned_of() {
    for (text, warned) in [
        (r#"{"mine": {"features": {"id": {"dtype": "int32"}}}}"#, false),
        (r#"{"features": {"id": {"dtype": "int32"}}, "type": "table"}"#, false),
        (r#"{"type": "table", "coordinates": "none"}"#, false),
        (r#"{"type": "FeatureCollection", "features": {"id": 1}}"#, true),
    ] {
        for (name, warned) in [("dataset_infos.json", warned), ("a.geojson", true)] {
            let assets = json!({ "assets": ["*json"] });
            let (told, found) = item_of(&[(name, text.as_bytes())], assets);
            assert_eq!(!told.warnings.is_empty(), warned, "{name} {text}: {:?}", told.warnings);
            assert!(found["geometry"].is_null());
        }
    }
}

#[test]
fn who_says_which_files_are_assets_is_believed() {
    let (_, found) = item_of(&[("a.tif", A)], json!({ "assets": [] }));
    assert!(found["assets"].get("a.tif").is_none() && found["geometry"].is_null());
}
