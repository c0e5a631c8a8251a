//! A directory on disk as text, one line an entry, with everything a tree keeps: what two directories
//! must have in common to be the same.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{lgetxattr, llistxattr};

/// Every entry's path with everything about it, the root as `.`.
pub(crate) fn snapshot(root: &Path) -> BTreeMap<String, String> {
    let mut paths = vec![root.to_owned()];
    let mut found = Vec::new();
    while let Some(path) = paths.pop() {
        let about = fs::symlink_metadata(&path).unwrap();
        if about.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.push((shown(path.strip_prefix(root).unwrap()), path, about));
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let mut first: BTreeMap<u64, String> = BTreeMap::new();
    for (name, _, about) in &found {
        first.entry(about.ino()).or_insert_with(|| name.clone());
    }
    found
        .into_iter()
        .map(|(name, path, about)| {
            let link = if about.is_dir() { "" } else { first[&about.ino()].as_str() };
            let text = format!("{} same file as {link}", line(&path, &about));
            (name, text)
        })
        .collect()
}

fn line(path: &Path, about: &Metadata) -> String {
    let kind = about.file_type();
    let device = if kind.is_char_device() || kind.is_block_device() { about.rdev() } else { 0 };
    let (content, hole) = if kind.is_file() {
        let content = fs::read(path).unwrap();
        // A file with holes takes less room than it is long.
        (blake3::hash(&content).to_string(), about.blocks() * 512 < about.len())
    } else if kind.is_symlink() {
        (shown(&fs::read_link(path).unwrap()), false)
    } else {
        (String::new(), false)
    };
    // Owner, group and mode of a symbolic link's target are not its own.
    format!(
        "{:o} {}:{} {}.{:09} device {device} holes {hole} {:?} {content}",
        about.mode(),
        about.uid(),
        about.gid(),
        about.mtime(),
        about.mtime_nsec(),
        xattrs(path),
    )
}

fn xattrs(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut names = vec![0_u8; 64 << 10];
    let length = llistxattr(path, &mut names[..]).unwrap();
    names.truncate(length);
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let mut value = vec![0_u8; 64 << 10];
            let length = lgetxattr(path, name, &mut value[..]).unwrap();
            value.truncate(length);
            (String::from_utf8_lossy(name).into_owned(), value)
        })
        .filter(|(name, _)| name != "security.selinux")
        .collect()
}

fn shown(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    if bytes.is_empty() { ".".to_owned() } else { bytes.escape_ascii().to_string() }
}

/// Fails, naming the first entries that differ.
pub(crate) fn assert_same(one: &Path, other: &Path) {
    let (left, right) = (snapshot(one), snapshot(other));
    let names: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let different: Vec<String> = names
        .into_iter()
        .filter(|name| left.get(*name) != right.get(*name))
        .map(|name| format!("{name}\n  {:?}\n  {:?}", left.get(name), right.get(name)))
        .take(10)
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// All regular files below a directory, relative to it.
pub(crate) fn files(root: &Path) -> Vec<PathBuf> {
    let mut paths = vec![root.to_owned()];
    let mut files = Vec::new();
    while let Some(path) = paths.pop() {
        let about = fs::symlink_metadata(&path).unwrap();
        if about.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if about.is_file() {
            files.push(path.strip_prefix(root).unwrap().to_owned());
        }
    }
    files
}

/// What compares trees must not be blind itself.
#[test]
fn a_snapshot_sees_every_difference() {
    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, XattrFlags, lsetxattr, utimensat};
    use std::os::unix::fs::PermissionsExt as _;

    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = |name: &str| home.path().join(name);
    fs::write(path("file"), vec![7; 200_000]).unwrap();
    fs::write(path("twin"), vec![7; 200_000]).unwrap();
    let time = |nanos| {
        let time = Timespec { tv_sec: 1, tv_nsec: nanos };
        let times = Timestamps { last_access: time, last_modification: time };
        for name in ["file", "twin", "."] {
            utimensat(CWD, path(name), &times, AtFlags::empty()).unwrap();
        }
    };
    time(1);
    let mut seen = vec![snapshot(home.path())];
    let mut differs = |what: &str| {
        let now = snapshot(home.path());
        assert!(!seen.contains(&now), "{what}");
        seen.push(now);
    };
    time(2);
    differs("a nanosecond");
    fs::set_permissions(path("file"), fs::Permissions::from_mode(0o4600)).unwrap();
    differs("a mode");
    lsetxattr(path("file"), "user.x", b"1", XattrFlags::empty()).unwrap();
    differs("an attribute");
    lsetxattr(path("file"), "user.x", b"2", XattrFlags::empty()).unwrap();
    differs("an attribute's value");
    fs::write(path("twin"), vec![8; 200_000]).unwrap();
    time(2);
    differs("content");
    fs::File::create(path("twin")).unwrap().set_len(200_000).unwrap();
    time(2);
    differs("a hole");
    fs::remove_file(path("twin")).unwrap();
    fs::hard_link(path("file"), path("twin")).unwrap();
    time(2);
    differs("a link");
}
