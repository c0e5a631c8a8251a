//! The cells over which an item is spread.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use geo::{BoundingRect as _, Coord, Geometry, Intersects as _, Rect};

use super::grid::{Cell, Grid};
use crate::Bounds;

/// Cells over which one item is counted; one that is spread over more is in none.
const MOST_CELLS: i64 = 1_024;

/// The rectangles of a box: two where it lies over the antimeridian.
fn pieces(bounds: &Bounds) -> Vec<Rect<f64>> {
    let piece = |west, east| {
        Rect::new(Coord { x: west, y: bounds.south }, Coord { x: east, y: bounds.north })
    };
    if bounds.west > bounds.east {
        vec![piece(bounds.west, 180.0), piece(-180.0, bounds.east)]
    } else {
        vec![piece(bounds.west, bounds.east)]
    }
}

/// The longitude and the latitude of the middle of a box.
pub(super) fn middle(bounds: &Bounds) -> (f64, f64) {
    let turn = if bounds.west > bounds.east { 360.0 } else { 0.0 };
    let x = f64::midpoint(bounds.west, bounds.east + turn);
    let x = if x > 180.0 { x - 360.0 } else { x };
    (x, f64::midpoint(bounds.south, bounds.north))
}

/// The cells that a geometry of GeoJSON meets, or a box where there is none. Of what meets too many there are none.
pub(super) fn cells(grid: Grid, bounds: &Bounds, geometry: Option<&str>) -> BTreeSet<Cell> {
    let read = geometry.map(|text| {
        let read = geojson::Geometry::from_str(text).ok();
        read.and_then(|read| Geometry::<f64>::try_from(read).ok())
    });
    let found = match read {
        None => of_parts(grid, &pieces(bounds).into_iter().map(Geometry::Rect).collect::<Vec<_>>()),
        // Parts that are far from one another are looked at each by itself.
        Some(Some(Geometry::MultiPolygon(parts))) => {
            of_parts(grid, &parts.0.into_iter().map(Geometry::Polygon).collect::<Vec<_>>())
        }
        Some(Some(geometry)) => of_parts(grid, &[geometry]),
        Some(None) => None,
    };
    found.unwrap_or_default()
}

fn of_parts(grid: Grid, parts: &[Geometry<f64>]) -> Option<BTreeSet<Cell>> {
    let (mut found, mut looked_at) = (BTreeSet::new(), 0);
    for part in parts {
        let Some(around) = part.bounding_rect() else { continue };
        let one = grid.cell(around.min().x, around.min().y);
        let other = grid.cell(around.max().x, around.max().y);
        let (columns, rows) = (one.0..=other.0, one.1.min(other.1)..=one.1.max(other.1));
        let length = |range: &std::ops::RangeInclusive<i32>| {
            i64::from(*range.end()) - i64::from(*range.start()) + 1
        };
        looked_at += length(&columns).saturating_mul(length(&rows));
        if looked_at > MOST_CELLS {
            return None;
        }
        let all = columns.flat_map(|column| rows.clone().map(move |row| (column, row)));
        found.extend(all.filter(|cell| grid.place(*cell).intersects(part)));
    }
    Some(found)
}
