//! Paths through symbolic links: within the tree, wherever they point.

use flisthub_flist::{Content, EntryName, FollowError, Metadata, TreeBuilder, TreePath, follow};
use flisthub_storage::{ChunkId, MemoryStore};

use crate::decoded_support::Counting;
use crate::support::{file, keep, path};

/// Files and links, `path -> target`; directories are implied.
fn tree(store: &MemoryStore, files: &[&str], links: &[(&str, &str)]) -> ChunkId {
    let mut emit = keep(store);
    let mut builder = TreeBuilder::new();
    for name in files {
        let content = file(name.as_bytes(), &mut emit);
        builder.add(&path(name), Metadata::default(), content).unwrap();
    }
    for (name, target) in links {
        let content = Content::Symlink { target: target.as_bytes().to_vec() };
        builder.add(&path(name), Metadata::default(), content).unwrap();
    }
    builder.finish(&mut emit).unwrap().root
}

fn reached(links: &[(&str, &str)], asked: &str) -> Result<String, String> {
    let store = MemoryStore::new();
    let root = tree(&store, &["a/b/file", "a/other", "top"], links);
    match follow(&Counting::new(&store), root, &path(asked)) {
        Ok(reached) => {
            assert_eq!(reached.path.is_root(), reached.entry.is_none());
            let name = reached.path.split_last().map(|(_, name)| name);
            assert_eq!(name, reached.entry.map(|entry| entry.name));
            Ok(reached.path.to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn links_lead_to_what_they_name() {
    for (target, asked, found) in [
        ("b/file", "a/l", "a/b/file"),
        ("./b//./file", "a/l", "a/b/file"),
        ("b", "a/l/file", "a/b/file"),
        ("b/", "a/l/file", "a/b/file"),
        ("/top", "a/l", "top"),
        ("//top", "a/l", "top"),
        ("../top", "a/l", "top"),
        ("b/../other", "a/l", "a/other"),
        ("b/..", "a/l", "a"),
        ("b/..", "a/l/b/file", "a/b/file"),
        (".", "a/l", "a"),
        ("..", "a/l", ""),
        ("/", "a/l", ""),
        ("/", "a/l/a/l/top", "top"),
        // There is nothing above the root.
        ("../../../../top", "a/l", "top"),
        ("/../../top", "a/l", "top"),
        ("../../../../../a/b", "a/l/file", "a/b/file"),
    ] {
        assert_eq!(reached(&[("a/l", target)], asked).as_deref(), Ok(found), "{target} {asked}");
    }
    assert_eq!(reached(&[], "").as_deref(), Ok(""));
    assert_eq!(reached(&[], "a/b").as_deref(), Ok("a/b"));
    let chain = [("l1", "a/l2"), ("a/l2", "b/l3"), ("a/b/l3", "file")];
    assert_eq!(reached(&chain, "l1").as_deref(), Ok("a/b/file"));
}

#[test]
fn what_leads_nowhere_is_told() {
    for (links, asked, told) in [
        (vec![], "nothing", "nothing is at nothing"),
        (vec![], "a/nothing/more", "nothing is at a/nothing"),
        (vec![], "top/more", "top is no directory"),
        (vec![("l", "gone")], "l", "nothing is at gone"),
        (vec![("l", "/etc/passwd")], "l", "nothing is at etc"),
        (vec![("l", "../../../etc/passwd")], "l", "nothing is at etc"),
        (vec![("l", "top/")], "l", "top is no directory"),
        (vec![("l", "top/..")], "l", "top is no directory"),
        (vec![("l", "top")], "l/x", "top is no directory"),
        (vec![("l", "l")], "l", "l leads through more than 40 symbolic links"),
        (vec![("x", "a/y"), ("a/y", "/x")], "x", "leads through more than 40 symbolic links"),
        (vec![("l", "l/l")], "l", "l leads through more than 40 symbolic links"),
    ] {
        let error = reached(&links, asked).unwrap_err();
        assert!(error.contains(told), "{asked}: {error}");
    }
}

#[test]
fn forty_links_are_followed_and_no_more() {
    let store = MemoryStore::new();
    let names: Vec<(String, String)> = (0..41)
        .map(|index| {
            (format!("l{index}"), if index == 0 { "top".into() } else { format!("l{}", index - 1) })
        })
        .collect();
    let links: Vec<(&str, &str)> =
        names.iter().map(|(name, target)| (name.as_str(), target.as_str())).collect();
    let root = tree(&store, &["top"], &links);
    let source = Counting::new(&store);
    assert_eq!(follow(&source, root, &path("l39")).unwrap().path, path("top"));
    assert!(matches!(
        follow(&source, root, &path("l40")),
        Err(FollowError::TooManyLinks(link)) if link == path("l0")
    ));
}

#[test]
fn long_ways_end() {
    let long = format!("{}top", "a/../".repeat(800));
    assert_eq!(reached(&[("l", &long)], "l").as_deref(), Ok("top"));
    let to_next = |next: &str| format!("{}{next}", "a/../".repeat(800));
    let names: Vec<(String, String)> =
        (0..40).map(|index| (format!("l{index}"), to_next(&format!("l{}", index + 1)))).collect();
    let links: Vec<(&str, &str)> =
        names.iter().map(|(name, target)| (name.as_str(), target.as_str())).collect();
    let store = MemoryStore::new();
    let root = tree(&store, &["a/b"], &links);
    let source = Counting::new(&store);
    assert!(matches!(follow(&source, root, &path("l0")), Err(FollowError::TooManyLinks(_))));
    // Not one for each of the 64,000 parts.
    assert!(source.reads() < 5_000);
}

#[test]
fn names_are_bytes() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let mut builder = TreeBuilder::new();
    let odd = TreePath::parse(b"d\xff/f\xfe\n").unwrap();
    let content = file(b"odd", &mut emit);
    builder.add(&odd, Metadata::default(), content).unwrap();
    let target = b"d\xff/f\xfe\n".to_vec();
    builder.add(&path("l"), Metadata::default(), Content::Symlink { target }).unwrap();
    let root = builder.finish(&mut emit).unwrap().root;
    let source = Counting::new(&store);
    let reached = follow(&source, root, &path("l")).unwrap();
    assert_eq!(reached.path, odd);
    assert_eq!(reached.entry.unwrap().name, EntryName::new(b"f\xfe\n").unwrap());
    // One object for each part of each path.
    assert_eq!(source.reads(), 3);
}
