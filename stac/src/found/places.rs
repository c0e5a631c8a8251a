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
    let place = match exact(footprints) {
        Some(place) => place,
        None => places::of_extent(&json!(box_around(footprints)))?,
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
fn box_around(footprints: &[&Footprint]) -> [f64; 4] {
    let boxes = footprints.iter().map(|one| one.bbox());
    let over = boxes.clone().any(|[west, _, east, _]| west > east);
    let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    let turned = |x: f64| if over && x < 0.0 { x + 360.0 } else { x };
    let [west, south, east, north] = boxes.fold(start, |all, [west, south, east, north]| {
        let east = if over && east == 0.0 { 360.0 } else { turned(east) };
        let west = turned(west);
        // One that is over the zeroth meridian goes all round then.
        let (west, east) = if west > east { (0.0, 360.0) } else { (west, east) };
        [all[0].min(west), all[1].min(south), all[2].max(east), all[3].max(north)]
    });
    if east - west >= 360.0 {
        return [-180.0, south, 180.0, north];
    }
    let back = |x: f64| if x > 180.0 { x - 360.0 } else { x };
    [back(west), south, back(east), north]
}
