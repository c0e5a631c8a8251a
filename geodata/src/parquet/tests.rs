//! Tests of what is read of `GeoParquet`.

use crate::made::parquet::{around, file, varint};
use crate::{Counted, Facts, GeodataError, Kind, Limit, Limits, Source, read};

fn geo(column: &str) -> String {
    format!(r#"{{"version": "1.1.0", "primary_column": "g", "columns": {{"g": {{{column}}}}}}}"#)
}

fn facts(column: &str) -> Facts {
    let file = file(7, &[("other", "x"), ("geo", &geo(column)), ("more", "y")]);
    read(Kind::GeoParquet, &file, &Limits::default()).unwrap()
}

fn error<S: Source + ?Sized>(file: &S) -> String {
    read(Kind::GeoParquet, file, &Limits::default()).unwrap_err().to_string()
}

#[test]
fn bounds_rows_and_types_are_read() {
    let found = facts(r#""encoding": "WKB", "geometry_types": ["Polygon"], "bbox": [1, 2, 3, 4]"#);
    assert_eq!(found.bbox(), Some([1.0, 2.0, 3.0, 4.0]));
    assert_eq!(found.features.as_ref().unwrap().value, 7);
    assert_eq!(found.geometry_types.as_ref().unwrap().value, ["Polygon"]);
    assert_eq!(found.code.as_ref().unwrap().value, "EPSG:4326");
    let high = facts(
        r#""bbox": [1, 2, -5, 3, 4, 5], "crs": {"id": {"authority": "OGC", "code": "CRS84"}}"#,
    );
    assert_eq!(high.bbox(), Some([1.0, 2.0, 3.0, 4.0]));
    let over = facts(r#""bbox": [170, -20, -170, -10]"#);
    assert_eq!(over.bbox(), Some([170.0, -20.0, -170.0, -10.0]));
    assert_eq!(over.footprint.unwrap().value.rings().len(), 2);
}

#[test]
fn bounds_in_another_system_are_transformed() {
    let utm = r#""bbox": [400000, 5000000, 600000, 5200000], "crs": {"id": {"authority": "EPSG", "code": 32631}}"#;
    let found = facts(utm);
    let [west, south, ..] = found.bbox().unwrap();
    assert!(west < 1.73 && west > 1.6 && south > 45.1 && south < 45.2, "{west} {south}");
    assert_eq!(found.code.unwrap().value, "EPSG:32631");
}

#[test]
fn systems_without_a_code_are_handed_on() {
    let found = facts(r#""bbox": [1, 2, 3, 4], "crs": {"type": "ProjectedCRS", "name": "mine"}"#);
    assert_eq!(found.projjson.as_ref().unwrap().value["name"], "mine");
    assert!(found.footprint.is_none() && found.warnings()[0].contains("no code"));
    for other in [r#"{"name": "mine"}"#, "7"] {
        let other = facts(&format!(r#""bbox": [1, 2, 3, 4], "crs": {other}"#));
        assert!(other.projjson.is_none() && other.footprint.is_none());
        assert!(other.warnings()[0].contains("no PROJJSON"), "{:?}", other.warnings());
    }
    assert!(found.projected_bbox.is_some());
    for other in [
        r#""bbox": [1, 200, 3, 400]"#,
        r#""bbox": [1, 4, 3, 2]"#,
        r#""bbox": [3, 2, 1, 4], "crs": null"#,
    ] {
        assert!(facts(other).projected_bbox.is_none(), "{other}");
    }
    let unknown = facts(r#""bbox": [1, 2, 3, 4], "crs": null"#);
    assert!(unknown.code.is_none() && unknown.warnings()[0].contains("unknown"));
    let missing = facts(r#""encoding": "WKB""#);
    assert!(missing.warnings()[0].contains("no bbox"));
    let odd = facts(r#""bbox": [1, 2, 3]"#);
    assert!(odd.warnings()[0].contains("four nor six"));
}

/// As values, each would take a hundred times the room: what is long stays text, and so do the other columns.
#[test]
fn long_metadata_is_not_made_values_of() {
    let read_it = |text: &str| {
        read(Kind::GeoParquet, &file(7, &[("geo", text)]), &Limits::default()).unwrap()
    };
    let many = |bytes: usize| format!("[{}0]", r#"{"":0},"#.repeat(bytes / 7));
    let long = read_it(&geo(&format!(r#""bbox": [1, 2, 3, 4], "crs": {}"#, many(4 << 20 >> 1))));
    assert!(long.footprint.is_none() && long.code.is_none() && long.projjson.is_none());
    assert_eq!(long.features.as_ref().unwrap().value, 7);
    assert_eq!(long.warnings(), ["no footprint: its metadata has more than 256 KiB"]);
    let long = facts(&format!(r#""bbox": [1, 2, 3, 4], "crs": {{"a": {}}}"#, many(70 << 10)));
    assert!(long.footprint.is_none() && long.projjson.is_none());
    assert_eq!(long.warnings(), ["no footprint: its reference system has more than 64 KiB"]);
    let types = facts(&format!(r#""bbox": [1, 2, 3, 4], "geometry_types": {}"#, many(5 << 10)));
    assert!(types.footprint.is_some() && types.geometry_types.is_none());
    let long = format!(r#"[{}"Point"]"#, r#""Polygon", "#.repeat(40));
    let types = facts(&format!(r#""bbox": [1, 2, 3, 4], "geometry_types": {long}"#));
    assert!(types.footprint.is_some() && types.geometry_types.is_none());
    // Nobody looks at another column, so it may say what it likes.
    let other = format!(
        r#"{{"primary_column": "g", "columns": {{"g": {{"bbox": [1, 2, 3, 4]}}, "h": {{"crs": {}, "bbox": 0}}}}}}"#,
        many(100 << 10)
    );
    assert_eq!(read_it(&other).bbox(), Some([1.0, 2.0, 3.0, 4.0]));
}

#[test]
fn other_parquet_is_none() {
    assert!(error(&file(1, &[("pandas", "{}")])).contains("without the metadata"));
    assert!(error(&file(1, &[("geo", "{")])).contains("cannot be read"));
    assert!(
        error(&file(1, &[("geo", r#"{"primary_column": "a", "columns": {}}"#)]))
            .contains("no main column")
    );
    let mut encrypted = file(1, &[]);
    let end = encrypted.len();
    encrypted[end - 4..].copy_from_slice(b"PARE");
    assert!(error(&encrypted).contains("encrypted"));
    assert!(error(&b"PAR1".to_vec()).contains("PAR") || !error(&b"PAR1".to_vec()).is_empty());
    let mut long = file(1, &[]);
    let end = long.len();
    long[end - 8..end - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(error(&long).contains("not in the file"));
}

#[test]
fn hostile_footers_are_refused() {
    // Structures in structures, lists in lists, maps in maps.
    for nested in [
        vec![0x1c; 100_000],
        [vec![0x19], vec![0x19; 100_000]].concat(),
        [vec![0x1b], [1, 0xbb].repeat(50_000)].concat(),
    ] {
        let said = error(&around(&nested));
        assert!(said.contains("nested too deep"), "{said}");
    }
    // A list of 2^60 values, a text of 2^60 bytes, a number that does not end.
    let list = [vec![0x19, 0xf3], varint(1 << 60)].concat();
    assert!(error(&around(&list)).contains("more values"));
    let text = [vec![0x18], varint(1 << 60)].concat();
    assert!(error(&around(&text)).contains("longer than the footer"));
    assert!(error(&around(&[&[0x15][..], &[0xff; 20]].concat())).contains("does not end"));
    assert!(error(&around(&[])).contains("end in the middle"));
    assert!(error(&around(&[0])).contains("how many rows"));
}

#[test]
fn a_footer_takes_no_more_than_the_limits() {
    let text = format!("{}{}", geo(r#""bbox": [1, 2, 3, 4]"#), " ".repeat(100_000));
    let source = Counted::new(file(1, &[("geo", &text)]));
    let limits = Limits { value_bytes: 1000, ..Limits::default() };
    let error = read(Kind::GeoParquet, &source, &limits).unwrap_err();
    assert!(matches!(error, GeodataError::TooMuch(Limit::ValueBytes(1000))), "{error}");
    let limits = Limits { bytes_read: 50_000, ..Limits::default() };
    let error = read(Kind::GeoParquet, &source, &limits).unwrap_err();
    assert!(matches!(error, GeodataError::TooMuch(Limit::BytesRead(50_000))), "{error}");
}
