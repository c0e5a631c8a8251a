//! Entries in CBOR. The schema is `entry` in `docs/flist-format.md`.

use std::collections::BTreeMap;

use crate::build::MAX_XATTRS;
use crate::cbor::{DecodeError, Reader, Writer};
use crate::entry::{Content, Device, Entry, MAX_TARGET, Metadata, Piece, Pieces, Totals};
use crate::list::{MAX_INLINE_PIECES, read_pieces, write_pieces};
use crate::name::EntryName;

const FILE: u64 = 0;
const LARGE_FILE: u64 = 1;
const DIRECTORY: u64 = 2;
const SYMLINK: u64 = 3;
const CHAR_DEVICE: u64 = 4;
const BLOCK_DEVICE: u64 = 5;
const FIFO: u64 = 6;
const SOCKET: u64 = 7;

/// One entry's bytes: `[name, metadata, content]`.
pub(crate) fn encode_entry(entry: &Entry) -> Vec<u8> {
    encode_named(&entry.name, &encode_rest(&entry.metadata, &entry.content))
}

/// What follows the name in an entry's bytes.
pub(crate) fn encode_rest(metadata: &Metadata, content: &Content) -> Vec<u8> {
    let mut out = Writer::default();
    write_metadata(metadata, &mut out);
    write_content(content, &mut out);
    out.finish()
}

/// An entry's bytes from its name and what follows it.
pub(crate) fn encode_named(name: &EntryName, rest: &[u8]) -> Vec<u8> {
    let mut out = Writer::default();
    out.array(3).bytes(name.as_bytes()).encoded(rest);
    out.finish()
}

pub(crate) fn read_entry(reader: &mut Reader<'_>) -> Result<Entry, DecodeError> {
    reader.array_of(3)?;
    let name = read_name(reader)?;
    let metadata = read_metadata(reader)?;
    let content = read_content(reader)?;
    Ok(Entry { name, metadata, content })
}

pub(crate) fn read_name(reader: &mut Reader<'_>) -> Result<EntryName, DecodeError> {
    let at = reader.at();
    EntryName::new(reader.bytes()?).map_err(|_| DecodeError::Rule {
        at,
        rule: "a name has 1 to 255 bytes, no `/`, no NUL, and is neither `.` nor `..`",
    })
}

pub(crate) fn write_metadata(metadata: &Metadata, out: &mut Writer) {
    out.array(6).uint(metadata.mode).uint(metadata.uid).uint(metadata.gid);
    out.int(metadata.mtime).uint(metadata.mtime_nanos);
    out.array(metadata.xattrs.len());
    for (name, value) in &metadata.xattrs {
        out.array(2).bytes(name).bytes(value);
    }
}

pub(crate) fn read_metadata(reader: &mut Reader<'_>) -> Result<Metadata, DecodeError> {
    reader.array_of(6)?;
    let mode = reader.small("a mode is at most 0o7777")?;
    reader.rule(mode <= 0o7777, "a mode is at most 0o7777")?;
    let uid = reader.small("a user id has 32 bits")?;
    let gid = reader.small("a group id has 32 bits")?;
    let mtime = reader.int()?;
    let mtime_nanos = reader.small("nanoseconds are less than 1,000,000,000")?;
    reader.rule(mtime_nanos < 1_000_000_000, "nanoseconds are less than 1,000,000,000")?;
    let mut xattrs = BTreeMap::new();
    for _ in 0..reader.array()? {
        reader.array_of(2)?;
        let name = reader.bytes()?;
        reader.rule(
            !name.is_empty() && name.len() <= 255 && !name.contains(&0),
            "an extended attribute's name has 1 to 255 bytes and no NUL",
        )?;
        let sorted =
            xattrs.last_key_value().is_none_or(|(last, _): (&Vec<u8>, _)| &last[..] < name);
        reader.rule(sorted, "extended attributes are sorted and each is there once")?;
        xattrs.insert(name.to_vec(), reader.bytes()?.to_vec());
    }
    let metadata = Metadata { mode, uid, gid, mtime, mtime_nanos, xattrs };
    let small = metadata.xattrs_size() <= MAX_XATTRS;
    reader.rule(small, "an entry's extended attributes have at most 204,800 bytes")?;
    Ok(metadata)
}

pub(crate) fn write_content(content: &Content, out: &mut Writer) {
    match content {
        Content::File { size, pieces: Pieces::Inline(pieces) } => {
            out.array(3).uint(FILE).uint(*size);
            write_pieces(pieces, out);
        }
        Content::File { size, pieces: Pieces::List { id, count } } => {
            out.array(4).uint(LARGE_FILE).uint(*size).uint(*count).bytes(id.as_bytes());
        }
        Content::Directory { id, totals } => {
            out.array(3).uint(DIRECTORY).bytes(id.as_bytes());
            write_totals(*totals, out);
        }
        Content::Symlink { target } => {
            out.array(2).uint(SYMLINK).bytes(target);
        }
        Content::CharDevice(device) => {
            out.array(3).uint(CHAR_DEVICE).uint(device.major).uint(device.minor);
        }
        Content::BlockDevice(device) => {
            out.array(3).uint(BLOCK_DEVICE).uint(device.major).uint(device.minor);
        }
        Content::Fifo => {
            out.array(1).uint(FIFO);
        }
        Content::Socket => {
            out.array(1).uint(SOCKET);
        }
    }
}

pub(crate) fn write_totals(totals: Totals, out: &mut Writer) {
    out.array(2).uint(totals.entries).uint(totals.bytes);
}

pub(crate) fn read_totals(reader: &mut Reader<'_>) -> Result<Totals, DecodeError> {
    reader.array_of(2)?;
    Ok(Totals { entries: reader.uint()?, bytes: reader.uint()? })
}

pub(crate) fn read_content(reader: &mut Reader<'_>) -> Result<Content, DecodeError> {
    let length = reader.array()?;
    let tag = reader.uint()?;
    Ok(match (tag, length) {
        (FILE, 3) => read_file(reader)?,
        (LARGE_FILE, 4) => {
            let (size, count) = (reader.uint()?, reader.uint()?);
            reader
                .rule(count > MAX_INLINE_PIECES as u64, "up to 1,024 pieces stand in the entry")?;
            Content::File { size, pieces: Pieces::List { id: reader.id()?, count } }
        }
        (DIRECTORY, 3) => Content::Directory { id: reader.id()?, totals: read_totals(reader)? },
        (SYMLINK, 2) => {
            let target = reader.bytes()?.to_vec();
            let good = (1..=MAX_TARGET).contains(&target.len()) && !target.contains(&0);
            reader.rule(good, "a symbolic link's target has 1 to 4,095 bytes and no NUL")?;
            Content::Symlink { target }
        }
        (CHAR_DEVICE, 3) => Content::CharDevice(read_device(reader)?),
        (BLOCK_DEVICE, 3) => Content::BlockDevice(read_device(reader)?),
        (FIFO, 1) => Content::Fifo,
        (SOCKET, 1) => Content::Socket,
        _ => {
            reader.rule(false, "no such kind of entry")?;
            Content::Fifo
        }
    })
}

fn read_file(reader: &mut Reader<'_>) -> Result<Content, DecodeError> {
    let size = reader.uint()?;
    let pieces = read_pieces(reader)?;
    reader.rule(pieces.len() <= MAX_INLINE_PIECES, "more than 1,024 pieces stand in a list")?;
    let sum = pieces.iter().try_fold(0_u64, |sum, piece: &Piece| sum.checked_add(piece.length()));
    reader.rule(sum == Some(size), "a file's size is the sum of its pieces")?;
    Ok(Content::File { size, pieces: Pieces::Inline(pieces) })
}

fn read_device(reader: &mut Reader<'_>) -> Result<Device, DecodeError> {
    let (major, minor) = (reader.uint()?, reader.uint()?);
    let at = reader.at();
    Device::new(major, minor)
        .ok_or(DecodeError::Rule { at, rule: "a device number is at most 4,095:1,048,575" })
}
