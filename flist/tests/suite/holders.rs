//! Who holds an id: every flist and path, and no more of them than asked for.

use flisthub_flist::{
    Content, GraphError, Holder, LoadError, Manifest, Pieces, Place, TreeBuilder,
    directory_entries, find_holders,
};
use flisthub_storage::{ChunkId, Kind, MemoryStore, Silent};

use crate::graph_support::{CancelAfter, Faulty, flist, flist_of, object};
use crate::support::{chunk, every_kind, file, keep, large_file, metadata, path, publish};

fn at(flist: ChunkId, text: &str) -> Holder {
    Holder { flist, place: Place::File(path(text)) }
}

fn in_directory(flist: ChunkId, text: &str) -> Holder {
    Holder { flist, place: Place::Directory(path(text)) }
}

fn subdirectory(store: &MemoryStore, flist: ChunkId, name: &[u8]) -> ChunkId {
    let root = Manifest::load(store, flist).unwrap().root;
    let entries = directory_entries(store, root).map(Result::unwrap);
    entries
        .filter(|entry| entry.name.as_bytes() == name)
        .find_map(|entry| match entry.content {
            Content::Directory { id, .. } => Some(id),
            _ => None,
        })
        .unwrap()
}

/// The holders of one id that has no more than those.
fn holders(store: &MemoryStore, flists: &[ChunkId], id: ChunkId) -> Vec<Holder> {
    let found = find_holders(store, flists, &[id], 100, &Silent).unwrap();
    assert!(found.unreadable.is_empty());
    let held = &found.held[&id];
    assert!(!held.more);
    held.holders.clone()
}

#[test]
fn a_chunk_is_found_wherever_it_is_used() {
    let store = MemoryStore::new();
    let files: &[(&str, &[u8])] = &[("d/e/one", b"x"), ("d/two", b"y"), ("f", b"x"), ("g", b"x")];
    let first = flist(&store, files);
    let other = flist(&store, &[("none", b"y")]);
    let last = flist(&store, &[("again/e/one", b"x")]);
    let x = Kind::Content.id_of(b"x");
    // What stands in a directory comes before what stands below it.
    let expected = [at(first, "f"), at(first, "g"), at(first, "d/e/one"), at(last, "again/e/one")];
    assert_eq!(holders(&store, &[first, other, last], x), expected);
    assert_eq!(holders(&store, &[other], x), []);
}

#[test]
fn objects_are_found_by_what_they_are() {
    let store = MemoryStore::new();
    let built = every_kind(&mut keep(&store));
    let id = publish(&store, &built);
    assert_eq!(holders(&store, &[id], id), [Holder { flist: id, place: Place::Manifest }]);
    let links = Holder { flist: id, place: Place::Links };
    assert_eq!(holders(&store, &[id], built.links.unwrap()), [links]);
    assert_eq!(holders(&store, &[id], built.root), [in_directory(id, "")]);
    let bin = subdirectory(&store, id, b"bin");
    assert_eq!(holders(&store, &[id], bin), [in_directory(id, "bin")]);
    let Content::File { pieces: Pieces::List { id: list, .. }, .. } =
        large_file(1025, &mut |_| Ok(()))
    else {
        panic!("not a list")
    };
    assert_eq!(holders(&store, &[id], list), [at(id, "large")]);
    let in_list = Kind::Content.id_of(&1000_u32.to_le_bytes());
    assert_eq!(holders(&store, &[id], in_list), [at(id, "large")]);
    // A hard link is a file of its own here.
    let tool = [at(id, "a-third"), at(id, "bin/alias"), at(id, "bin/tool")];
    assert_eq!(holders(&store, &[id], Kind::Content.id_of(b"#!")), tool);
}

#[test]
fn parts_belong_to_the_directory_and_file_they_are_parts_of() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let mut tree = TreeBuilder::new();
    for index in 0..8000 {
        let at = path(&format!("big/file-{index:08}"));
        tree.add(&at, metadata(1), Content::Fifo).unwrap();
    }
    let content = file(b"deep", &mut emit);
    tree.add(&path("big/file-00007999-d/deep"), metadata(1), content).unwrap();
    let id = publish(&store, &tree.finish(&mut emit).unwrap());
    let big = subdirectory(&store, id, b"big");
    let parts = flisthub_flist::references(&object(&store, big)).unwrap();
    assert!(parts.len() > 1 && parts[1].kind == Kind::Directory);
    assert_eq!(holders(&store, &[id], parts[1].id), [in_directory(id, "big")]);
    let deep = Kind::Content.id_of(b"deep");
    assert_eq!(holders(&store, &[id], deep), [at(id, "big/file-00007999-d/deep")]);
}

#[test]
fn a_piece_that_a_file_uses_twice_is_one_holder() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let mut builder = flisthub_flist::FileBuilder::new();
    for content in [b"x", b"y", b"x"] {
        let piece = chunk(content, &mut emit);
        builder.push(piece, &mut emit).unwrap();
    }
    let id = flist_of(&store, &[("twice", builder.finish(&mut emit).unwrap())]);
    assert_eq!(holders(&store, &[id], Kind::Content.id_of(b"x")), [at(id, "twice")]);
}

#[test]
fn no_more_holders_than_asked_for() {
    let store = MemoryStore::new();
    let id = flist(&store, &[("a", b"x"), ("b", b"x"), ("c/d", b"x"), ("e/f", b"rare")]);
    let (x, rare) = (Kind::Content.id_of(b"x"), Kind::Content.id_of(b"rare"));
    for (most, expected, more) in [
        (0, vec![], true),
        (2, vec![at(id, "a"), at(id, "b")], true),
        (3, vec![at(id, "a"), at(id, "b"), at(id, "c/d")], false),
        (4, vec![at(id, "a"), at(id, "b"), at(id, "c/d")], false),
    ] {
        let found = find_holders(&store, &[id], &[x, rare], most, &Silent).unwrap();
        assert_eq!((&found.held[&x].holders, found.held[&x].more), (&expected, more), "{most}");
        let others = usize::from(most > 0);
        assert_eq!(found.held[&rare].holders.len(), others, "the other id is still looked for");
    }
}

#[test]
fn what_holds_nothing_is_read_once_and_the_walk_ends_when_all_is_found() {
    let store = MemoryStore::new();
    let one = flist(&store, &[("holds/x", b"x"), ("plain/p", b"p"), ("1", b"1")]);
    let two = flist(&store, &[("holds/x", b"x"), ("plain/p", b"p"), ("2", b"2")]);
    let (holds, plain) = (subdirectory(&store, one, b"holds"), subdirectory(&store, two, b"plain"));
    let x = Kind::Content.id_of(b"x");
    let faulty = Faulty::of(&store);
    let found = find_holders(&faulty, &[one, two], &[x], 5, &Silent).unwrap();
    assert_eq!(found.held[&x].holders, [at(one, "holds/x"), at(two, "holds/x")]);
    assert_eq!((faulty.reads(plain), faulty.reads(holds)), (1, 2));
    // A second holder is one too many: nothing is left to find after it.
    let faulty = Faulty::of(&store);
    let found = find_holders(&faulty, &[one, two, one], &[x], 1, &Silent).unwrap();
    assert!(found.held[&x].more);
    assert_eq!((faulty.reads(holds), faulty.reads(one)), (2, 1));
}

/// Where many ids are asked for, one that has all its holders makes nobody walk further.
#[test]
fn a_directory_whose_ids_have_all_their_holders_is_not_read_again() {
    let store = MemoryStore::new();
    let names: Vec<String> = (0..20).map(|index| format!("copy-{index:02}/x")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let id = flist(&store, &files);
    let copy = subdirectory(&store, id, b"copy-00");
    let (x, nowhere) = (Kind::Content.id_of(b"x"), Kind::Content.id_of(b"nowhere"));
    let faulty = Faulty::of(&store);
    let found = find_holders(&faulty, &[id], &[x, nowhere], 2, &Silent).unwrap();
    assert_eq!((found.held[&x].holders.len(), found.held[&x].more), (2, true));
    assert_eq!(faulty.reads(copy), 3);
}

#[test]
fn missing_and_damaged_objects_are_tolerated_and_told_of() {
    let store = MemoryStore::new();
    let id = flist(&store, &[("bad/x", b"x"), ("gone/y", b"y"), ("z/x", b"x"), ("z/lost", b"l")]);
    let (bad, gone) = (subdirectory(&store, id, b"bad"), subdirectory(&store, id, b"gone"));
    let (x, lost) = (Kind::Content.id_of(b"x"), Kind::Content.id_of(b"l"));
    let faulty = Faulty { absent: [gone, lost].into(), ..Faulty::damaged(&store, &[bad]) };
    let manifest = Kind::Manifest.id_of(b"never stored");
    let wanted = [bad, x, lost, manifest];
    let found = find_holders(&faulty, &[manifest, id], &wanted, 9, &Silent).unwrap();
    assert_eq!(found.held[&bad].holders, [in_directory(id, "bad")]);
    assert_eq!(found.held[&x].holders, [at(id, "z/x")]);
    assert_eq!(found.held[&lost].holders, [at(id, "z/lost")]);
    let marker = Holder { flist: manifest, place: Place::Manifest };
    assert_eq!(found.held[&manifest].holders, [marker]);
    assert_eq!(found.unreadable.len(), 3);
    assert!(matches!(found.unreadable[&bad], LoadError::Store(_)));
    assert!(matches!(found.unreadable[&gone], LoadError::Missing(_)));
    assert!(matches!(found.unreadable[&manifest], LoadError::Missing(_)));
}

#[test]
fn the_search_ends_when_told() {
    let store = MemoryStore::new();
    let id = flist(&store, &[("a/b/c", b"c")]);
    let nowhere = Kind::Content.id_of(b"nowhere");
    for looks in 0..4 {
        let ended = find_holders(&store, &[id], &[nowhere], 1, &CancelAfter::looks(looks));
        let cancelled = matches!(ended, Err(GraphError::Cancelled));
        assert_eq!(cancelled, looks < 3, "three objects below the manifest; {looks} looks");
    }
}
