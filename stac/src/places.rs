//! Where an item is: what a publisher says of it, checked, and the box around it. Over the antimeridian a box has its
//! west greater than its east, as RFC 7946 has it, and a geometry is in parts on both sides.
//!
//! How a geometry is cut there is in `antimeridian`, what its rings may be is in `rings`.

use geo::{BoundingRect, CoordsIter, Geometry, MultiLineString, MultiPolygon, Rect, coord};
use serde_json::Value;

use super::draft::{Bounds, Place};
use super::{antimeridian, geometries, rings};

/// The warning where checking a geometry fails for a fault that is not the publisher's.
pub const PLACE_FAILED: &str = "it cannot be checked";

/// The place that `extent.spatial` says: a box of four numbers, WKT, or a GeoJSON geometry.
pub(super) fn of_extent(value: &Value) -> Result<Place, String> {
    match value {
        Value::Array(numbers) => {
            let numbers: Option<Vec<f64>> = numbers.iter().map(Value::as_f64).collect();
            match numbers.as_deref() {
                Some([west, south, east, north] | [west, south, _, east, north, _]) => {
                    of_box(*west, *south, *east, *north)
                }
                _ => Err("a box is four numbers: west, south, east, north".to_owned()),
            }
        }
        Value::String(text) => of_geometry(geometries::of_wkt(text)?),
        Value::Object(_) => of_geometry(geometries::of_geojson(value)?),
        _ => Err("it is neither a box of four numbers, nor WKT, nor GeoJSON".to_owned()),
    }
}

/// The place that a GeoJSON geometry says, with the geometry as this hub writes it; and whether what was written is a
/// geometry of STAC, too: it is none where a longitude is beyond the antimeridian.
pub(super) fn of_geojson(value: &Value) -> Result<(Place, bool), String> {
    let geometry = geometries::of_geojson(value)?;
    let as_written = geometry.coords_iter().all(|at| (-180.0..=180.0).contains(&at.x));
    Ok((of_geometry(geometry)?, as_written))
}

/// Whether it is `bbox` of an item: a box on the Earth, with heights or without.
pub(super) fn is_bbox(value: &Value) -> bool {
    let numbers = value.as_array().map(Vec::as_slice).unwrap_or_default();
    match numbers.iter().map(Value::as_f64).collect::<Option<Vec<_>>>().as_deref() {
        Some([west, south, east, north] | [west, south, _, east, north, _]) => {
            let lengthwise = [west, east].iter().all(|x| (-180.0..=180.0).contains(*x));
            lengthwise && latitudes(*south, *north).is_ok() && south <= north
        }
        _ => false,
    }
}

/// `bbox` of an item that is there.
pub(super) fn bbox(bounds: &Bounds) -> Value {
    serde_json::json!([bounds.west, bounds.south, bounds.east, bounds.north])
}

#[expect(clippy::float_cmp, reason = "a box is flat where both sides are the same number")]
fn of_box(west: f64, south: f64, east: f64, north: f64) -> Result<Place, String> {
    if ![west, east].iter().all(|x| (-360.0..=360.0).contains(x)) {
        return Err("a longitude is outside of -180 to 180".to_owned());
    }
    latitudes(south, north)?;
    if south > north {
        return Err("its south is north of its north".to_owned());
    }
    let (west, east) =
        if east - west >= 360.0 { (-180.0, 180.0) } else { (wrapped(west), wrapped(east)) };
    // What only ends at the antimeridian, or only begins there, does not go over it.
    let (west, east) = match (west, east) {
        (west, -180.0) if west > -180.0 => (west, 180.0),
        (180.0, east) if east < 180.0 => (-180.0, east),
        within => within,
    };
    let bounds = Bounds { west, south, east, north };
    let rect = |west, east| {
        let flat = west == east || south == north;
        let (from, to) = (coord! { x: west, y: south }, coord! { x: east, y: north });
        match (flat, from == to) {
            (_, true) => Geometry::Point(from.into()),
            (true, false) => Geometry::LineString(vec![from, to].into()),
            (false, false) => Geometry::Polygon(Rect::new(from, to).to_polygon()),
        }
    };
    let geometry = match (rect(west, east), west > east) {
        (one, false) => one,
        (_, true) => match (rect(west, 180.0), rect(-180.0, east)) {
            (Geometry::Polygon(one), Geometry::Polygon(other)) => {
                Geometry::MultiPolygon(MultiPolygon(vec![one, other]))
            }
            (Geometry::LineString(one), Geometry::LineString(other)) => {
                Geometry::MultiLineString(MultiLineString(vec![one, other]))
            }
            // Both are flat where one is.
            (one, _) => one,
        },
    };
    let geometry = geometries::geojson(&geometry).to_string();
    Ok(Place { bounds, is_box: true, geometry })
}

/// A longitude between -180 and 180.
fn wrapped(x: f64) -> f64 {
    if x > 180.0 {
        x - 360.0
    } else if x < -180.0 {
        x + 360.0
    } else {
        x
    }
}

fn latitudes(south: f64, north: f64) -> Result<(), String> {
    let fits = [south, north].iter().all(|y| (-90.0..=90.0).contains(y));
    if fits { Ok(()) } else { Err("a latitude is outside of -90 to 90".to_owned()) }
}

/// Geometry is others' code, with assertions in it: where one fails on a publisher's numbers there is no place.
fn of_geometry(geometry: Geometry<f64>) -> Result<Place, String> {
    let checked = std::panic::catch_unwind(|| checked(geometry));
    checked.unwrap_or_else(|_| Err(PLACE_FAILED.to_owned()))
}

fn checked(geometry: Geometry<f64>) -> Result<Place, String> {
    if geometries::points(&geometry) > geometries::MAX_POINTS {
        return Err(format!("it has more than {} points", geometries::MAX_POINTS));
    }
    if geometry.coords_iter().any(|coord| !coord.x.is_finite() || !coord.y.is_finite()) {
        return Err("a number of it is not finite".to_owned());
    }
    let rect = geometry.bounding_rect().ok_or("it is empty")?;
    latitudes(rect.min().y, rect.max().y)?;
    rings::check(&geometry)?;
    let geometry = antimeridian::within(geometry, &rect)?;
    let bounds = antimeridian::bounds(&geometry).ok_or("it is empty")?;
    let is_box = is_box(&geometry);
    let written = geometries::geojson(&geometry);
    // Well-known text may have lines and rings in it that GeoJSON has not.
    geometries::of_geojson(&written)?;
    Ok(Place { bounds, is_box, geometry: written.to_string() })
}

/// Whether it is the box around it, or a point.
fn is_box(geometry: &Geometry<f64>) -> bool {
    match geometry {
        Geometry::Point(_) => true,
        Geometry::Polygon(polygon) => polygon.bounding_rect().is_some_and(|rect| {
            let (min, max) = (rect.min(), rect.max());
            let points = &polygon.exterior().0;
            // All four: a ring of as many points may be at one corner twice, and at another never.
            let corners = [(min.x, min.y), (max.x, min.y), (max.x, max.y), (min.x, max.y)];
            let is_point = |corner: &(f64, f64)| points.iter().any(|at| at.x_y() == *corner);
            polygon.interiors().is_empty() && points.len() == 5 && corners.iter().all(is_point)
        }),
        _ => false,
    }
}
