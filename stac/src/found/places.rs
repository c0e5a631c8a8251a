//! One place of many footprints: their union where that is a geometry of moderate size, else the box around all.

use std::panic::catch_unwind;

use flisthub_geodata::Footprint;
use geo::{CoordsIter, Geometry, LineString, MapCoords, MultiPolygon, Polygon, coord, unary_union};
use serde_json::json;

use crate::draft::Place;
use crate::{geometries, places};

/// The most positions of footprints that are united, and of what comes of it.
const MAX_UNITED: usize = 20_000;
const MAX_POSITIONS: usize = 2_000;

/// Geometry, box and place of all of them.
pub(super) fn around(footprints: &[&Footprint]) -> Result<(String, String, Place), String> {
    let place = if let Some(place) = exact(footprints) {
        place
    } else {
        let boxes: Vec<[f64; 4]> = footprints.iter().map(|one| one.bbox()).collect();
        places::of_extent(&json!(box_around(&boxes)))?
    };
    let bbox = places::bbox(&place.bounds).to_string();
    Ok((place.geometry.clone(), bbox, place))
}

/// The area that they cover.
fn exact(footprints: &[&Footprint]) -> Option<Place> {
    if footprints.iter().any(|one| !one.has_area()) {
        return None;
    }
    if let [one] = footprints {
        return places::of_geojson(&one.geometry()).ok().map(|(place, _)| place);
    }
    let rings = || footprints.iter().flat_map(|one| one.rings());
    if rings().map(Vec::len).sum::<usize>() > MAX_UNITED {
        return None;
    }
    let polygon = |ring: &Vec<[f64; 2]>| Polygon::new(LineString::from(ring.clone()), Vec::new());
    let parts: Vec<Polygon> = rings().map(polygon).collect();
    // It is others' code, on numbers of strangers.
    let united = catch_unwind(|| unary_union(&parts)).ok()?;
    let united = MultiPolygon(united.0.iter().map(on_the_edge).collect());
    if united.0.is_empty() || united.coords_count() > MAX_POSITIONS {
        return None;
    }
    let geometry = match united.0.as_slice() {
        [one] => geometries::geojson(&Geometry::Polygon(one.clone())),
        _ => geometries::geojson(&Geometry::MultiPolygon(united)),
    };
    places::of_geojson(&geometry).ok().map(|(place, _)| place)
}

/// Uniting rounds: what is at the edge of the world is there exactly, and nothing has more than nine decimals.
fn on_the_edge(polygon: &Polygon) -> Polygon {
    polygon.map_coords(|at| {
        let edge = |value: f64, most: f64| {
            let rounded = (value * 1e9).round() / 1e9;
            if most - value.abs() < 1e-6 { most.copysign(value) } else { rounded }
        };
        coord! { x: edge(at.x, 180.0), y: edge(at.y, 90.0) }
    })
}

/// The box around all of them; over the antimeridian where one of them is.
fn box_around(boxes: &[[f64; 4]]) -> [f64; 4] {
    let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    let over = boxes.iter().any(|[west, _, east, _]| west > east);
    let [west, south, east, north] = boxes.iter().fold(start, |all, [west, south, east, north]| {
        let (west, east) = if over { turned(*west, *east) } else { (*west, *east) };
        [all[0].min(west), all[1].min(*south), all[2].max(east), all[3].max(*north)]
    });
    if east - west >= 360.0 {
        return [-180.0, south, 180.0, north];
    }
    let back = |x: f64| if x > 180.0 { x - 360.0 } else { x };
    [back(west), south, back(east), north]
}

/// From where to where a box is, in longitudes from 0 to 360.
fn turned(west: f64, east: f64) -> (f64, f64) {
    let all_round = (0.0, 360.0);
    if east - west >= 360.0 {
        return all_round;
    }
    let turned = |x: f64| if x < 0.0 { x + 360.0 } else { x };
    // What ends at the zeroth meridian ends at the end, unless it begins there, too.
    let end = if east == 0.0 && west != 0.0 { 360.0 } else { turned(east) };
    let west = turned(west);
    // One that is over the zeroth meridian goes all round then.
    if west > end { all_round } else { (west, end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "sides are taken over as they are")]
    fn the_box_around_boxes_has_all_of_them() {
        let over = [170.0, -20.0, -170.0, -10.0];
        for (other, around) in [
            ([-180.0, -60.0, 180.0, 60.0], [-180.0, -60.0, 180.0, 60.0]),
            ([0.0, 5.0, 0.0, 5.0], [0.0, -20.0, -170.0, 5.0]),
            ([-10.0, 5.0, 0.0, 6.0], [170.0, -20.0, 0.0, 6.0]),
            ([0.0, 5.0, 10.0, 6.0], [0.0, -20.0, -170.0, 6.0]),
            ([-1.0, 5.0, 1.0, 6.0], [-180.0, -20.0, 180.0, 6.0]),
            ([175.0, 5.0, 0.0, 6.0], [170.0, -20.0, 0.0, 6.0]),
            ([-180.0, 5.0, -175.0, 6.0], [170.0, -20.0, -170.0, 6.0]),
            ([160.0, 5.0, 180.0, 6.0], [160.0, -20.0, -170.0, 6.0]),
        ] {
            assert_eq!(box_around(&[over, other]), around, "{other:?}");
            assert_eq!(box_around(&[other, over]), around, "{other:?}");
        }
        let world = [-180.0, -60.0, 180.0, 60.0];
        assert_eq!(box_around(&[world, [1.0, 2.0, 3.0, 70.0]]), [-180.0, -60.0, 180.0, 70.0]);
        assert_eq!(
            box_around(&[[1.0, 2.0, 3.0, 4.0], [-5.0, 0.0, 0.0, 1.0]]),
            [-5.0, 0.0, 3.0, 4.0]
        );
    }
}
