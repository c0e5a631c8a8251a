//! Layers of images over one another: whiteouts, opaque directories, implied parents, links.
//!
//! Layers are written as lines here: `d path` a directory, `f path text` a file, `s path target` a symbolic
//! link, `h path target` a hard link, `w path` a whiteout, `o path` an opaque directory. A tree is shown
//! the same way, with the layer that gave a directory its metadata (`d path 1`; 0: only implied).

use std::fmt::Write as _;

use flisthub_flist::{
    BuildError, BuiltTree, Content, DecodeError, Layer, LayerStep, Manifest, Metadata, Tree,
    TreeBuilder, links,
};
use flisthub_storage::{Kind, MemoryStore, Profile};

use crate::support::{file, keep, path, publish};

fn layer(number: u32, lines: &str, store: &MemoryStore) -> Layer {
    let mut emit = keep(store);
    let steps = lines.split(',').map(str::trim).filter(|line| !line.is_empty());
    let steps = steps.map(|line| {
        let mut words = line.split(' ');
        let (sort, at) = (words.next().unwrap(), path(words.next().unwrap_or_default()));
        let rest = words.next().unwrap_or_default();
        let metadata = Metadata { mode: 0o755, uid: number, ..Metadata::default() };
        match sort {
            "d" => LayerStep::Directory { path: at, metadata },
            "f" => {
                let content = file(rest.as_bytes(), &mut emit);
                LayerStep::Entry { path: at, metadata, content }
            }
            "s" => {
                let content = Content::Symlink { target: rest.as_bytes().to_vec() };
                LayerStep::Entry { path: at, metadata, content }
            }
            "h" => LayerStep::HardLink { path: at, target: path(rest) },
            "w" => LayerStep::Whiteout(at),
            "o" => LayerStep::Opaque(at),
            other => panic!("{other}"),
        }
    });
    Layer { steps: steps.collect() }
}

fn build(layers: &[&str], store: &MemoryStore) -> Result<BuiltTree, BuildError> {
    let mut tree = TreeBuilder::new();
    for (number, lines) in (1..).zip(layers) {
        tree.apply(&layer(number, lines, store))?;
    }
    Ok(tree.finish(&mut keep(store)).unwrap())
}

/// The tree of these layers, as lines.
fn shown(layers: &[&str]) -> String {
    let store = MemoryStore::new();
    let built = build(layers, &store).unwrap();
    let tree = Tree::open(&store, publish(&store, &built)).unwrap();
    let line = |entry| {
        let (path, entry): (_, flisthub_flist::Entry) = Result::unwrap(entry);
        match entry.content {
            Content::Directory { .. } => format!("d {path} {}", entry.metadata.uid),
            Content::Symlink { target } => format!("s {path} {}", String::from_utf8_lossy(&target)),
            _ => format!("f {path} {}", entry.metadata.uid),
        }
    };
    tree.walk(&store).map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn an_upper_layer_covers_a_lower_one() {
    for (what, layers, tree) in [
        ("a file replaces a file", &["f a 1, f b 1", "f a 2"][..], "f a 2, f b 1"),
        (
            "a directory keeps what is in it",
            &["d a, f a/x 1", "d a, f a/y 2"],
            "d a 2, f a/x 1, f a/y 2",
        ),
        (
            "an implied one keeps its metadata",
            &["d a, f a/x 1", "f a/y 2"],
            "d a 1, f a/x 1, f a/y 2",
        ),
        ("a new one is implied", &["f a/b/x 1"], "d a 0, d a/b 0, f a/b/x 1"),
        ("a file replaces a directory", &["d a, f a/x 1", "f a 2"], "f a 2"),
        ("a directory replaces a file", &["f a 1", "d a, f a/x 2"], "d a 2, f a/x 2"),
        ("and back", &["d a, f a/x 1", "f a 2", "d a, f a/y 3"], "d a 3, f a/y 3"),
        ("a directory replaces a link", &["d b, s a b", "d a"], "d a 2, d b 1"),
    ] {
        assert_eq!(shown(layers), tree, "{what}");
    }
}

#[test]
fn whiteouts_hide_what_is_below_and_nothing_else() {
    for (what, layers, tree) in [
        ("a file", &["f a 1, f b 1", "w a"][..], "f b 1"),
        ("a whole directory", &["d a, d a/b, f a/b/c 1", "w a"], ""),
        ("nothing", &["f a 1", "w b, w c/d, w a/x"], "f a 1"),
        ("not its own layer", &["f a 1", "f a 2, w a"], "f a 2"),
        ("in whatever order", &["f a 1", "w a, f a 2"], "f a 2"),
        ("a directory that is made anew", &["d a, f a/x 1", "w a, d a, f a/y 2"], "d a 2, f a/y 2"),
        ("the same, the whiteout last", &["d a, f a/x 1", "d a, f a/y 2, w a"], "d a 2, f a/y 2"),
        (
            "a directory that is only implied then",
            &["d a, f a/x 1", "f a/y 2, w a"],
            "d a 0, f a/y 2",
        ),
        ("hard links one by one", &["f a 1, h b a", "w a"], "f b 1"),
        ("and lower layers only", &["f a 1", "w a", "f a 3"], "f a 3"),
    ] {
        assert_eq!(shown(layers), tree, "{what}");
    }
}

#[test]
fn opaque_directories_hide_what_lower_layers_have_in_them() {
    for (what, layers, tree) in [
        ("all of it", &["d a, f a/x 1, d a/b, f a/b/y 1", "d a, o a"][..], "d a 2"),
        ("its own metadata stays", &["d a, f a/x 1", "o a"], "d a 1"),
        ("not the own layer's", &["d a, f a/x 1", "d a, f a/y 2, o a"], "d a 2, f a/y 2"),
        ("in whatever order", &["d a, f a/x 1", "o a, d a, f a/y 2, o a"], "d a 2, f a/y 2"),
        (
            "deeper down too",
            &["d a, d a/b, f a/b/x 1", "f a/b/y 2, o a"],
            "d a 1, d a/b 0, f a/b/y 2",
        ),
        ("the root", &["f a 1", "o , f b 2"], "f b 2"),
        ("nothing at all", &["f a 1", "o b, o a"], "f a 1"),
        ("once in each layer", &["d a, f a/x 1", "o a, f a/y 2", "o a, f a/z 3"], "d a 1, f a/z 3"),
    ] {
        assert_eq!(shown(layers), tree, "{what}");
    }
}

#[test]
fn links_above_an_entry_are_followed_inside_the_image() {
    for (what, layers, tree) in [
        (
            "relative",
            &["d usr, d usr/lib, s lib usr/lib", "f lib/x 2"][..],
            "s lib usr/lib, d usr 1, d usr/lib 1, f usr/lib/x 2",
        ),
        ("absolute", &["d usr, s lib /usr", "f lib/x 2"], "s lib /usr, d usr 1, f usr/x 2"),
        ("out of the image", &["s up ../../..", "f up/x 2"], "s up ../../.., f x 2"),
        ("a whiteout's too", &["d usr, f usr/x 1, s lib usr", "w lib/x"], "s lib usr, d usr 1"),
        (
            "and an opaque directory itself",
            &["d usr, f usr/x 1, s lib usr", "o lib"],
            "s lib usr, d usr 1",
        ),
        ("the last name is not", &["f a 1, s b a", "f b 2"], "f a 1, f b 2"),
        (
            "one that leads nowhere",
            &["s lib none/there", "f lib/x 2"],
            "s lib none/there, d none 0, d none/there 0, f none/there/x 2",
        ),
    ] {
        assert_eq!(shown(layers), tree, "{what}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let store = MemoryStore::new();
    let refused = |layers: &[&str]| build(layers, &store).unwrap_err();
    let circle = refused(&["s a b, s b a", "f a/x 2"]);
    assert!(matches!(circle, BuildError::TooManyLinks { .. }), "{circle}");
    let file = refused(&["f a 1", "f a/x 2"]);
    assert!(matches!(file, BuildError::ParentNotADirectory { .. }), "{file}");
    let missing = refused(&["f a 1", "h b c"]);
    assert!(matches!(missing, BuildError::NoLinkTarget { .. }), "{missing}");
    let gone = refused(&["f a 1", "w a, h b a"]);
    assert!(matches!(gone, BuildError::NoLinkTarget { .. }), "{gone}");
    let directory = refused(&["d a", "h b a"]);
    assert!(matches!(directory, BuildError::LinkToDirectory { .. }), "{directory}");
    let long = format!("s a {0}/{0}, f a/{0} 1", vec!["x".repeat(200); 9].join("/"));
    let long = refused(&[&long]);
    assert!(matches!(long, BuildError::TooManyLinks { .. }), "{long}");
}

#[test]
fn links_that_cost_more_than_any_image_needs_are_refused() {
    let store = MemoryStore::new();
    let deep = vec!["d"; 500].join("/");
    // Each entry is led forty times down five hundred directories.
    let mut lines = format!("d {deep}");
    for link in 0..39 {
        write!(lines, ", s {deep}/l{link} /{deep}/l{}", link + 1).unwrap();
    }
    write!(lines, ", s l /{deep}/l0, d {deep}/l39").unwrap();
    let cheap = format!("{lines}, f l/x 1");
    assert!(build(&[&cheap], &store).is_ok());
    for entry in 0..1_100 {
        write!(lines, ", w l/{entry}").unwrap();
    }
    let error = build(&[&lines], &store).unwrap_err();
    assert!(matches!(error, BuildError::TooManyLinks { .. }), "{error}");
}

#[test]
fn directories_that_are_only_implied_are_counted() {
    let store = MemoryStore::new();
    let deep = vec!["d"; 1_000].join("/");
    let lines = |count: usize| {
        let links = (0..count).map(|link| format!("s l{link} {link}/{deep}, f l{link}/x 1"));
        links.collect::<Vec<_>>().join(",")
    };
    assert!(build(&[&lines(10)], &store).is_ok());
    let error = build(&[&lines(1_000)], &store).unwrap_err();
    assert!(matches!(error, BuildError::TooManyImplied { .. }), "{error}");
}

#[test]
fn paths_of_hard_links_that_grow_are_counted() {
    let store = MemoryStore::new();
    let deep = vec!["x".repeat(200); 19].join("/");
    let mut lines = format!("s l {deep}, f l/0 1");
    for link in 1..=18_000 {
        write!(lines, ", h l/{link} l/0").unwrap();
    }
    let error = build(&[&lines], &store).unwrap_err();
    assert!(matches!(error, BuildError::TooManyLinks { .. }), "{error}");
}

#[test]
fn hard_links_reach_into_lower_layers() {
    let groups = |layers: &[&str]| {
        let store = MemoryStore::new();
        let built = build(layers, &store).unwrap();
        let found = built.links.map(|id| links(&store, id, 1 << 20).unwrap()).unwrap_or_default();
        let found = found.iter().map(|group| group.iter().map(ToString::to_string).collect());
        found.collect::<Vec<Vec<String>>>()
    };
    assert_eq!(groups(&["f a 1", "h b a"]), [["a", "b"]]);
    assert_eq!(groups(&["f a 1, h b a", "h c b"]), [["a", "b", "c"]]);
    assert_eq!(groups(&["f a 1, h b a", "f a 2"]), Vec::<Vec<String>>::new());
    assert_eq!(groups(&["f a 1, h b a, h c a", "w a"]), [["b", "c"]]);
    assert_eq!(groups(&["f a 1", "h b a, f a 2"]), Vec::<Vec<String>>::new());
    assert_eq!(groups(&["d usr, f usr/a 1, s lib usr", "h b lib/a"]), [["b", "usr/a"]]);
    assert_eq!(groups(&["f a 1, h b a", "h a b"]), [["a", "b"]]);
}

#[test]
fn layers_without_a_trace_of_their_making_are_the_tree_of_one_archive() {
    let store = MemoryStore::new();
    let id = |layers: &[&str]| {
        let built = build(layers, &store).unwrap();
        Manifest::of(&built, Profile::default()).to_chunk().unwrap().id()
    };
    let whole = id(&["d , d a, f a/x 1, f b 1, h c b"]);
    assert_eq!(id(&["d , d a, f a/y 1, f a/x 1, f b 1, d z", "w a/y, w z, h c b"]), whole);
}

#[test]
fn a_layer_survives_its_encoding() {
    let store = MemoryStore::new();
    let layer = layer(7, "d a, f a/x text, s s t, h h a/x, w w, o o, o ", &store);
    let bytes = layer.encode();
    assert_eq!(Layer::decode(&bytes).unwrap(), layer);
    let chunk = Kind::Content.id_of(b"text");
    assert_eq!(layer.references().collect::<Vec<_>>(), [chunk]);
    for end in 0..bytes.len() {
        assert!(Layer::decode(&bytes[..end]).is_err(), "cut at {end}");
    }
    let mut other = bytes.clone();
    other[1] = 2;
    assert!(matches!(Layer::decode(&other), Err(DecodeError::Rule { .. })), "another version");
    let mut longer = bytes;
    longer.push(0);
    assert!(matches!(Layer::decode(&longer), Err(DecodeError::Trailing { .. })));
}
