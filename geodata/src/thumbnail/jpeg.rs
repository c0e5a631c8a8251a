//! The size that a JPEG says it has, before it is decoded: it must be that of the strip or tile that it is in.

use crate::error::GeodataError;

use super::layout::Piece;

pub(super) fn check(bytes: &[u8], piece: &Piece) -> Result<(), GeodataError> {
    let (rows, columns) =
        size(bytes).ok_or_else(|| GeodataError::broken("a JPEG in it does not say its size"))?;
    // Rows at the lower edge may be left out.
    if u64::from(columns) != piece.columns || u64::from(rows) > piece.rows {
        return Err(GeodataError::broken("a JPEG in it is of another size than its strip or tile"));
    }
    Ok(())
}

/// Rows and columns, by the marker of the frame.
fn size(bytes: &[u8]) -> Option<(u16, u16)> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let [0xff, marker, after @ ..] = rest else { return None };
        let (length, _) = after.split_first_chunk()?;
        let segment = after.get(..usize::from(u16::from_be_bytes(*length)))?;
        // Frames are C0 to CF, without those of tables and of arithmetic coding.
        if (0xc0..=0xcf).contains(marker) && ![0xc4, 0xc8, 0xcc].contains(marker) {
            let [_, _, _, a, b, c, d, ..] = segment else { return None };
            return Some((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])));
        }
        if *marker == 0xda || segment.len() < 2 {
            return None;
        }
        rest = after.get(segment.len()..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_says_the_size() {
        let frame = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 9, 8, 1, 2, 3, 4, 1, 0, 0];
        assert_eq!(size(&frame), Some((0x0102, 0x0304)));
        for cut in 0..17 {
            assert_eq!(size(&frame[..cut]), None);
        }
        assert_eq!(size(&[0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xc0]), None);
        assert_eq!(size(&[0xff, 0xd8, 0xff, 0xda, 0, 2]), None);
    }
}
