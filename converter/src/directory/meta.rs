//! What the kernel says of a file, as metadata of an entry.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

use flisthub_flist::Metadata;
use rustix::buffer::spare_capacity;
use rustix::fs::{
    Stat, fgetxattr, fgetxattr_query, flistxattr, flistxattr_query, lgetxattr, lgetxattr_query,
    llistxattr, llistxattr_query,
};
use rustix::io::Errno;

use crate::xattr::XattrRules;

/// Metadata without extended attributes.
pub(super) fn metadata(stat: &Stat) -> Metadata {
    // The mask leaves twelve bits.
    let mode = u16::try_from(stat.st_mode & 0o7777).unwrap_or_default();
    let mtime_nanos = u32::try_from(stat.st_mtime_nsec).unwrap_or_default();
    Metadata {
        mode,
        uid: stat.st_uid,
        gid: stat.st_gid,
        mtime: stat.st_mtime,
        mtime_nanos,
        xattrs: BTreeMap::new(),
    }
}

/// What must be equal before and after a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    inode: (u64, u64),
    size: i64,
    mtime: (i64, u64),
    ctime: (i64, u64),
}

impl Version {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            inode: (stat.st_dev, stat.st_ino),
            size: stat.st_size,
            mtime: (stat.st_mtime, stat.st_mtime_nsec),
            ctime: (stat.st_ctime, stat.st_ctime_nsec),
        }
    }
}

/// Attributes of an open file.
pub(super) fn xattrs_of(
    file: &OwnedFd,
    rules: XattrRules,
) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Errno> {
    let mut first = [0; 1024];
    let names = match flistxattr(file, &mut first) {
        Ok(length) => first.get(..length).unwrap_or_default().to_vec(),
        Err(Errno::NOTSUP) => Vec::new(),
        Err(Errno::RANGE) => {
            grow(|| flistxattr_query(file), |buffer| flistxattr(file, spare_capacity(buffer)))?
        }
        Err(error) => return Err(error),
    };
    values(&names, rules, |name| {
        grow(|| fgetxattr_query(file, name), |buffer| fgetxattr(file, name, spare_capacity(buffer)))
    })
}

/// Attributes of what stands at `path`, a link itself if it is one.
pub(super) fn xattrs_at(
    path: &[u8],
    rules: XattrRules,
) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Errno> {
    let names = grow(|| llistxattr_query(path), |buffer| llistxattr(path, spare_capacity(buffer)));
    let names = match names {
        Err(Errno::NOTSUP) => Vec::new(),
        names => names?,
    };
    values(&names, rules, |name| {
        grow(|| lgetxattr_query(path, name), |buffer| lgetxattr(path, name, spare_capacity(buffer)))
    })
}

/// Looks up each of the names, which the kernel separates by NUL bytes.
fn values(
    names: &[u8],
    rules: XattrRules,
    value: impl Fn(&[u8]) -> Result<Vec<u8>, Errno>,
) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Errno> {
    names
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty() && rules.keeps(name))
        .map(|name| Ok((name.to_vec(), value(name)?)))
        .collect()
}

/// Reads something whose length must be asked for first, again if it grew in between.
fn grow(
    length: impl Fn() -> Result<usize, Errno>,
    read: impl Fn(&mut Vec<u8>) -> Result<usize, Errno>,
) -> Result<Vec<u8>, Errno> {
    loop {
        let mut buffer = Vec::with_capacity(length()?);
        if buffer.capacity() == 0 {
            return Ok(buffer);
        }
        match read(&mut buffer) {
            Err(Errno::RANGE) => {}
            result => return result.map(|_| buffer),
        }
    }
}
