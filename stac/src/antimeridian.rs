//! Geometries at the antimeridian: what is beyond it comes in again on the other side, and the box around parts on
//! both sides. Whether rings are such as they may be is for `rings`, and what a place is for `places`.

use geo::{BooleanOps, BoundingRect, Geometry, MapCoords, MultiPolygon, Rect, coord};

use super::draft::Bounds;
use super::geometries;
use super::rings::MAX_COMPARED;

/// The geometry between -180 and 180: what is beyond comes in again on the other side.
pub(super) fn within(geometry: Geometry<f64>, rect: &Rect<f64>) -> Result<Geometry<f64>, String> {
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
    // Of what ends there, nothing with an area is on the other side.
    let wide = |part: &geo::Polygon<f64>| part.bounding_rect().is_some_and(|it| it.width() > 0.0);
    let cut = MultiPolygon(cut.0.into_iter().filter(wide).collect());
    if cut.0.is_empty() { Err("it is empty".to_owned()) } else { Ok(Geometry::MultiPolygon(cut)) }
}

/// The box around it. Where parts lie on both sides of the antimeridian and the rest of the Earth is between them, it
/// is the box over the antimeridian. That never ends at -180: it would be taken for one that ends at 180, and what lies
/// at -180 be lost.
pub(super) fn bounds(geometry: &Geometry<f64>) -> Option<Bounds> {
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
        if west - reached > gap.0 && reached > -180.0 {
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
