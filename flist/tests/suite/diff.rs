//! What differs between two flists: what a naive comparison of path maps says, read no further than they
//! differ.

use std::collections::{BTreeMap, BTreeSet};

use flisthub_flist::{
    Aspect, Change, Changes, Content, Device, LoadError, Manifest, Metadata, TreeBuilder, TreePath,
    build_directory, diff,
};
use flisthub_storage::{ChunkId, MemoryStore};
use proptest::prelude::*;

use crate::graph_support::{Faulty, flist};
use crate::merge_support::{Flat, Names, What, any_flat, build};
use crate::support::{file, keep, metadata, path, publish};

/// A change as it is easy to compare: path, what happened, in what.
type Line = (String, char, Vec<Aspect>);

fn line(change: &Change) -> Line {
    let word = match (&change.before, &change.after) {
        (None, Some(_)) => '+',
        (Some(_), None) => '-',
        (Some(_), Some(_)) => '~',
        (None, None) => panic!("a change of nothing"),
    };
    (change.path.to_string(), word, change.aspects.clone())
}

fn changes(store: &dyn flisthub_storage::ChunkStore, from: ChunkId, to: ChunkId) -> Vec<Line> {
    diff(store, from, to).unwrap().map(|change| line(&change.unwrap())).collect()
}

fn naive_aspects(one: &(Metadata, What), other: &(Metadata, What)) -> Vec<Aspect> {
    let mut found = Vec::new();
    match (&one.1, &other.1) {
        (What::File(one), What::File(other)) if one != other => found.push(Aspect::Content),
        (What::Symlink(one), What::Symlink(other)) if one != other => found.push(Aspect::Target),
        (What::File(_), What::File(_))
        | (What::Symlink(_), What::Symlink(_))
        | (What::Directory, What::Directory) => {}
        _ => found.push(Aspect::Kind),
    }
    let (one, other) = (&one.0, &other.0);
    for (aspect, differs) in [
        (Aspect::Mode, one.mode != other.mode),
        (Aspect::Owner, one.uid != other.uid || one.gid != other.gid),
        (Aspect::Mtime, one.mtime != other.mtime || one.mtime_nanos != other.mtime_nanos),
        (Aspect::Xattrs, one.xattrs != other.xattrs),
    ] {
        found.extend(differs.then_some(aspect));
    }
    found
}

/// Compares two maps of paths.
fn naive(from: &Flat, to: &Flat) -> Vec<Line> {
    let linked = |flat: &Flat, path: &Names| {
        flat.groups
            .iter()
            .find(|group| group.contains(path))
            .map(|group| group.iter().cloned().collect::<BTreeSet<Names>>())
    };
    let mut lines = Vec::new();
    let root =
        naive_aspects(&(from.root.clone(), What::Directory), &(to.root.clone(), What::Directory));
    if !root.is_empty() {
        lines.push((String::new(), '~', root));
    }
    let paths: BTreeSet<&Names> = from.entries.keys().chain(to.entries.keys()).collect();
    for path in paths {
        let text = path.join("/");
        match (from.entries.get(path), to.entries.get(path)) {
            (Some(one), Some(other)) => {
                let mut found = naive_aspects(one, other);
                found.extend((linked(from, path) != linked(to, path)).then_some(Aspect::Links));
                if !found.is_empty() {
                    lines.push((text, '~', found));
                }
            }
            (Some(_), None) => lines.push((text, '-', Vec::new())),
            _ => lines.push((text, '+', Vec::new())),
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn it_is_what_a_naive_comparison_of_path_maps_is(
        (from, to) in (any_flat(false), any_flat(false)),
    ) {
        let store = MemoryStore::new();
        let (one, other) = (build(&store, &from), build(&store, &to));
        prop_assert_eq!(changes(&store, one, other), naive(&from, &to));
        prop_assert_eq!(changes(&store, one, one), Vec::<Line>::new());
    }

    #[test]
    fn turned_round_what_was_added_is_removed((from, to) in (any_flat(false), any_flat(false))) {
        let store = MemoryStore::new();
        let (one, other) = (build(&store, &from), build(&store, &to));
        let turned = |(path, word, aspects): Line| {
            (path, match word { '+' => '-', '-' => '+', word => word }, aspects)
        };
        let back: Vec<Line> = changes(&store, other, one).into_iter().map(turned).collect();
        prop_assert_eq!(changes(&store, one, other), back);
    }

    /// It counts what it gave.
    #[test]
    fn its_counts_are_of_what_came((from, to) in (any_flat(false), any_flat(false))) {
        let store = MemoryStore::new();
        let mut diff = diff(&store, build(&store, &from), build(&store, &to)).unwrap();
        let mut seen = Changes::default();
        for change in diff.by_ref() {
            match line(&change.unwrap()).1 {
                '+' => seen.added += 1,
                '-' => seen.removed += 1,
                _ => seen.changed += 1,
            }
        }
        prop_assert_eq!(diff.changes(), seen);
    }
}

/// The random trees of this file differ in most of the ways there are.
#[test]
fn random_trees_differ_in_many_ways() {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut found = BTreeMap::<String, usize>::new();
    for _ in 0..300 {
        let strategy = (any_flat(false), any_flat(false));
        let (from, to) = strategy.new_tree(&mut runner).unwrap().current();
        for (_, word, aspects) in naive(&from, &to) {
            *found.entry(word.to_string()).or_default() += 1;
            for aspect in aspects {
                *found.entry(format!("{aspect:?}")).or_default() += 1;
            }
        }
    }
    for what in ["+", "-", "~", "Kind", "Content", "Target", "Mode", "Owner", "Mtime", "Links"] {
        assert!(found.get(what).is_some_and(|times| *times > 4), "{what}: {found:?}");
    }
}

#[test]
fn every_aspect_is_told_with_what_was_and_is() {
    use Aspect::{Content as Bytes, Device as Number, Kind, Mode, Mtime, Owner, Target, Xattrs};

    let store = MemoryStore::new();
    let tree = |seed: u32, content: &[u8], device: u32, target: &str| {
        let mut emit = keep(&store);
        let mut tree = TreeBuilder::new();
        let with = |xattr: &str| {
            let xattrs = BTreeMap::from([(b"user.x".to_vec(), xattr.as_bytes().to_vec())]);
            Metadata { xattrs, ..metadata(1) }
        };
        tree.add_directory(&TreePath::ROOT, metadata(seed)).unwrap();
        let content = file(content, &mut emit);
        tree.add(&path("file"), metadata(1), content).unwrap();
        let device = Device::new(4, u64::from(device)).unwrap();
        tree.add(&path("device"), metadata(1), Content::BlockDevice(device)).unwrap();
        let target = target.as_bytes().to_vec();
        tree.add(&path("link"), with("one"), Content::Symlink { target: target.clone() }).unwrap();
        tree.add(&path("xattr"), with(std::str::from_utf8(&target).unwrap()), Content::Fifo)
            .unwrap();
        let swapped = if seed == 1 { Content::Fifo } else { Content::CharDevice(device) };
        tree.add(&path("other"), metadata(1), swapped).unwrap();
        publish(&store, &tree.finish(&mut emit).unwrap())
    };
    let (from, to) = (tree(1, b"four", 1, "here"), tree(2, b"seven..", 2, "there"));
    let said = |path: &str, aspects: &[Aspect]| (path.to_owned(), '~', aspects.to_vec());
    let expected = [
        said("", &[Mode, Owner, Mtime]),
        said("device", &[Number]),
        said("file", &[Bytes]),
        said("link", &[Target]),
        said("other", &[Kind]),
        said("xattr", &[Xattrs]),
    ];
    assert_eq!(changes(&store, from, to), expected);
    let file = diff(&store, from, to).unwrap().map(Result::unwrap).nth(2).unwrap();
    let sizes = (file.before.unwrap().size(), file.after.unwrap().size());
    assert_eq!(sizes, (Some(4), Some(7)));
}

#[test]
fn directories_that_are_the_same_are_not_opened() {
    let store = MemoryStore::new();
    let from = flist(&store, &[("a/deep/down", b"1"), ("b/file", b"2"), ("c", b"3")]);
    let to = flist(&store, &[("a/deep/down", b"1"), ("b/file", b"4"), ("c", b"3")]);
    let faulty = Faulty::of(&store);
    assert_eq!(changes(&faulty, from, to), [("b/file".to_owned(), '~', vec![Aspect::Content])]);
    // A manifest, a root and `b`, of each.
    assert_eq!(faulty.read.lock().unwrap().len(), 6);
}

#[test]
fn it_is_read_as_it_is_asked_for_and_ends_at_an_error() {
    let store = MemoryStore::new();
    let from = flist(&store, &[("a/x", b"1"), ("b/y", b"2")]);
    let to = flist(&store, &[("a/x", b"3"), ("b/y", b"4")]);
    let root = Manifest::load(&store, to).unwrap().root;
    let b = flisthub_flist::directory_entries(&store, root).map(Result::unwrap).nth(1).unwrap();
    let Content::Directory { id, .. } = b.content else { panic!("no directory") };
    let faulty = Faulty::without(&store, &[id]);
    let mut diff = diff(&faulty, from, to).unwrap();
    assert_eq!(diff.next().unwrap().unwrap().path, path("a/x"));
    assert_eq!(faulty.reads(id), 0);
    assert!(matches!(diff.next(), Some(Err(LoadError::Missing(ids))) if ids == [id]));
    assert!(diff.next().is_none());
}

#[test]
fn parts_that_large_directories_share_are_not_opened() {
    let store = MemoryStore::new();
    let named = |index: u32| {
        let name = format!("file-{index:08}");
        flisthub_flist::Entry {
            name: flisthub_flist::EntryName::new(name.as_bytes()).unwrap(),
            metadata: Metadata::default(),
            content: Content::Fifo,
        }
    };
    let flist_of = |entries: &[flisthub_flist::Entry]| {
        let (root, totals) = build_directory(entries, &mut keep(&store)).unwrap();
        let (metadata, counts) = (Metadata::default(), flisthub_flist::Counts::default());
        publish(&store, &flisthub_flist::BuiltTree { root, metadata, totals, links: None, counts })
    };
    let mut all: Vec<_> = (0..60_000).map(|index| named(2 * index)).collect();
    let from = flist_of(&all);
    all.remove(50_000);
    all.insert(30_000, named(59_999));
    let to = flist_of(&all);
    let faulty = Faulty::of(&store);
    let lines = changes(&faulty, from, to);
    let expected = [("file-00059999", '+'), ("file-00100000", '-')];
    assert_eq!(lines, expected.map(|(path, word)| (path.to_owned(), word, Vec::new())));
    let read = faulty.read.lock().unwrap().len();
    assert!(read < 12, "{read} objects were read");
}
