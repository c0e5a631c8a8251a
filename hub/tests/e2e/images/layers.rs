//! The layers of the test's image over a Debian root file system: whatever a layer can say about the ones below.
//!
//! Most are directories as GNU tar archives them, with whiteouts as the empty files that they are. What tar would
//! not write of a directory (a marker after what it stands beside, a link to a file of another layer) is made by hand.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, Timespec, Timestamps, XattrFlags, lsetxattr, makedev, mknodat,
    utimensat,
};

use crate::fixture::{gnu_tar, noise};

use super::part::{environment, run};

/// `cap_net_bind_service,cap_net_raw=ep` as the attribute `security.capability`.
const CAPABILITY: &[u8] =
    b"\x01\x00\x00\x02\x00\x24\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";

/// What Debian's root file system goes without, as images for containers do: half of its files.
const WITHOUT: [&str; 8] = [
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/lib/x86_64-linux-gnu/perl",
    "usr/share/doc",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/perl",
    "var/lib/apt/lists",
];

/// The folder of what takes long to make and is kept between runs; it is there.
pub(crate) fn cache() -> PathBuf {
    let cache = environment("XDG_CACHE_HOME").map_or_else(
        || Path::new(&environment("HOME").expect("HOME is set")).join(".cache"),
        PathBuf::from,
    );
    let directory = cache.join("flisthub/tests");
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// A Debian root file system: made by mmdebstrap once, and kept in the user's cache.
pub(crate) fn debian() -> PathBuf {
    let directory = cache();
    // Another number for another recipe.
    let archive = directory.join("bookworm-2.tar");
    if !archive.exists() {
        // A name that ends in .tar, or mmdebstrap would make a directory.
        let part = directory.join(format!("part-{}.tar", std::process::id()));
        let gone = WITHOUT.map(|path| format!(" \"$1\"/{path}/*")).concat();
        // With the user's own environment, where a proxy may stand.
        let mut command = Command::new("mmdebstrap");
        command.args(["--quiet", "--variant=minbase"]);
        command.arg(format!("--customize-hook=rm -rf{gone}"));
        run(command.arg("bookworm").arg(&part));
        fs::rename(part, &archive).unwrap();
    }
    archive
}

/// Files of every kind; some of Debian's are deleted.
pub(crate) fn every_kind(home: &Path) -> PathBuf {
    let root = Root::new(home, "kinds");
    root.directory("srv/app/data", 0o2775, (1000, 1000));
    root.attribute("srv/app/data", "user.note", b"bytes \xff\x00\n=");
    for name in ["one", "two", "three"] {
        root.file(&format!("srv/app/data/{name}"), name.as_bytes(), 0o640, (1000, 100));
    }
    // What another layer links to has the same time there; else unpackers would not agree.
    root.time("srv/app/data/two", 1_234_567_890, 0);
    fs::hard_link(root.path("srv/app/data/one"), root.path("srv/app/data/one-too")).unwrap();
    root.file("srv/app/data/large", &noise(7, 300_000), 0o600, (1000, 1000));
    root.time("srv/app/data/large", 981_173_106, 123_456_789);
    root.directory("srv/app/cache/deep", 0o1777, (33, 33));
    root.file("srv/app/cache/old", b"old", 0o644, (0, 0));
    root.file("srv/app/cache/deep/old", b"old", 0o644, (0, 0));
    root.file("srv/app/config", b"a file", 0o644, (0, 0));
    root.directory("srv/app/plugins", 0o700, (0, 0));
    root.file("srv/app/plugins/one", b"1", 0o644, (0, 0));
    symlink("data", root.path("srv/app/current")).unwrap();
    symlink("/nowhere/at all", root.path("srv/app/dangling")).unwrap();
    root.directory("usr/local/bin", 0o755, (0, 0));
    for (name, mode) in
        [("capable", 0o755), ("was-capable", 0o755), ("setuid", 0o4755), ("setgid", 0o2755)]
    {
        root.file(&format!("usr/local/bin/{name}"), b"#!/bin/sh\n", mode, (0, 0));
    }
    root.attribute("usr/local/bin/capable", "security.capability", CAPABILITY);
    root.attribute("usr/local/bin/was-capable", "security.capability", CAPABILITY);
    root.time("usr/local/bin/capable", 1_234_567_890, 0);
    root.special("dev/fd0", FileType::BlockDevice, makedev(2, 0));
    root.special("dev/large", FileType::CharacterDevice, makedev(511, 70_000));
    root.special("srv/app/pipe", FileType::Fifo, 0);
    for name in [&b"\xc3\xbcml\xc3\xa4ut"[..], b"line\nbreak \\", b"not \xff utf-8", &[b'n'; 255]] {
        fs::write(root.path("srv/app").join(OsStr::from_bytes(name)), name).unwrap();
    }
    for gone in ["etc/.wh.issue", "usr/share/.wh.perl5", "usr/share/.wh.common-licenses"] {
        root.file(gone, b"", 0o644, (0, 0));
    }
    root.archive()
}

/// A file becomes a directory, a directory a file, a link to a directory a directory; an opaque directory, whose
/// marker comes first.
pub(crate) fn replaced(home: &Path) -> PathBuf {
    let root = Root::new(home, "replaced");
    root.directory("srv/app/config", 0o750, (0, 1000));
    root.file("srv/app/config/inner", b"inner", 0o644, (0, 0));
    root.file("srv/app/plugins", b"a file now", 0o644, (0, 0));
    root.directory("srv/app/current", 0o755, (0, 0));
    root.file("srv/app/current/three", b"not of data", 0o644, (0, 0));
    root.directory("srv/app/cache", 0o755, (33, 33));
    root.file("srv/app/cache/.wh..wh..opq", b"", 0o644, (0, 0));
    root.file("srv/app/cache/new", b"new", 0o644, (0, 0));
    root.directory("usr/local/bin", 0o755, (0, 0));
    root.file("usr/local/bin/was-capable", b"#!/bin/sh\n", 0o755, (0, 0));
    root.archive()
}

/// Without any directories, so that the lower layers' stay as they are: links to files of lower layers, and an opaque
/// directory whose marker comes last.
pub(crate) fn by_hand(home: &Path) -> PathBuf {
    let mut layer = ByHand::new();
    layer.link("srv/app/two-too", "srv/app/data/two", (1000, 100), 0o640);
    layer.link("srv/app/data/two-again", "srv/app/two-too", (1000, 100), 0o640);
    layer.link("usr/local/bin/capable-too", "usr/local/bin/capable", (0, 0), 0o755);
    layer.file("srv/app/cache/newer", b"newer");
    layer.file("srv/app/cache/.wh..wh..opq", b"");
    layer.write(&home.join("by-hand.tar"))
}

/// Over [`small`]: a file that comes with its own whiteout, which only hides what is below, and a whiteout of nothing.
/// Engines take the file away and then cannot save the image.
pub(crate) fn odd(home: &Path) -> PathBuf {
    let mut layer = ByHand::new();
    layer.file("srv/small", b"again");
    layer.file("srv/.wh.small", b"");
    layer.file("srv/.wh.never-there", b"");
    layer.write(&home.join("odd.tar"))
}

/// What was replaced is replaced back; one of two links is deleted; a directory changes and nothing in it.
pub(crate) fn back(home: &Path) -> PathBuf {
    let root = Root::new(home, "back");
    root.file("srv/app/config", b"a file again", 0o600, (5, 6));
    root.directory("srv/app/plugins", 0o711, (0, 0));
    root.file("srv/app/plugins/two", b"2", 0o644, (0, 0));
    root.directory("srv/app/data", 0o751, (7, 8));
    root.file("srv/app/data/.wh.one", b"", 0o644, (0, 0));
    root.archive()
}

/// One small file.
pub(crate) fn small(home: &Path, name: &str, content: &[u8]) -> PathBuf {
    let root = Root::new(home, name);
    root.file(&format!("srv/{name}"), content, 0o644, (0, 0));
    root.archive()
}

/// The directory that a layer is made of.
struct Root(PathBuf);

impl Root {
    fn new(home: &Path, name: &str) -> Self {
        let root = Self(home.join(name));
        fs::create_dir(&root.0).unwrap();
        root
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn directory(&self, name: &str, mode: u32, owner: (u32, u32)) {
        fs::create_dir_all(self.path(name)).unwrap();
        self.own(name, mode, owner);
    }

    fn file(&self, name: &str, content: &[u8], mode: u32, owner: (u32, u32)) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self.own(name, mode, owner);
    }

    fn special(&self, name: &str, kind: FileType, device: u64) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        mknodat(CWD, path, kind, Mode::from_raw_mode(0o640), device).unwrap();
    }

    fn own(&self, name: &str, mode: u32, (uid, gid): (u32, u32)) {
        // A new owner takes the setuid bit away.
        chown(self.path(name), Some(uid), Some(gid)).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn attribute(&self, name: &str, attribute: &str, value: &[u8]) {
        lsetxattr(self.path(name), attribute, value, XattrFlags::empty()).unwrap();
    }

    fn time(&self, name: &str, seconds: i64, nanoseconds: i64) {
        let time = Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
        let times = Timestamps { last_access: time, last_modification: time };
        utimensat(CWD, self.path(name), &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
    }

    /// The directory's archive, beside it.
    fn archive(self) -> PathBuf {
        let archive = self.0.with_extension("tar");
        gnu_tar(&self.0, &archive, false);
        archive
    }
}

/// A layer entry by entry.
struct ByHand(tar::Builder<Vec<u8>>);

impl ByHand {
    fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    fn file(&mut self, name: &str, content: &[u8]) {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        self.add(header, name, content);
    }

    fn link(&mut self, name: &str, target: &str, (uid, gid): (u64, u64), mode: u32) {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Link);
        header.set_link_name(target).unwrap();
        header.set_uid(uid);
        header.set_gid(gid);
        header.set_mode(mode);
        header.set_size(0);
        self.add(header, name, b"");
    }

    fn add(&mut self, mut header: tar::Header, name: &str, content: &[u8]) {
        header.set_path(name).unwrap();
        header.set_mtime(1_234_567_890);
        header.set_cksum();
        self.0.append(&header, content).unwrap();
    }

    fn write(self, path: &Path) -> PathBuf {
        fs::write(path, self.0.into_inner().unwrap()).unwrap();
        path.to_owned()
    }
}
