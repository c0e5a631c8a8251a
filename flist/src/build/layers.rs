//! Laying the layers of a container image over one another, as the OCI image specification says
//! (`layer.md`, "Applying Changesets").
//!
//! A whiteout hides what lower layers have, never what its own layer has, wherever in the archive it
//! stands. So every node knows which layer wrote it. The directories above an entry are looked for as
//! engines look for them when they unpack: a symbolic link among them is followed, inside the image.

use std::collections::VecDeque;

use super::{DirectoryNode, Leaf, Node, Sort, TreeBuilder};
use crate::cbor::Reader;
use crate::entry::{Content, Metadata};
use crate::entry_codec::{read_content, read_metadata};
use crate::error::BuildError;
use crate::layer::{Layer, LayerStep};
use crate::name::{EntryName, MAX_DEPTH, TreePath};

/// The most symbolic links that are followed for one path; the kernel's limit is 40.
const MAX_LINKS: usize = 40;

/// The most names that are looked at in all while links are followed. Some seconds of work: real images need
/// some hundred thousand, and a hostile one could go on for days.
const MAX_FOLLOWED: u64 = 20_000_000;

/// The most bytes by which the paths of hard links may become longer as links above them are followed. Whoever
/// counts what the steps take in memory does not see these.
const MAX_LONGER: usize = 64 << 20;

impl TreeBuilder {
    /// Lays a layer over what is there.
    ///
    /// A directory over a directory gives it its metadata; what is in it stays. Anything else takes the
    /// place of what is there. Directories that the layer only implies leave those below as they are.
    pub fn apply(&mut self, layer: &Layer) -> Result<(), BuildError> {
        self.layer = self.layer.saturating_add(1);
        for step in &layer.steps {
            match step {
                LayerStep::Directory { path, metadata } => {
                    let path = self.place(path)?;
                    self.add_directory(&path, metadata.clone())?;
                }
                LayerStep::Entry { path, metadata, content } => {
                    let path = self.place(path)?;
                    self.add(&path, metadata.clone(), content.clone())?;
                }
                LayerStep::HardLink { path: written, target } => {
                    let (path, target) = (self.place(written)?, self.place(target)?);
                    let longer = path.as_bytes().len().saturating_sub(written.as_bytes().len());
                    self.longer = self.longer.saturating_add(longer);
                    if self.longer > MAX_LONGER {
                        return Err(BuildError::TooManyLinks { path });
                    }
                    // A link to itself changes nothing.
                    if path != target {
                        self.add_hard_link(&path, &target)?;
                    }
                }
                LayerStep::Whiteout(path) => {
                    let path = self.place(path)?;
                    self.white_out(&path);
                }
                LayerStep::Opaque(path) => {
                    let path = self.follow(path)?;
                    let layer = self.layer;
                    if let Some(directory) = self.directory_at(&path) {
                        directory.hide(layer);
                    }
                }
            }
        }
        Ok(())
    }

    /// Hides what lower layers have at `path`.
    fn white_out(&mut self, path: &TreePath) {
        let layer = self.layer;
        let Some((parent, name)) = path.split_last() else { return };
        let Some(parent) = self.directory_at(&parent) else { return };
        let gone = match parent.children.get_mut(&name) {
            None => false,
            Some(Node::Leaf(leaf)) => leaf.written < layer,
            Some(Node::Directory(directory)) => directory.hide_whole(layer),
        };
        if gone {
            parent.children.remove(&name);
        }
    }

    fn directory_at(&mut self, path: &TreePath) -> Option<&mut DirectoryNode> {
        let mut directory = &mut self.root;
        for name in path.names() {
            match directory.children.get_mut(name)? {
                Node::Directory(below) => directory = below,
                Node::Leaf(_) => return None,
            }
        }
        Some(directory)
    }

    /// Where an entry of a layer stands: the links among the directories above it are followed, the entry
    /// itself is not.
    fn place(&mut self, path: &TreePath) -> Result<TreePath, BuildError> {
        match path.split_last() {
            None => Ok(TreePath::ROOT),
            Some((parent, name)) => {
                let place = self.follow(&parent)?.join(&name);
                TreePath::parse_exact(place.as_bytes())
                    .map_err(|_| BuildError::TooManyLinks { path: path.clone() })
            }
        }
    }

    /// The path of a directory without symbolic links. What is not there is taken as it is written.
    fn follow(&mut self, path: &TreePath) -> Result<TreePath, BuildError> {
        if self.is_plain(path) {
            return Ok(path.clone());
        }
        let mut way = Way { at: vec![Some(&self.root)], names: Vec::new(), links: 0, looked: 0 };
        let followed = way.follow(path);
        let looked = way.looked;
        self.followed = self.followed.saturating_add(looked);
        let followed = followed.filter(|_| self.followed <= MAX_FOLLOWED);
        followed.ok_or_else(|| BuildError::TooManyLinks { path: path.clone() })
    }

    /// Whether no link stands on the way.
    fn is_plain(&self, path: &TreePath) -> bool {
        let mut directory = &self.root;
        for name in path.names() {
            match directory.children.get(name) {
                None => return true,
                Some(Node::Directory(below)) => directory = below,
                Some(Node::Leaf(leaf)) => return !matches!(leaf.sort, Sort::Symlink),
            }
        }
        true
    }
}

/// A way through the tree, one name after the other.
struct Way<'a> {
    /// The directories from the root down; `None` for one that is not there.
    at: Vec<Option<&'a DirectoryNode>>,
    /// Their names, the root's apart.
    names: Vec<EntryName>,
    links: usize,
    /// Names looked at.
    looked: u64,
}

impl Way<'_> {
    /// Goes along `path`; `None` where the links are too many, or lead to a path that is too long.
    fn follow(&mut self, path: &TreePath) -> Option<TreePath> {
        let mut left: VecDeque<Vec<u8>> = path.names().map(<[u8]>::to_vec).collect();
        while let Some(part) = left.pop_front() {
            self.looked += 1;
            match part.as_slice() {
                b".." if self.names.pop().is_some() => drop(self.at.pop()),
                b"" | b"." | b".." => {}
                name => {
                    let target = match self.enter(EntryName::new(name).ok()?) {
                        Entered::Directory => continue,
                        Entered::Link(target) => target,
                        Entered::TooDeep => return None,
                    };
                    self.links += 1;
                    if self.links > MAX_LINKS {
                        return None;
                    }
                    if target.starts_with(b"/") {
                        self.at.truncate(1);
                        self.names.clear();
                    }
                    let parts: Vec<_> = target.split(|byte| *byte == b'/').collect();
                    parts.into_iter().rev().for_each(|part| left.push_front(part.to_vec()));
                }
            }
        }
        let names: Vec<&[u8]> = self.names.iter().map(EntryName::as_bytes).collect();
        TreePath::parse_exact(&names.join(&b'/')).ok()
    }

    /// Goes into the directory of that name, if no link stands there.
    fn enter(&mut self, name: EntryName) -> Entered {
        let here = self.at.last().copied().flatten();
        let below = match here.and_then(|directory| directory.children.get(&name)) {
            Some(Node::Directory(below)) => Some(&**below),
            Some(Node::Leaf(leaf)) => match symlink(leaf) {
                Some(target) => return Entered::Link(target),
                None => None,
            },
            None => None,
        };
        if self.names.len() >= MAX_DEPTH {
            return Entered::TooDeep;
        }
        self.at.push(below);
        self.names.push(name);
        Entered::Directory
    }
}

/// What a name on the way is.
enum Entered {
    /// A directory, or nothing: it is gone into all the same.
    Directory,
    /// A symbolic link to this; it is not gone into.
    Link(Vec<u8>),
    /// One name more than a path can have.
    TooDeep,
}

/// Where a symbolic link points; `None` for anything else.
fn symlink(leaf: &Leaf) -> Option<Vec<u8>> {
    if !matches!(leaf.sort, Sort::Symlink) {
        return None;
    }
    let mut reader = Reader::new(&leaf.encoded);
    read_metadata(&mut reader).ok()?;
    match read_content(&mut reader).ok()? {
        Content::Symlink { target } => Some(target),
        _ => None,
    }
}

impl DirectoryNode {
    /// Takes away what lower layers put into this directory, at any depth. Once a layer; so whoever asks
    /// again and again gets no more work done. A path has at most 1,024 names, so that this goes no deeper.
    fn hide(&mut self, layer: u32) {
        if self.hidden == layer {
            return;
        }
        self.hidden = layer;
        self.children.retain(|_, node| match node {
            Node::Leaf(leaf) => leaf.written >= layer,
            Node::Directory(directory) => !directory.hide_whole(layer),
        });
    }

    /// Takes away this directory as lower layers left it. Says whether nothing of it is left; what the
    /// layer itself put into it stays, in a directory that is only implied.
    fn hide_whole(&mut self, layer: u32) -> bool {
        self.hide(layer);
        if self.written >= layer {
            return false;
        }
        self.metadata = Metadata::implied_directory();
        self.written = layer;
        self.children.is_empty()
    }
}
