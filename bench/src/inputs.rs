//! The two root filesystems that are measured: made once by mmdebstrap, as `make demo` makes them and
//! in the same place, then unpacked and gzipped in the working directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::run;

/// What `web` has beside the least. The same names and packages as in scripts/demo, so that both share the
/// tarballs.
pub(crate) const PACKAGES: &str = "python3,nginx,postgresql-client,git,iputils-ping,libcap2-bin";

/// One root filesystem in the three forms that are ingested.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) name: &'static str,
    pub(crate) tar: PathBuf,
    /// The same, by `gzip -6`.
    pub(crate) gz: PathBuf,
    /// The same, unpacked by tar.
    pub(crate) tree: PathBuf,
    /// Entries of the tree.
    pub(crate) entries: usize,
    /// Bytes of the plain tar.
    pub(crate) bytes: u64,
    /// Bytes of the gzipped one.
    pub(crate) gz_bytes: u64,
}

/// What is measured.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// The first to come.
    pub(crate) base: Image,
    /// The second: the same system with more packages.
    pub(crate) web: Image,
}

/// One ingest into a repository; the three come in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// `base`, into an empty repository.
    New,
    /// `web`, of which the repository has a part.
    Related,
    /// `base`, which the repository has.
    Again,
}

impl Step {
    pub(crate) const ALL: [Self; 3] = [Self::New, Self::Related, Self::Again];

    /// A name of its own for what this step makes in the repository.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::New => "base",
            Self::Related => "web",
            Self::Again => "again",
        }
    }
}

impl Inputs {
    /// Takes the tarballs from `cache`, or makes them there; the other forms go below `work`.
    pub(crate) fn prepare(cache: &Path, work: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            base: prepare("base", None, cache, work)?,
            web: prepare("web", Some(PACKAGES), cache, work)?,
        })
    }

    pub(crate) fn of(&self, step: Step) -> &Image {
        match step {
            Step::New | Step::Again => &self.base,
            Step::Related => &self.web,
        }
    }
}

fn prepare(
    name: &'static str,
    packages: Option<&str>,
    cache: &Path,
    work: &Path,
) -> anyhow::Result<Image> {
    let tar = tarball(name, packages, cache)?;
    eprintln!("preparing {name}");
    let gz = work.join(format!("{name}.tar.gz"));
    let output = fs::File::create(&gz).with_context(|| gz.display().to_string())?;
    let status = Command::new("gzip").args(["-6nc"]).arg(&tar).stdout(output).status();
    anyhow::ensure!(status.context("gzip cannot be run")?.success(), "gzip failed");
    let tree = work.join(format!("{name}.tree"));
    unpack(&tar, &tree)?;
    let (bytes, gz_bytes) = (fs::metadata(&tar)?.len(), fs::metadata(&gz)?.len());
    Ok(Image { name, entries: count(&tree)?, tar, gz, tree, bytes, gz_bytes })
}

/// The tarball of a root filesystem with these packages beside the least; made in `cache` unless it is there.
pub(crate) fn tarball(name: &str, packages: Option<&str>, cache: &Path) -> anyhow::Result<PathBuf> {
    let tar = cache.join(format!("{name}.tar"));
    if !tar.exists() {
        make(name, packages, cache, &tar)?;
    }
    Ok(tar)
}

fn make(name: &str, packages: Option<&str>, cache: &Path, tar: &Path) -> anyhow::Result<()> {
    eprintln!("making {name}.tar with mmdebstrap, half a minute (kept in {})", cache.display());
    fs::create_dir_all(cache).with_context(|| cache.display().to_string())?;
    let part = cache.join(format!("part.{name}.tar"));
    let mut command = Command::new("mmdebstrap");
    command.args(["--quiet", "--mode=auto", "--variant=minbase"]);
    if let Some(packages) = packages {
        command.arg(format!("--include={packages}"));
    }
    run::plain(command.arg("bookworm").arg(&part))
        .context("a root filesystem cannot be made: is a Debian mirror within reach?")?;
    fs::rename(&part, tar).with_context(|| tar.display().to_string())
}

/// The tree as it should be: everything that the tarball says, restored by tar.
pub(crate) fn unpack(tar: &Path, tree: &Path) -> anyhow::Result<()> {
    fs::create_dir(tree).with_context(|| tree.display().to_string())?;
    let mut command = Command::new("tar");
    command.args(["--extract", "--preserve-permissions", "--numeric-owner", "--acls"]);
    command.args(["--xattrs", "--xattrs-include=*", "--file"]).arg(tar).arg("--directory");
    run::plain(command.arg(tree)).map(drop)
}

fn count(directory: &Path) -> anyhow::Result<usize> {
    let mut entries = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        entries += 1;
        if entry.file_type()?.is_dir() {
            entries += count(&entry.path())?;
        }
    }
    Ok(entries)
}

/// How many entries of `tree` are different in `restored`, by rsync: content, mode, owner, time to
/// the nanosecond, hard links, devices, ACLs and extended attributes.
pub(crate) fn differences(tree: &Path, restored: &Path) -> anyhow::Result<usize> {
    let mut command = Command::new("rsync");
    command.args(["-aHAXn", "--checksum", "--delete", "--modify-window=-1", "-i"]);
    let within = |path: &Path| format!("{}/", path.display());
    let listed = run::plain(command.arg(within(tree)).arg(within(restored)))?;
    Ok(listed.lines().filter(|line| !line.is_empty()).count())
}
