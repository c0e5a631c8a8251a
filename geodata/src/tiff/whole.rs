//! Whether an image is as large as it says: as many strips or tiles as it needs, all of them in the file.

use crate::error::GeodataError;
use crate::source::Source;

use super::{Image, tags};

/// How many strips or tiles are held against the size of the file.
const LOOKED_AT: u64 = 512;

/// The most columns and rows: GDAL and those who read `proj:shape` count them with 31 bits.
const MAX_SIZE: u64 = (1 << 31) - 1;

pub(super) fn check<S: Source + ?Sized>(image: &Image<'_, '_, S>) -> Result<(), GeodataError> {
    let Image { source, directory, rows, columns } = image;
    if *columns > MAX_SIZE || *rows > MAX_SIZE {
        return Err(GeodataError::broken(format!(
            "an image of {columns} x {rows} pixels is larger than any may be"
        )));
    }
    let number = |tag, name| directory.number(source, tag, name);
    let tiled = directory.count(tags::TILE_OFFSETS).is_some();
    let (offsets, sizes) = if tiled {
        (tags::TILE_OFFSETS, tags::TILE_SIZES)
    } else {
        (tags::STRIP_OFFSETS, tags::STRIP_SIZES)
    };
    let one = if tiled {
        [number(tags::TILE_WIDTH, "TileWidth")?, number(tags::TILE_LENGTH, "TileLength")?]
    } else {
        // Without, all is one strip.
        [Some(*columns), Some(number(tags::ROWS_PER_STRIP, "RowsPerStrip")?.unwrap_or(u64::MAX))]
    };
    let [Some(wide @ 1..), Some(high @ 1..)] = one else {
        return Err(GeodataError::broken("its tiles or strips have no size"));
    };
    let planes = match number(tags::PLANAR, "PlanarConfiguration")? {
        Some(2) => number(tags::SAMPLES, "SamplesPerPixel")?.unwrap_or(1),
        _ => 1,
    };
    let needed = columns.div_ceil(wide).saturating_mul(rows.div_ceil(high)).saturating_mul(planes);
    // Old files of one strip say no sizes.
    let there = directory.count(offsets).unwrap_or(0).min(directory.count(sizes).unwrap_or(1));
    if there < needed {
        return Err(GeodataError::broken(format!(
            "an image of {columns} x {rows} pixels needs {needed} strips or tiles, and it has {there}"
        )));
    }
    if !directory.lies_in(offsets, source.size()) || !directory.lies_in(sizes, source.size()) {
        return Err(GeodataError::broken(
            "the list of its strips or tiles lies outside of the file",
        ));
    }
    let starts = directory.numbers(source, offsets, "offsets of strips or tiles", LOOKED_AT)?;
    let lengths = directory.numbers(source, sizes, "sizes of strips or tiles", LOOKED_AT)?;
    let pairs = starts.into_iter().flatten().zip(lengths.into_iter().flatten());
    let outside = pairs
        .take(usize::try_from(needed).unwrap_or(usize::MAX))
        .find(|(start, length)| start.checked_add(*length).is_none_or(|end| end > source.size()));
    match outside {
        None => Ok(()),
        Some((start, length)) => Err(GeodataError::Outside {
            what: "a strip or tile",
            from: start,
            to: start.saturating_add(length),
            size: source.size(),
        }),
    }
}
