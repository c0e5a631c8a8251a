//! Reads a directory attribute by attribute, by calls of its own, so that trees can be compared.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::{SeekFrom, lgetxattr, llistxattr, seek};

/// What is known of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) kind: String,
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
    pub(crate) mtime: (i64, i64),
    pub(crate) xattrs: BTreeMap<String, Vec<u8>>,
    /// The first path, in order, of the same file; its own when it has only one.
    pub(crate) same_as: Vec<u8>,
    /// Starts and ends of a file's holes as the file system tells them, whole 64 KiB only.
    pub(crate) holes: Vec<(u64, u64)>,
}

pub(crate) type Snapshot = BTreeMap<Vec<u8>, Seen>;

/// Everything below and including `root`.
pub(crate) fn snapshot(root: &Path) -> Snapshot {
    let mut found = Snapshot::new();
    let mut first: BTreeMap<(u64, u64), Vec<u8>> = BTreeMap::new();
    let mut paths = vec![root.to_owned()];
    let mut all = Vec::new();
    while let Some(path) = paths.pop() {
        let metadata = path.symlink_metadata().unwrap();
        if metadata.is_dir() {
            paths.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
        all.push((name, path, metadata));
    }
    all.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    for (name, path, metadata) in all {
        let inode = (metadata.dev(), metadata.ino());
        let same_as = first.entry(inode).or_insert_with(|| name.clone()).clone();
        let seen = Seen {
            kind: kind(&path, &metadata),
            mode: metadata.mode() & 0o7777,
            owner: (metadata.uid(), metadata.gid()),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            xattrs: xattrs(&path),
            same_as,
            holes: if metadata.is_file() { holes(&path, metadata.len()) } else { Vec::new() },
        };
        found.insert(name, seen);
    }
    found
}

fn kind(path: &Path, metadata: &Metadata) -> String {
    let kind = metadata.file_type();
    let device = metadata.rdev();
    if kind.is_file() {
        let content = std::fs::read(path).unwrap();
        format!("file of {} bytes, {}", content.len(), digest(&content))
    } else if kind.is_symlink() {
        format!("link to {:?}", std::fs::read_link(path).unwrap())
    } else if kind.is_char_device() {
        format!("character device {device}")
    } else if kind.is_block_device() {
        format!("block device {device}")
    } else if kind.is_fifo() {
        "pipe".to_owned()
    } else if kind.is_socket() {
        "socket".to_owned()
    } else {
        "directory".to_owned()
    }
}

fn digest(content: &[u8]) -> String {
    flisthub_storage::Kind::Content.id_of(content).to_string()
}

fn xattrs(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut names = vec![0; 64 << 10];
    let length = llistxattr(path, &mut names[..]).unwrap();
    names[..length]
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
        .map(|name| {
            let mut value = vec![0; 64 << 10];
            let length = lgetxattr(path, name, &mut value[..]).unwrap();
            value.truncate(length);
            (String::from_utf8_lossy(name).into_owned(), value)
        })
        .collect()
}

fn holes(path: &Path, size: u64) -> Vec<(u64, u64)> {
    let Ok(file) = std::fs::File::open(path) else { return Vec::new() };
    let mut holes = Vec::new();
    let mut offset = 0;
    while offset < size {
        let start = seek(&file, SeekFrom::Hole(offset)).unwrap();
        let end = seek(&file, SeekFrom::Data(start)).unwrap_or(size).min(size);
        if end.saturating_sub(start) >= 64 << 10 {
            holes.push((start, end));
        }
        offset = end.max(offset + 1);
    }
    holes
}

/// Fails, naming each difference, unless both are alike.
pub(crate) fn assert_same(expected: &Snapshot, found: &Snapshot) {
    let mut differences = Vec::new();
    for path in expected.keys().chain(found.keys()).collect::<std::collections::BTreeSet<_>>() {
        if expected.get(path) != found.get(path) {
            differences.push(format!(
                "{:?}\n  expected {:?}\n  found    {:?}",
                String::from_utf8_lossy(path),
                expected.get(path),
                found.get(path)
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
