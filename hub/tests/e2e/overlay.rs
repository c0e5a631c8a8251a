//! A merge of two real root filesystems is what the kernel's overlayfs shows of their extracted trees: every
//! path with its mode, owner, times, extended attributes, hard links, device number and content.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{XattrFlags, lsetxattr};

use crate::snapshot::snapshot;
use crate::support::{Hub, is_root};

/// What is done to the first tree, which comes from a larger root filesystem.
const FIRST: &str = r#"
    mkdir -p srv/links srv/same srv/gone/deep
    echo linked > srv/links/one
    for name in two three four; do ln srv/links/one "srv/links/$name"; done
    echo deep > srv/gone/deep/file
    echo same > srv/same/file
    mknod srv/device c 1 3
    mkfifo srv/pipe
    mkdir srv/was-directory
    echo below > srv/was-directory/file
    echo file > srv/was-file
    ln -s /nowhere srv/was-link
    mkdir srv/opposite
    printf 'first only' > srv/first
    truncate -s 3M srv/hole
    chmod 4711 srv/first
"#;

/// What is done to the second one, so that the two clash in every way there is.
const SECOND: &str = r"
    mkdir -p srv/links srv/same srv/was-file/below
    # Of the first tree's hard links two are other files, linked to one another.
    echo other > srv/links/two
    ln srv/links/two srv/links/three
    ln srv/links/two srv/links/five
    cp -a etc/hostname srv/same/file
    # A file, a directory and a symbolic link against one another.
    echo gone > srv/gone
    echo now a file > srv/was-directory
    echo below > srv/was-file/below/file
    mkdir srv/was-link
    echo in it > srv/was-link/file
    ln -s ../etc srv/opposite
    mknod srv/device b 7 9
    echo no pipe > srv/pipe
    printf 'second only' > srv/second
    # Real files: other content, a directory's place, a link's place, and metadata alone.
    echo changed >> etc/issue
    rm etc/shells
    mkdir etc/shells
    echo inside > etc/shells/one
    rm -r usr/share/common-licenses
    echo no directory > usr/share/common-licenses
    rm -r usr/share/zoneinfo 2>/dev/null || true
    ln -s ../lib usr/share/zoneinfo
    chmod 600 etc/group
    chown 12:34 etc/fstab
    chmod 1777 var/log
    chown -h 7:8 bin
    touch -d '2001-02-03 04:05:06.789' etc/passwd
    touch -d '2002-03-04' var
    rm -r var/cache/apt var/lib/dpkg/info/bash.list
    chmod 700 .
";

/// A root filesystem that the demonstration uses too, made by mmdebstrap once and kept in the user's cache.
#[expect(clippy::disallowed_methods, reason = "test binaries have no command line")]
fn root_filesystem(name: &str, packages: &str) -> PathBuf {
    let home = || Path::new(&std::env::var_os("HOME").expect("HOME is set")).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    let directory = cache.join("flisthub/demo");
    let archive = directory.join(format!("{name}.tar"));
    if !archive.exists() {
        fs::create_dir_all(&directory).unwrap();
        // A name that ends in .tar, or mmdebstrap would make a directory.
        let part = directory.join(format!("part-{}.{name}.tar", std::process::id()));
        let mut command = Command::new("mmdebstrap");
        command.args(["--quiet", "--variant=minbase"]);
        if !packages.is_empty() {
            command.arg(format!("--include={packages}"));
        }
        run(command.arg("bookworm").arg(&part));
        fs::rename(part, &archive).unwrap();
    }
    archive
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// Extracts an archive and does something to the tree.
fn tree(archive: &Path, at: &Path, script: &str) {
    fs::create_dir(at).unwrap();
    let mut tar = Command::new("tar");
    tar.args(["--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf"]);
    run(tar.arg(archive).arg("-C").arg(at));
    run(Command::new("sh").args(["-ec", script]).current_dir(at));
}

fn attribute(path: &Path, name: &str, value: &[u8]) {
    lsetxattr(path, name, value, XattrFlags::empty()).unwrap();
}

/// A mounted overlayfs of two trees. Dropped, it is unmounted.
struct Overlay(PathBuf);

impl Overlay {
    /// What stands in `above` hides what stands in `below`.
    fn mount(above: &Path, below: &Path, at: PathBuf) -> Self {
        fs::create_dir(&at).unwrap();
        let layers = format!("ro,lowerdir={}:{}", above.display(), below.display());
        run(Command::new("mount").args(["-t", "overlay", "overlay", "-o", &layers]).arg(&at));
        Self(at)
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        run(Command::new("umount").arg(&self.0));
    }
}

/// Fails, naming the first entries that differ. Long runs of zeros come back as holes, whatever they were.
fn assert_alike(one: &Path, other: &Path) {
    let seen = |tree: &Path| -> BTreeMap<String, String> {
        let found = snapshot(tree).into_iter();
        found
            .map(|(name, line)| (name, line.replacen(" holes true ", " holes false ", 1)))
            .collect()
    };
    let (left, right) = (seen(one), seen(other));
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    assert!(names.len() > 1000, "{} entries", names.len());
    let differ = names.into_iter().filter(|name| left.get(*name) != right.get(*name));
    let shown =
        differ.map(|name| format!("{name}\n  {:?}\n  {:?}", left.get(name), right.get(name)));
    let shown: Vec<String> = shown.take(10).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn a_merge_of_two_root_filesystems_is_what_overlayfs_shows() {
    if !is_root() {
        eprintln!("SKIPPED: merges beside overlayfs. Mounting one needs root");
        return;
    }
    let packages = "python3,nginx,postgresql-client,git,iputils-ping,libcap2-bin";
    let hub = Hub::start();
    let (one, two) = (hub.path("one"), hub.path("two"));
    tree(&root_filesystem("web", packages), &one, FIRST);
    tree(&root_filesystem("base", ""), &two, SECOND);
    attribute(&two.join("etc/host.conf"), "user.note", b"bytes \xff\x00\n=");
    attribute(&two.join("etc"), "user.directory", b"two");
    attribute(&one.join("usr"), "user.directory", b"one");
    for (name, path) in [("one", &one), ("two", &two)] {
        hub.push(path, name);
    }
    for (rule, [above, below]) in [("first-wins", [&one, &two]), ("last-wins", [&two, &one])] {
        let merged = hub.json(&["merge", "both", "one", "two", "--rule", rule]);
        let conflicts = merged["merge"]["conflict_count"].as_u64().unwrap();
        assert!(conflicts > 100, "{rule}: {conflicts} conflicts");
        let pulled = format!("pulled-{rule}");
        hub.json(&["pull", "both", &pulled]);
        let overlay = Overlay::mount(above, below, hub.path(&format!("overlay-{rule}")));
        assert_alike(&overlay.0, &hub.path(&pulled));
    }
}
