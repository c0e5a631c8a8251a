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
use crate::tiff::chain;

use grid::Grid;
use layout::{Layout, Piece};

/// The most pixels of the longer side of a thumbnail: what is asked for beyond has as many.
pub const LARGEST: u32 = 1024;

/// Makes a small picture of a raster, as PNG. Its longer side has `side` pixels, where the raster has as many.
pub fn thumbnail<S: Source + ?Sized>(
    source: &S,
    side: u32,
    limits: &Limits,
) -> Result<Vec<u8>, GeodataError> {
    let (side, source) = (within(side), Bounded::new(source, limits));
    let (layout, pieces) = planned(&source, side)?;
    let mut grid = Grid::new(&layout, side);
    for piece in pieces {
        let bytes = source.kept("a strip or tile", piece.offset, piece.length)?;
        let pixels = piece::decoded(&layout, &piece, bytes)?;
        grid.add(&layout, &piece, &pixels);
    }
    picture::png(&layout, &grid)
}

/// Whether there is a picture to be made, as far as tags say it: nothing is decoded, and pixels may be broken.
pub fn can_thumbnail<S: Source + ?Sized>(
    source: &S,
    side: u32,
    limits: &Limits,
) -> Result<(), GeodataError> {
    planned(&Bounded::new(source, limits), within(side)).map(drop)
}

fn within(side: u32) -> u64 {
    u64::from(side.clamp(1, LARGEST))
}

/// The image that it is made of, and its strips or tiles, which are within the limits: what reading them takes is kept.
fn planned<S: Source + ?Sized>(
    source: &Bounded<'_, S>,
    side: u64,
) -> Result<(Layout, Vec<Piece>), GeodataError> {
    let (layout, limits) = (chosen(source, side)?, source.limits);
    if layout.decoded() > limits.decoded_bytes {
        return Err(Limit::DecodedBytes(limits.decoded_bytes).into());
    }
    piece::check(&layout)?;
    let pieces = layout.pieces(source)?;
    pieces.iter().try_for_each(|one| piece::check_length(&layout, one))?;
    source.keep(pieces.iter().fold(0, |all: u64, one| all.saturating_add(one.length)))?;
    Ok((layout, pieces))
}

/// The image that it is made of.
fn chosen<S: Source + ?Sized>(source: &Bounded<'_, S>, side: u64) -> Result<Layout, GeodataError> {
    let full = Layout::of(source, &chain::full_size(source)?.0)?;
    let mut best = full.clone();
    for directory in chain::all(source)? {
        // A smaller copy that cannot be read is as if it were not there.
        let Ok(other) = Layout::of(source, &directory) else { continue };
        let smaller = other.side() < best.side() && other.side() >= side;
        if smaller && other.is_copy_of(&full) {
            best = other;
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod jpeg_tests;
