//! Boxes and geometries of all kinds: what they become, and what is refused.

#![expect(clippy::float_cmp, reason = "what was written comes out again")]

use serde_json::{Value, json};

use super::places::of_extent;
use super::{Bounds, Place};

fn place(value: &Value) -> Place {
    of_extent(value).unwrap_or_else(|error| panic!("{value}: {error}"))
}

fn sides(place: &Place) -> [f64; 4] {
    let Bounds { west, south, east, north } = place.bounds;
    [west, south, east, north]
}

fn geometry(place: &Place) -> Value {
    serde_json::from_str(&place.geometry).unwrap()
}

#[test]
fn a_box_is_drawn_as_shapely_does() {
    let found = place(&json!([-66.6407, 17.9823, -66.5902, 18.0299]));
    assert_eq!(sides(&found), [-66.6407, 17.9823, -66.5902, 18.0299]);
    assert!(found.is_box);
    assert_eq!(
        geometry(&found),
        json!({ "type": "Polygon", "coordinates": [[
            [-66.5902, 17.9823], [-66.5902, 18.0299], [-66.6407, 18.0299],
            [-66.6407, 17.9823], [-66.5902, 17.9823],
        ]] })
    );
}

#[test]
fn a_box_over_the_antimeridian_is_in_two_parts() {
    for written in
        [json!([170, -10, -170, 10]), json!([170, -10, 190, 10]), json!([-190, -10, -170, 10])]
    {
        let found = place(&written);
        assert_eq!(sides(&found), [170.0, -10.0, -170.0, 10.0], "{written}");
        assert_eq!(geometry(&found)["type"], "MultiPolygon");
        assert_eq!(geometry(&found)["coordinates"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn flat_boxes_are_points_and_lines() {
    assert_eq!(geometry(&place(&json!([1, 2, 1, 2])))["type"], "Point");
    assert_eq!(geometry(&place(&json!([1, 2, 3, 2])))["type"], "LineString");
    for (over, kind) in [
        ([170, 2, -170, 2], "MultiLineString"),
        ([180, 1, -180, 2], "LineString"),
        ([180, 1, -170, 2], "Polygon"),
        ([170, 2, -180, 2], "LineString"),
        ([180, 2, -180, 2], "Point"),
    ] {
        assert_eq!(geometry(&place(&json!(over)))["type"], kind, "{over:?}");
    }
    assert_eq!(sides(&place(&json!([-180, -90, 180, 90]))), [-180.0, -90.0, 180.0, 90.0]);
    assert_eq!(sides(&place(&json!([1, 2, 0, 3, 4, 9]))), [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn parts_on_both_sides_have_a_box_over_the_antimeridian() {
    let found = place(&json!(
        "MULTIPOLYGON(((170 0,180 0,180 5,170 5,170 0)),((-180 0,-175 0,-175 5,-180 5,-180 0)))"
    ));
    assert_eq!(sides(&found), [170.0, 0.0, -175.0, 5.0]);
    assert!(!found.is_box);
    let found = place(&json!("POLYGON((170 0,185 0,185 5,170 0))"));
    assert_eq!((found.bounds.west, found.bounds.south), (170.0, 0.0));
    assert!((found.bounds.east + 175.0).abs() < 1e-6, "{found:?}");
    assert_eq!(geometry(&found)["type"], "MultiPolygon");
}

/// A box that ends at -180 is kept as one that ends at 180, and says nothing of the other side.
#[test]
fn what_is_at_minus_180_is_in_the_box() {
    for (text, box_of_it) in [
        ("MULTIPOINT(170 0,180 2,-180 5)", [180.0, 0.0, 170.0, 5.0]),
        ("MULTIPOINT(-180 0,0 2,180 5)", [180.0, 0.0, 0.0, 5.0]),
        ("MULTIPOINT(-180 0,180 5)", [-180.0, 0.0, 180.0, 5.0]),
        ("MULTILINESTRING((170 0,180 0),(-180 0,-180 5))", [-180.0, 0.0, 180.0, 5.0]),
        ("MULTIPOINT(170 0,180 2,-180 5,-175 0)", [170.0, 0.0, -175.0, 5.0]),
    ] {
        assert_eq!(sides(&place(&json!(text))), box_of_it, "{text}");
    }
    for (numbers, box_of_it) in [
        ([170, 0, -180, 5], [170.0, 0.0, 180.0, 5.0]),
        ([180, 0, -170, 5], [-180.0, 0.0, -170.0, 5.0]),
        ([180, 0, -180, 5], [180.0, 0.0, 180.0, 5.0]),
    ] {
        assert_eq!(sides(&place(&json!(numbers))), box_of_it, "{numbers:?}");
    }
    // What is left on the other side has no width. Cutting rounds the west.
    let found = place(&json!("POLYGON((170 0,180.0000005 0,180.0000005 5,170 5,170 0))"));
    assert_eq!(geometry(&found)["coordinates"].as_array().unwrap().len(), 1);
    let [west, _, east, _] = sides(&found);
    assert!((west - 170.0).abs() < 1e-6 && (east - 180.0).abs() < 1e-9, "{found:?}");
}

#[test]
fn what_is_a_box_is_known_as_one() {
    assert!(place(&json!("POLYGON((0 0,4 0,4 2,0 2,0 0))")).is_box);
    assert!(place(&json!("POINT(1 2)")).is_box);
    for other in [
        "POLYGON((0 0,4 0,4 2,0 0))",
        "POLYGON((0 0,4 0,4 2,1 2,0 0))",
        "POLYGON((0 0,1 0,1 1,1 1,0 0))",
        "LINESTRING(0 0,1 1)",
    ] {
        assert!(!place(&json!(other)).is_box, "{other}");
    }
}

#[test]
fn what_cannot_be_on_the_earth_is_refused_with_a_reason() {
    for (bad, reason) in [
        (json!([1, 2, 3]), "four numbers"),
        (json!([1, 2, "3", 4]), "four numbers"),
        (json!([0, 10, 5, 0]), "north"),
        (json!([0, -91, 5, 0]), "latitude"),
        (json!([0, 0, 1e300, 1]), "longitude"),
        (json!("POINT(0 91)"), "latitude"),
        (json!("POINT(500 2)"), "longitude"),
        (json!("GEOMETRYCOLLECTION(POINT(1 2))"), "several parts"),
        (json!({ "type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]], []] }), "points"),
        (json!("LINESTRING(170 0,200 0)"), "longitude"),
        (json!("POLYGON((0 0,2 2,2 0,0 2,0 0))"), "self-intersection"),
        (json!("POLYGON((0 0,1 1,0 0))"), "points"),
        (json!("POLYGON((0 70,90 75,180 70,-90 75,0 70))"), "pole"),
        (json!("POLYGON EMPTY"), "empty"),
        (json!("nonsense"), "WKT"),
        (json!("POLYGON((0 0, 1"), "WKT"),
        (json!(true), "neither"),
        (json!({ "type": "Polygon", "coordinates": [[[0, 0], [1]]] }), "position"),
    ] {
        let error = of_extent(&bad).unwrap_err();
        assert!(error.contains(reason), "{bad}: {error}");
    }
}

#[test]
fn many_rings_are_checked_each_for_itself() {
    let boxes: Vec<String> = (0..300)
        .map(|at| {
            let (x, y) = (at % 100, at / 100 * 2);
            format!("(({x} {y},{x}.5 {y},{x}.5 {y}.5,{x} {y}.5,{x} {y}))")
        })
        .collect();
    assert!(of_extent(&json!(format!("MULTIPOLYGON({})", boxes.join(",")))).is_ok());
}

/// A ring of so many points round a middle, as WKT.
fn round(points: usize, middle: f64) -> String {
    let at = |step: usize| {
        let turn = f64::from(u32::try_from(step % points).unwrap())
            / f64::from(u32::try_from(points).unwrap());
        let (y, x) = (turn * std::f64::consts::TAU).sin_cos();
        format!("{} {}", middle + 40.0 * x, 40.0 * y)
    };
    format!("POLYGON(({}))", (0..=points).map(at).collect::<Vec<_>>().join(","))
}

#[test]
fn a_ring_of_many_points_is_checked_too() {
    assert!(of_extent(&json!(round(9_000, 0.0))).is_ok());
    let crossed = round(9_000, 0.0).replacen("40 0,", "40 0,-39 30,", 1);
    assert!(of_extent(&json!(crossed)).is_err_and(|error| error.contains("self-intersection")));
    assert!(of_extent(&json!(round(9_000, 170.0))).unwrap_err().contains("antimeridian"));
}

#[test]
fn a_shape_that_takes_long_to_check_is_refused() {
    // A comb: each of its lines lies over all others from west to east.
    let tooth = |at: u32| {
        let y = f64::from(at) / 100.0;
        format!("{} {y}", if at.is_multiple_of(2) { 0 } else { 90 })
    };
    let teeth: Vec<String> = (0..5_000).map(tooth).collect();
    let comb = format!("POLYGON(({},-1 50,-1 0,0 0))", teeth.join(","));
    assert!(of_extent(&json!(comb)).unwrap_err().contains("too long"), "{comb}");
}

#[test]
fn a_round_shape_over_the_antimeridian_is_cut_at_it() {
    let found = place(&json!(round(500, 170.0)));
    let [west, _, east, _] = sides(&found);
    assert!((west - 130.0).abs() < 1e-3 && (east + 150.0).abs() < 1e-3, "{found:?}");
    let found = place(&json!(round(500, -170.0)));
    let [west, _, east, _] = sides(&found);
    assert!((west - 150.0).abs() < 1e-3 && (east + 130.0).abs() < 1e-3, "{found:?}");
}
