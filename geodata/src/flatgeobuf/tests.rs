//! Tests of what is read of `FlatGeobuf`.

use crate::made::flatgeobuf::Header;
use crate::{Facts, Kind, Limits, read};

fn facts(header: &Header) -> Facts {
    read(Kind::FlatGeobuf, &header.write(), &Limits::default()).unwrap()
}

fn plain() -> Header {
    let envelope = Some([1.0, 2.0, 3.0, 4.0]);
    Header { envelope, geometry_type: 6, features: 12, code: Some(4326), ..Header::default() }
}

#[test]
fn bounds_system_and_count_are_read() {
    let found = facts(&plain());
    assert_eq!(found.bbox(), Some([1.0, 2.0, 3.0, 4.0]));
    assert_eq!(found.code.as_ref().unwrap().value, "EPSG:4326");
    assert_eq!(found.features.as_ref().unwrap().value, 12);
    assert_eq!(found.geometry_types.as_ref().unwrap().value, ["MultiPolygon"]);
    assert_eq!(found.footprint.as_ref().unwrap().origin, "FlatGeobuf header");
    assert!(found.warnings().is_empty(), "{:?}", found.warnings());
}

#[test]
fn the_index_has_bounds_where_the_header_has_none() {
    let index = Some([5.0, 6.0, 7.0, 8.0]);
    let found = facts(&Header { envelope: None, index, ..plain() });
    assert_eq!(found.bbox(), Some([5.0, 6.0, 7.0, 8.0]));
    assert_eq!(found.footprint.unwrap().origin, "FlatGeobuf index");
    let none = facts(&Header { envelope: None, ..plain() });
    assert!(none.bbox().is_none() && none.warnings()[0].contains("no index"));
}

#[test]
fn systems_are_read_by_code_and_by_text() {
    let text = |wkt: &str| Header { code: None, wkt: Some(wkt.to_owned()), ..plain() };
    let coded = facts(&text(r#"GEOGCS["a",AUTHORITY["EPSG","4258"]]"#));
    assert_eq!(coded.code.unwrap().value, "EPSG:4258");
    let own = facts(&text(r#"ENGCRS["mine",CS[Cartesian,2]]"#));
    assert_eq!(own.wkt2.as_ref().unwrap().value, r#"ENGCRS["mine",CS[Cartesian,2]]"#);
    assert!(own.footprint.is_none() && own.warnings()[0].contains("no code"));
    let first = facts(&text(r#"LOCAL_CS["mine",UNIT["metre",1]]"#));
    assert!(first.wkt2.is_none());
    let none = facts(&Header { code: None, ..plain() });
    assert!(none.footprint.is_none() && none.warnings()[0].contains("no reference system"));
}

#[test]
fn headers_that_point_outside_are_broken() {
    let file = plain().write();
    let limits = Limits::default();
    let with = |at: usize, number: u32| {
        let mut file = file.clone();
        file[at..at + 4].copy_from_slice(&number.to_le_bytes());
        read(Kind::FlatGeobuf, &file, &limits)
    };
    // The header's size, the place of the root, the way from it to its fields.
    let root = 12 + u32::from_le_bytes(*file[12..].first_chunk().unwrap()) as usize;
    for (at, number) in [
        (8, u32::MAX),
        (8, 1 << 23),
        (12, u32::MAX),
        (12, 0xffff),
        (root, 0x7fff_ffff),
        (root, 0x8000_0000),
    ] {
        assert!(with(at, number).is_err(), "{at} {number}");
    }
    assert!(with(0, 0).is_err());
    for length in 0..file.len() - 8 {
        assert!(read(Kind::FlatGeobuf, &file[..length], &limits).is_err(), "{length}");
    }
}
