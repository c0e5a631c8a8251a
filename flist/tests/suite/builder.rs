//! The rules of archives: what wins, what is implied, what is refused.

use flisthub_flist::{
    BuildError, Content, EntryName, FlistWriter, Metadata, Tree, TreeBuilder, TreePath,
    build_links, links,
};
use flisthub_storage::{ChunkStore, MemoryStore};

use crate::support::{every_kind, file, keep, listing, metadata, path, publish};

fn symlink(target: &str) -> Content {
    Content::Symlink { target: target.as_bytes().to_vec() }
}

fn names(store: &MemoryStore, builder: TreeBuilder) -> Vec<String> {
    let built = builder.finish(&mut keep(store)).unwrap();
    let tree = Tree::open(store, publish(store, &built)).unwrap();
    tree.walk(store).map(|entry| entry.unwrap().0.to_string()).collect()
}

#[test]
fn every_kind_of_entry_is_found_again() {
    let store = MemoryStore::new();
    let built = every_kind(&mut keep(&store));
    let tree = Tree::open(&store, publish(&store, &built)).unwrap();
    let mut found = Vec::new();
    for entry in tree.walk(&store) {
        let (path, entry) = entry.unwrap();
        assert_eq!(tree.lookup(&store, &path).unwrap(), Some(entry));
        found.push(path.to_string());
    }
    assert_eq!(found.len() as u64, built.totals.entries);
    assert_eq!(
        found,
        [
            "a-third",
            "bin",
            "bin/alias",
            "bin/tool",
            "dev",
            "dev/b",
            "dev/c",
            "dev/pipe",
            "dev/socket",
            "empty",
            "large",
            "link",
            "link too",
            "nothing",
            "odd",
            "odd/\u{FFFD}\u{FFFD}\n",
            "sparse"
        ]
    );
    assert_eq!(tree.lookup(&store, &path("bin/none")).unwrap(), None);
    assert_eq!(tree.lookup(&store, &path("link/below")).unwrap(), None);
    let groups = links(&store, built.links.unwrap(), 1 << 20).unwrap();
    let groups: Vec<Vec<String>> =
        groups.iter().map(|group| group.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(groups, [vec!["a-third", "bin/alias", "bin/tool"], vec!["link", "link too"]]);
    let counts = built.counts;
    assert_eq!((counts.regular, counts.symlink, counts.directory, counts.special), (7, 2, 4, 4));
}

#[test]
fn the_last_of_two_entries_wins() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let mut tree = TreeBuilder::new();
    tree.add(&path("a/b"), metadata(1), file(b"first", &mut emit)).unwrap();
    tree.add_directory(&path("a"), metadata(2)).unwrap();
    assert!(tree.contains(&path("a/b")), "a directory met again keeps what stands below it");
    tree.add(&path("a/b"), metadata(1), symlink("x")).unwrap();
    tree.add_directory(&path("a/b"), metadata(3)).unwrap();
    tree.add(&path("a/b/c"), metadata(1), Content::Fifo).unwrap();
    tree.add(&path("d"), metadata(1), Content::Fifo).unwrap();
    tree.add(&path("d"), metadata(1), file(b"second", &mut emit)).unwrap();
    tree.add(&path("e/f"), metadata(1), Content::Fifo).unwrap();
    tree.add(&path("e"), metadata(1), symlink("gone")).unwrap();
    assert_eq!(names(&store, tree), ["a", "a/b", "a/b/c", "d", "e"]);
}

#[test]
fn a_link_keeps_what_stood_at_its_target() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let mut tree = TreeBuilder::new();
    tree.add(&path("a"), metadata(1), file(b"old", &mut emit)).unwrap();
    tree.add_hard_link(&path("b"), &path("a")).unwrap();
    tree.add_hard_link(&path("c"), &path("b")).unwrap();
    tree.add(&path("a"), metadata(1), file(b"newer", &mut emit)).unwrap();
    let built = tree.finish(&mut emit).unwrap();
    let tree = Tree::open(&store, publish(&store, &built)).unwrap();
    let content = |name: &str| tree.lookup(&store, &path(name)).unwrap().unwrap().content;
    assert_eq!(content("b"), file(b"old", &mut emit));
    assert_eq!(content("a"), file(b"newer", &mut emit));
    assert_eq!(links(&store, built.links.unwrap(), 1 << 20).unwrap(), [[path("b"), path("c")]]);
}

#[test]
fn a_group_of_one_is_no_group() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let mut tree = TreeBuilder::new();
    tree.add(&path("a"), metadata(1), file(b"old", &mut emit)).unwrap();
    tree.add_hard_link(&path("b"), &path("a")).unwrap();
    tree.add(&path("a"), metadata(1), Content::Fifo).unwrap();
    assert_eq!(tree.finish(&mut emit).unwrap().links, None);
}

#[test]
fn the_order_of_links_does_not_matter() {
    let groups = [vec![path("b"), path("a")], vec![path("d"), path("c"), path("e")]];
    let store = MemoryStore::new();
    let one = build_links(groups.to_vec(), &mut keep(&store)).unwrap();
    let other = build_links(groups.iter().rev().cloned().collect(), &mut keep(&store)).unwrap();
    assert_eq!(one, other);
    let sorted = [vec![path("a"), path("b")], vec![path("c"), path("d"), path("e")]];
    assert_eq!(links(&store, one.unwrap(), 1 << 20).unwrap(), sorted);
}

#[test]
fn many_links_are_cut_into_several_objects() {
    let groups: Vec<Vec<TreePath>> = (0..20_000)
        .map(|index| vec![path(&format!("{index:020}/a")), path(&format!("{index:020}/b"))])
        .collect();
    let store = MemoryStore::new();
    let id = build_links(groups.clone(), &mut keep(&store)).unwrap().unwrap();
    assert!(store.stats().unwrap().objects > 3);
    assert_eq!(links(&store, id, 1 << 20).unwrap(), groups);
}

#[test]
fn an_object_stands_once_in_a_file() {
    let store = MemoryStore::new();
    let mut tree = TreeBuilder::new();
    for directory in ["a", "b", "c/d"] {
        tree.add(&path(directory).join(&EntryName::new(b"x").unwrap()), metadata(1), Content::Fifo)
            .unwrap();
    }
    let built = tree.finish(&mut keep(&store)).unwrap();
    // The manifest, the root, `c`, and the one object that `a`, `b` and `c/d` share.
    assert_eq!(FlistWriter::new(&store, publish(&store, &built)).count(), 4);
}

#[test]
fn parents_are_implied() {
    let store = MemoryStore::new();
    let mut tree = TreeBuilder::new();
    tree.add(&path("a/b/c"), metadata(1), Content::Fifo).unwrap();
    let built = tree.finish(&mut keep(&store)).unwrap();
    let tree = Tree::open(&store, publish(&store, &built)).unwrap();
    let implied = tree.lookup(&store, &path("a/b")).unwrap().unwrap().metadata;
    assert_eq!(implied, Metadata { mode: 0o755, ..Metadata::default() });
}

#[test]
fn what_cannot_be_is_refused_and_named() {
    let mut tree = TreeBuilder::new();
    tree.add_directory(&path("directory"), metadata(1)).unwrap();
    tree.add(&path("link"), metadata(1), symlink("/etc")).unwrap();
    let error = tree.add(&path("link/passwd"), metadata(1), Content::Fifo).unwrap_err();
    assert!(matches!(error, BuildError::ParentNotADirectory { .. }), "{error}");
    assert_eq!(error.to_string(), "link/passwd: link above it is not a directory");
    let error = tree.add_hard_link(&path("x"), &path("not/here")).unwrap_err();
    assert!(matches!(error, BuildError::NoLinkTarget { .. }), "{error}");
    let error = tree.add_hard_link(&path("x"), &path("directory")).unwrap_err();
    assert!(matches!(error, BuildError::LinkToDirectory { .. }), "{error}");
    let error = tree.add(&TreePath::ROOT, metadata(1), Content::Fifo).unwrap_err();
    assert!(matches!(error, BuildError::RootNotADirectory), "{error}");
    let mut heavy = metadata(1);
    heavy.xattrs.insert(b"user.big".to_vec(), vec![0; 204_800]);
    let error = tree.add(&path("heavy"), heavy, Content::Fifo).unwrap_err();
    assert!(matches!(error, BuildError::AttributesTooLarge { size: 204_808, .. }), "{error}");
}

#[test]
fn a_tree_as_deep_as_a_path_can_be_works() {
    let store = MemoryStore::new();
    let mut tree = TreeBuilder::new();
    tree.add(&path(&"d/".repeat(1023)), metadata(1), Content::Fifo).unwrap();
    let built = tree.finish(&mut keep(&store)).unwrap();
    assert_eq!(built.totals.entries, 1023);
    let tree = Tree::open(&store, publish(&store, &built)).unwrap();
    assert_eq!(listing(&store, &tree).len(), 1023);
}
