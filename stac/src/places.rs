//! Where an item is: what a publisher says of it, checked, and the box around it. Over the antimeridian a box has its
//! west greater than its east, as RFC 7946 has it, and a geometry is in parts on both sides.

use geo::{
    BooleanOps, BoundingRect, CoordsIter, Geometry, Intersects, Line, LineString, MapCoords,
    MultiLineString, MultiPolygon, Rect, Validation, coord,
};
use serde_json::Value;

use super::draft::{Bounds, Place};
use super::geometries;

/// The most rings of which each two are compared.
const MAX_RINGS: usize = 32;

/// The most lines that are held against one another, of all rings: where lines are short it is few for each.
const MAX_PAIRS: usize = 5_000_000;

/// The most points of which each two are compared, or that are cut at the antimeridian: it takes time for each pair.
const MAX_COMPARED: usize = 2_000;

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
            // What is flat lies on the antimeridian, where the other begins or ends.
            (area @ Geometry::Polygon(_), _) | (_, area @ Geometry::Polygon(_)) => area,
            (line @ Geometry::LineString(_), _) | (_, line) => line,
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
    check(&geometry)?;
    let geometry = within(geometry, &rect)?;
    let bounds = bounds(&geometry).ok_or("it is empty")?;
    let is_box = is_box(&geometry);
    let written = geometries::geojson(&geometry);
    // Well-known text may have lines and rings in it that GeoJSON has not.
    geometries::of_geojson(&written)?;
    Ok(Place { bounds, is_box, geometry: written.to_string() })
}

/// Whether it is what a geometry may be: rings neither cross nor wind round a pole.
fn check(geometry: &Geometry<f64>) -> Result<(), String> {
    let mut parts = Vec::new();
    polygons(geometry, &mut parts);
    let rings =
        || parts.iter().flat_map(|one| std::iter::once(one.exterior()).chain(one.interiors()));
    if rings().any(|ring| winds(&ring.0)) {
        return Err(
            "it goes round a pole: draw it along the antimeridian to the pole and back".to_owned()
        );
    }
    if rings().count() <= MAX_RINGS && geometries::points(geometry) <= MAX_COMPARED {
        return geometry.check_validation().map_err(|error| error.to_string());
    }
    if rings().any(|ring| ring.0.len() < 4) {
        return Err("a ring of it has too few points".to_owned());
    }
    let mut pairs = MAX_PAIRS;
    for ring in rings() {
        match crosses(ring, &mut pairs) {
            Some(false) => {}
            Some(true) => return Err("a ring of it has a self-intersection".to_owned()),
            None => return Err("its lines are too many and too long to be checked".to_owned()),
        }
    }
    Ok(())
}

/// Whether a ring crosses or touches itself. Only lines that lie over one another from west to east are compared.
/// `None`: that are too many pairs.
fn crosses(ring: &LineString<f64>, pairs: &mut usize) -> Option<bool> {
    let mut lines: Vec<(Rect<f64>, Line<f64>)> =
        ring.lines().map(|line| (line.bounding_rect(), line)).collect();
    lines.sort_by(|a, b| a.0.min().x.total_cmp(&b.0.min().x));
    for (at, (rect, line)) in lines.iter().enumerate() {
        let later = lines.iter().skip(at.saturating_add(1));
        for (beside, other) in later.take_while(|(other, _)| other.min().x <= rect.max().x) {
            *pairs = pairs.checked_sub(1)?;
            let over = beside.min().y <= rect.max().y && rect.min().y <= beside.max().y;
            let next = line.start == other.end || line.end == other.start;
            if over && !next && line.intersects(other) {
                return Some(true);
            }
        }
    }
    Some(false)
}

fn polygons<'a>(geometry: &'a Geometry<f64>, found: &mut Vec<&'a geo::Polygon<f64>>) {
    match geometry {
        Geometry::Polygon(polygon) => found.push(polygon),
        Geometry::MultiPolygon(parts) => found.extend(&parts.0),
        Geometry::GeometryCollection(parts) => {
            parts.iter().for_each(|part| polygons(part, found));
        }
        _ => {}
    }
}

/// Whether a ring goes once round the Earth, taking the short way between its points. Along the whole of a parallel it
/// goes the long way, as the box of the world does.
fn winds(ring: &[geo::Coord<f64>]) -> bool {
    let steps = ring.windows(2).filter_map(|pair| match pair {
        [from, to] => Some(to.x - from.x),
        _ => None,
    });
    let turned = |step: f64| {
        if step.abs() >= 360.0 {
            step
        } else if step > 180.0 {
            step - 360.0
        } else if step < -180.0 {
            step + 360.0
        } else {
            step
        }
    };
    steps.map(turned).sum::<f64>().abs() > 359.0
}

/// The geometry between -180 and 180: what is beyond comes in again on the other side.
fn within(geometry: Geometry<f64>, rect: &Rect<f64>) -> Result<Geometry<f64>, String> {
    let (min, max) = (rect.min().x, rect.max().x);
    if min >= -180.0 && max <= 180.0 {
        return Ok(geometry);
    }
    // More than once round is a mistake.
    if min < -360.0 || max > 360.0 {
        return Err("a longitude is outside of -180 to 180".to_owned());
    }
    let turn = |by: f64| move |coord: geo::Coord<f64>| coord! { x: coord.x + by, y: coord.y };
    if min >= 180.0 {
        return Ok(geometry.map_coords(turn(-360.0)));
    }
    if max <= -180.0 {
        return Ok(geometry.map_coords(turn(360.0)));
    }
    if geometries::points(&geometry) > MAX_COMPARED {
        let why = "it goes over the antimeridian and has too many points to be cut there";
        return Err(why.to_owned());
    }
    let parts = match geometry {
        Geometry::Polygon(polygon) if max - min <= 360.0 => MultiPolygon(vec![polygon]),
        Geometry::MultiPolygon(parts) if max - min <= 360.0 => parts,
        _ => return Err("a longitude is outside of -180 to 180".to_owned()),
    };
    let by = if max > 180.0 { -360.0 } else { 360.0 };
    let world =
        Rect::new(coord! { x: -180.0, y: -90.0 }, coord! { x: 180.0, y: 90.0 }).to_polygon();
    let mut cut = parts.intersection(&world);
    cut.0.extend(parts.map_coords(turn(by)).intersection(&world).0);
    // Cutting rounds: what is at the edge of the world is there exactly.
    let cut = cut.map_coords(|at| {
        let edge = |value: f64, most: f64| {
            if most - value.abs() < 1e-6 { most.copysign(value) } else { value }
        };
        coord! { x: edge(at.x, 180.0), y: edge(at.y, 90.0) }
    });
    if cut.0.is_empty() { Err("it is empty".to_owned()) } else { Ok(Geometry::MultiPolygon(cut)) }
}

/// The box around it. Where parts lie on both sides of the antimeridian and the rest of the Earth is between them, it
/// is the box over the antimeridian.
fn bounds(geometry: &Geometry<f64>) -> Option<Bounds> {
    let rect = geometry.bounding_rect()?;
    let around =
        Bounds { west: rect.min().x, south: rect.min().y, east: rect.max().x, north: rect.max().y };
    if around.west > -180.0 || around.east < 180.0 {
        return Some(around);
    }
    let mut spans = Vec::new();
    spans_of(geometry, &mut spans);
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut gap, mut reached) = ((0.0, around.west, around.east), around.west);
    for (west, east) in spans {
        if west - reached > gap.0 {
            gap = (west - reached, west, reached);
        }
        reached = reached.max(east);
    }
    Some(Bounds { west: gap.1, east: gap.2, ..around })
}

/// From where to where in longitude each part is.
fn spans_of(geometry: &Geometry<f64>, spans: &mut Vec<(f64, f64)>) {
    let mut push =
        |rect: Option<Rect<f64>>| spans.extend(rect.map(|one| (one.min().x, one.max().x)));
    match geometry {
        Geometry::MultiPoint(parts) => {
            parts.iter().for_each(|part| push(Some(part.bounding_rect())));
        }
        Geometry::MultiLineString(parts) => {
            parts.iter().for_each(|part| push(part.bounding_rect()));
        }
        Geometry::MultiPolygon(parts) => parts.iter().for_each(|part| push(part.bounding_rect())),
        Geometry::GeometryCollection(parts) => {
            parts.iter().for_each(|part| spans_of(part, spans));
        }
        other => push(other.bounding_rect()),
    }
}

/// Whether it is the box around it, or a point.
#[expect(clippy::float_cmp, reason = "the box around it has its very numbers")]
fn is_box(geometry: &Geometry<f64>) -> bool {
    match geometry {
        Geometry::Point(_) => true,
        Geometry::Polygon(polygon) => polygon.bounding_rect().is_some_and(|rect| {
            let (min, max) = (rect.min(), rect.max());
            let points = &polygon.exterior().0;
            let at_corner = |at: &geo::Coord<f64>| {
                (at.x == min.x || at.x == max.x) && (at.y == min.y || at.y == max.y)
            };
            polygon.interiors().is_empty() && points.len() == 5 && points.iter().all(at_corner)
        }),
        _ => false,
    }
}
