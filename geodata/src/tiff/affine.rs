//! From pixels to positions: the six numbers of an affine transformation, and what follows from them.

#![expect(clippy::many_single_char_names, reason = "so the numbers of a matrix are called")]

/// `[a, b, c, d, e, f]`: x is `a * column + b * row + c`, y is `d * column + e * row + f`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Affine(pub(super) [f64; 6]);

impl Affine {
    /// By a position, where that is in pixels, and the size of pixels; rows go south.
    pub(super) fn by_scale([i, j]: [f64; 2], [x, y]: [f64; 2], [wide, high]: [f64; 2]) -> Self {
        Self([wide, 0.0, x - i * wide, 0.0, -high, y + j * high])
    }

    /// The same, beginning so many pixels further right and down.
    pub(super) fn moved(self, by: f64) -> Self {
        let Self([a, b, c, d, e, f]) = self;
        Self([a, b, c + by * (a + b), d, e, f + by * (d + e)])
    }

    pub(super) fn position(&self, column: f64, row: f64) -> [f64; 2] {
        let Self([a, b, c, d, e, f]) = self;
        [a * column + b * row + c, d * column + e * row + f]
    }

    /// The root of the area of a pixel.
    pub(super) fn pixel(&self) -> f64 {
        let Self([a, b, _, d, e, _]) = self;
        (a * e - b * d).abs().sqrt()
    }

    /// How far from one row to the next.
    pub(super) fn row(&self) -> f64 {
        let Self([_, b, .., e, _]) = self;
        b.hypot(*e)
    }

    pub(super) fn is_finite(&self) -> bool {
        self.0.iter().all(|one| one.is_finite())
    }

    /// The corners of so many columns and rows, one after the other from the first pixel down.
    pub(super) fn corners(&self, columns: f64, rows: f64) -> [[f64; 2]; 4] {
        [(0.0, 0.0), (0.0, rows), (columns, rows), (columns, 0.0)]
            .map(|(column, row)| self.position(column, row))
    }
}

/// The box around corners: lowest x and y, greatest x and y.
pub(super) fn around(corners: &[[f64; 2]; 4]) -> [f64; 4] {
    let (least, most) = (f64::NEG_INFINITY, f64::INFINITY);
    corners.iter().fold([most, most, least, least], |[west, south, east, north], [x, y]| {
        [west.min(*x), south.min(*y), east.max(*x), north.max(*y)]
    })
}
