//! What a JPEG says of itself before it is decoded: it must be of the size of the strip or tile that it is in, and of one
//! frame. Its tables, which stand elsewhere in the file, must be tables alone: the decoder is given both in one.

use crate::error::GeodataError;

use super::layout::Piece;

/// The most bytes of tables: those that there can be have a few hundred.
const MAX_TABLES: usize = 16 << 10;

/// Begins what is encoded.
const SCAN: u8 = 0xda;

/// The frames that are decoded: baseline and extended. Each scan of a progressive one goes over all pixels, and there
/// may be any number of them.
const SEQUENTIAL: [u8; 2] = [0xc0, 0xc1];

/// What a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    marker: u8,
    rows: u16,
    columns: u16,
    samples: u8,
}

pub(super) fn check(bytes: &[u8], piece: &Piece) -> Result<(), GeodataError> {
    let (frame, encoded) =
        frame(bytes).ok_or_else(|| GeodataError::broken("a JPEG in it does not say its size"))?;
    // Rows at the lower edge may be left out.
    let rows = u64::from(frame.rows);
    if u64::from(frame.columns) != piece.columns || rows == 0 || rows > piece.rows {
        return Err(GeodataError::broken("a JPEG in it is of another size than its strip or tile"));
    }
    if u16::from(frame.samples) != piece.samples {
        return Err(GeodataError::broken("a JPEG in it has other samples than its pixels"));
    }
    if !SEQUENTIAL.contains(&frame.marker) {
        return Err(GeodataError::unsupported("a JPEG in it is of a kind that is not read"));
    }
    // Among what is encoded, markers are told from all else.
    let markers = || encoded.windows(2).filter(|two| two.first() == Some(&0xff));
    let markers = || markers().filter_map(|two| two.get(1).copied());
    let scans = markers().filter(|marker| *marker == SCAN).count();
    if markers().any(is_frame) || scans >= usize::from(frame.samples) {
        return Err(GeodataError::broken("a JPEG in it has more than one picture"));
    }
    Ok(())
}

/// Whether these are tables and nothing that is shown.
pub(super) fn check_tables(tables: &[u8]) -> Result<(), GeodataError> {
    if tables.len() > MAX_TABLES || only_tables(tables).is_none() {
        return Err(GeodataError::broken("its JPEGTables are no tables"));
    }
    Ok(())
}

fn only_tables(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?.strip_suffix(&[0xff, 0xd9])?;
    while !rest.is_empty() {
        let (marker, _, after) = segment(rest)?;
        // Tables, how often to begin anew, what applications say, comments.
        if !matches!(marker, 0xc4 | 0xdb | 0xdd | 0xe0..=0xef | 0xfe) {
            return None;
        }
        rest = after;
    }
    Some(())
}

/// The one frame before the first scan, and what follows the head of that.
fn frame(bytes: &[u8]) -> Option<(Frame, &[u8])> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    let mut found = None;
    loop {
        let (marker, said, after) = segment(rest)?;
        rest = after;
        if marker == SCAN {
            return Some((found?, rest));
        }
        if is_frame(marker) {
            let [_, _, _, a, b, c, d, samples, ..] = said else { return None };
            let (rows, columns) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
            if found.replace(Frame { marker, rows, columns, samples: *samples }).is_some() {
                return None;
            }
        }
    }
}

/// Frames are C0 to CF, without those of tables and of arithmetic coding.
fn is_frame(marker: u8) -> bool {
    (0xc0..=0xcf).contains(&marker) && ![0xc4, 0xc8, 0xcc].contains(&marker)
}

/// A marker, what it says with its length before it, and what follows.
fn segment(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [0xff, marker, after @ ..] = bytes else { return None };
    let (length, _) = after.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (said, after) = after.split_at_checked(length).filter(|_| length >= 2)?;
    Some((*marker, said, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A comment, a frame of 258 rows, 772 columns and one sample, the head of a scan, and what is encoded.
    fn jpeg(marker: u8, encoded: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2];
        bytes.extend([0xff, marker, 0, 11, 8, 1, 2, 3, 4, 1, 0, 0, 0]);
        bytes.extend([0xff, 0xda, 0, 3, 1]);
        bytes.extend(encoded);
        bytes
    }

    fn told(bytes: &[u8], rows: u64, columns: u64, samples: u16) -> String {
        let piece =
            Piece { offset: 0, length: 0, row: 0, column: 0, rows, columns, samples, plane: None };
        check(bytes, &piece).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_frame_says_the_size() {
        let sound = jpeg(0xc0, &[1, 0xff, 0, 2, 0xff, 0xd9]);
        assert_eq!(told(&sound, 258, 772, 1), "");
        assert_eq!(told(&sound, 300, 772, 1), "");
        assert!(told(&sound, 257, 772, 1).contains("another size"));
        assert!(told(&sound, 258, 773, 1).contains("another size"));
        assert!(told(&sound, 258, 772, 3).contains("other samples"));
        for cut in 0..26 {
            assert!(told(&sound[..cut], 258, 772, 1).contains("does not say"), "{cut}");
        }
        assert!(told(&[0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xc0], 1, 1, 1).contains("not say"));
        assert!(told(&[0xff, 0xd8, 0xff, 0xda, 0, 2], 1, 1, 1).contains("does not say"));
    }

    /// What a decoder would go over again and again, or take for the size.
    #[test]
    fn it_is_one_picture_that_is_gone_over_once() {
        assert!(told(&jpeg(0xc2, &[1]), 258, 772, 1).contains("kind"));
        assert!(
            told(&jpeg(0xc0, &[1, 0xff, 0xda, 0, 3, 1]), 258, 772, 1).contains("more than one")
        );
        assert!(told(&jpeg(0xc0, &[1, 0xff, 0xc1, 0, 9]), 258, 772, 1).contains("more than one"));
        let twice = [&jpeg(0xc0, &[])[..21], &jpeg(0xc0, &[1])[8..]].concat();
        assert!(told(&twice, 258, 772, 1).contains("does not say"));
    }

    #[test]
    fn tables_are_tables_alone() {
        let tables = |inside: &[u8]| {
            let all = [&[0xff, 0xd8][..], inside, &[0xff, 0xd9]].concat();
            check_tables(&all).is_ok()
        };
        assert!(tables(&[0xff, 0xdb, 0, 3, 1, 0xff, 0xc4, 0, 2]));
        assert!(tables(&[]) && check_tables(&[0xff, 0xd8]).is_err() && check_tables(&[]).is_err());
        assert!(!tables(&[0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0]));
        assert!(!tables(&[0xff, 0xda, 0, 2]) && !tables(&[0xff, 0xdb, 0, 9, 1]));
        let long: Vec<u8> = [0xff, 0xdb, 0, 2].repeat(MAX_TABLES / 4);
        assert!(!tables(&long));
    }
}
