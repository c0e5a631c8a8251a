//! How the pixels of an image lie in the file.

use crate::error::GeodataError;
use crate::source::{Bounded, Source};
use crate::tiff::directory::Directory;
use crate::tiff::tags;

use super::jpeg::{self, MAX_TABLES};
use super::piece::JPEG;

const PREDICTOR: u16 = 317;
const COLOR_MAP: u16 = 320;
const EXTRA_SAMPLES: u16 = 338;
const JPEG_TABLES: u16 = 347;

/// The most strips or tiles that a thumbnail is made of.
const MAX_PIECES: u64 = 16_384;

/// What pixels mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    /// More is brighter, or darker.
    Values {
        inverted: bool,
    },
    Rgb,
    YCbCr,
    Palette,
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice that TIFF leaves")]
pub(super) struct Layout {
    pub(super) big_endian: bool,
    pub(super) rows: u64,
    pub(super) columns: u64,
    pub(super) samples: u16,
    pub(super) bits: u16,
    pub(super) format: u16,
    pub(super) compression: u16,
    pub(super) predictor: u16,
    pub(super) colours: Colours,
    pub(super) nodata: Option<f64>,
    /// The last sample says how opaque a pixel is.
    pub(super) has_alpha: bool,
    pub(super) tables: Option<Vec<u8>>,
    /// Red, green and blue of each value.
    pub(super) palette: Vec<u64>,
    /// Columns and rows of a strip or tile.
    wide: u64,
    high: u64,
    tiled: bool,
    /// Each sample has strips or tiles of its own.
    planar: bool,
    starts: Vec<u64>,
    lengths: Vec<u64>,
}

/// A strip or tile.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) offset: u64,
    pub(super) length: u64,
    /// Its first pixel.
    pub(super) row: u64,
    pub(super) column: u64,
    /// How many pixels are encoded.
    pub(super) rows: u64,
    pub(super) columns: u64,
    /// Its samples: all of them, or the one whose plane it is.
    pub(super) samples: u16,
    pub(super) plane: Option<u16>,
}

impl Layout {
    #[expect(clippy::too_many_lines, reason = "a tag after the other")]
    pub(super) fn of<S: Source + ?Sized>(
        source: &Bounded<'_, S>,
        directory: &Directory,
    ) -> Result<Self, GeodataError> {
        let number = |tag, name, other: u64| {
            Ok::<u64, GeodataError>(directory.number(source, tag, name)?.unwrap_or(other))
        };
        let short = |tag, name, other: u64| {
            let value = number(tag, name, other)?;
            u16::try_from(value).map_err(|_| GeodataError::broken(format!("{name} is {value}")))
        };
        let list = |tag, name, most| {
            Ok::<Vec<u64>, GeodataError>(
                directory.numbers(source, tag, name, most)?.unwrap_or_default(),
            )
        };
        let (columns, rows) =
            (number(tags::WIDTH, "width", 0)?, number(tags::LENGTH, "height", 0)?);
        let tiled = directory.count(tags::TILE_OFFSETS).is_some();
        let (starts, lengths, wide, high) = if tiled {
            let wide = number(tags::TILE_WIDTH, "TileWidth", 0)?;
            (
                tags::TILE_OFFSETS,
                tags::TILE_SIZES,
                wide,
                number(tags::TILE_LENGTH, "TileLength", 0)?,
            )
        } else {
            let high = number(tags::ROWS_PER_STRIP, "RowsPerStrip", rows)?.min(rows);
            (tags::STRIP_OFFSETS, tags::STRIP_SIZES, columns, high)
        };
        let samples = short(tags::SAMPLES, "SamplesPerPixel", 1)?;
        let bits = list(tags::BITS, "BitsPerSample", u64::from(samples))?;
        let bit = bits.first().copied().unwrap_or(1);
        let one_type = bits.iter().all(|one| *one == bit);
        let usual = [8, 16, 32, 64].contains(&bit);
        if [rows, columns, wide, high, u64::from(samples)].contains(&0) || !one_type || !usual {
            return Err(GeodataError::unsupported("its pixels are of a size that is not read"));
        }
        let extra = list(EXTRA_SAMPLES, "ExtraSamples", u64::from(samples))?;
        let palette = list(COLOR_MAP, "ColorMap", 3 << 8)?;
        let colours = match short(tags::PHOTOMETRIC, "PhotometricInterpretation", 1)? {
            2 if samples >= 3 => Colours::Rgb,
            3 if samples == 1 && !palette.is_empty() && bit != 8 => {
                return Err(GeodataError::unsupported("its palette is larger than those read"));
            }
            3 if samples == 1 && !palette.is_empty() => Colours::Palette,
            6 if samples == 3 => Colours::YCbCr,
            inverted => Colours::Values { inverted: inverted == 0 },
        };
        let compression = short(tags::COMPRESSION, "Compression", 1)?;
        let nodata = directory.text(source, tags::GDAL_NODATA, "tag GDAL_NODATA")?;
        Ok(Self {
            big_endian: directory.is_big_endian(),
            rows,
            columns,
            samples,
            bits: u16::try_from(bit).unwrap_or(8),
            format: short(tags::FORMAT, "SampleFormat", 1)?,
            compression,
            predictor: short(PREDICTOR, "Predictor", 1)?,
            colours,
            nodata: nodata.and_then(|text| text.parse().ok()),
            has_alpha: extra.last().is_some_and(|last| [1, 2].contains(last)) && samples > 1,
            tables: tables(source, directory, compression)?,
            palette,
            wide,
            high,
            tiled,
            planar: short(tags::PLANAR, "PlanarConfiguration", 1)? == 2 && samples > 1,
            starts: list(starts, "offsets of strips or tiles", MAX_PIECES)?,
            lengths: list(lengths, "sizes of strips or tiles", MAX_PIECES)?,
        })
    }

    /// How many pixels its longer side has.
    pub(super) fn side(&self) -> u64 {
        self.rows.max(self.columns)
    }

    /// Whether it may be a smaller copy: pixels of the same kind, and the same form but for rounding.
    pub(super) fn is_copy_of(&self, full: &Self) -> bool {
        let kind = |one: &Self| (one.samples, one.bits, one.format, one.colours);
        let sides =
            (self.rows.saturating_mul(full.columns), self.columns.saturating_mul(full.rows));
        let rounded = full.rows.saturating_add(full.columns).saturating_mul(2);
        kind(self) == kind(full) && sides.0.abs_diff(sides.1) <= rounded
    }

    /// How many bytes all of its strips or tiles have when they are decoded.
    pub(super) fn decoded(&self) -> u64 {
        let pixels = self.columns.div_ceil(self.wide).saturating_mul(self.rows.div_ceil(self.high));
        let pixels = pixels.saturating_mul(self.wide).saturating_mul(self.high);
        pixels.saturating_mul(u64::from(self.samples)).saturating_mul(u64::from(self.bits / 8))
    }

    /// The samples that are shown: three, or one.
    pub(super) fn shown(&self) -> u16 {
        let values = if self.has_alpha { self.samples.saturating_sub(1) } else { self.samples };
        if values >= 3 { 3 } else { 1 }
    }

    /// The samples of a strip or tile.
    pub(super) fn in_piece(&self) -> u16 {
        if self.planar { 1 } else { self.samples }
    }

    /// The strips or tiles of what is shown. Those without bytes have no values.
    pub(super) fn pieces<S: Source + ?Sized>(
        &self,
        source: &Bounded<'_, S>,
    ) -> Result<Vec<Piece>, GeodataError> {
        let across = self.columns.div_ceil(self.wide);
        let plane = across.saturating_mul(self.rows.div_ceil(self.high));
        let planes = if self.planar { u64::from(self.shown()) } else { 1 };
        let needed = plane.saturating_mul(planes);
        let there = self.starts.len().min(self.lengths.len()) as u64;
        if there < needed {
            let why = format!("its {needed} strips or tiles are too many, or not all there");
            return Err(GeodataError::unsupported(why));
        }
        let mut pieces = Vec::new();
        for (index, (offset, length)) in (0..needed).zip(self.starts.iter().zip(&self.lengths)) {
            let (at, of_plane) = (index % plane, u16::try_from(index / plane).unwrap_or(0));
            let row = (at / across).saturating_mul(self.high);
            let rows =
                if self.tiled { self.high } else { self.high.min(self.rows.saturating_sub(row)) };
            let piece = Piece {
                offset: *offset,
                length: *length,
                row,
                column: (at % across).saturating_mul(self.wide),
                rows,
                columns: self.wide,
                samples: self.in_piece(),
                plane: self.planar.then_some(of_plane),
            };
            if offset.checked_add(*length).is_none_or(|end| end > source.size()) {
                return Err(GeodataError::broken("a strip or tile lies outside of the file"));
            }
            pieces.extend((*length > 0).then_some(piece));
        }
        Ok(pieces)
    }
}

/// What the JPEGs of an image have in common.
fn tables<S: Source + ?Sized>(
    source: &Bounded<'_, S>,
    directory: &Directory,
    compression: u16,
) -> Result<Option<Vec<u8>>, GeodataError> {
    match directory.count(JPEG_TABLES).filter(|_| compression == JPEG) {
        None => Ok(None),
        Some(count) if count > MAX_TABLES => Err(jpeg::no_tables()),
        Some(_) => directory.blob(source, JPEG_TABLES, "JPEGTables"),
    }
}
