//! PAX extended headers: the records that say what a plain header has no room for.
//!
//! Records that are no part of a tree are passed over by decision: `atime`, `ctime`, `uname`, `gname`,
//! `comment`, `charset`, `hdrcharset`, file flags, and what is not known here (as POSIX asks).
//! Records that carry content or rights in a form that cannot be kept are refused.

use std::collections::BTreeMap;

use super::sparse::Run;
use super::{acl, number, vendor};
use crate::error::Problem;

/// What extended headers say of the next entry. `None` leaves the plain header's word.
#[derive(Debug, Clone, Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) mtime: Option<(i64, u32)>,
    pub(super) device: (Option<u64>, Option<u64>),
    xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Attributes in the forms of other writers, used where `xattrs` has no word of its own.
    other_xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Access and default lists in words.
    acl_texts: (Option<Vec<u8>>, Option<Vec<u8>>),
    pub(super) sparse: PaxSparse,
}

/// What the `GNU.sparse` records say.
#[derive(Debug, Clone, Default)]
pub(super) struct PaxSparse {
    pub(super) name: Option<Vec<u8>>,
    pub(super) real_size: Option<u64>,
    /// 1.0 keeps its map at the start of the data.
    pub(super) major: Option<u64>,
    /// The map of 0.0 and 0.1.
    pub(super) pieces: Vec<Run>,
    /// Whether any record was there.
    pub(super) any: bool,
    offset: Option<u64>,
}

impl Pax {
    /// Takes the records of one extended header. Later words replace earlier ones.
    pub(super) fn read(&mut self, mut data: &[u8]) -> Result<(), Problem> {
        while !data.is_empty() {
            let (record, rest) = split_record(data)?;
            let equals = record.iter().position(|byte| *byte == b'=');
            let (key, value) = equals
                .and_then(|at| record.split_at_checked(at))
                .ok_or(Problem::Pax("a record has no `=`"))?;
            self.apply(key, value.get(1..).unwrap_or_default())?;
            data = rest;
        }
        Ok(())
    }

    /// Takes the records of a global header, which then hold for every member. Attributes and sparse
    /// maps are refused there: no writer makes them for all members alike, and a few bytes would be
    /// multiplied by every entry that follows.
    pub(super) fn read_global(&mut self, data: &[u8]) -> Result<(), Problem> {
        self.read(data)?;
        let attributes = !self.other_xattrs.is_empty() || !self.xattrs.is_empty();
        let lists = self.acl_texts.0.is_some() || self.acl_texts.1.is_some();
        if attributes || lists || self.sparse.any {
            return Err(Problem::Pax("a global header holds attributes or a sparse map"));
        }
        Ok(())
    }

    fn apply(&mut self, key: &[u8], value: &[u8]) -> Result<(), Problem> {
        match key {
            b"path" => self.path = text(value)?,
            b"linkpath" => self.link = text(value)?,
            b"size" => self.size = decimal("size", value)?,
            b"uid" => self.uid = decimal("uid", value)?,
            b"gid" => self.gid = decimal("gid", value)?,
            b"mtime" if value.is_empty() => self.mtime = None,
            b"mtime" => {
                self.mtime = Some(number::time(value).ok_or(Problem::NotANumber("mtime"))?);
            }
            b"SCHILY.devmajor" => self.device.0 = decimal("device major", value)?,
            b"SCHILY.devminor" => self.device.1 = decimal("device minor", value)?,
            b"SCHILY.acl.access" => self.acl_texts.0 = text(value)?,
            b"SCHILY.acl.default" => self.acl_texts.1 = text(value)?,
            b"SCHILY.acl.ace" => return Err(Problem::Acl("it is of the NFSv4 kind")),
            b"SCHILY.realsize" | b"SCHILY.filetype" => {
                return Err(Problem::Pax("sparse files in star's own form are not read"));
            }
            b"RHT.security.selinux" => {
                let label = [value, b"\0"].concat();
                self.other_xattrs.insert(b"security.selinux".to_vec(), label);
            }
            _ => return self.apply_prefixed(key, value),
        }
        Ok(())
    }

    fn apply_prefixed(&mut self, key: &[u8], value: &[u8]) -> Result<(), Problem> {
        if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
            let name = vendor::unescape_gnu(name);
            if name.is_empty() || name.contains(&0) {
                return Err(Problem::Pax("an extended attribute without a proper name"));
            }
            self.xattrs.insert(name, value.to_vec());
        } else if let Some(name) = key.strip_prefix(b"LIBARCHIVE.xattr.") {
            let (name, value) = vendor::libarchive_xattr(name, value)
                .ok_or(Problem::Pax("an extended attribute that cannot be decoded"))?;
            self.other_xattrs.insert(name, value);
        } else if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
            self.sparse.apply(key, value)?;
        }
        Ok(())
    }

    /// The extended attributes. What stands there as the kernel keeps it goes before what other
    /// writers say, and an access list in words is only looked at when there is no other.
    pub(super) fn take_xattrs(&mut self) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Problem> {
        let mut xattrs = std::mem::take(&mut self.other_xattrs);
        xattrs.append(&mut self.xattrs);
        let (access, default) = (self.acl_texts.0.take(), self.acl_texts.1.take());
        for (name, text) in [(acl::ACCESS, access), (acl::DEFAULT, default)] {
            if let Some(text) = text
                && !xattrs.contains_key(name)
                && let Some(value) = acl::from_text(name, &text)?
            {
                xattrs.insert(name.to_vec(), value);
            }
        }
        Ok(xattrs)
    }
}

impl PaxSparse {
    fn apply(&mut self, key: &[u8], value: &[u8]) -> Result<(), Problem> {
        self.any = true;
        let number = || number::decimal(value).ok_or(Problem::Sparse("a record is not a number"));
        match key {
            b"name" => self.name = text(value)?,
            b"size" | b"realsize" => self.real_size = Some(number()?),
            b"major" => self.major = Some(number()?),
            b"minor" if number()? != 0 => {
                return Err(Problem::Sparse("its version is not known"));
            }
            // The map itself says how many pieces it has.
            b"minor" | b"numblocks" => {}
            b"offset" => self.offset = Some(number()?),
            b"numbytes" => {
                let offset = self.offset.take().ok_or(Problem::Sparse("a length has no offset"))?;
                self.pieces.push((offset, number()?));
            }
            b"map" => self.pieces = map(value)?,
            _ => return Err(Problem::Sparse("a record of it is not known")),
        }
        Ok(())
    }
}

/// Reads the map of version 0.1: `offset,length,offset,length,...`.
fn map(value: &[u8]) -> Result<Vec<Run>, Problem> {
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let bad = || Problem::Sparse("a record is not a number");
    let numbers: Vec<u64> = value
        .split(|byte| *byte == b',')
        .map(|digits| number::decimal(digits).ok_or_else(bad))
        .collect::<Result<_, _>>()?;
    let (pairs, []) = numbers.as_chunks::<2>() else {
        return Err(Problem::Sparse("a length is missing"));
    };
    Ok(pairs.iter().map(|[offset, length]| (*offset, *length)).collect())
}

/// Splits the first record off `length key=value\n...`: what stands between the space and the newline,
/// and what follows it. Values may hold any bytes.
fn split_record(data: &[u8]) -> Result<(&[u8], &[u8]), Problem> {
    let bad = || Problem::Pax("a record's length is wrong");
    let space = data.iter().take(20).position(|byte| *byte == b' ').ok_or_else(bad)?;
    let (digits, _) = data.split_at_checked(space).ok_or_else(bad)?;
    let length = number::decimal(digits).ok_or_else(bad)?;
    let length = usize::try_from(length).map_err(|_| bad())?;
    let (record, rest) = data.split_at_checked(length).ok_or_else(bad)?;
    let record = record.get(space + 1..).ok_or_else(bad)?.strip_suffix(b"\n").ok_or_else(bad)?;
    Ok((record, rest))
}

/// An empty value takes an earlier word back.
fn text(value: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
    if value.contains(&0) {
        return Err(Problem::Pax("a name holds a NUL byte"));
    }
    Ok((!value.is_empty()).then(|| value.to_vec()))
}

fn decimal(field: &'static str, value: &[u8]) -> Result<Option<u64>, Problem> {
    if value.is_empty() {
        return Ok(None);
    }
    if let Some(value) = number::decimal(value) {
        return Ok(Some(value));
    }
    // A number that only does not fit is told as such.
    if value.iter().skip(usize::from(value.starts_with(b"-"))).all(u8::is_ascii_digit) {
        let value = crate::error::shown(value);
        return Err(Problem::OutOfRange { field, value });
    }
    Err(Problem::NotANumber(field))
}

#[cfg(test)]
#[path = "pax_tests.rs"]
mod tests;
