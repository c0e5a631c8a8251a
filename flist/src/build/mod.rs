//! Building a tree from entries that come in any order.
//!
//! Rules of archives live here: the last of two entries with one path wins, parents that nobody
//! mentions are implied, a hard link shares what stands at its target at that moment. Symbolic links
//! are never followed. How the layers of an image come together is in `layers`.

mod layers;

use std::collections::{BTreeMap, HashMap, HashSet, btree_map};
use std::sync::Arc;

use flisthub_storage::ChunkId;

use crate::directory::DirectoryBuilder;
use crate::entry::{Content, Metadata, Totals};
use crate::entry_codec::{encode_named, encode_rest};
use crate::error::BuildError;
use crate::links::build_links;
use crate::name::{EntryName, TreePath};
use crate::object::Emit;

/// The most bytes of names and values that the extended attributes of one entry may have.
pub const MAX_XATTRS: usize = 200 << 10;

/// The most directories that the entries of a tree may imply without being entries themselves. A path of a few
/// kilobytes implies a thousand, and each takes memory.
const MAX_IMPLIED: u64 = 1_000_000;

/// How many entries of each sort a tree has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Regular files.
    pub regular: u64,
    /// Symbolic links.
    pub symlink: u64,
    /// Directories, the root not counted.
    pub directory: u64,
    /// Devices, pipes and sockets.
    pub special: u64,
}

impl Counts {
    /// The sum; `None` when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            regular: self.regular.checked_add(other.regular)?,
            symlink: self.symlink.checked_add(other.symlink)?,
            directory: self.directory.checked_add(other.directory)?,
            special: self.special.checked_add(other.special)?,
        })
    }

    /// Counts one more entry.
    pub fn add(&mut self, content: &Content) {
        match content {
            Content::Directory { .. } => self.directory += 1,
            other => self.add_sort(Sort::of(other)),
        }
    }

    fn add_sort(&mut self, sort: Sort) {
        match sort {
            Sort::Regular => self.regular += 1,
            Sort::Symlink => self.symlink += 1,
            Sort::Special => self.special += 1,
        }
    }
}

/// A tree whose objects have all been emitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltTree {
    /// Id of the root directory object.
    pub root: ChunkId,
    /// The root's own metadata.
    pub metadata: Metadata,
    /// What stands below the root.
    pub totals: Totals,
    /// Id of the links object, if there are hard links.
    pub links: Option<ChunkId>,
    /// How many entries of each sort there are.
    pub counts: Counts,
}

/// Collects entries by path, in any order.
#[derive(Debug)]
pub struct TreeBuilder {
    root: DirectoryNode,
    next_inode: u64,
    /// Inodes that more than one path has been given.
    linked: HashSet<u64>,
    /// Directories that were made because something stands below them.
    implied: u64,
    /// Names looked at while symbolic links were followed.
    followed: u64,
    /// Bytes by which the paths of hard links became longer by that.
    longer: usize,
    /// The layer that is being applied; 0 before the first, and for trees that have none.
    layer: u32,
}

#[derive(Debug)]
struct DirectoryNode {
    metadata: Metadata,
    children: BTreeMap<EntryName, Node>,
    /// The layer that wrote it, its children apart.
    written: u32,
    /// The last layer that hid what lower ones have in it.
    hidden: u32,
}

#[derive(Debug)]
enum Node {
    Directory(Box<DirectoryNode>),
    Leaf(Leaf),
}

/// Anything but a directory, kept small: a tree may have millions.
#[derive(Debug, Clone)]
struct Leaf {
    /// Two paths with the same inode are hard links.
    inode: u64,
    sort: Sort,
    /// Bytes of content, for the totals.
    bytes: u64,
    /// The layer that wrote it.
    written: u32,
    /// Metadata and content as they will stand in the directory object; shared by hard links.
    encoded: Arc<[u8]>,
}

/// How a leaf is counted.
#[derive(Debug, Clone, Copy)]
enum Sort {
    Regular,
    Symlink,
    Special,
}

impl Sort {
    /// The sort of what is no directory.
    fn of(content: &Content) -> Self {
        match content {
            Content::File { .. } => Self::Regular,
            Content::Symlink { .. } => Self::Symlink,
            _ => Self::Special,
        }
    }
}

impl DirectoryNode {
    fn new(metadata: Metadata, written: u32) -> Self {
        Self { metadata, children: BTreeMap::new(), written, hidden: 0 }
    }

    fn implied(written: u32) -> Self {
        Self::new(Metadata::implied_directory(), written)
    }
}

impl Default for TreeBuilder {
    fn default() -> Self {
        let root = DirectoryNode::implied(0);
        let linked = HashSet::new();
        Self { root, next_inode: 0, linked, implied: 0, followed: 0, longer: 0, layer: 0 }
    }
}

impl TreeBuilder {
    /// A tree with nothing but an implied root.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a directory, or the root's metadata when `path` is the root. What already stands below a
    /// directory of that path stays; anything else in its place goes.
    pub fn add_directory(&mut self, path: &TreePath, metadata: Metadata) -> Result<(), BuildError> {
        check_xattrs(path, &metadata)?;
        let layer = self.layer;
        let Some((parent, name)) = path.split_last() else {
            self.root.metadata = metadata;
            return Ok(());
        };
        let parent = self.directory(&parent, path)?;
        if let Some(Node::Directory(directory)) = parent.children.get_mut(&name) {
            directory.metadata = metadata;
            directory.written = layer;
        } else {
            let directory = DirectoryNode::new(metadata, layer);
            parent.children.insert(name, Node::Directory(Box::new(directory)));
        }
        Ok(())
    }

    /// Adds anything but a directory. What stands in its place goes, a whole directory too.
    #[expect(clippy::needless_pass_by_value, reason = "an entry is given away, as by the others")]
    pub fn add(
        &mut self,
        path: &TreePath,
        metadata: Metadata,
        content: Content,
    ) -> Result<(), BuildError> {
        check_xattrs(path, &metadata)?;
        let bytes = match &content {
            Content::File { size, .. } => *size,
            _ => 0,
        };
        let sort = Sort::of(&content);
        let encoded = encode_rest(&metadata, &content).into();
        let inode = self.next_inode;
        self.next_inode += 1;
        self.put(path, Leaf { inode, sort, bytes, written: self.layer, encoded })
    }

    /// Adds a hard link: the path shares content and metadata of what stands at `target` now, also
    /// when something else takes the target's place later.
    pub fn add_hard_link(&mut self, path: &TreePath, target: &TreePath) -> Result<(), BuildError> {
        let missing = || BuildError::NoLinkTarget { path: path.clone(), target: target.clone() };
        let leaf = match self.find(target).ok_or_else(missing)? {
            Node::Leaf(leaf) => Leaf { written: self.layer, ..leaf.clone() },
            Node::Directory(_) => {
                let (path, target) = (path.clone(), target.clone());
                return Err(BuildError::LinkToDirectory { path, target });
            }
        };
        self.linked.insert(leaf.inode);
        self.put(path, leaf)
    }

    /// Whether something stands at `path`.
    pub fn contains(&self, path: &TreePath) -> bool {
        path.is_root() || self.find(path).is_some()
    }

    fn put(&mut self, path: &TreePath, leaf: Leaf) -> Result<(), BuildError> {
        let (parent, name) = path.split_last().ok_or(BuildError::RootNotADirectory)?;
        self.directory(&parent, path)?.children.insert(name, Node::Leaf(leaf));
        Ok(())
    }

    fn find(&self, path: &TreePath) -> Option<&Node> {
        let (parent, name) = path.split_last()?;
        let mut directory = &self.root;
        for part in parent.names() {
            match directory.children.get(part)? {
                Node::Directory(below) => directory = below,
                Node::Leaf(_) => return None,
            }
        }
        directory.children.get(&name)
    }

    /// The directory at `path`, made if nothing is there; `wanted` is what it is needed for.
    fn directory(
        &mut self,
        path: &TreePath,
        wanted: &TreePath,
    ) -> Result<&mut DirectoryNode, BuildError> {
        let layer = self.layer;
        let mut directory = &mut self.root;
        let mut above = Vec::new();
        for part in path.names() {
            above.push(part);
            // The path has been checked, so each of its parts is a name.
            let Ok(name) = EntryName::new(part) else {
                continue;
            };
            let below = directory.children.entry(name).or_insert_with(|| {
                self.implied += 1;
                Node::Directory(Box::new(DirectoryNode::implied(layer)))
            });
            if self.implied > MAX_IMPLIED {
                return Err(BuildError::TooManyImplied { path: wanted.clone() });
            }
            match below {
                Node::Directory(below) => directory = below,
                Node::Leaf(_) => {
                    let above = TreePath::parse(&above.join(&b'/')).unwrap_or_default();
                    return Err(BuildError::ParentNotADirectory { path: wanted.clone(), above });
                }
            }
        }
        Ok(directory)
    }

    /// Makes the objects, deepest directories first, and gives what a manifest needs.
    pub fn finish(self, emit: &mut Emit<'_>) -> Result<BuiltTree, BuildError> {
        let mut counts = Counts::default();
        let mut groups: HashMap<u64, Vec<TreePath>> = HashMap::new();
        let mut stack = vec![Open::new(TreePath::ROOT, self.root)];
        // No recursion: a hostile tree may be deep.
        loop {
            let Some(open) = stack.last_mut() else {
                return Err(BuildError::RootNotADirectory);
            };
            match open.children.next() {
                Some((name, Node::Leaf(leaf))) => {
                    counts.add_sort(leaf.sort);
                    if self.linked.contains(&leaf.inode) {
                        groups.entry(leaf.inode).or_default().push(open.path.join(&name));
                    }
                    let encoded = encode_named(&name, &leaf.encoded);
                    let totals = Totals { entries: 1, bytes: leaf.bytes };
                    open.entries.push(name, totals, encoded, emit)?;
                }
                Some((name, Node::Directory(directory))) => {
                    counts.directory += 1;
                    let path = open.path.join(&name);
                    stack.push(Open::new(path, *directory));
                }
                None => {
                    let Some(done) = stack.pop() else { continue };
                    let metadata = done.metadata;
                    let (root, totals) = done.entries.finish(emit)?;
                    let Some((above, (_, name))) = stack.last_mut().zip(done.path.split_last())
                    else {
                        let links = build_links(groups.into_values().collect(), emit)?;
                        return Ok(BuiltTree { root, metadata, totals, links, counts });
                    };
                    let content = Content::Directory { id: root, totals };
                    let encoded = encode_named(&name, &encode_rest(&metadata, &content));
                    let own = Totals { entries: 1, bytes: 0 };
                    let totals = own.checked_add(totals).ok_or(BuildError::TotalsOverflow)?;
                    above.entries.push(name, totals, encoded, emit)?;
                }
            }
        }
    }
}

/// A directory whose entries are being gathered.
struct Open {
    path: TreePath,
    metadata: Metadata,
    children: btree_map::IntoIter<EntryName, Node>,
    entries: DirectoryBuilder,
}

impl Open {
    fn new(path: TreePath, node: DirectoryNode) -> Self {
        let (children, entries) = (node.children.into_iter(), DirectoryBuilder::default());
        Self { path, metadata: node.metadata, children, entries }
    }
}

fn check_xattrs(path: &TreePath, metadata: &Metadata) -> Result<(), BuildError> {
    let size = metadata.xattrs_size();
    if size <= MAX_XATTRS {
        Ok(())
    } else {
        Err(BuildError::AttributesTooLarge { path: path.clone(), size })
    }
}
