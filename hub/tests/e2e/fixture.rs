//! Trees to push: one of every kind of entry, and an archive whose listing is known by heart.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags, chownat, lsetxattr,
    makedev, mknodat, utimensat,
};

use crate::support::is_root;

/// Bytes that no compressor shrinks and no two seeds share.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Everything a tree can hold that the caller may make: devices, owners and capabilities as root.
/// A socket only if asked for, because tar has none.
pub(crate) fn every_kind(root: &Path, socket: bool) {
    fs::create_dir_all(root.join("usr/bin")).unwrap();
    fs::create_dir(root.join("empty")).unwrap();
    let write = |name: &str, content: &[u8]| fs::write(root.join(name), content).unwrap();
    write("usr/bin/tool", b"#!/bin/sh\n");
    write("nothing", b"");
    write("small", b"hello\n");
    write("large", &noise(1, 3_000_000));
    write("usr/same", b"hello\n");
    holes(&root.join("holes"));
    many_pieces(&root.join("pieces"));
    fs::hard_link(root.join("large"), root.join("usr/large-too")).unwrap();
    fs::hard_link(root.join("small"), root.join("z-small")).unwrap();
    symlink("/nowhere/at all", root.join("dangling")).unwrap();
    symlink("usr/bin/tool", root.join("link")).unwrap();
    let odd = |bytes: &[u8]| root.join(OsStr::from_bytes(bytes));
    fs::write(odd(b"not \xff utf-8"), "1").unwrap();
    fs::write(odd(b"line\nbreak \x1b[31m \\"), "2").unwrap();
    fs::write(odd(&[b'n'; 255]), "3").unwrap();
    let mut deep = root.to_owned();
    (0..30).for_each(|level| deep.push(format!("directory-{level}")));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("bottom"), "4").unwrap();
    make(root, "pipe", FileType::Fifo, 0);
    if socket {
        drop(UnixListener::bind(root.join("socket")).unwrap());
    }
    if is_root() {
        make(root, "null", FileType::CharacterDevice, makedev(1, 3));
        make(root, "disk", FileType::BlockDevice, makedev(4095, 1_048_575));
        owners(root);
    }
    attributes(root);
    modes_and_times(root);
}

/// Holes at the front, in the middle and at the end, around data.
fn holes(path: &Path) {
    let mut file = File::create(path).unwrap();
    for offset in [1 << 20, 5 << 20] {
        file.seek(SeekFrom::Start(offset)).unwrap();
        file.write_all(&noise(offset, 100_000)).unwrap();
    }
    file.set_len(9 << 20).unwrap();
}

/// More pieces than an entry holds, so that there is a list object: 700 times data and a hole.
fn many_pieces(path: &Path) {
    let mut file = File::create(path).unwrap();
    for number in 0..700_u64 {
        file.seek(SeekFrom::Start(number * (128 << 10))).unwrap();
        file.write_all(&noise(1000 + number, 4096)).unwrap();
    }
}

fn make(root: &Path, name: &str, kind: FileType, device: u64) {
    mknodat(CWD, root.join(name), kind, Mode::from_raw_mode(0o640), device).unwrap();
}

fn owners(root: &Path) {
    for (name, uid, gid) in [("small", 1000, 1001), ("link", 12, 34), ("empty", 4_000_000_000, 5)] {
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        let path = root.join(name);
        chownat(CWD, path, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW).unwrap();
    }
    // cap_net_raw=ep
    let capability =
        b"\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    set(&root.join("usr/bin/tool"), "security.capability", capability);
}

fn attributes(root: &Path) {
    set(&root.join("large"), "user.note", b"bytes \xff\x00\n=");
    set(&root.join("empty"), "user.empty", b"");
    // user::rw- user:1000:r-- group::r-- mask::r-- other::---
    let acl = b"\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x02\x00\x04\x00\xe8\x03\x00\x00\
        \x04\x00\x04\x00\xff\xff\xff\xff\x10\x00\x04\x00\xff\xff\xff\xff\x20\x00\x00\x00\xff\xff\xff\xff";
    set(&root.join("usr/same"), "system.posix_acl_access", acl);
}

fn set(path: &Path, name: &str, value: &[u8]) {
    lsetxattr(path, name, value, XattrFlags::empty()).unwrap();
}

fn modes_and_times(root: &Path) {
    for (name, mode) in [
        ("usr/bin/tool", 0o4755),
        ("nothing", 0o2711),
        ("empty", 0o1777),
        ("holes", 0o400),
        ("usr", 0o751),
        (".", 0o750),
    ] {
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    for (name, seconds, nanos) in [
        ("small", 1_234_567_890, 123_456_789),
        ("nothing", -1_000, 999_999_999),
        ("link", 1_000_000_000, 1),
        ("pipe", 5_000_000_000, 0),
        ("usr", 1_500_000_000, 500_000_000),
        (".", 1_600_000_000, 7),
    ] {
        let time = Timespec { tv_sec: seconds, tv_nsec: nanos };
        let times = Timestamps { last_access: time, last_modification: time };
        utimensat(CWD, root.join(name), &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
    }
}

/// The directory as GNU tar archives it with everything it can hold.
pub(crate) fn gnu_tar(directory: &Path, archive: &Path, reversed: bool) {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    if reversed {
        names.reverse();
    }
    // The root itself, alone; then each of its entries with all that is below.
    let mut command = Command::new("tar");
    command
        .args(["--format=posix", "--xattrs", "--xattrs-include=*", "--acls", "--sparse"])
        .arg(if reversed { "--sort=inode" } else { "--sort=name" })
        .arg("-cf")
        .arg(archive)
        .arg("-C")
        .arg(directory)
        .args(["--no-recursion", ".", "--recursion"])
        .args(names.iter().map(|name| Path::new(".").join(name)));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// One entry of an archive made by hand.
pub(crate) struct Member {
    pub(crate) name: &'static [u8],
    pub(crate) kind: tar::EntryType,
    pub(crate) mode: u32,
    pub(crate) content: &'static [u8],
    pub(crate) target: &'static str,
}

/// An archive of a few entries, all of them of user 1000, group 100, made on 13 February 2009.
pub(crate) fn by_hand(members: &[Member]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for member in members {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..member.name.len()].copy_from_slice(member.name);
        header.set_entry_type(member.kind);
        header.set_mode(member.mode);
        header.set_uid(1000);
        header.set_gid(100);
        header.set_mtime(1_234_567_890);
        header.set_size(member.content.len() as u64);
        if !member.target.is_empty() {
            header.set_link_name(member.target).unwrap();
        }
        if matches!(member.kind, tar::EntryType::Char | tar::EntryType::Block) {
            header.set_device_major(8).unwrap();
            header.set_device_minor(1).unwrap();
        }
        header.set_cksum();
        archive.append(&header, member.content).unwrap();
    }
    archive.into_inner().unwrap()
}
