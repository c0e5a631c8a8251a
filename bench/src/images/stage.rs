//! The images that are converted: made once, of Debian root filesystems, by umoci, as a Dockerfile would.
//! Kept between runs, since that takes minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::rebuilt;
use crate::{inputs, run};

/// What the images are called.
pub(super) const NAME: &str = "bench/app";

/// Debian packages of each layer, beside those of the one below.
const TOOLS: &str = "build-essential,python3-numpy";
const CODE: &str = "python3-django";

/// One image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    /// Four layers: a minimal Debian, servers, tools to build with, an application.
    First,
    /// The first three of them, the application changed, and one small layer more.
    Second,
    /// The first, built again from an updated base: no layer is the same.
    Rebuilt,
}

impl Tag {
    pub(crate) const ALL: [Self; 3] = [Self::First, Self::Second, Self::Rebuilt];

    /// The tag, as it stands behind the colon.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::First => "1",
            Self::Second => "2",
            Self::Rebuilt => "rebuilt",
        }
    }
}

/// The images, in one OCI layout.
pub(crate) struct Stage {
    layout: PathBuf,
}

impl Stage {
    /// Takes them from `cache`, or makes them there. `tarballs` is where root filesystems are kept.
    pub(crate) fn prepare(cache: &Path, tarballs: &Path) -> anyhow::Result<Self> {
        let layout = cache.join("oci");
        if !layout.exists() {
            eprintln!("making the images, some minutes (kept in {})", cache.display());
            fs::create_dir_all(cache).with_context(|| cache.display().to_string())?;
            let work = tempfile::Builder::new().prefix("part.").tempdir_in(cache)?;
            Making { home: work.path(), tarballs }.all()?;
            fs::rename(work.path().join("oci"), &layout)?;
        }
        Ok(Self { layout })
    }

    /// The name of an image for skopeo.
    pub(super) fn image(&self, tag: Tag) -> String {
        format!("oci:{}:{}", self.layout.display(), tag.word())
    }

    /// The files of the layers of an image.
    pub(super) fn layers(&self, tag: Tag) -> anyhow::Result<Vec<PathBuf>> {
        layers(&self.layout, tag)
    }
}

fn layers(layout: &Path, tag: Tag) -> anyhow::Result<Vec<PathBuf>> {
    let image = format!("oci:{}:{}", layout.display(), tag.word());
    let text = run::plain(Command::new("skopeo").args(["inspect", "--raw", &image]))?;
    let manifest: serde_json::Value = serde_json::from_str(&text).context("a manifest")?;
    let layers = manifest.get("layers").and_then(|layers| layers.as_array());
    let of = |layer: &serde_json::Value| {
        let digest = layer.get("digest")?.as_str()?.strip_prefix("sha256:")?;
        Some(layout.join("blobs/sha256").join(digest))
    };
    layers.and_then(|layers| layers.iter().map(of).collect()).context("a manifest's layers")
}

/// The making, in a directory that is thrown away but for the layout.
struct Making<'a> {
    home: &'a Path,
    tarballs: &'a Path,
}

impl Making<'_> {
    fn all(&self) -> anyhow::Result<()> {
        self.umoci(&["init", "--layout", "oci"])?;
        self.umoci(&["new", "--image", "oci:tools"])?;
        self.umoci(&["unpack", "--image", "oci:tools", "bundle"])?;
        let tools = format!("{},{TOOLS}", inputs::PACKAGES);
        let code = format!("{tools},{CODE}");
        self.root("base", None, self.tarballs)?;
        self.pack("tools", true)?;
        self.root("web", Some(inputs::PACKAGES), self.tarballs)?;
        self.pack("tools", true)?;
        self.root("tools", Some(&tools), self.home)?;
        self.pack("tools", true)?;
        self.root("code", Some(&code), self.home)?;
        self.pack("1", false)?;
        let rootfs = self.home.join("bundle/rootfs");
        edit(&rootfs.join("usr/lib/python3/dist-packages/django"), &mut 0)?;
        self.pack("2", true)?;
        fs::write(rootfs.join("etc/release"), "release 2\n")?;
        self.pack("2", true)?;
        self.rebuild()
    }

    /// Makes the tree in the bundle that of a root filesystem. What is the same stays, with its time.
    fn root(&self, name: &str, packages: Option<&str>, tarballs: &Path) -> anyhow::Result<()> {
        let tar = inputs::tarball(name, packages, tarballs)?;
        let tree = self.home.join("tree");
        inputs::unpack(&tar, &tree)?;
        let mut command = Command::new("rsync");
        command.args(["-rlpgoDHAX", "--checksum", "--delete"]);
        command.arg(format!("{}/", tree.display())).arg(self.home.join("bundle/rootfs"));
        run::plain(&mut command)?;
        fs::remove_dir_all(&tree).context("a tree is not removed")
    }

    /// Makes a layer of what has changed in the bundle.
    fn pack(&self, tag: &str, goes_on: bool) -> anyhow::Result<()> {
        let image = format!("oci:{tag}");
        let goes_on: &[&str] = if goes_on { &["--refresh-bundle"] } else { &[] };
        self.umoci(&[&["repack", "--image", &image], goes_on, &["bundle"]].concat())
    }

    fn rebuild(&self) -> anyhow::Result<()> {
        self.umoci(&["new", "--image", "oci:rebuilt"])?;
        let tar = self.home.join("layer.tar");
        for layer in layers(&self.home.join("oci"), Tag::First)? {
            rebuilt::layer(&layer, &tar).with_context(|| layer.display().to_string())?;
            self.umoci(&["raw", "add-layer", "--image", "oci:rebuilt", "layer.tar"])?;
        }
        Ok(())
    }

    fn umoci(&self, arguments: &[&str]) -> anyhow::Result<()> {
        run::plain(Command::new("umoci").args(arguments).current_dir(self.home)).map(drop)
    }
}

/// Adds a line to every tenth source file: a new version of an application.
fn edit(directory: &Path, seen: &mut u32) -> anyhow::Result<()> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            edit(&path, seen)?;
        } else if path.extension().is_some_and(|ending| ending == "py") {
            *seen += 1;
            if seen.is_multiple_of(10) {
                let text = fs::read_to_string(&path)?;
                fs::write(&path, format!("{text}\n# changed for release 2\n"))?;
            }
        }
    }
    Ok(())
}
