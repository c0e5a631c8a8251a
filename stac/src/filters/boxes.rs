//! Boxes around the places that a filter speaks of.

use flisthub_cql2::Expr;
use flisthub_cql2::geometry::{Geometry, Position};

use crate::Bounds;

/// The box around a literal.
pub(super) fn bounds(place: &Expr) -> Option<Bounds> {
    match place {
        Expr::BBox(asked) => Some(Bounds {
            west: asked.west,
            south: asked.south,
            east: asked.east,
            north: asked.north,
        }),
        Expr::Geometry(geometry) => {
            let mut found = None;
            stretch(geometry, &mut found);
            found
        }
        _ => None,
    }
}

/// Makes a box large enough for a geometry. Collections are as deep as a filter may be.
fn stretch(geometry: &Geometry, found: &mut Option<Bounds>) {
    let mut each = |positions: &[Position]| {
        for at in positions {
            let point = Bounds { west: at.x, south: at.y, east: at.x, north: at.y };
            *found = found.map_or(Some(point), |known| around(&known, &point));
        }
    };
    match geometry {
        Geometry::Point(at) => each(&[*at]),
        Geometry::LineString(line) => each(line),
        Geometry::MultiPoint(points) => each(points),
        Geometry::Polygon(lines) | Geometry::MultiLineString(lines) => {
            for line in lines {
                each(line);
            }
        }
        Geometry::MultiPolygon(polygons) => {
            for line in polygons.iter().flatten() {
                each(line);
            }
        }
        Geometry::Collection(parts) => {
            for part in parts {
                stretch(part, found);
            }
        }
    }
}

/// The box around two; nothing where one goes over the antimeridian.
pub(super) fn around(one: &Bounds, two: &Bounds) -> Option<Bounds> {
    (one.west <= one.east && two.west <= two.east).then(|| Bounds {
        west: one.west.min(two.west),
        south: one.south.min(two.south),
        east: one.east.max(two.east),
        north: one.north.max(two.north),
    })
}

/// How large a box is, in degrees both ways.
pub(super) fn area(bounds: &Bounds) -> f64 {
    let wide = bounds.east - bounds.west;
    let wide = if wide < 0.0 { wide + 360.0 } else { wide };
    wide * (bounds.north - bounds.south)
}
