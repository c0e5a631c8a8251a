//! The header of a zstd frame, read by hand (RFC 8878 §3.1.1.1).
//!
//! zstd's own reader of these fields is an experimental call; the rules below are part of our wire
//! format and must not move with a library version.

/// The largest window a frame may ask of whoever decodes it: 8 MiB, as RFC 9659 demands of
/// `Content-Encoding: zstd`.
pub(crate) const MAX_WINDOW: u64 = 8 << 20;

const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// What a frame's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes of memory needed to decode.
    pub(crate) window: u64,
    /// Length of the decoded content, if stated.
    pub(crate) content_size: Option<u64>,
    /// Whether a dictionary is named.
    pub(crate) dictionary: bool,
}

/// Reads the header at the start of `frame`; `None` if there is none (also for a skippable frame).
pub(crate) fn read(frame: &[u8]) -> Option<Header> {
    let rest = frame.strip_prefix(&MAGIC)?;
    let (&descriptor, rest) = rest.split_first()?;
    if descriptor & 0b0000_1000 != 0 {
        return None; // a reserved bit
    }
    let single_segment = descriptor & 0b0010_0000 != 0;
    let (window, rest) = if single_segment {
        (None, rest)
    } else {
        let (&byte, rest) = rest.split_first()?;
        let base = 1_u64 << (10 + (byte >> 3));
        (Some(base + base / 8 * u64::from(byte & 7)), rest)
    };
    let (dictionary_id, rest) = match descriptor & 3 {
        0 => (0, rest),
        1 => little_endian(rest, 1)?,
        2 => little_endian(rest, 2)?,
        _ => little_endian(rest, 4)?,
    };
    let content_size = match descriptor >> 6 {
        0 if single_segment => Some(little_endian(rest, 1)?.0),
        0 => None,
        1 => Some(little_endian(rest, 2)?.0 + 256),
        2 => Some(little_endian(rest, 4)?.0),
        _ => Some(little_endian(rest, 8)?.0),
    };
    Some(Header {
        window: window.or(content_size)?,
        content_size,
        dictionary: descriptor & 3 != 0 && dictionary_id != 0,
    })
}

fn little_endian(bytes: &[u8], count: usize) -> Option<(u64, &[u8])> {
    let (field, rest) = bytes.split_at_checked(count)?;
    Some((field.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)), rest))
}
