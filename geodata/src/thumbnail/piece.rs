//! A strip or tile, decoded. The crate `tiff` decodes whole files; it is given one of a single strip, made of the piece.
//! So it never meets the directories, lists and sizes of a file that nobody knows, and what it takes is known before.

use std::io::Cursor;

use ::tiff::decoder::{Decoder, DecodingResult, Limits};

use crate::error::GeodataError;

use super::jpeg;
use super::layout::{Layout, Piece};

/// Compressions that are decoded: none, LZW, JPEG, both codes of Deflate, `PackBits`.
const DECODED: [u16; 6] = [1, 5, 7, 8, 32946, 32773];

pub(super) const JPEG: u16 = 7;

/// The samples of a JPEG where they are beside one another: of two, the decoder makes room for three.
const OF_JPEG: [u16; 3] = [1, 3, 4];

/// Whether strips and tiles of an image are such as are decoded.
pub(super) fn check(layout: &Layout) -> Result<(), GeodataError> {
    if !DECODED.contains(&layout.compression) {
        let why = format!("its pixels are compressed by {}, which is not read", layout.compression);
        return Err(GeodataError::unsupported(why));
    }
    // Whole numbers with and without a sign, and floating-point numbers, which have no size of 8 bits.
    let is_number = match layout.format {
        1 | 2 => true,
        3 => layout.bits > 8,
        _ => false,
    };
    let is_jpeg = layout.compression == JPEG;
    if !is_number || (is_jpeg && (layout.bits != 8 || !OF_JPEG.contains(&layout.in_piece()))) {
        return Err(GeodataError::unsupported("its samples are of a type that is not read"));
    }
    // None, differences, and those of floating-point numbers.
    if !matches!((layout.predictor, layout.format), (1 | 2, _) | (3, 3)) {
        let why = format!("its pixels have the predictor {}, which is not read", layout.predictor);
        return Err(GeodataError::unsupported(why));
    }
    layout.tables.as_ref().map_or(Ok(()), |tables| jpeg::check_tables(tables))
}

/// Whether a strip or tile has all of its pixels, as far as its length says it.
pub(super) fn check_length(layout: &Layout, piece: &Piece) -> Result<(), GeodataError> {
    let size = samples(piece).saturating_mul(u64::from(layout.bits / 8));
    if layout.compression == 1 && piece.length < size {
        return Err(GeodataError::broken("a strip or tile has fewer bytes than its pixels take"));
    }
    Ok(())
}

fn samples(piece: &Piece) -> u64 {
    piece.rows.saturating_mul(piece.columns).saturating_mul(u64::from(piece.samples))
}

/// Its samples, one after the other; those of a pixel are beside one another.
pub(super) fn decoded(
    layout: &Layout,
    piece: &Piece,
    mut bytes: Vec<u8>,
) -> Result<DecodingResult, GeodataError> {
    if layout.compression == JPEG {
        bytes = jpeg::anew(&bytes, layout.tables.as_deref(), piece)?;
    }
    let size = usize::try_from(samples(piece).saturating_mul(8)).unwrap_or(usize::MAX);
    let (mut limits, length) = (Limits::default(), bytes.len());
    limits.decoding_buffer_size = size;
    limits.intermediate_buffer_size = size.max(length);
    let failed = |error| GeodataError::broken(format!("its pixels cannot be decoded: {error}"));
    let file = Cursor::new(file(layout, piece, bytes));
    let mut decoder = Decoder::new(file).map_err(failed)?.with_limits(limits);
    decoder.read_image().map_err(failed)
}

/// A file of one strip.
fn file(layout: &Layout, piece: &Piece, strip: Vec<u8>) -> Vec<u8> {
    let samples = usize::from(piece.samples);
    let short = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let mut file = File { big_endian: layout.big_endian, entries: Vec::new(), values: Vec::new() };
    file.put(256, short(piece.columns));
    file.put(257, short(piece.rows));
    file.shorts(258, layout.bits, samples);
    file.put(259, u32::from(layout.compression));
    // Values as they are; which colours they mean is for `picture`.
    file.put(262, 1);
    file.put(273, 8);
    file.put(277, u32::from(piece.samples));
    file.put(278, short(piece.rows));
    file.put(279, short(strip.len() as u64));
    file.put(317, u32::from(layout.predictor));
    file.shorts(339, layout.format, samples);
    file.written(strip)
}

/// The entries of a directory, and what stands behind it.
struct File {
    big_endian: bool,
    entries: Vec<(u16, u16, u32, Place)>,
    values: Vec<u8>,
}

enum Place {
    Here([u8; 4]),
    /// So many bytes into the values.
    Behind(usize),
}

impl File {
    fn long(&self, number: u32) -> [u8; 4] {
        if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn short(&self, number: u16) -> [u8; 2] {
        if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn put(&mut self, tag: u16, number: u32) {
        self.entries.push((tag, 4, 1, Place::Here(self.long(number))));
    }

    fn shorts(&mut self, tag: u16, number: u16, count: usize) {
        let two = [self.short(number), self.short(number)].concat();
        let place = match two.first_chunk() {
            // One or two stand in the entry itself.
            Some(two) if count < 3 => Place::Here(*two),
            _ => Place::Behind(self.values.len()),
        };
        if matches!(place, Place::Behind(_)) {
            let short = self.short(number);
            self.values.extend(short.iter().cycle().take(count.saturating_mul(2)));
        }
        self.entries.push((tag, 3, u32::try_from(count).unwrap_or(0), place));
    }

    fn written(self, strip: Vec<u8>) -> Vec<u8> {
        let directory = strip.len().saturating_add(8);
        let values =
            directory.saturating_add(6).saturating_add(self.entries.len().saturating_mul(12));
        let long = |number: usize| self.long(u32::try_from(number).unwrap_or(u32::MAX));
        // Room for all at once: the strip may be as large as what is read.
        let mut file = Vec::with_capacity(values.saturating_add(self.values.len()));
        file.extend(if self.big_endian { b"MM" } else { b"II" });
        file.extend(self.short(42));
        file.extend(long(directory));
        file.extend(strip);
        file.extend(self.short(u16::try_from(self.entries.len()).unwrap_or(0)));
        for (tag, kind, count, place) in &self.entries {
            file.extend(self.short(*tag));
            file.extend(self.short(*kind));
            file.extend(self.long(*count));
            file.extend(match place {
                Place::Here(bytes) => *bytes,
                Place::Behind(at) => long(values.saturating_add(*at)),
            });
        }
        file.extend([0; 4]);
        file.extend(&self.values);
        file
    }
}
