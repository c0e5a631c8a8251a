//! A tree with every kind of entry and attribute.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags, chownat, lsetxattr,
    makedev, mknodat, utimensat,
};

/// What of the sample needs more than an ordinary user has, or tar cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything.
    Whole,
    /// Everything but the socket.
    WithoutSocket,
    /// What an ordinary user can make.
    Ordinary,
}

/// Bytes that do not compress, the same each time.
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .flatten()
    .take(length)
    .collect()
}

pub(crate) fn make(root: &Path, extent: Extent) {
    let write = |name: &str, content: &[u8]| std::fs::write(root.join(name), content).unwrap();
    std::fs::create_dir_all(root.join("dir/deeper/empty")).unwrap();
    write("empty-file", b"");
    write("small", b"hello\n");
    write("same", b"hello\n");
    write("large", &noise(3 << 20, 1));
    write("dir/text", "a line of text\n".repeat(100_000).as_bytes());
    let mut sparse = vec![0; 5 << 20];
    sparse[..10].fill(1);
    sparse[2 << 20..(2 << 20) + 100_000].copy_from_slice(&noise(100_000, 2));
    make_sparse(&root.join("dir/sparse"), &sparse);
    make_sparse(&root.join("only-hole"), &vec![0; 1 << 20]);
    let long = "n".repeat(250);
    std::fs::create_dir_all(root.join(&long)).unwrap();
    write(&format!("{long}/{long}"), b"long");
    std::fs::write(root.join(OsStr::from_bytes(b"not-utf8-\xff\xfe\n")), b"x").unwrap();
    symlink("small", root.join("link")).unwrap();
    symlink("/nowhere/at/all", root.join("dir/dangling")).unwrap();
    symlink("t/".repeat(300), root.join("long-link")).unwrap();
    std::fs::hard_link(root.join("small"), root.join("dir/deeper/hard")).unwrap();
    std::fs::hard_link(root.join("small"), root.join("another-hard")).unwrap();
    std::fs::hard_link(root.join("link"), root.join("dir/hard-link-to-link")).unwrap();
    node(&root.join("pipe"), FileType::Fifo, 0);
    if extent != Extent::WithoutSocket {
        drop(UnixListener::bind(root.join("socket")).unwrap());
    }
    xattr(&root.join("small"), "user.key", b"value");
    xattr(&root.join("small"), "user.od=d%25", b"\0\xff=\n");
    xattr(&root.join("dir"), "user.on-directory", b"");
    xattr(root, "user.on-root", b"root");
    mode(&root.join("dir/text"), 0o6755);
    mode(&root.join("same"), 0o000);
    mode(&root.join("dir/deeper"), 0o1777);
    mode(&root.join("dir"), 0o2750);
    if extent != Extent::Ordinary {
        privileged(root);
    }
    times(root);
}

fn privileged(root: &Path) {
    node(&root.join("null"), FileType::CharacterDevice, makedev(1, 3));
    node(&root.join("disk"), FileType::BlockDevice, makedev(4095, 1_048_575));
    // Only root could still enter it, so its metadata must come after what it holds.
    std::fs::create_dir_all(root.join("closed/inside")).unwrap();
    mode(&root.join("closed"), 0);
    owner(&root.join("large"), 3_000_000_000, 4_000_000_000);
    owner(&root.join("link"), 1000, 1001);
    owner(&root.join("dir/deeper"), 1000, 1001);
    owner(&root.join("dir/text"), 1000, 1001);
    mode(&root.join("dir/text"), 0o6755);
    xattr(&root.join("large"), "trusted.key", b"trusted");
    xattr(&root.join("link"), "trusted.on-link", b"trusted");
    // cap_net_raw=ep, revision 2.
    let capability = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    xattr(&root.join("dir/text"), "security.capability", capability);
    // user::rw-, user:1000:r--, group::r--, mask::r--, other::---
    let access = acl(&[(1, 6, !0), (2, 4, 1000), (4, 4, !0), (16, 4, !0), (32, 0, !0)]);
    xattr(&root.join("empty-file"), "system.posix_acl_access", &access);
    let default = acl(&[(1, 7, !0), (2, 5, 1000), (4, 5, !0), (16, 5, !0), (32, 0, !0)]);
    xattr(&root.join("dir/deeper"), "system.posix_acl_default", &default);
}

pub(crate) fn acl(entries: &[(u16, u16, u32)]) -> Vec<u8> {
    let mut value = 2u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        value.extend(tag.to_le_bytes());
        value.extend(permissions.to_le_bytes());
        value.extend(id.to_le_bytes());
    }
    value
}

/// Gives everything a time of its own, the deepest first.
fn times(root: &Path) {
    let mut all = vec![root.to_owned()];
    let mut index = 0;
    while let Some(path) = all.get(index).cloned() {
        if path.symlink_metadata().unwrap().is_dir() {
            let mut names: Vec<_> =
                std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
            names.sort();
            all.extend(names);
        }
        index += 1;
    }
    for (index, path) in all.iter().enumerate().rev() {
        let number = i64::try_from(index).unwrap();
        // One of them lies before 1970.
        let seconds = if index == 3 { -1_000_000 } else { 1_600_000_000 + number };
        time(path, seconds, 123_456_700 + number);
    }
}

pub(crate) fn time(path: &Path, seconds: i64, nanos: i64) {
    let at = Timespec { tv_sec: seconds, tv_nsec: nanos };
    let times = Timestamps { last_access: at, last_modification: at };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

pub(crate) fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn xattr(path: &Path, name: &str, value: &[u8]) {
    lsetxattr(path, name, value, XattrFlags::empty()).unwrap();
}

fn owner(path: &Path, uid: u32, gid: u32) {
    let (uid, gid) = (Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
    chownat(CWD, path, uid, gid, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

fn node(path: &Path, kind: FileType, device: u64) {
    mknodat(CWD, path, kind, Mode::RUSR | Mode::WUSR, device).unwrap();
}

/// Writes `content` without its zero blocks.
pub(crate) fn make_sparse(path: &Path, content: &[u8]) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::create(path).unwrap();
    file.set_len(content.len() as u64).unwrap();
    for (index, block) in content.chunks(4096).enumerate() {
        if block.iter().any(|byte| *byte != 0) {
            file.write_all_at(block, (index * 4096) as u64).unwrap();
        }
    }
}
