//! The pixels of a thumbnail while it is made: the mean of the pixels that fall into each.

use ::tiff::decoder::DecodingResult;

use super::layout::{Colours, Layout, Piece};

/// Sum and number of values.
type Cell = (f64, u32);

pub(super) struct Grid {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Samples of a pixel beside one another.
    cells: Vec<Cell>,
    shown: usize,
}

impl Grid {
    /// As many pixels as fit into a square of `most`.
    pub(super) fn new(layout: &Layout, most: u64) -> Self {
        let side = layout.side().max(most);
        let fit = |pixels: u64| {
            let fit = pixels.saturating_mul(most).div_ceil(side);
            usize::try_from(fit.clamp(1, most)).unwrap_or(1)
        };
        let (rows, columns, shown) =
            (fit(layout.rows), fit(layout.columns), usize::from(layout.shown()));
        Self { rows, columns, cells: vec![(0.0, 0); rows * columns * shown], shown }
    }

    /// Adds what was decoded of a piece.
    pub(super) fn add(&mut self, layout: &Layout, piece: &Piece, pixels: &DecodingResult) {
        let value = reader(pixels);
        let (samples, first) = (usize::from(piece.samples), usize::from(piece.plane.unwrap_or(0)));
        let shown = if piece.plane.is_some() { 1 } else { self.shown };
        let size = |pixels: u64| usize::try_from(pixels).unwrap_or(usize::MAX);
        // Tiles at the edges have pixels beyond them.
        let rows = piece.rows.min(layout.rows.saturating_sub(piece.row));
        let columns = piece.columns.min(layout.columns.saturating_sub(piece.column));
        for row in 0..rows {
            let to_row = scaled(piece.row.saturating_add(row), self.rows, layout.rows);
            for column in 0..columns {
                let to = scaled(piece.column.saturating_add(column), self.columns, layout.columns);
                let pixel = size(row.saturating_mul(piece.columns).saturating_add(column));
                let from = pixel.saturating_mul(samples);
                let alpha = from.saturating_add(samples.saturating_sub(1));
                if layout.has_alpha && piece.plane.is_none() && value(alpha) == Some(0.0) {
                    continue;
                }
                let cell = (to_row * self.columns + to) * self.shown + first;
                for sample in 0..shown {
                    let value = value(from.saturating_add(sample));
                    let value =
                        value.filter(|value| value.is_finite() && Some(*value) != layout.nodata);
                    if let (Some(value), Some(cell)) = (value, self.cells.get_mut(cell + sample)) {
                        put(cell, value, layout.colours == Colours::Palette);
                    }
                }
            }
        }
    }

    /// The values of a pixel, of which those that are shown count; none where one of them is missing.
    pub(super) fn pixels(&self) -> impl Iterator<Item = Option<[f64; 3]>> {
        self.cells.chunks_exact(self.shown).map(|cells| {
            let mut values = [0.0; 3];
            for (value, (sum, number)) in values.iter_mut().zip(cells) {
                *value = (*number > 0).then(|| sum / f64::from(*number))?;
            }
            Some(values)
        })
    }
}

/// Of classes there is no mean: the last one counts.
fn put(cell: &mut Cell, value: f64, is_class: bool) {
    *cell = if is_class { (value, 1) } else { (cell.0 + value, cell.1.saturating_add(1)) };
}

fn scaled(at: u64, to: usize, from: u64) -> usize {
    // What is decoded is bounded, and with it both: their product is far from too large.
    let scaled = at.saturating_mul(to as u64) / from.max(1);
    usize::try_from(scaled).unwrap_or(0).min(to.saturating_sub(1))
}

/// The samples of a piece as numbers.
#[expect(clippy::cast_precision_loss, reason = "brightness needs fewer bits")]
fn reader(pixels: &DecodingResult) -> Box<dyn Fn(usize) -> Option<f64> + '_> {
    match pixels {
        DecodingResult::U8(all) => Box::new(|at| all.get(at).map(|one| f64::from(*one))),
        DecodingResult::U16(all) => Box::new(|at| all.get(at).map(|one| f64::from(*one))),
        DecodingResult::U32(all) => Box::new(|at| all.get(at).map(|one| f64::from(*one))),
        DecodingResult::U64(all) => Box::new(|at| all.get(at).map(|one| *one as f64)),
        DecodingResult::F16(all) => Box::new(|at| all.get(at).map(|one| one.to_f64())),
        DecodingResult::F32(all) => Box::new(|at| all.get(at).map(|one| f64::from(*one))),
        DecodingResult::F64(all) => Box::new(|at| all.get(at).copied()),
        DecodingResult::I8(all) => Box::new(|at| all.get(at).map(|one| f64::from(*one))),
        DecodingResult::I16(all) => Box::new(|at| all.get(at).map(|one| f64::from(*one))),
        DecodingResult::I32(all) => Box::new(|at| all.get(at).map(|one| f64::from(*one))),
        DecodingResult::I64(all) => Box::new(|at| all.get(at).map(|one| *one as f64)),
    }
}
