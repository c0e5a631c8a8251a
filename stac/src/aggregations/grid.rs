//! Cells of the Earth: those of geohash, the tiles of maps on the web, and the hexagons of H3.

use std::f64::consts::PI;

use geo::{Coord, Rect};
use h3o::{LatLng, Resolution};

use super::whole;

/// The least latitude at which a tile ends, without its sign.
const TILED: f64 = 85.051_128_779_806_59;

/// What the digits of a geohash are.
const DIGITS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// The least and the greatest resolution of H3.
pub(super) const RESOLUTIONS: (u8, u8) = (0, 15);

/// The name of the cell of [H3](https://h3geo.org) in which a place is: a hexagon, or one of twelve pentagons.
pub(super) fn hexagon(x: f64, y: f64, resolution: u8) -> Option<String> {
    let resolution = Resolution::try_from(resolution).ok()?;
    Some(LatLng::new(y, x).ok()?.to_cell(resolution).to_string())
}

/// How the Earth is divided into rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    /// Boxes of degrees, `u0nd`.
    Geohash,
    /// Squares of the web's Mercator projection, `zoom/column/row`, the northernmost row first.
    Geotile,
}

/// A division of the Earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) system: System,
    /// Digits of a geohash, or the zoom of tiles.
    pub(super) precision: u8,
}

/// A cell: its column and its row.
pub(super) type Cell = (i32, i32);

impl System {
    /// The least and the greatest precision.
    pub(super) fn precisions(self) -> (u8, u8) {
        match self {
            Self::Geohash => (1, 12),
            Self::Geotile => (0, 29),
        }
    }
}

impl Grid {
    /// How often longitudes and latitudes are halved.
    fn halved(self) -> (u8, u8) {
        match self.system {
            System::Geohash => {
                let bits = 5 * self.precision;
                (bits.div_ceil(2), bits / 2)
            }
            System::Geotile => (self.precision, self.precision),
        }
    }

    /// Columns and rows.
    fn size(self) -> (f64, f64) {
        let (columns, rows) = self.halved();
        (2.0_f64.powi(columns.into()), 2.0_f64.powi(rows.into()))
    }

    /// The cell in which a place is. What is on a border is east and, of a geohash, north of it.
    pub(super) fn cell(self, x: f64, y: f64) -> Cell {
        let (columns, rows) = self.size();
        let down = match self.system {
            System::Geohash => (y + 90.0) / 180.0,
            System::Geotile => {
                let sine = y.clamp(-TILED, TILED).to_radians().sin();
                0.5 - ((1.0 + sine) / (1.0 - sine)).ln() / (4.0 * PI)
            }
        };
        let of = |share: f64, all: f64| whole((share * all).clamp(0.0, all - 1.0));
        (of((x + 180.0) / 360.0, columns), of(down, rows))
    }

    /// Where a cell is.
    pub(super) fn place(self, (column, row): Cell) -> Rect<f64> {
        let (columns, rows) = self.size();
        let x = |column: i32| f64::from(column) / columns * 360.0 - 180.0;
        let y = |row: i32| match self.system {
            System::Geohash => f64::from(row) / rows * 180.0 - 90.0,
            // What lies beyond the outermost tiles counts as theirs.
            System::Geotile if row == 0 => 90.0,
            System::Geotile if f64::from(row) >= rows => -90.0,
            System::Geotile => {
                (PI * (1.0 - 2.0 * f64::from(row) / rows)).sinh().atan().to_degrees()
            }
        };
        Rect::new(
            Coord { x: x(column), y: y(row) },
            Coord { x: x(column.saturating_add(1)), y: y(row.saturating_add(1)) },
        )
    }

    /// What a cell is called.
    pub(super) fn name(self, (column, row): Cell) -> String {
        if self.system == System::Geotile {
            return format!("{}/{column}/{row}", self.precision);
        }
        let (columns, rows) = self.halved();
        // Halves of longitudes and latitudes by turns, longitudes first, the greatest first.
        let mut left = [columns, rows];
        let mut bit = |at: usize| {
            let turn = at % 2;
            let (number, left) = match turn {
                0 => (column, left.first_mut()),
                _ => (row, left.last_mut()),
            };
            let place = left.map_or(0, |left| {
                *left = left.saturating_sub(1);
                *left
            });
            usize::from(number >> place & 1 == 1)
        };
        let digits = usize::from(self.precision);
        let digit = |digit: usize| (0..5).fold(0, |value, at| value * 2 + bit(digit * 5 + at));
        let digits = (0..digits).map(digit).filter_map(|value| DIGITS.get(value));
        digits.map(|digit| char::from(*digit)).collect()
    }
}
