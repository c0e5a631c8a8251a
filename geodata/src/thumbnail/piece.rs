//! A strip or tile, decoded. The crate `tiff` decodes whole files; it is given one of a single strip, made of the piece.
//! So it never meets the directories, lists and sizes of a file that nobody knows, and what it takes is known before.

use std::io::Cursor;

use ::tiff::decoder::{Decoder, DecodingResult, Limits};

use crate::error::GeodataError;

use super::jpeg;
use super::layout::{Layout, Piece};

/// Compressions that are decoded: none, LZW, JPEG, both codes of Deflate, `PackBits`.
const DECODED: [u16; 6] = [1, 5, 7, 8, 32946, 32773];

const JPEG: u16 = 7;

/// Whether strips and tiles of an image are such as are decoded.
pub(super) fn check(layout: &Layout) -> Result<(), GeodataError> {
    if !DECODED.contains(&layout.compression) {
        let why = format!("its pixels are compressed by {}, which is not read", layout.compression);
        return Err(GeodataError::unsupported(why));
    }
    let tables = layout.tables.as_ref().filter(|_| layout.compression == JPEG);
    tables.map_or(Ok(()), |tables| jpeg::check_tables(tables))
}

/// Its samples, one after the other; those of a pixel are beside one another.
pub(super) fn decoded(
    layout: &Layout,
    piece: &Piece,
    bytes: Vec<u8>,
) -> Result<DecodingResult, GeodataError> {
    let pixels = piece.rows.saturating_mul(piece.columns);
    let size = pixels.saturating_mul(u64::from(piece.samples));
    if layout.compression == 1
        && (bytes.len() as u64) < size.saturating_mul(u64::from(layout.bits / 8))
    {
        return Err(GeodataError::broken("a strip or tile has fewer bytes than its pixels take"));
    }
    if layout.compression == JPEG {
        jpeg::check(&bytes, piece)?;
    }
    let size = usize::try_from(size.saturating_mul(8)).unwrap_or(usize::MAX);
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
    let tables = layout.tables.as_ref().filter(|_| layout.compression == JPEG);
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
    if let Some(tables) = tables {
        file.bytes(347, tables);
    }
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

    fn bytes(&mut self, tag: u16, bytes: &[u8]) {
        let place = Place::Behind(self.values.len());
        self.values.extend(bytes);
        // More than four, or it is no table.
        self.entries.push((tag, 7, u32::try_from(bytes.len()).unwrap_or(0), place));
    }

    fn written(self, strip: Vec<u8>) -> Vec<u8> {
        let directory = strip.len().saturating_add(8);
        let values =
            directory.saturating_add(6).saturating_add(self.entries.len().saturating_mul(12));
        let long = |number: usize| self.long(u32::try_from(number).unwrap_or(u32::MAX));
        let mut file = if self.big_endian { b"MM".to_vec() } else { b"II".to_vec() };
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
