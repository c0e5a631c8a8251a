//! One member's header in the canonical tar, byte for byte as `docs/tar-format.md` says: a ustar
//! header, and a PAX header before it where that has no room.

use flisthub_flist::{Content, Device, Metadata};

use super::records::Records;
use crate::source::BLOCK;

/// The name that every PAX header has.
const PAX_NAME: &[u8] = b"././@PaxHeader";

/// What a member is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind<'a> {
    /// A regular file of that many bytes.
    File(u64),
    /// A further name of the member at that path.
    HardLink(&'a [u8]),
    Directory,
    Symlink(&'a [u8]),
    CharDevice(Device),
    BlockDevice(Device),
    Fifo,
}

impl<'a> Kind<'a> {
    /// What an entry is in a tar; `None` for a socket, which cannot stand in one.
    pub(super) fn of(content: &'a Content) -> Option<Self> {
        Some(match content {
            Content::File { size, .. } => Self::File(*size),
            Content::Directory { .. } => Self::Directory,
            Content::Symlink { target } => Self::Symlink(target),
            Content::CharDevice(device) => Self::CharDevice(*device),
            Content::BlockDevice(device) => Self::BlockDevice(*device),
            Content::Fifo => Self::Fifo,
            Content::Socket => return None,
        })
    }

    fn flag(self) -> u8 {
        match self {
            Self::File(_) => b'0',
            Self::HardLink(_) => b'1',
            Self::Symlink(_) => b'2',
            Self::CharDevice(_) => b'3',
            Self::BlockDevice(_) => b'4',
            Self::Directory => b'5',
            Self::Fifo => b'6',
        }
    }

    fn link(self) -> &'a [u8] {
        match self {
            Self::HardLink(target) | Self::Symlink(target) => target,
            _ => b"",
        }
    }

    fn size(self) -> u64 {
        if let Self::File(size) = self { size } else { 0 }
    }

    fn device(self) -> Device {
        match self {
            Self::CharDevice(device) | Self::BlockDevice(device) => device,
            _ => Device { major: 0, minor: 0 },
        }
    }
}

/// Writes the header of the member `name`, which ends in `/` if it is a directory.
pub(super) fn write_header(name: &[u8], metadata: &Metadata, kind: Kind<'_>, out: &mut Vec<u8>) {
    let mut records = Records::default();
    let (prefix, short) = if name.is_ascii() { split(name) } else { None }.unwrap_or_else(|| {
        records.path(name);
        (b"", cut(name))
    });
    let link = kind.link();
    if !link.is_ascii() || link.len() > 100 {
        records.link(link);
    }
    let size = records.number("size", kind.size(), 11);
    let uid = records.number("uid", metadata.uid.into(), 7);
    let gid = records.number("gid", metadata.gid.into(), 7);
    let mtime = records.time(metadata.mtime, metadata.mtime_nanos);
    for (name, value) in &metadata.xattrs {
        records.xattr(name, value);
    }
    if let Some(data) = records.finish() {
        let mut header = Header::new(b'x', PAX_NAME, b"");
        header.numbers(0o644, (0, 0), data.len() as u64, 0);
        header.write(out);
        out.extend_from_slice(&data);
        pad(out, data.len() as u64);
    }
    let mut header = Header::new(kind.flag(), short, prefix);
    header.numbers(metadata.mode, (uid, gid), size, mtime);
    header.field(157, link.get(..100).unwrap_or(link));
    let Device { major, minor } = kind.device();
    header.octal(329, 8, major.into());
    header.octal(337, 8, minor.into());
    header.write(out);
}

/// Fills the last block of `length` bytes.
pub(super) fn pad(out: &mut Vec<u8>, length: u64) {
    out.resize(out.len() + padding(length), 0);
}

/// How many bytes the last block of `length` bytes lacks.
pub(super) fn padding(length: u64) -> usize {
    let over = usize::try_from(length % BLOCK as u64).unwrap_or_default();
    if over == 0 { 0 } else { BLOCK - over }
}

/// Splits a name that a ustar header has room for into prefix and name, the prefix as long as it
/// can be.
fn split(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= 100 {
        return Some((b"", name));
    }
    let end = name.len().saturating_sub(1).min(156);
    let at = name.get(..end)?.iter().rposition(|byte| *byte == b'/')?;
    let (prefix, rest) = name.split_at_checked(at)?;
    let rest = rest.strip_prefix(b"/")?;
    (!prefix.is_empty() && !rest.is_empty() && rest.len() <= 100).then_some((prefix, rest))
}

/// What the header itself says where a record has the name: its start, never with a `/` at the end,
/// which would make a directory of it for whoever passes over the record.
fn cut(name: &[u8]) -> &[u8] {
    let mut short = name.get(..100).unwrap_or(name);
    while let Some(shorter) = short.strip_suffix(b"/") {
        short = shorter;
    }
    short
}

struct Header([u8; BLOCK]);

impl Header {
    fn new(flag: u8, name: &[u8], prefix: &[u8]) -> Self {
        let mut header = Self([0; BLOCK]);
        header.field(0, name);
        header.field(156, &[flag]);
        header.field(257, b"ustar\x0000");
        header.octal(329, 8, 0);
        header.octal(337, 8, 0);
        header.field(345, prefix);
        header
    }

    fn numbers(&mut self, mode: u16, (uid, gid): (u64, u64), size: u64, mtime: u64) {
        self.octal(100, 8, mode.into());
        self.octal(108, 8, uid);
        self.octal(116, 8, gid);
        self.octal(124, 12, size);
        self.octal(136, 12, mtime);
    }

    /// Octal digits that fill the field, and a NUL.
    fn octal(&mut self, offset: usize, length: usize, value: u64) {
        let digits = length - 1;
        self.field(offset, format!("{value:0digits$o}").as_bytes());
    }

    fn field(&mut self, offset: usize, bytes: &[u8]) {
        if let Some(field) = self.0.get_mut(offset..offset + bytes.len()) {
            field.copy_from_slice(bytes);
        }
    }

    fn write(mut self, out: &mut Vec<u8>) {
        self.field(148, b"        ");
        let sum: u32 = self.0.iter().copied().map(u32::from).sum();
        self.field(148, format!("{sum:06o}\0 ").as_bytes());
        out.extend_from_slice(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_where_they_fit() {
        let short = [b'a'; 100];
        assert_eq!(split(&short), Some((&b""[..], &short[..])));
        let long = [&[b'p'; 155][..], b"/", &[b'n'; 100]].concat();
        assert_eq!(split(&long), Some((&[b'p'; 155][..], &[b'n'; 100][..])));
        let directory = [&[b'p'; 100][..], b"/"].concat();
        assert_eq!(split(&directory), None);
        let nested = [&b"d/"[..], &[b'p'; 99], b"/"].concat();
        assert_eq!(split(&nested).unwrap().0, b"d");
        for too_long in [
            [&[b'p'; 156][..], b"/", &[b'n'; 100]].concat(),
            [&[b'p'; 155][..], b"/", &[b'n'; 101]].concat(),
            vec![b'a'; 101],
        ] {
            assert_eq!(split(&too_long), None);
        }
        assert_eq!(cut(&directory), &[b'p'; 100][..]);
        assert_eq!(cut("ü/".as_bytes()), "ü".as_bytes());
    }
}
