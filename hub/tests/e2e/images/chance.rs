//! Images of layers that chance made, which umoci and a hub must understand alike.
//!
//! What the OCI image specification leaves open is left out: a directory always has an entry of its own, no entry
//! stands below a file or a link, and a marker comes before what is in its directory.

use std::collections::BTreeSet;
use std::fs;

use super::hubs::{assert_pulls, flist, hub};
use super::part::{room, run, tool, with_parts};
use super::stage::unpack;

/// Images that are made, each by its number.
const IMAGES: u64 = 24;

#[test]
fn layers_by_chance_give_what_umoci_unpacks() {
    if !with_parts("chance::layers_by_chance_give_what_umoci_unpacks") {
        return;
    }
    let home = room();
    let umoci = |arguments: &[&str]| {
        run(tool("umoci").args(arguments).current_dir(home.path()));
    };
    umoci(&["init", "--layout", "oci"]);
    let layout = home.path().join("oci");
    let hub = hub(&[], "");
    let from = format!("oci:{}", layout.display());
    for number in 1..=IMAGES {
        let name = format!("image-{number}");
        let image = format!("oci:{name}");
        umoci(&["new", "--image", &image]);
        for layer in layers(number) {
            fs::write(home.path().join("layer.tar"), layer).unwrap();
            umoci(&["raw", "add-layer", "--image", &image, "layer.tar"]);
        }
        let tree = home.path().join(&name);
        unpack(&layout, &name, &tree);
        flist(&hub, &[&name, "--name", &name, "--from", &from]);
        assert_pulls(&hub, &name, &tree);
    }
}

/// The layers of the image of that number.
fn layers(number: u64) -> Vec<Vec<u8>> {
    let mut tree = Tree { state: number, files: BTreeSet::new(), directories: BTreeSet::new() };
    (0..2 + tree.below(4)).map(|layer| tree.layer(layer == 0)).collect()
}

/// What stands where after the layers so far, and where chance is.
struct Tree {
    state: u64,
    files: BTreeSet<String>,
    directories: BTreeSet<String>,
}

impl Tree {
    fn below(&mut self, limit: u64) -> u64 {
        // Marsaglia's xorshift, after a start that spreads small numbers.
        self.state = self.state.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        self.state ^= self.state >> 29;
        self.state % limit
    }

    fn path(&mut self) -> String {
        let parts: Vec<&str> = (0..=self.below(3))
            .map(|_| {
                ["a", "b", "c"].into_iter().nth(usize::try_from(self.below(3)).unwrap()).unwrap()
            })
            .collect();
        parts.join("/")
    }

    fn layer(&mut self, first: bool) -> Vec<u8> {
        let mut layer = Layer { archive: tar::Builder::new(Vec::new()), here: BTreeSet::new() };
        if first {
            layer.entry(self, tar::EntryType::Directory, "./", None, b"");
        }
        for _ in 0..2 + self.below(10) {
            let path = self.path();
            let above = above(&path);
            if above.iter().any(|path| self.files.contains(path)) {
                continue;
            }
            match self.below(if first { 5 } else { 8 }) {
                0 | 1 => self.directory(&mut layer, &path),
                2 => self.file(&mut layer, &path, tar::EntryType::Regular, None),
                3 => self.file(&mut layer, &path, tar::EntryType::Symlink, Some("../b")),
                4 => self.link(&mut layer, &path),
                5 | 6 => self.whiteout(&mut layer, &path),
                _ => self.opaque(&mut layer, &path),
            }
        }
        layer.archive.into_inner().unwrap()
    }

    /// Entries for the directories above that there are not.
    fn make_above(&mut self, layer: &mut Layer, path: &str) {
        for path in above(path) {
            if self.directories.insert(path.clone()) {
                layer.entry(self, tar::EntryType::Directory, &path, None, b"");
            }
        }
    }

    fn directory(&mut self, layer: &mut Layer, path: &str) {
        self.make_above(layer, path);
        self.files.remove(path);
        self.directories.insert(path.to_owned());
        layer.entry(self, tar::EntryType::Directory, path, None, b"");
    }

    fn file(&mut self, layer: &mut Layer, path: &str, kind: tar::EntryType, target: Option<&str>) {
        if layer.here.contains(path) && self.directories.contains(path) {
            return;
        }
        self.make_above(layer, path);
        self.forget(path);
        self.files.insert(path.to_owned());
        let content = self.state.to_string();
        let content = if kind == tar::EntryType::Regular { content.as_bytes() } else { b"" };
        layer.entry(self, kind, path, target, content);
    }

    fn link(&mut self, layer: &mut Layer, path: &str) {
        let files = self.files.len() as u64;
        let Some(number) = files.checked_sub(1).map(|_| self.below(files)) else { return };
        let target = self.files.iter().nth(usize::try_from(number).unwrap()).unwrap().clone();
        if target != path && !target.starts_with(&format!("{path}/")) {
            self.file(layer, path, tar::EntryType::Link, Some(&target));
        }
    }

    fn whiteout(&mut self, layer: &mut Layer, path: &str) {
        if layer.has_below(path) || above(path).iter().any(|path| !self.directories.contains(path))
        {
            return;
        }
        self.forget(path);
        let (parent, name) =
            path.rsplit_once('/').map_or(("", path), |(parent, name)| (parent, name));
        let slash = if parent.is_empty() { "" } else { "/" };
        let marker = format!("{parent}{slash}.wh.{name}");
        layer.entry(self, tar::EntryType::Regular, &marker, None, b"");
    }

    fn opaque(&mut self, layer: &mut Layer, path: &str) {
        if layer.has_below(path) {
            return;
        }
        self.directory(layer, path);
        self.forget(path);
        self.directories.insert(path.to_owned());
        let marker = format!("{path}/.wh..wh..opq");
        layer.entry(self, tar::EntryType::Regular, &marker, None, b"");
    }

    /// Takes out a path and everything below.
    fn forget(&mut self, path: &str) {
        let below = format!("{path}/");
        for paths in [&mut self.files, &mut self.directories] {
            paths.retain(|other| other != path && !other.starts_with(&below));
        }
    }
}

/// A layer while it is made.
struct Layer {
    archive: tar::Builder<Vec<u8>>,
    /// The paths that it has.
    here: BTreeSet<String>,
}

impl Layer {
    /// Whether it has the path or one below.
    fn has_below(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.here.iter().any(|other| other == path || other.starts_with(&below))
    }

    fn entry(
        &mut self,
        tree: &mut Tree,
        kind: tar::EntryType,
        path: &str,
        target: Option<&str>,
        content: &[u8],
    ) {
        self.here.insert(path.to_owned());
        // umoci leaves alone what a link is to.
        let seed = if kind == tar::EntryType::Link { 0 } else { tree.below(1 << 20) };
        if seed % 5 == 1 && kind != tar::EntryType::Symlink {
            let value = seed.to_string();
            self.archive
                .append_pax_extensions([("SCHILY.xattr.user.x", value.as_bytes())])
                .unwrap();
        }
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_path(path).unwrap();
        if let Some(target) = target {
            header.set_link_name(target).unwrap();
        }
        header.set_mode([0o644, 0o755, 0o4711, 0o1777][usize::try_from(seed % 4).unwrap()]);
        header.set_uid(seed % 3);
        header.set_gid(seed % 7);
        header.set_mtime(1_000_000_000 + seed);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.archive.append(&header, content).unwrap();
    }
}

/// The paths of the directories above a path, the highest first.
fn above(path: &str) -> Vec<String> {
    path.match_indices('/').map(|(at, _)| path[..at].to_owned()).collect()
}

/// Chance has to meet everything that it is there for.
#[test]
fn chance_makes_every_kind_of_entry() {
    let archives: Vec<Vec<u8>> = (1..=IMAGES).flat_map(layers).collect();
    let mut seen = BTreeSet::new();
    for archive in &archives {
        for entry in tar::Archive::new(&archive[..]).entries().unwrap() {
            let entry = entry.unwrap();
            let path = entry.path().unwrap().to_string_lossy().into_owned();
            let kind = match path.rsplit('/').next().unwrap() {
                ".wh..wh..opq" => "opaque".to_owned(),
                name if name.starts_with(".wh.") => "whiteout".to_owned(),
                _ => format!("{:?}", entry.header().entry_type()),
            };
            seen.insert(kind);
        }
    }
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    assert_eq!(seen, ["Directory", "Link", "Regular", "Symlink", "opaque", "whiteout"]);
    assert!(archives.len() > 60, "{}", archives.len());
}
