//! Checking a flist beside flists that are known whole: it passes exactly when it passes without them, and
//! only what differs is looked at.

use std::collections::BTreeMap;

use flisthub_flist::{
    Content, Entry, EntryName, Manifest, Metadata, Piece, Pieces, Totals, TreePath, VerifyError,
    VerifyLimits, build_directory, build_links, verify,
};
use flisthub_storage::{Chunk, ChunkId, ChunkStore as _, Kind, MemoryStore, Profile};
use proptest::prelude::*;

use crate::graph_support::{Faulty, flist};
use crate::support::{chunk, file, keep, large_file, metadata};

/// What stands somewhere, and what is not true of it.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// A file of one chunk of as many bytes, told to have so many more.
    File(u8, u32),
    /// A file whose chunk nobody stored.
    Absent(u8),
    /// A file with a list, told to have so many more pieces.
    Large(u64),
    /// A directory, and by how much its totals are wrong.
    Directory(BTreeMap<String, Node>, u64),
}

fn honest(levels: u32) -> BoxedStrategy<Node> {
    let leaf =
        prop_oneof![4 => (1_u8..6).prop_map(|of| Node::File(of, 0)), 1 => Just(Node::Large(0))];
    let Some(below) = levels.checked_sub(1) else { return leaf.boxed() };
    prop_oneof![1 => leaf, 2 => directory(below)].boxed()
}

/// A directory whose entries are honest.
fn directory(levels: u32) -> BoxedStrategy<Node> {
    prop::collection::btree_map("[a-c]{1,2}", honest(levels), 0..4)
        .prop_map(|children| Node::Directory(children, 0))
        .boxed()
}

/// A change somewhere in a tree.
#[derive(Debug, Clone)]
enum Edit {
    Put(Node),
    Remove,
    /// What stands elsewhere comes here too.
    Copy(Vec<prop::sample::Index>),
    /// What is told of it is not true.
    Forge(u64),
}

type At = Vec<prop::sample::Index>;

fn place() -> impl Strategy<Value = At> {
    prop::collection::vec(any::<prop::sample::Index>(), 1..4)
}

fn any_edit() -> impl Strategy<Value = (At, Edit)> {
    let edit = prop_oneof![
        4 => honest(2).prop_map(Edit::Put),
        1 => Just(Edit::Put(Node::Absent(9))),
        2 => Just(Edit::Remove),
        4 => place().prop_map(Edit::Copy),
        1 => (1_u64..3).prop_map(Edit::Forge),
    ];
    (place(), edit)
}

fn find<'a>(mut node: &'a Node, at: &[prop::sample::Index]) -> &'a Node {
    for step in at {
        match node {
            Node::Directory(children, _) if !children.is_empty() => {
                node = children.values().nth(step.index(children.len())).unwrap();
            }
            _ => return node,
        }
    }
    node
}

/// Does an edit in a directory, or in one below it.
fn change(node: &mut Node, at: &[prop::sample::Index], edit: Edit) {
    let Node::Directory(children, _) = node else { return };
    let names: Vec<String> = children.keys().cloned().chain(["new".to_owned()]).collect();
    let name = at[0].get(&names);
    if at.len() > 1 && matches!(children.get(name), Some(Node::Directory(..))) {
        return change(children.get_mut(name).unwrap(), &at[1..], edit);
    }
    match (edit, children.get_mut(name)) {
        (Edit::Put(node), _) => drop(children.insert(name.clone(), node)),
        (Edit::Remove, _) => drop(children.remove(name)),
        (Edit::Forge(by), Some(Node::Directory(_, lie) | Node::Large(lie))) => *lie = by,
        (Edit::Forge(by), Some(Node::File(_, lie))) => *lie = u32::try_from(by).unwrap(),
        (Edit::Forge(_) | Edit::Copy(_), _) => {}
    }
}

fn edited(base: &Node, edits: &[(At, Edit)]) -> Node {
    let mut tree = base.clone();
    for (at, edit) in edits {
        let edit = match edit {
            Edit::Copy(from) => Edit::Put(find(&tree, from).clone()),
            edit => edit.clone(),
        };
        change(&mut tree, at, edit);
    }
    tree
}

/// Stores a node; gives its content, as it is told.
fn content(store: &MemoryStore, node: &Node) -> Content {
    match node {
        Node::File(of, more) => {
            let Piece::Chunk { id, length } =
                chunk(&vec![b'x'; usize::from(*of)], &mut keep(store))
            else {
                panic!("no chunk")
            };
            let length = length + more;
            let pieces = Pieces::Inline(vec![Piece::Chunk { id, length }]);
            Content::File { size: length.into(), pieces }
        }
        Node::Absent(of) => file(&[*of], &mut |_: Chunk| Ok(())),
        Node::Large(more) => match large_file(1025, &mut keep(store)) {
            Content::File { size, pieces: Pieces::List { id, count } } => {
                Content::File { size, pieces: Pieces::List { id, count: count + more } }
            }
            other => other,
        },
        Node::Directory(children, more) => {
            let entries: Vec<Entry> = children
                .iter()
                .map(|(name, node)| Entry {
                    name: EntryName::new(name.as_bytes()).unwrap(),
                    metadata: metadata(1),
                    content: content(store, node),
                })
                .collect();
            let (id, totals) = build_directory(&entries, &mut keep(store)).unwrap();
            let totals = Totals { entries: totals.entries + more, ..totals };
            Content::Directory { id, totals }
        }
    }
}

fn manifest(store: &MemoryStore, root: ChunkId, totals: Totals, links: Option<ChunkId>) -> ChunkId {
    let tree = flisthub_flist::BuiltTree {
        root,
        metadata: Metadata::default(),
        totals,
        links,
        counts: flisthub_flist::Counts::default(),
    };
    let manifest = Manifest::of(&tree, Profile::default()).to_chunk().unwrap();
    let id = manifest.id();
    keep(store)(manifest).unwrap();
    id
}

/// Stores a tree as a flist.
fn store_tree(store: &MemoryStore, tree: &Node, links: Option<ChunkId>) -> ChunkId {
    let Content::Directory { id, totals } = content(store, tree) else { panic!("no directory") };
    manifest(store, id, totals, links)
}

/// How a check ended.
fn end(
    store: &dyn flisthub_storage::ChunkStore,
    id: ChunkId,
    limits: &VerifyLimits,
    bases: &[ChunkId],
) -> String {
    match verify(store, id, limits, bases) {
        Ok(_) => "whole".to_owned(),
        Err(VerifyError::Missing(ids)) => format!("{ids:?} are missing"),
        Err(VerifyError::Limit { what, .. }) => format!("too many {what}"),
        Err(VerifyError::Bad { what, .. }) => format!("bad: {what}"),
        Err(VerifyError::Store(error)) => panic!("{error}"),
    }
}

fn any_limits() -> impl Strategy<Value = VerifyLimits> {
    let all = VerifyLimits::default();
    let narrow =
        (4_usize..12, 2_usize..6, 5_u64..30).prop_map(move |(path_bytes, path_depth, entries)| {
            VerifyLimits { path_bytes, path_depth, entries, ..all }
        });
    prop_oneof![1 => Just(all), 3 => narrow]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn bases_change_nothing_about_what_passes(
        base in directory(3),
        other in prop::collection::vec(any_edit(), 0..3),
        edits in prop::collection::vec(any_edit(), 0..4),
        limits in any_limits(),
    ) {
        let store = MemoryStore::new();
        let tree = edited(&base, &edits);
        let id = store_tree(&store, &tree, None);
        let mut bases = vec![store_tree(&store, &base, None)];
        bases.push(store_tree(&store, &edited(&base, &other), None));
        bases.retain(|base| verify(&store, *base, &limits, &[]).is_ok());
        let alone = end(&store, id, &limits, &[]);
        prop_assert_eq!(end(&store, id, &limits, &bases), alone, "{:?}", tree);
    }
}

/// The random trees of this file are refused for every reason, and pass, and bases are of help.
#[test]
fn random_edits_bring_about_every_end() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut ends, mut saved) = (BTreeMap::<String, usize>::new(), 0);
    for _ in 0..2000 {
        let strategy = (directory(3), prop::collection::vec(any_edit(), 0..4), any_limits());
        let (base, edits, limits) = strategy.new_tree(&mut runner).unwrap().current();
        let store = MemoryStore::new();
        let tree = store_tree(&store, &edited(&base, &edits), None);
        let base = store_tree(&store, &base, None);
        let said = end(&store, tree, &limits, &[]);
        let word = if said.starts_with('[') { "missing" } else { &said };
        *ends.entry(word.split(": the").next().unwrap().to_owned()).or_default() += 1;
        if said == "whole" && verify(&store, base, &limits, &[]).is_ok() {
            let (with, without) = (Faulty::of(&store), Faulty::of(&store));
            verify(&with, tree, &limits, &[base]).unwrap();
            verify(&without, tree, &limits, &[]).unwrap();
            let reads = |faulty: &Faulty<'_>| faulty.read.lock().unwrap().len();
            saved += usize::from(reads(&with) < reads(&without));
        }
    }

    for what in [
        "whole",
        "missing",
        "bad",
        "too many names in a path",
        "too many bytes in a path",
        "too many entries",
    ] {
        let times: usize =
            ends.iter().filter(|(end, _)| end.starts_with(what)).map(|(_, times)| times).sum();
        assert!(times > 5, "{what}: {ends:?}");
    }
    assert!(saved > 50, "{saved}");
}

#[test]
fn what_a_base_has_at_the_same_path_is_not_looked_at() {
    let store = MemoryStore::new();
    let files =
        [("a/deep/down", &b"one"[..]), ("b/same", b"two"), ("b/other", b"three"), ("c", b"four")];
    let base = flist(&store, &files);
    let changed = flist(&store, &[files[0], files[1], ("b/other", b"five"), files[3]]);
    // All content that the base has, and the directories that are the same.
    let known = files.map(|(_, content)| Kind::Content.id_of(content));
    let limits = VerifyLimits::default();
    let faulty = Faulty::without(&store, &known);
    verify(&faulty, changed, &limits, &[base]).unwrap();
    // The manifest, the root and `b`, of each.
    assert_eq!(faulty.read.lock().unwrap().len(), 6);
    assert!(matches!(
        verify(&faulty, changed, &limits, &[]),
        Err(VerifyError::Missing(ids)) if ids.len() == 3
    ));
    // What is new is asked for.
    let faulty = Faulty::without(&store, &[Kind::Content.id_of(b"five")]);
    assert!(matches!(
        verify(&faulty, changed, &limits, &[base]),
        Err(VerifyError::Missing(ids)) if ids == [Kind::Content.id_of(b"five")]
    ));
    // The same flist again: only its manifest.
    let faulty = Faulty::of(&store);
    verify(&faulty, base, &limits, &[base]).unwrap();
    assert_eq!(faulty.read.lock().unwrap().len(), 2);
}

#[test]
fn a_base_that_cannot_be_read_is_no_help_and_no_error() {
    let store = MemoryStore::new();
    let base = flist(&store, &[("a/one", b"1"), ("b", b"2")]);
    let changed = flist(&store, &[("a/one", b"1"), ("a/two", b"3"), ("b", b"2")]);
    let limits = VerifyLimits::default();
    let root = Manifest::load(&store, base).unwrap().root;
    let absent = Kind::Manifest.id_of(b"no such manifest");
    let no_manifest = store.get(&[root]).unwrap().remove(0).unwrap().id();
    verify(&store, changed, &limits, &[absent, no_manifest, base]).unwrap();
    verify(&Faulty::without(&store, &[root]), changed, &limits, &[base]).unwrap();
    verify(&Faulty::without(&store, &[base]), changed, &limits, &[base]).unwrap();
}

/// A directory that is known at one path and comes again where paths become longer is measured there.
#[test]
fn what_is_known_is_measured_again_further_down() {
    let store = MemoryStore::new();
    let leaf =
        |name: &str, node: Node| Node::Directory(BTreeMap::from([(name.to_owned(), node)]), 0);
    let deep = (0..3).fold(Node::File(1, 0), |below, _| leaf("d", below));
    let base = leaf("a", leaf("b", deep.clone()));
    let base_id = store_tree(&store, &base, None);
    // `a` differs and has what is known in it; `z` has the same one level further down.
    let Node::Directory(mut children, _) = leaf("b", deep) else { panic!() };
    children.insert("new".to_owned(), Node::File(2, 0));
    let a = Node::Directory(children, 0);
    let further = Node::Directory(
        BTreeMap::from([("a".to_owned(), a.clone()), ("z".to_owned(), leaf("y", a))]),
        0,
    );
    let id = store_tree(&store, &further, None);
    for (path_bytes, path_depth) in [(9, 1024), (4096, 5)] {
        let limits = VerifyLimits { path_bytes, path_depth, ..VerifyLimits::default() };
        verify(&store, base_id, &limits, &[]).unwrap();
        let error = verify(&store, id, &limits, &[base_id]).unwrap_err();
        assert!(matches!(error, VerifyError::Limit { .. }), "{error}");
        let wider =
            VerifyLimits { path_bytes: path_bytes + 2, path_depth: path_depth + 1, ..limits };
        verify(&store, id, &wider, &[base_id]).unwrap();
    }
}

#[test]
fn hard_links_are_checked_where_they_differ() {
    let store = MemoryStore::new();
    let names = ["a", "b", "d/e", "d/f"];
    let tree = |contents: [u8; 4]| {
        let file = |name: &str, place: usize| (name.to_owned(), Node::File(contents[place], 0));
        let below = Node::Directory([file("e", 2), file("f", 3)].into(), 0);
        Node::Directory([file("a", 0), file("b", 1), ("d".to_owned(), below)].into(), 0)
    };
    let linked = |groups: &[&[usize]]| {
        let path = |place: &usize| TreePath::parse(names[*place].as_bytes()).unwrap();
        let groups = groups.iter().map(|group| group.iter().map(path).collect()).collect();
        build_links(groups, &mut keep(&store)).unwrap()
    };
    let base = store_tree(&store, &tree([1, 1, 2, 2]), linked(&[&[0, 1], &[2, 3]]));
    let limits = VerifyLimits::default();
    verify(&store, base, &limits, &[]).unwrap();
    for (contents, groups, whole) in [
        ([1, 1, 2, 2], &[&[0, 1][..]][..], true),
        ([3, 3, 2, 2], &[&[0, 1], &[2, 3]], true),
        ([3, 1, 2, 2], &[&[0, 1], &[2, 3]], false),
        ([1, 1, 2, 3], &[&[0, 1], &[2, 3]], false),
        // Both groups of the base are as they were, and what joins them is new.
        ([1, 1, 2, 2], &[&[0, 1, 2, 3]], false),
        ([2, 2, 2, 2], &[&[0, 1, 2, 3]], true),
    ] {
        let id = store_tree(&store, &tree(contents), linked(groups));
        for bases in [&[][..], &[base]] {
            let found = verify(&store, id, &limits, bases);
            assert_eq!(found.is_ok(), whole, "{contents:?} {groups:?} {bases:?}");
        }
    }
    // A group that the base has, of paths that are gone.
    let gone =
        BTreeMap::from([("a".to_owned(), Node::File(1, 0)), ("c".to_owned(), Node::File(9, 0))]);
    let id = store_tree(&store, &Node::Directory(gone, 0), linked(&[&[0, 1]]));
    assert!(end(&store, id, &limits, &[base]).contains("linked, but not in the tree"));
    // Groups that are all as they were are not looked up: `d` is not opened.
    let id = store_tree(&store, &tree([3, 3, 2, 2]), linked(&[&[0, 1], &[2, 3]]));
    let Content::Directory { id: d, .. } = content(
        &store,
        &match tree([1, 1, 2, 2]) {
            Node::Directory(all, _) => all["d"].clone(),
            _ => panic!(),
        },
    ) else {
        panic!()
    };
    let faulty = Faulty::without(&store, &[d]);
    verify(&faulty, id, &limits, &[base]).unwrap();
    assert_eq!(faulty.reads(d), 0);
}
