//! Tests of what is read of GeoJSON.

use crate::{Counted, Facts, GeodataError, Kind, Limit, Limits, read};

fn facts(text: &str) -> Facts {
    read(Kind::GeoJson, text.as_bytes(), &Limits::default()).unwrap()
}

fn collection(geometries: &[&str]) -> String {
    let features: Vec<String> = geometries
        .iter()
        .map(|one| format!(r#"{{"type": "Feature", "properties": {{"coordinates": [999, 999]}}, "geometry": {one}}}"#))
        .collect();
    format!(r#"{{"type": "FeatureCollection", "features": [{}]}}"#, features.join(","))
}

#[test]
fn bounds_count_and_types_are_read() {
    let text = collection(&[
        r#"{"type": "Point", "coordinates": [1, 2, 900]}"#,
        r#"{"coordinates": [[[3.5, -4], [5, -4], [5, 6], [3.5, -4]]], "type": "Polygon"}"#,
        r#"{"type": "GeometryCollection", "geometries": [{"type": "LineString", "coordinates": [[0, 0], [1, 1e1]]}]}"#,
        "null",
    ]);
    let found = facts(&format!("\u{feff} {text}\n"));
    assert_eq!(found.bbox(), Some([0.0, -4.0, 5.0, 10.0]));
    assert_eq!(found.features.as_ref().unwrap().value, 4);
    let types = ["GeometryCollection", "LineString", "Point", "Polygon"];
    assert_eq!(found.geometry_types.as_ref().unwrap().value, types);
    assert!(found.warnings().is_empty(), "{:?}", found.warnings());
    let one = facts(r#"{"type": "Point", "coordinates": [7, 8]}"#);
    assert_eq!((one.bbox(), one.features), (Some([7.0, 8.0, 7.0, 8.0]), None));
}

#[test]
fn parts_on_both_sides_of_the_antimeridian_have_a_box_over_it() {
    let text = collection(&[
        r#"{"type": "MultiPolygon", "coordinates": [[[[178, -17], [180, -17], [180, -16], [178, -16], [178, -17]]],
            [[[-180, -17], [-179.5, -17], [-179.5, -16], [-180, -16], [-180, -17]]]]}"#,
    ]);
    let found = facts(&text);
    assert_eq!(found.bbox(), Some([178.0, -17.0, -179.5, -16.0]));
    assert_eq!(found.footprint.unwrap().value.rings().len(), 2);
}

#[test]
fn systems_that_are_named_are_used() {
    let named = |name: &str, position: &str| {
        facts(&format!(
            r#"{{"type": "Point", "crs": {{"type": "name", "properties": {{"name": "{name}"}}}}, "coordinates": {position}}}"#
        ))
    };
    let utm = named("urn:ogc:def:crs:EPSG::32631", "[500000, 4649776]");
    let [west, south, ..] = utm.bbox().unwrap();
    assert!((west - 3.0).abs() < 1e-5 && (south - 42.0).abs() < 1e-4, "{west} {south}");
    assert_eq!(named("urn:ogc:def:crs:OGC:1.3:CRS84", "[1, 2]").bbox(), Some([1.0, 2.0, 1.0, 2.0]));
    let other = named("mars", "[1, 2]");
    assert!(other.bbox().is_none() && other.warnings()[0].contains("mars"));
    assert!(facts(r#"{"type": "Point", "crs": null, "coordinates": [1, 2]}"#).bbox().is_some());
    let long =
        format!(r#"{{"properties": {{"name": "EPSG:4326", "a": "{}"}}}}"#, "x".repeat(5_000));
    for crs in [
        r#"{"type": "link", "properties": {"href": "http://example.com/crs"}}"#,
        r#"{"type": "EPSG", "properties": {"code": 3857}}"#,
        r#"{"type": "name", "properties": {"name": null}}"#,
        r#""EPSG:3857""#,
        "{}",
        "7",
        &long,
    ] {
        let found = facts(&format!(r#"{{"type": "Point", "crs": {crs}, "coordinates": [1, 2]}}"#));
        assert!(found.bbox().is_none() && found.code.is_none(), "{crs}");
        assert!(found.warnings()[0].contains("crs is not understood"), "{:?}", found.warnings());
    }
}

#[test]
fn positions_elsewhere_are_warned_of() {
    for position in ["[500000, 4649776]", "[10, 91]", "[-400, 0]"] {
        let found = facts(&format!(r#"{{"type": "Point", "coordinates": {position}}}"#));
        assert!(found.footprint.is_none(), "{position}");
        assert!(
            found.warnings()[0].contains("no longitude and latitude"),
            "{:?}",
            found.warnings()
        );
    }
    let empty = facts(r#"{"type": "FeatureCollection", "features": []}"#);
    assert!(empty.footprint.is_none() && empty.warnings()[0].contains("no positions"));
}

#[test]
fn other_json_is_no_geojson() {
    let texts = [
        "{\"type\": \"Point\", \"coordinates\": [1]}",
        "{\"type\": \"Point\", \"coordinates\": [1, \"2\"]}",
        "{\"type\": \"Point\", \"coordinates\": [1, [2]]}",
        "{\"type\": \"Point\", \"coordinates\": [1, 2]} x",
        "{\"type\": \"Point\", \"coordinates\": [1, 2]",
        "{\"type\": \"Point\", \"coordinates\": [1,2,3,4,5,6,7,8,9]}",
        "{\"type\": \"Point\", \"coordinates\": [NaN, 1]}",
        "{\"type\": \"Point\", \"coordinates\": [1e999, 1]}",
    ];
    for text in texts {
        let error = read(Kind::GeoJson, text.as_bytes(), &Limits::default()).unwrap_err();
        assert!(matches!(error, GeodataError::Broken(_)), "{text}: {error}");
    }
    // What does not say that it is GeoJSON may have members that are called so.
    let texts = [
        "",
        "[]",
        "{}",
        "{\"a\": 1}",
        "{\"type\": \"Topology\"}",
        "{\"features\": {\"id\": 1}}",
        "{\"type\": \"Table\", \"features\": {\"id\": 1}}",
        "{\"type\": {}, \"features\": []}",
        "{\"coordinates\": [1], \"type\": \"Point\"}",
    ];
    for text in texts {
        let error = read(Kind::GeoJson, text.as_bytes(), &Limits::default()).unwrap_err();
        assert!(matches!(error, GeodataError::Unsupported(_)), "{text}: {error}");
    }
}

#[test]
fn large_files_are_not_read_and_many_positions_are_too_many() {
    let source = Counted::new(vec![b' '; 100_000]);
    let limits = Limits { bytes_read: 99_999, ..Limits::default() };
    let found = read(Kind::GeoJson, &source, &limits).unwrap();
    assert!(found.warnings()[0].contains("100000 bytes") && source.bytes() == 0);
    let text =
        format!(r#"{{"type": "MultiPoint", "coordinates": [{}[0, 0]]}}"#, "[1, 2],".repeat(100));
    let limits = Limits { positions: 100, ..Limits::default() };
    let error = read(Kind::GeoJson, text.as_bytes(), &limits).unwrap_err();
    assert!(matches!(error, GeodataError::TooMuch(Limit::Positions(100))), "{error}");
    let limits = Limits { bytes_read: text.len() as u64, ..Limits::default() };
    let source = Counted::new(text.into_bytes());
    assert!(read(Kind::GeoJson, &source, &limits).is_ok());
}

#[test]
fn deep_nesting_takes_a_bounded_stack() {
    let read_it = || {
        let deep = "[".repeat(100_000);
        let coordinates = format!(r#"{{"type": "Point", "coordinates": {deep}"#);
        let error = read(Kind::GeoJson, coordinates.as_bytes(), &Limits::default()).unwrap_err();
        assert!(error.to_string().contains("recursion limit"), "{error}");
        // What is passed over may be as deep as it likes.
        let properties = format!(
            r#"{{"a": {deep}{}, "type": "Point", "coordinates": [1, 2]}}"#,
            "]".repeat(100_000)
        );
        assert!(facts(&properties).bbox().is_some());
        let geometries = r#"{"type": "GeometryCollection", "geometries": ["#.repeat(100_000);
        assert!(read(Kind::GeoJson, geometries.as_bytes(), &Limits::default()).is_err());
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(read_it).unwrap().join().unwrap();
}
