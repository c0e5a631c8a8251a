//! Tests of footprints at the edges of the world.

#![expect(clippy::float_cmp, reason = "what was written comes out again")]

use serde_json::json;

use super::*;

/// The raster from `x`, `y` down and to the right.
fn raster(code: u32, x: f64, y: f64, wide: f64, high: f64) -> Result<Footprint, String> {
    let corners = [[x, y], [x, y - high], [x + wide, y - high], [x + wide, y]];
    Footprint::of_corners(&corners, &Crs::epsg(code).unwrap(), 0.3)
}

/// Rings are closed, counterclockwise, in the world, and no line in them is used twice.
fn sound(found: &Footprint) {
    assert!(!found.rings().is_empty());
    for ring in found.rings() {
        assert!(ring.len() > 3 && ring.first() == ring.last(), "{ring:?}");
        assert!(area(ring) > 0.0, "{ring:?}");
        assert!(ring.iter().all(|[lon, lat]| lon.abs() <= 180.0 && lat.abs() <= 90.0), "{ring:?}");
        assert!(ring.windows(2).all(|pair| pair[0] != pair[1]), "{ring:?}");
    }
}

fn contains(found: &Footprint, [x, y]: [f64; 2]) -> bool {
    found.rings().iter().any(|ring| {
        let crosses = |pair: &&[[f64; 2]]| {
            let ([ax, ay], [bx, by]) = (pair[0], pair[1]);
            (ay > y) != (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax
        };
        ring.windows(2).filter(crosses).count() % 2 == 1
    })
}

#[test]
fn a_box_in_degrees_is_itself() {
    let found = raster(4326, 5.0, 52.0, 3.0, 2.0).unwrap();
    assert_eq!(found.bbox(), [5.0, 50.0, 8.0, 52.0]);
    let ring = json!([[[5.0, 52.0], [5.0, 50.0], [8.0, 50.0], [8.0, 52.0], [5.0, 52.0]]]);
    assert_eq!(found.geometry(), json!({"type": "Polygon", "coordinates": ring}));
}

#[test]
fn what_goes_over_the_antimeridian_is_cut() {
    for x in [170.0, -190.0] {
        let found = raster(4326, x, 10.0, 20.0, 20.0).unwrap();
        sound(&found);
        assert_eq!(found.bbox(), [170.0, -10.0, -170.0, 10.0]);
        let total: f64 = found.rings().iter().map(|ring| area(ring)).sum();
        assert_eq!((found.rings().len(), total), (2, 400.0));
    }
    assert_eq!(raster(4326, 350.0, 10.0, 5.0, 5.0).unwrap().bbox(), [-10.0, 5.0, -5.0, 10.0]);
    assert_eq!(raster(4326, 170.0, 10.0, 10.0, 5.0).unwrap().bbox(), [170.0, 5.0, 180.0, 10.0]);
    assert_eq!(raster(4326, 180.0, 10.0, 10.0, 5.0).unwrap().bbox(), [-180.0, 5.0, -170.0, 10.0]);
    let utm = raster(32660, 600_000.0, 7_200_000.0, 300_000.0, 200_000.0).unwrap();
    sound(&utm);
    assert!(utm.rings().len() == 2 && utm.bbox()[0] > 178.0 && utm.bbox()[2] < -174.0, "{utm:?}");
}

#[test]
fn an_edge_that_crosses_the_antimeridian_many_times_is_cut_each_time() {
    // The edge of a zone bends over the antimeridian at the equator and back.
    let found = raster(32660, 700_000.0, 3_000_000.0, 136_000.0, 6_000_000.0);
    let found =
        found.or_else(|_| raster(32660, 700_000.0, 3_000_000.0, 136_000.0, 2_900_000.0)).unwrap();
    sound(&found);
    assert!(contains(&found, [179.0, 1.0]));
}

#[test]
fn bounds_that_are_nearly_a_line_are_themselves() {
    let crs = Crs::epsg(4326).unwrap();
    for bounds in [
        [180.0 - 1e-7, 5.0, 180.0, 6.0],
        [5.0, 90.0 - 1e-7, 6.0, 90.0],
        [-180.0, -90.0, -180.0 + 1e-8, -90.0 + 1e-8],
        [-180.0, 5.0, 180.0, 5.0 + 1e-7],
    ] {
        let found = Footprint::of_box(bounds, &crs).unwrap();
        assert_eq!((found.bbox(), found.rings().len()), (bounds, 1));
        assert!(found.has_area());
    }
    // What is less than can be told apart is nothing.
    let line = Footprint::of_box([5.0, 6.0, 5.0 + 1e-12, 7.0], &crs).unwrap();
    assert_eq!((line.bbox(), line.has_area()), ([5.0, 6.0, 5.0, 7.0], false));
    let over = Footprint::of_box([180.0 - 1e-7, 5.0, -180.0 + 1e-7, 6.0], &crs).unwrap();
    assert_eq!(over.rings().len(), 2);
}

#[test]
fn all_around_the_world_is_one_box() {
    for x in [-180.0, 0.0, -180.25] {
        let found = raster(4326, x, 90.25, 360.0, 180.5).unwrap();
        assert_eq!(found.bbox(), [-180.0, -90.0, 180.0, 90.0], "{x}");
        assert_eq!((found.rings().len(), area(&found.rings()[0])), (1, 360.0 * 180.0));
    }
    let edge = 20_037_508.342_789_244;
    let mercator = raster(3857, -edge, edge, 2.0 * edge, 2.0 * edge).unwrap();
    sound(&mercator);
    let [west, south, east, north] = mercator.bbox();
    assert_eq!((west, east), (-180.0, 180.0));
    assert!((south + 85.051_128_78).abs() < 1e-6 && (north - 85.051_128_78).abs() < 1e-6);
}

#[test]
fn what_goes_round_a_pole_includes_it() {
    for (code, pole) in [(3031, -90.0), (3413, 90.0), (32661, 90.0)] {
        let at = if code == 32661 { 2_000_000.0 } else { 0.0 };
        let found = raster(code, at - 1e6, at + 2e6, 3e6, 4e6).unwrap();
        sound(&found);
        let [west, south, east, north] = found.bbox();
        assert_eq!((west, east), (-180.0, 180.0));
        assert!(south == pole || north == pole, "{code} {south} {north}");
        assert_eq!(found.rings().len(), 1, "{code}");
        for lon in [-179.0, -90.0, 1.0, 90.0, 179.0] {
            assert!(contains(&found, [lon, pole * 0.999]), "{code} {lon}");
            assert!(!contains(&found, [lon, pole * 0.5]), "{code} {lon}");
        }
    }
}

#[test]
fn a_corner_or_an_edge_at_a_pole_is_none_round_it() {
    let corner = raster(3031, 0.0, 1e6, 1e6, 1e6).unwrap();
    sound(&corner);
    assert_eq!(corner.bbox()[0], 0.0);
    assert_eq!((corner.bbox()[1], corner.bbox()[2]), (-90.0, 90.0));
    assert!(contains(&corner, [80.0, -89.9]) && contains(&corner, [10.0, -89.9]));
    let edge = raster(3413, -1e6, 0.0, 2e6, 1e6).unwrap();
    sound(&edge);
    assert_eq!(edge.bbox()[3], 90.0);
    assert!(edge.bbox()[2] - edge.bbox()[0] <= 180.0 + 1e-6, "{:?}", edge.bbox());
}

#[test]
fn what_is_not_on_the_earth_is_refused() {
    assert!(raster(4326, 0.0, 95.0, 1.0, 1.0).is_err());
    assert!(raster(4326, 600.0, 5.0, 1.0, 1.0).is_err());
    assert!(raster(4326, -180.0, 5.0, 500.0, 1.0).is_err());
    assert!(raster(4326, 0.0, 5.0, 0.0, 1.0).is_err());
    assert!(raster(4326, f64::NAN, 5.0, 1.0, 1.0).is_err());
    assert!(raster(4326, 0.0, f64::INFINITY, 1.0, 1.0).is_err());
    // The corners of a map of half the world are beyond its edge.
    assert!(raster(3035, -2e7, 2e7, 4e7, 4e7).is_err());
    assert!(raster(32631, 1e8, 1e8, 10.0, 10.0).is_err());
}

#[test]
fn boxes_of_features_are_outlines_too() {
    let world = Crs::epsg(4326).unwrap();
    let over = Footprint::of_box([170.0, -20.0, -170.0, -10.0], &world).unwrap();
    assert_eq!(over.bbox(), [170.0, -20.0, -170.0, -10.0]);
    let point = Footprint::of_box([1.0, 2.0, 1.0, 2.0], &world).unwrap();
    assert!(point.bbox() == [1.0, 2.0, 1.0, 2.0] && !point.has_area());
    let utm = Crs::epsg(32631).unwrap();
    let one = Footprint::of_box([500_000.0, 5e6, 500_000.0, 5e6], &utm).unwrap();
    assert!((one.bbox()[0] - 3.0).abs() < 1e-5 && one.has_area(), "{one:?}");
    assert!(Footprint::of_box([3.0, 4.0, 1.0, 2.0], &utm).is_err());
    assert!(Footprint::of_box([f64::NAN; 4], &world).is_err());
}
