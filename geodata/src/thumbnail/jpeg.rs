//! JPEGs, written anew before they are decoded: what was understood of one, and nothing else. Decoders read headers each
//! in their own way, so that one could find another picture in the bytes than was held against the strip or tile.

use crate::error::GeodataError;

use super::layout::Piece;

/// The most bytes of tables: all that there can be have fewer.
pub(super) const MAX_TABLES: u64 = 3 << 10;

const START: [u8; 2] = [0xff, 0xd8];
const END: [u8; 2] = [0xff, 0xd9];

/// Huffman codes, steps, how often to begin anew.
const CODES: u8 = 0xc4;
const STEPS: u8 = 0xdb;
const RESTARTS: u8 = 0xdd;

/// Begins what is encoded.
const SCAN: u8 = 0xda;

/// The frames that are decoded: baseline and extended. Each scan of a progressive one goes over all pixels, and there
/// may be any number of them.
const SEQUENTIAL: [u8; 2] = [0xc0, 0xc1];

/// What stands before the pixels. Segments have their length before them.
#[derive(Debug, Default)]
struct Head<'a> {
    /// Marker, place and bytes of each table: a place has one, the last that is said.
    tables: Vec<(u8, u8, &'a [u8])>,
    restarts: Option<&'a [u8]>,
    /// With its marker.
    frame: Option<(u8, &'a [u8])>,
}

/// The JPEG of a strip or tile with all its tables, as a decoder is given it.
pub(super) fn anew(
    bytes: &[u8],
    tables: Option<&[u8]>,
    piece: &Piece,
) -> Result<Vec<u8>, GeodataError> {
    let mut head = Head::default();
    tables.map_or(Some(()), |tables| head.read_tables(tables)).ok_or_else(no_tables)?;
    let (scan, rest) = head
        .read(bytes)
        .ok_or_else(|| GeodataError::broken("a JPEG in it does not say its size"))?;
    head.check(piece)?;
    // Each scan but one of all samples would go over all pixels.
    if scan.get(2).map(|samples| u16::from(*samples)) != Some(piece.samples) {
        return Err(GeodataError::unsupported("a JPEG in it has its samples one after the other"));
    }
    let encoded =
        encoded(rest).ok_or_else(|| GeodataError::broken("a JPEG in it has more than one scan"))?;
    Ok(head.written(scan, encoded))
}

/// Whether these are tables and nothing that is shown.
pub(super) fn check_tables(tables: &[u8]) -> Result<(), GeodataError> {
    Head::default().read_tables(tables).ok_or_else(no_tables)
}

pub(super) fn no_tables() -> GeodataError {
    GeodataError::broken("its JPEGTables are no tables")
}

impl<'a> Head<'a> {
    fn read_tables(&mut self, bytes: &'a [u8]) -> Option<()> {
        let mut rest = bytes.strip_prefix(&START)?.strip_suffix(&END)?;
        while !rest.is_empty() {
            let (marker, said, after) = segment(rest)?;
            self.put(marker, said)?;
            rest = after;
        }
        Some(())
    }

    /// All up to the first scan; answers its head, and what follows.
    fn read(&mut self, bytes: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let mut rest = bytes.strip_prefix(&START)?;
        loop {
            let (marker, said, after) = segment(rest)?;
            rest = after;
            if marker == SCAN {
                return self.frame.map(|_| (said, rest));
            }
            if !is_frame(marker) {
                self.put(marker, said)?;
            } else if self.frame.replace((marker, said)).is_some() {
                return None;
            }
        }
    }

    /// A segment that is no frame. Those of applications and comments are left out: what colours mean is said by tags.
    fn put(&mut self, marker: u8, said: &'a [u8]) -> Option<()> {
        match marker {
            CODES | STEPS => {
                let mut rest = said.get(2..)?;
                while !rest.is_empty() {
                    let (place, table, after) = table(marker, rest)?;
                    self.tables.retain(|one| (one.0, one.1) != (marker, place));
                    self.tables.push((marker, place, table));
                    rest = after;
                }
                Some(())
            }
            RESTARTS if said.len() == 4 => {
                // Never is as if it were not said.
                self.restarts = Some(said).filter(|said| !said.ends_with(&[0, 0]));
                Some(())
            }
            0xe0..=0xef | 0xfe => Some(()),
            _ => None,
        }
    }

    fn check(&self, piece: &Piece) -> Result<(), GeodataError> {
        let Some((marker, [_, _, _, a, b, c, d, samples, of_samples @ ..])) = self.frame else {
            return Err(GeodataError::broken("a JPEG in it does not say its size"));
        };
        let (rows, columns) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
        if (u64::from(rows), u64::from(columns)) != (piece.rows, piece.columns) {
            let why = "a JPEG in it is of another size than its strip or tile";
            return Err(GeodataError::broken(why));
        }
        let samples = u16::from(*samples);
        if samples != piece.samples || of_samples.len() != usize::from(samples).saturating_mul(3) {
            return Err(GeodataError::broken("a JPEG in it has other samples than its pixels"));
        }
        if !SEQUENTIAL.contains(&marker) {
            return Err(GeodataError::unsupported("a JPEG in it is of a kind that is not read"));
        }
        Ok(())
    }

    fn written(&self, scan: &[u8], encoded: &[u8]) -> Vec<u8> {
        let tables = self
            .tables
            .iter()
            .fold(0, |all: usize, (.., one)| all.saturating_add(one.len()).saturating_add(4));
        let said = self.frame.map_or(0, |(_, said)| said.len()).saturating_add(scan.len());
        // Room for all at once: it may be as large as what is read.
        let room = encoded.len().saturating_add(tables).saturating_add(said).saturating_add(32);
        let mut file = Vec::with_capacity(room);
        file.extend(START);
        for (marker, _, table) in &self.tables {
            let length = u16::try_from(table.len().saturating_add(2)).unwrap_or(u16::MAX);
            file.extend([0xff, *marker]);
            file.extend(length.to_be_bytes());
            file.extend(*table);
        }
        let restarts = self.restarts.map(|said| (RESTARTS, said));
        for (marker, said) in restarts.into_iter().chain(self.frame).chain([(SCAN, scan)]) {
            file.extend([0xff, marker]);
            file.extend(said);
        }
        file.extend(encoded);
        file.extend(END);
        file
    }
}

/// The place of the first table, that table, and what follows.
fn table(marker: u8, bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (kind, place) = (first >> 4, first & 15);
    let length = match (marker, kind) {
        // How many codes there are of each length, and what they mean.
        (CODES, 0 | 1) => rest.get(..16)?.iter().fold(17, |all, one| all + usize::from(*one)),
        (STEPS, 0) => 65,
        (STEPS, 1) => 129,
        _ => return None,
    };
    let (table, after) = bytes.split_at_checked(length)?;
    // Codes of both kinds have places of their own, steps of both have the same.
    let place = (place < 4).then_some(if marker == CODES { *first } else { place })?;
    Some((place, table, after))
}

/// What is encoded, without its end and what is behind that; none where another marker than a new beginning is in it.
fn encoded(bytes: &[u8]) -> Option<&[u8]> {
    let mut is_marked = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            0xff => is_marked = true,
            0xd9 if is_marked => return bytes.get(..at.saturating_sub(1)),
            0 | 0xd0..=0xd7 => is_marked = false,
            _ if is_marked => return None,
            _ => {}
        }
    }
    Some(bytes)
}

/// Frames are C0 to CF, without those of tables and of arithmetic coding.
fn is_frame(marker: u8) -> bool {
    (0xc0..=0xcf).contains(&marker) && ![CODES, 0xc8, 0xcc].contains(&marker)
}

/// A marker, what it says with its length before it, and what follows.
fn segment(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [0xff, marker, after @ ..] = bytes else { return None };
    let (length, _) = after.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (said, after) = after.split_at_checked(length).filter(|_| length >= 2)?;
    Some((*marker, said, after))
}
