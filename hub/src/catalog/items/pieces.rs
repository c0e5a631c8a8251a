//! Boxes on the Earth as rectangles of numbers: one that lies over the antimeridian is two of them.

use geo::{BoundingRect, Coord, Geometry, Rect};

use crate::stac::Bounds;

/// A whole turn, in degrees.
pub(super) const TURN: f64 = 360.0;

/// The rectangles that a box is.
pub(super) fn of_bounds(bounds: &Bounds) -> Vec<Rect<f64>> {
    let Bounds { west, south, east, north } = *bounds;
    let piece = |west, east| Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north });
    if west > east {
        vec![piece(west, 180.0), piece(-180.0, east)]
    } else {
        vec![piece(west, east)]
    }
}

/// Rectangles in which a geometry is: one around each of its parts, or one around all where there are many.
pub(super) fn of_geometry(geometry: &Geometry<f64>) -> Vec<Rect<f64>> {
    /// Rectangles that an index is asked for, one by one.
    const MOST: usize = 8;
    match geometry {
        Geometry::MultiPolygon(parts) if parts.0.len() <= MOST => {
            parts.iter().filter_map(BoundingRect::bounding_rect).collect()
        }
        other => other.bounding_rect().into_iter().collect(),
    }
}

/// Whether a rectangle is the whole Earth.
pub(super) fn is_everything(piece: &Rect<f64>) -> bool {
    let (min, max) = (piece.min(), piece.max());
    min.x <= -180.0 && max.x >= 180.0 && min.y <= -90.0 && max.y >= 90.0
}

/// The columns of a box: east of one over the antimeridian is more than 180. `None`: the numbers are no box.
pub(super) fn columns(bounds: &Bounds) -> Option<[f64; 4]> {
    let Bounds { west, south, east, north } = *bounds;
    let on_earth = [west, east].iter().all(|x| (-180.0..=180.0).contains(x))
        && [south, north].iter().all(|y| (-90.0..=90.0).contains(y))
        && south <= north;
    let east = if west > east { east + TURN } else { east };
    on_earth.then_some([west, south, east, north])
}

/// The box of the columns.
pub(super) fn bounds([west, south, east, north]: [f64; 4]) -> Bounds {
    let east = if east > 180.0 { east - TURN } else { east };
    Bounds { west, south, east, north }
}
