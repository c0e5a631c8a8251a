//! From the corners of a raster or a box to positions on the Earth all around it. Straight sides on a map are bent on
//! the Earth, so positions between the corners are taken, too.

use super::{NOTHING, Ring};
use crate::crs::Crs;

/// How many pieces a side is cut into: rasterio's `transform_bounds` takes as many.
pub(super) const PIECES: u32 = 22;

/// The same for long sides.
pub(super) const MANY_PIECES: u32 = 88;

/// Longitudes between two positions that are too many: near a pole, pieces are cut again.
const TOO_FAR: f64 = 10.0;

/// How often a piece is halved at most.
const HALVED: u32 = 10;

/// The most positions of an outline.
const MAX_POINTS: usize = 4_000;

/// By how much of its size, and by how many of its units, a way there and back may miss.
const MISSED: (f64, f64) = (1e-4, 1e-3);

/// A parallelogram on the map: a corner, and the sides that begin there.
#[derive(Debug)]
pub(super) struct Sides {
    corner: [f64; 2],
    first: [f64; 2],
    second: [f64; 2],
}

/// A position on the Earth, and where it is on the outline: 0 to 4, whole numbers are corners.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) at: [f64; 2],
    along: f64,
}

impl Sides {
    pub(super) fn of([corner, along, _, last]: &[[f64; 2]; 4]) -> Result<Self, String> {
        let minus = |a: &[f64; 2]| [a[0] - corner[0], a[1] - corner[1]];
        let sides = Self { corner: *corner, first: minus(along), second: minus(last) };
        let area = sides.first[0] * sides.second[1] - sides.first[1] * sides.second[0];
        if area.is_finite() && area != 0.0 && corner.iter().all(|one| one.is_finite()) {
            Ok(sides)
        } else {
            Err("it has no area".to_owned())
        }
    }

    /// All around it on the Earth; the last position is the first one again.
    pub(super) fn on_earth(&self, crs: &Crs, slack: f64, pieces: u32) -> Result<Ring, String> {
        let place = |along: f64| self.place(along, crs, slack).map(|at| Point { at, along });
        let mut points = vec![place(0.0)?];
        for side in 0..4_u32 {
            for piece in 1..=pieces {
                let along = f64::from(side) + f64::from(piece) / f64::from(pieces);
                let (from, to) = (points.last().copied().unwrap_or(place(0.0)?), place(along)?);
                let halved = if crs.is_cylindrical() { 0 } else { HALVED };
                between(from, to, halved, &place, &mut points)?;
            }
        }
        Ok(points.into_iter().map(|point| point.at).collect())
    }

    /// The position so far round.
    fn place(&self, along: f64, crs: &Crs, slack: f64) -> Result<[f64; 2], String> {
        let position = self.position(along);
        let out = || "its edge is outside of where its reference system is defined".to_owned();
        let [lon, lat] = crs.to_lonlat(position).ok_or_else(out)?;
        if !crs.is_cylindrical() {
            let back = crs.from_lonlat([lon, lat]).ok_or_else(out)?;
            let size = self.first.iter().chain(&self.second).fold(0.0, |a: f64, b| a.max(b.abs()));
            let missed = (back[0] - position[0]).abs().max((back[1] - position[1]).abs());
            if missed.is_nan() || missed > (size * MISSED.0).max(MISSED.1) {
                return Err(out());
            }
        }
        if lat.abs() > 90.0 + slack + NOTHING || !(-541.0..=541.0).contains(&lon) {
            return Err("its positions are not on the Earth".to_owned());
        }
        Ok([lon, lat.clamp(-90.0, 90.0)])
    }

    fn position(&self, along: f64) -> [f64; 2] {
        let (u, v) = match along {
            along if along <= 1.0 => (along, 0.0),
            along if along <= 2.0 => (1.0, along - 1.0),
            along if along <= 3.0 => (3.0 - along, 1.0),
            along => (0.0, 4.0 - along),
        };
        [
            self.corner[0] + u * self.first[0] + v * self.second[0],
            self.corner[1] + u * self.first[1] + v * self.second[1],
        ]
    }

    /// Whether a position of the map is inside.
    pub(super) fn contains(&self, position: [f64; 2]) -> bool {
        let by = [position[0] - self.corner[0], position[1] - self.corner[1]];
        let cross = |a: [f64; 2], b: [f64; 2]| a[0] * b[1] - a[1] * b[0];
        let whole = cross(self.first, self.second);
        let (u, v) = (cross(by, self.second) / whole, cross(self.first, by) / whole);
        (0.0..=1.0).contains(&u) && (0.0..=1.0).contains(&v)
    }
}

/// How far the longitudes of an outline go there and back.
pub(super) fn way(points: &[[f64; 2]]) -> f64 {
    let steps = points.windows(2).map(|pair| match pair {
        [from, to] => super::globe::turn(to[0] - from[0]).abs(),
        _ => 0.0,
    });
    steps.sum()
}

/// Adds the positions after `from` up to `to`, and those between them where they are far from one another.
fn between(
    from: Point,
    to: Point,
    halved: u32,
    place: &impl Fn(f64) -> Result<Point, String>,
    points: &mut Vec<Point>,
) -> Result<(), String> {
    let far = super::globe::turn(to.at[0] - from.at[0]).abs() > TOO_FAR;
    if far && halved > 0 && points.len() < MAX_POINTS {
        let middle = place(f64::midpoint(from.along, to.along))?;
        between(from, middle, halved - 1, place, points)?;
        return between(middle, to, halved - 1, place, points);
    }
    points.push(to);
    Ok(())
}
