//! Thumbnails of rasters: the smallest of their images that is large enough, made smaller, as PNG. Where its pixels are
//! in the file is for `layout`, how they are decoded for `piece`, and how they become colours for `picture`.

mod grid;
mod jpeg;
mod layout;
mod picture;
mod piece;

use crate::error::{GeodataError, Limit};
use crate::limits::Limits;
use crate::source::{Bounded, Source};
use crate::tiff::directory;

use grid::Grid;
use layout::Layout;

/// How many pixels the longer side of a thumbnail has, where the raster has as many.
const SIDE: u64 = 256;

/// Makes a small picture of a raster, as PNG.
pub fn thumbnail<S: Source + ?Sized>(source: &S, limits: &Limits) -> Result<Vec<u8>, GeodataError> {
    // A strip may have all that is read.
    let limits = Limits { value_bytes: limits.bytes_read, ..*limits };
    let source = Bounded::new(source, &limits);
    let layout = chosen(&source)?;
    if layout.decoded() > limits.decoded_bytes {
        return Err(Limit::DecodedBytes(limits.decoded_bytes).into());
    }
    let mut grid = Grid::new(&layout);
    for piece in layout.pieces(&source)? {
        let bytes = source.bytes("a strip or tile", piece.offset, piece.length)?;
        let pixels = piece::decoded(&layout, &piece, bytes)?;
        grid.add(&layout, &piece, &pixels);
    }
    picture::png(&layout, &grid)
}

/// The image that it is made of.
fn chosen<S: Source + ?Sized>(source: &Bounded<'_, S>) -> Result<Layout, GeodataError> {
    let full = Layout::of(source, &directory::full_size(source)?)?;
    let mut best = full.clone();
    for directory in directory::all(source)? {
        // A smaller copy that cannot be read is as if it were not there.
        let Ok(other) = Layout::of(source, &directory) else { continue };
        let smaller = other.side() < best.side() && other.side() >= SIDE;
        if smaller && other.is_copy_of(&full) {
            best = other;
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests;
