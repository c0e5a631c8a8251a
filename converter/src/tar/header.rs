//! One 512-byte header: its checksum and its fields, before any extended header is looked at.

use tar::Header as Layout;

use super::number;
use super::sparse::Run;
use crate::error::Problem;
use crate::source::BLOCK;

/// A header whose checksum is right.
pub(super) struct Header {
    layout: Layout,
}

/// What a block where a header should be turns out to be.
#[expect(clippy::large_enum_variant, reason = "lives for one call, never stored")]
pub(super) enum Parsed {
    Header(Header),
    /// Nothing but zeros: half of the end of the archive.
    Zeros,
    /// Anything else.
    Bad,
}

/// A sparse file in GNU's old form.
pub(super) struct OldSparse {
    /// The start of its map.
    pub(super) pieces: Vec<Run>,
    /// Whether blocks with more of the map follow.
    pub(super) more: bool,
    /// Length of the file.
    pub(super) real_size: u64,
}

impl Header {
    /// Reads a block.
    pub(super) fn parse(block: &[u8; BLOCK]) -> Parsed {
        if block.iter().all(|byte| *byte == 0) {
            return Parsed::Zeros;
        }
        let mut layout = Layout::new_old();
        layout.as_mut_bytes().copy_from_slice(block);
        let stated = number::field(&layout.as_old().cksum);
        let (unsigned, signed) = checksums(block);
        if stated == Some(unsigned) || stated == Some(signed) {
            Parsed::Header(Self { layout })
        } else {
            Parsed::Bad
        }
    }

    /// Whether a block could start a tar archive.
    pub(super) fn starts_archive(block: &[u8; BLOCK]) -> bool {
        !matches!(Self::parse(block), Parsed::Bad)
    }

    /// The type of the entry.
    pub(super) fn kind(&self) -> u8 {
        let [kind] = self.layout.as_old().linkflag;
        kind
    }

    /// The name, with a POSIX header's prefix before it.
    pub(super) fn name(&self) -> Vec<u8> {
        let name = until_nul(&self.layout.as_old().name);
        if self.layout.as_old().pad.starts_with(b"ustar\0")
            && let Some(ustar) = self.layout.as_ustar()
            && let prefix = until_nul(&ustar.prefix)
            && !prefix.is_empty()
        {
            return [prefix, b"/", name].concat();
        }
        name.to_vec()
    }

    /// What a link names.
    pub(super) fn link(&self) -> Vec<u8> {
        until_nul(&self.layout.as_old().linkname).to_vec()
    }

    /// Bytes of data that follow.
    pub(super) fn size(&self) -> Result<u64, Problem> {
        unsigned("size", &self.layout.as_old().size)
    }

    /// Permission bits. Some writers put the file type above them; it says nothing new.
    pub(super) fn mode(&self) -> Result<u16, Problem> {
        let mode = unsigned("mode", &self.layout.as_old().mode)?;
        let bits = u16::try_from(mode).map_err(|_| out_of_range("mode", mode))?;
        Ok(bits & 0o7777)
    }

    /// The owner's number.
    pub(super) fn uid(&self) -> Result<u64, Problem> {
        unsigned("uid", &self.layout.as_old().uid)
    }

    /// The group's number.
    pub(super) fn gid(&self) -> Result<u64, Problem> {
        unsigned("gid", &self.layout.as_old().gid)
    }

    /// The modification time in whole seconds.
    pub(super) fn mtime(&self) -> Result<i64, Problem> {
        let value =
            number::field(&self.layout.as_old().mtime).ok_or(Problem::NotANumber("mtime"))?;
        i64::try_from(value).map_err(|_| out_of_range("mtime", value))
    }

    /// The major and minor numbers of a device.
    pub(super) fn device(&self) -> Result<(u64, u64), Problem> {
        // The fields stand at the same place in every format that has them.
        let Some((major, minor)) =
            self.layout.as_old().pad.get(72..88).map(|both| both.split_at(8))
        else {
            return Ok((0, 0));
        };
        Ok((unsigned("device major", major)?, unsigned("device minor", minor)?))
    }

    /// What the header says of an old GNU sparse file.
    pub(super) fn sparse(&self) -> Result<OldSparse, Problem> {
        let Some(gnu) = self.layout.as_gnu() else {
            return Err(Problem::Sparse("the header is not GNU's"));
        };
        let mut pieces = Vec::new();
        for piece in &gnu.sparse {
            if !sparse_piece(&piece.offset, &piece.numbytes, &mut pieces)? {
                break;
            }
        }
        let [extended] = gnu.isextended;
        let real_size = unsigned("real size", &gnu.realsize)?;
        Ok(OldSparse { pieces, more: extended != 0, real_size })
    }
}

/// Reads a block that continues an old GNU sparse map; says whether another follows.
pub(super) fn sparse_block(block: &[u8; BLOCK], pieces: &mut Vec<Run>) -> Result<bool, Problem> {
    let mut layout = tar::GnuExtSparseHeader::new();
    layout.as_mut_bytes().copy_from_slice(block);
    for piece in layout.sparse() {
        if !sparse_piece(&piece.offset, &piece.numbytes, pieces)? {
            break;
        }
    }
    Ok(layout.isextended != [0])
}

/// Reads one piece of an old GNU sparse map; false at the unused ones that end it.
fn sparse_piece(offset: &[u8], length: &[u8], pieces: &mut Vec<Run>) -> Result<bool, Problem> {
    if length.first() == Some(&0) {
        return Ok(false);
    }
    pieces.push((unsigned("sparse offset", offset)?, unsigned("sparse length", length)?));
    Ok(true)
}

fn unsigned(name: &'static str, field: &[u8]) -> Result<u64, Problem> {
    let value = number::field(field).ok_or(Problem::NotANumber(name))?;
    u64::try_from(value).map_err(|_| out_of_range(name, value))
}

/// The error for a number that cannot be kept.
pub(super) fn out_of_range(field: &'static str, value: impl std::fmt::Display) -> Problem {
    Problem::OutOfRange { field, value: value.to_string() }
}

/// The sum of the block's bytes with the checksum field as spaces. Old writers summed signed bytes.
fn checksums(block: &[u8; BLOCK]) -> (i128, i128) {
    let (mut unsigned, mut signed) = (0i64, 0i64);
    for (index, byte) in block.iter().enumerate() {
        let byte = if (148..156).contains(&index) { b' ' } else { *byte };
        unsigned += i64::from(byte);
        signed += i64::from(byte.cast_signed());
    }
    (unsigned.into(), signed.into())
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}
