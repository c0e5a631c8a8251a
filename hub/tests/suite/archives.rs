//! Archives for tests: good ones, and headers with any bytes in any field.

use std::io::Write as _;

use tar::{Builder, EntryType, Header};

/// An archive of regular files.
pub(crate) fn files(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = header(EntryType::Regular, content.len() as u64);
        archive.append_data(&mut header, path, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

/// A header with ordinary metadata and no name.
pub(crate) fn header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1_700_000_000);
    header
}

/// An archive of one entry that is written as it is, name included: no library's checks in between.
pub(crate) fn raw(mut header: Header, name: &[u8], content: &[u8]) -> Vec<u8> {
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_cksum();
    let mut archive = header.as_bytes().to_vec();
    archive.extend(content);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

/// An archive of one empty file whose name comes from a PAX header.
pub(crate) fn pax_named(name: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    // The record's length counts its own digits.
    let mut length = name.len() + 8;
    while format!("{length} path=").len() + name.len() + 1 != length {
        length = format!("{length} path=").len() + name.len() + 1;
    }
    record.extend(format!("{length} path=").as_bytes());
    record.extend(name);
    record.push(b'\n');
    let mut archive = raw(header(EntryType::XHeader, record.len() as u64), b"pax", &record);
    archive.truncate(archive.len() - 1024);
    archive.extend(raw(header(EntryType::Regular, 0), b"short", b""));
    archive
}

/// Bytes that do not compress, the same each time for one seed.
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    std::iter::repeat_with(|| next().to_le_bytes()).flatten().take(length).collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}
