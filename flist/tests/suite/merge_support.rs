//! Sources to merge at random, and a naive merge of whole path maps to compare with.

use std::collections::BTreeMap;

use flisthub_flist::{Content, Manifest, Metadata, Rule, TreeBuilder, TreePath};
use flisthub_storage::{ChunkId, MemoryStore, Profile};
use proptest::prelude::*;

use crate::support::{file, keep, metadata};

/// Names from the root down, ordered so that a directory comes before what stands in it.
pub(crate) type Names = Vec<&'static str>;

/// What stands at a path: a directory, the bytes of a file, or the target of a link.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Directory,
    File(u8),
    Symlink(u8),
}

/// A flist as a map of paths.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Flat {
    pub(crate) root: Metadata,
    pub(crate) entries: BTreeMap<Names, (Metadata, What)>,
    pub(crate) groups: Vec<Vec<Names>>,
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) config: Option<Vec<u8>>,
}

/// A directory of a source as proptest makes it.
#[derive(Debug, Clone)]
enum Node {
    /// Metadata and content by number.
    Leaf(u32, What),
    /// All files of one class in a source are hard links to one another.
    Linked(u8),
    Directory(u32, BTreeMap<&'static str, Node>),
}

fn any_leaf() -> impl Strategy<Value = Node> {
    prop_oneof![
        3 => (1_u32..3, 0_u8..3).prop_map(|(seed, byte)| Node::Leaf(seed, What::File(byte))),
        1 => (1_u32..3, 0_u8..2).prop_map(|(seed, byte)| Node::Leaf(seed, What::Symlink(byte))),
        2 => (0_u8..2).prop_map(Node::Linked),
    ]
}

/// What stands in a directory above so many levels. Directories and leaves have names of their own, or the
/// same ones.
fn any_children(apart: bool, levels: u32) -> BoxedStrategy<BTreeMap<&'static str, Node>> {
    let leaf_names = if apart { vec!["e", "f", "g-h"] } else { vec!["a", "b", "b-c"] };
    let leaves =
        prop::collection::btree_map(prop::sample::select(leaf_names), any_leaf(), 0..5).boxed();
    let Some(below) = levels.checked_sub(1) else { return leaves };
    let directory = (1_u32..3, any_children(apart, below))
        .prop_map(|(seed, children)| Node::Directory(seed, children));
    let names = prop::sample::select(vec!["a", "b", "c"]);
    let directories = prop::collection::btree_map(names, directory, 0..5);
    (directories, leaves, any::<bool>())
        .prop_map(|(mut all, mut leaves, leaves_first)| {
            if leaves_first {
                std::mem::swap(&mut all, &mut leaves);
            }
            all.extend(leaves);
            all
        })
        .boxed()
}

/// Any source. With `apart`, no path is a directory in one and something else in another.
pub(crate) fn any_flat(apart: bool) -> impl Strategy<Value = Flat> {
    let values = prop::collection::btree_map("[xyz]", "[0-9]", 0..3);
    let config = prop::option::of(prop::sample::select(vec![b"{}".to_vec(), b"{1}".to_vec()]));
    (1_u32..3, any_children(apart, 3), 0_u8..2, values, config).prop_map(
        |(seed, children, salt, values, config)| {
            let mut flat = Flat { root: metadata(seed), values, config, ..Flat::default() };
            let mut classes: BTreeMap<u8, Vec<Names>> = BTreeMap::new();
            flatten(&children, &[], salt, &mut flat.entries, &mut classes);
            flat.groups = classes.into_values().filter(|group| group.len() > 1).collect();
            flat
        },
    )
}

fn flatten(
    children: &BTreeMap<&'static str, Node>,
    above: &[&'static str],
    salt: u8,
    entries: &mut BTreeMap<Names, (Metadata, What)>,
    classes: &mut BTreeMap<u8, Vec<Names>>,
) {
    for (name, node) in children {
        let path: Names = above.iter().chain([name]).copied().collect();
        let entry = match node {
            Node::Leaf(seed, what) => (metadata(*seed), what.clone()),
            Node::Linked(class) => {
                classes.entry(*class).or_default().push(path.clone());
                (metadata(10), What::File(10 + salt * class))
            }
            Node::Directory(seed, below) => {
                flatten(below, &path, salt, entries, classes);
                (metadata(*seed), What::Directory)
            }
        };
        entries.insert(path, entry);
    }
}

/// Makes the flist; gives its id.
pub(crate) fn build(store: &MemoryStore, flat: &Flat) -> ChunkId {
    let mut tree = TreeBuilder::new();
    tree.add_directory(&TreePath::ROOT, flat.root.clone()).unwrap();
    let tree_path = |path: &Names| TreePath::parse(path.join("/").as_bytes()).unwrap();
    for (path, (metadata, what)) in &flat.entries {
        let first = flat.groups.iter().find(|group| group.contains(path)).map(|group| &group[0]);
        let (at, metadata) = (tree_path(path), metadata.clone());
        match (what, first) {
            (What::Directory, _) => tree.add_directory(&at, metadata),
            (_, Some(first)) if first != path => tree.add_hard_link(&at, &tree_path(first)),
            (What::File(byte), _) => tree.add(&at, metadata, file(&[*byte], &mut keep(store))),
            (What::Symlink(byte), _) => {
                tree.add(&at, metadata, Content::Symlink { target: vec![b'a' + byte] })
            }
        }
        .unwrap();
    }
    let tree = tree.finish(&mut keep(store)).unwrap();
    let (values, image_config) = (flat.values.clone(), flat.config.clone());
    let manifest = Manifest { values, image_config, ..Manifest::of(&tree, Profile::default()) };
    let manifest = manifest.to_chunk().unwrap();
    let id = manifest.id();
    keep(store)(manifest).unwrap();
    id
}

/// What a merge of two is to be, entry by entry.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Expected {
    pub(crate) flat: Flat,
    /// Paths where they clash.
    pub(crate) conflicts: Vec<Names>,
    /// Directories that differ in nothing but their own metadata.
    pub(crate) metadata_only: u64,
}

/// Merges two maps.
pub(crate) fn reference(below: &Flat, above: &Flat, rule: Rule) -> Expected {
    let last = rule == Rule::LastWins;
    let mut expected = Expected { flat: below.clone(), ..Expected::default() };
    let flat = &mut expected.flat;
    let mut from_above: Vec<Names> = Vec::new();
    expected.metadata_only += u64::from(below.root != above.root);
    if last {
        flat.root = above.root.clone();
    }
    for (path, entry) in &above.entries {
        let in_the_way = (1..path.len()).any(|length| {
            flat.entries.get(&path[..length]).is_some_and(|(_, what)| *what != What::Directory)
        });
        // What was lost already, or will replace a whole directory, clashes once: at its top.
        let gone =
            (1..path.len()).any(|length| expected.conflicts.contains(&path[..length].to_vec()));
        if in_the_way {
            continue;
        }
        let Some(known) = flat.entries.get(path).filter(|_| !gone) else {
            flat.entries.insert(path.clone(), entry.clone());
            from_above.push(path.clone());
            continue;
        };
        let directories = (known.1 == What::Directory, entry.1 == What::Directory);
        if directories == (true, true) {
            expected.metadata_only += u64::from(known.0 != entry.0);
        } else if known != entry {
            expected.conflicts.push(path.clone());
        }
        if last {
            if directories == (true, false) {
                flat.entries.retain(|other, _| !other.starts_with(path));
            }
            flat.entries.insert(path.clone(), entry.clone());
            from_above.push(path.clone());
        }
    }
    let come = |group: &Vec<Names>, from: bool| -> Vec<Names> {
        let of =
            |path: &&Names| flat.entries.contains_key(*path) && from_above.contains(path) == from;
        group.iter().filter(of).cloned().collect()
    };
    let groups = below.groups.iter().map(|group| come(group, false));
    let groups: Vec<_> = groups.chain(above.groups.iter().map(|group| come(group, true))).collect();
    flat.groups = groups.into_iter().filter(|group| group.len() > 1).collect();
    for (key, value) in &above.values {
        flat.values.entry(key.clone()).or_insert_with(|| value.clone());
    }
    expected
}
