//! Whether an image is as large as it says: as many strips or tiles as it needs, all of them in the file, and as long as
//! their pixels need.

use crate::error::GeodataError;
use crate::source::Source;

use super::pixels::Pixels;
use super::{Image, tags};

/// How many strips or tiles are held against the size of the file.
const LOOKED_AT: u64 = 512;

/// The most columns and rows: GDAL and those who read `proj:shape` count them with 31 bits.
const MAX_SIZE: u64 = (1 << 31) - 1;

/// The strips or tiles of an image.
#[derive(Debug)]
pub(super) struct Pieces {
    tiled: bool,
    /// Columns and rows of each.
    wide: u64,
    high: u64,
    /// How many are beside one another, and how many have all pixels.
    across: u64,
    of_all: u64,
    /// Each sample has strips or tiles of its own.
    planar: bool,
    /// Where those that are looked at begin, and how many bytes they have.
    places: Vec<(u64, u64)>,
}

pub(super) fn check<S: Source + ?Sized>(image: &Image<'_, '_, S>) -> Result<Pieces, GeodataError> {
    let Image { source, directory, rows, columns } = image;
    if *columns > MAX_SIZE || *rows > MAX_SIZE {
        return Err(GeodataError::broken(format!(
            "an image of {columns} x {rows} pixels is larger than any may be"
        )));
    }
    let number = |tag, name| directory.number(source, tag, name);
    let tiled = directory.count(tags::TILE_OFFSETS).is_some();
    let one = if tiled {
        [number(tags::TILE_WIDTH, "TileWidth")?, number(tags::TILE_LENGTH, "TileLength")?]
    } else {
        // Without, all is one strip.
        [Some(*columns), Some(number(tags::ROWS_PER_STRIP, "RowsPerStrip")?.unwrap_or(u64::MAX))]
    };
    let [Some(wide @ 1..), Some(high @ 1..)] = one else {
        return Err(GeodataError::broken("its tiles or strips have no size"));
    };
    let planar = number(tags::PLANAR, "PlanarConfiguration")? == Some(2);
    let times = if planar { number(tags::SAMPLES, "SamplesPerPixel")?.unwrap_or(1) } else { 1 };
    let across = columns.div_ceil(wide);
    let of_all = across.saturating_mul(rows.div_ceil(high));
    let places = places(image, tiled, of_all.saturating_mul(times))?;
    Ok(Pieces { tiled, wide, high, across, of_all, planar, places })
}

/// Where the first strips or tiles are, of so many that are needed.
fn places<S: Source + ?Sized>(
    image: &Image<'_, '_, S>,
    tiled: bool,
    needed: u64,
) -> Result<Vec<(u64, u64)>, GeodataError> {
    let Image { source, directory, rows, columns } = image;
    let (offsets, sizes) = if tiled {
        (tags::TILE_OFFSETS, tags::TILE_SIZES)
    } else {
        (tags::STRIP_OFFSETS, tags::STRIP_SIZES)
    };
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
    let looked_at = needed.min(LOOKED_AT);
    let list = |tag, name| directory.numbers(source, tag, name, looked_at);
    let starts = list(offsets, "offsets of strips or tiles")?.unwrap_or_default();
    let to_end = |start: &u64| source.size().saturating_sub(*start);
    let lengths = list(sizes, "sizes of strips or tiles")?
        .unwrap_or_else(|| starts.iter().map(to_end).collect());
    let places: Vec<(u64, u64)> = starts.into_iter().zip(lengths).collect();
    let is_outside = |(start, length): &&(u64, u64)| {
        start.checked_add(*length).is_none_or(|end| end > source.size())
    };
    match places.iter().find(is_outside) {
        None => Ok(places),
        Some((start, length)) => Err(GeodataError::Outside {
            what: "a strip or tile",
            from: *start,
            to: start.saturating_add(*length),
            size: source.size(),
        }),
    }
}

impl Pieces {
    /// The first byte of a strip or tile, where one has any.
    pub(super) fn first_byte(&self) -> Option<u64> {
        let written = self.places.iter().filter(|(_, length)| *length > 0);
        written.map(|(start, _)| *start).min()
    }

    /// What is wrong where they have fewer bytes than their pixels need. Those without any were never written, as
    /// sparse files have them.
    pub(super) fn lacking<S: ?Sized>(
        &self,
        image: &Image<'_, '_, S>,
        pixels: &Pixels,
    ) -> Option<String> {
        let written = (0..).zip(&self.places).filter(|(_, (_, length))| *length > 0);
        let (needed, there) = written.fold((0_u64, 0_u64), |(needed, there), (at, (_, length))| {
            let needs = self.needs(at, image.rows, pixels);
            (needed.saturating_add(needs), there.saturating_add(needs.min(*length)))
        });
        (there < needed).then(|| {
            let Image { rows, columns, .. } = image;
            let (bits, kind) = (pixels.bits(), if self.tiled { "tiles" } else { "strips" });
            let all = (self.places.len() as u64) < LOOKED_AT;
            let first = if all { String::new() } else { format!("first {LOOKED_AT} ") };
            format!(
                "the file says {columns} x {rows} pixels of {bits} bits, \
                 but its {first}{kind} hold only {there} of {needed} bytes"
            )
        })
    }

    /// How many bytes one needs for its pixels: a tile has all of its own, the last strip those that are left.
    fn needs(&self, at: u64, rows: u64, pixels: &Pixels) -> u64 {
        let plane = at.checked_div(self.of_all);
        let row = at
            .checked_rem(self.of_all)
            .and_then(|at| at.checked_div(self.across))
            .unwrap_or(0)
            .saturating_mul(self.high);
        let left = if self.tiled { self.high } else { self.high.min(rows.saturating_sub(row)) };
        pixels.bytes(self.wide, left, plane.filter(|_| self.planar))
    }
}
