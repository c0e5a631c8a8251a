//! The structure of TIFF: its header, a directory of tags, and values of tags. Nothing is believed: whatever points
//! somewhere is held against the file's size, and whatever is counted against the limits.

use crate::error::GeodataError;
use crate::source::{Bounded, Source};

/// How errors call a directory.
const WHAT: &str = "a directory of tags";

/// The most tags of a directory.
const MAX_ENTRIES: u64 = 4_096;

/// The most numbers of a tag that are read.
const MAX_NUMBERS: u64 = 65_536;

/// What the first bytes say of all others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    big_endian: bool,
    big_file: bool,
}

/// A tag: its type, how many values it has, and where they are.
#[derive(Debug)]
struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    at: u64,
}

/// The tags of an image.
#[derive(Debug)]
pub(crate) struct Directory {
    header: Header,
    entries: Vec<Entry>,
    next: u64,
}

impl Header {
    /// How many bytes the number of tags, a tag and a place have.
    fn sizes(self) -> [u64; 3] {
        if self.big_file { [8, 20, 8] } else { [2, 12, 4] }
    }

    fn number(self, bytes: &[u8]) -> u64 {
        let push = |number: u64, byte: &u8| (number << 8) | u64::from(*byte);
        let bytes = bytes.get(..8).unwrap_or(bytes);
        if self.big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
    }
}

/// What the first bytes say, and where the first directory is.
pub(super) fn header<S: Source + ?Sized>(
    source: &Bounded<'_, S>,
) -> Result<(Header, u64), GeodataError> {
    let start: [u8; 8] = source.array("the header", 0)?;
    let [a, b, rest @ ..] = start;
    let big_endian = match &[a, b] {
        b"II" => false,
        b"MM" => true,
        _ => return Err(GeodataError::broken("it does not begin as TIFF does")),
    };
    let header = Header { big_endian, big_file: false };
    let [version @ .., _, _, _, _] = rest;
    let [_, _, short @ ..] = rest;
    match header.number(&version) {
        42 => Ok((header, header.number(&short))),
        43 if header.number(&short) == if big_endian { 8 << 16 } else { 8 } => {
            let first: [u8; 8] = source.array("the header", 8)?;
            Ok((Header { big_file: true, ..header }, header.number(&first)))
        }
        _ => Err(GeodataError::broken("it is of no version of TIFF")),
    }
}

/// The directory at a place.
pub(super) fn directory<S: Source + ?Sized>(
    source: &Bounded<'_, S>,
    header: Header,
    at: u64,
) -> Result<Directory, GeodataError> {
    let out = || GeodataError::broken("a directory of tags lies outside of the file");
    let [count_size, entry_size, pointer] = header.sizes();
    let count = header.number(&source.bytes(WHAT, at, count_size)?);
    if count > MAX_ENTRIES {
        return Err(GeodataError::broken(format!("a directory has {count} tags")));
    }
    let start = at.checked_add(count_size).ok_or_else(out)?;
    let length = count.saturating_mul(entry_size);
    let bytes = source.bytes(WHAT, start, length.saturating_add(pointer))?;
    let mut entries = Vec::new();
    let step = usize::try_from(entry_size).unwrap_or(20);
    for (index, bytes) in
        bytes.chunks_exact(step).take(usize::try_from(count).unwrap_or(0)).enumerate()
    {
        let position = start.saturating_add((index as u64).saturating_mul(entry_size));
        entries.extend(entry(header, bytes, position));
    }
    let next = bytes.get(usize::try_from(length).unwrap_or(usize::MAX)..).unwrap_or_default();
    Ok(Directory { header, entries, next: header.number(next) })
}

/// Where the directory at a place says that the next one is, of which nothing else is read. `None` where that cannot be
/// had, or not without loading more often than is left.
pub(super) fn next<S: Source + ?Sized>(
    source: &Bounded<'_, S>,
    header: Header,
    at: u64,
    loads: &mut usize,
) -> Option<u64> {
    let [count_size, entry_size, pointer] = header.sizes();
    let mut number = |at, size| {
        if !source.has(at, size) {
            *loads = loads.checked_sub(1)?;
        }
        source.bytes(WHAT, at, size).ok().map(|bytes| header.number(&bytes))
    };
    let count = number(at, count_size).filter(|count| *count <= MAX_ENTRIES)?;
    number(at.checked_add(count_size)?.checked_add(count.checked_mul(entry_size)?)?, pointer)
}

/// A tag whose bytes are these, and are there. Tags of types that there are not are left out.
fn entry(header: Header, bytes: &[u8], position: u64) -> Option<Entry> {
    let (tag, kind) = (header.number(bytes.get(..2)?), header.number(bytes.get(2..4)?));
    let (count, value): (&[u8], &[u8]) = if header.big_file {
        (bytes.get(4..12)?, bytes.get(12..20)?)
    } else {
        (bytes.get(4..8)?, bytes.get(8..12)?)
    };
    let (kind, count) = (u16::try_from(kind).ok()?, header.number(count));
    let fits = count.saturating_mul(size_of_kind(kind)?) <= value.len() as u64;
    let inline = position.checked_add(if header.big_file { 12 } else { 8 })?;
    let at = if fits { inline } else { header.number(value) };
    Some(Entry { tag: u16::try_from(tag).ok()?, kind, count, at })
}

/// How many bytes a value of a type has.
fn size_of_kind(kind: u16) -> Option<u64> {
    Some(match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => return None,
    })
}

impl Directory {
    /// Where it says that the next one is.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// How many values a tag has; `None` where there is no such tag.
    pub(crate) fn count(&self, tag: u16) -> Option<u64> {
        self.entry(tag).map(|entry| entry.count)
    }

    pub(crate) fn is_big_endian(&self) -> bool {
        self.header.big_endian
    }

    /// The bytes of a tag.
    pub(crate) fn blob<S: Source + ?Sized>(
        &self,
        source: &Bounded<'_, S>,
        tag: u16,
        name: &'static str,
    ) -> Result<Option<Vec<u8>>, GeodataError> {
        Ok(self.bytes(source, tag, name, u64::MAX)?.map(|(.., bytes)| bytes))
    }

    /// Whether all values of a tag lie in the file.
    pub(crate) fn lies_in(&self, tag: u16, size: u64) -> bool {
        self.entry(tag).is_none_or(|entry| {
            let length = size_of_kind(entry.kind).and_then(|one| one.checked_mul(entry.count));
            length.and_then(|length| entry.at.checked_add(length)).is_some_and(|end| end <= size)
        })
    }

    /// The first whole number of a tag.
    pub(crate) fn number<S: Source + ?Sized>(
        &self,
        source: &Bounded<'_, S>,
        tag: u16,
        name: &'static str,
    ) -> Result<Option<u64>, GeodataError> {
        Ok(self.numbers(source, tag, name, 1)?.and_then(|numbers| numbers.first().copied()))
    }

    /// The first whole numbers of a tag, `most` of them.
    pub(crate) fn numbers<S: Source + ?Sized>(
        &self,
        source: &Bounded<'_, S>,
        tag: u16,
        name: &'static str,
        most: u64,
    ) -> Result<Option<Vec<u64>>, GeodataError> {
        let Some((kind, size, bytes)) = self.bytes(source, tag, name, most)? else {
            return Ok(None);
        };
        if ![1, 3, 4, 13, 16, 18].contains(&kind) {
            return Err(GeodataError::broken(format!("{name} is not of whole numbers")));
        }
        Ok(Some(bytes.chunks_exact(size).map(|one| self.header.number(one)).collect()))
    }

    /// The first floating-point numbers of a tag, `most` of them.
    pub(crate) fn doubles<S: Source + ?Sized>(
        &self,
        source: &Bounded<'_, S>,
        tag: u16,
        name: &'static str,
        most: u64,
    ) -> Result<Option<Vec<f64>>, GeodataError> {
        let Some((kind, size, bytes)) = self.bytes(source, tag, name, most)? else {
            return Ok(None);
        };
        if kind != 12 {
            return Err(GeodataError::broken(format!("{name} is not of doubles")));
        }
        let double = |one| f64::from_bits(self.header.number(one));
        Ok(Some(bytes.chunks_exact(size).map(double).collect()))
    }

    /// The text of a tag, up to its first zero.
    pub(crate) fn text<S: Source + ?Sized>(
        &self,
        source: &Bounded<'_, S>,
        tag: u16,
        name: &'static str,
    ) -> Result<Option<String>, GeodataError> {
        let Some((kind, _, bytes)) = self.bytes(source, tag, name, u64::MAX)? else {
            return Ok(None);
        };
        if ![1, 2, 7].contains(&kind) {
            return Err(GeodataError::broken(format!("{name} is no text")));
        }
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let text = bytes.get(..end).unwrap_or_default();
        Ok(Some(String::from_utf8_lossy(text).trim().to_owned()))
    }

    /// The type of a tag, the size of a value and the bytes of the first values.
    fn bytes<S: Source + ?Sized>(
        &self,
        source: &Bounded<'_, S>,
        tag: u16,
        name: &'static str,
        most: u64,
    ) -> Result<Option<(u16, usize, Vec<u8>)>, GeodataError> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        let size = size_of_kind(entry.kind).unwrap_or(1);
        let most = if size == 1 { most } else { most.min(MAX_NUMBERS) };
        let length = entry.count.min(most).saturating_mul(size);
        let bytes = source.bytes(name, entry.at, length)?;
        Ok(Some((entry.kind, usize::try_from(size).unwrap_or(1), bytes)))
    }
}
