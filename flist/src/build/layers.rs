//! Laying the layers of a container image over one another, as the OCI image specification says
//! (`layer.md`, "Applying Changesets").
//!
//! A whiteout hides what lower layers have, never what its own layer has, wherever in the archive it
//! stands. So every node knows which layer wrote it. The directories above an entry are looked for as
//! engines look for them when they unpack: a symbolic link among them is followed, inside the image.

use std::collections::VecDeque;

use super::{DirectoryNode, Node, Sort, TreeBuilder};
use crate::cbor::Reader;
use crate::entry::{Content, Metadata};
use crate::entry_codec::{read_content, read_metadata};
use crate::error::BuildError;
use crate::layer::{Layer, LayerStep};
use crate::name::{EntryName, TreePath};

/// The most symbolic links that are followed for one path; the kernel's limit is 40.
const MAX_LINKS: usize = 40;

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
                LayerStep::HardLink { path, target } => {
                    let (path, target) = (self.place(path)?, self.place(target)?);
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
    fn place(&self, path: &TreePath) -> Result<TreePath, BuildError> {
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
    fn follow(&self, path: &TreePath) -> Result<TreePath, BuildError> {
        if self.is_plain(path) {
            return Ok(path.clone());
        }
        let endless = || BuildError::TooManyLinks { path: path.clone() };
        let mut left: VecDeque<Vec<u8>> = path.names().map(<[u8]>::to_vec).collect();
        let mut followed = TreePath::ROOT;
        let mut links = 0;
        while let Some(part) = left.pop_front() {
            match part.as_slice() {
                b"" | b"." => {}
                b".." => {
                    followed = followed.split_last().map(|(above, _)| above).unwrap_or_default();
                }
                name => {
                    let name = EntryName::new(name).map_err(|_| endless())?;
                    let here = followed.join(&name);
                    let Some(target) = self.symlink_at(&here) else {
                        followed = here;
                        continue;
                    };
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(endless());
                    }
                    if target.starts_with(b"/") {
                        followed = TreePath::ROOT;
                    }
                    let parts: Vec<_> = target.split(|byte| *byte == b'/').collect();
                    parts.into_iter().rev().for_each(|part| left.push_front(part.to_vec()));
                }
            }
        }
        TreePath::parse_exact(followed.as_bytes()).map_err(|_| endless())
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

    /// Where the symbolic link at `path` points, if there is one.
    fn symlink_at(&self, path: &TreePath) -> Option<Vec<u8>> {
        let Node::Leaf(leaf) = self.find(path)? else { return None };
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
