//! Flists that lie: each must be refused before it is published, and say where it lies.

use flisthub_flist::{
    Content, Emit, Entry, EntryName, Manifest, Metadata, Piece, Pieces, Totals, TreePath,
    VerifyError, VerifyLimits, build_directory, build_links, verify,
};
use flisthub_storage::{Chunk, ChunkId, Kind, MemoryStore, Profile};

use crate::support::{chunk, every_kind, file, keep, large_file, metadata, path, publish};

fn named(name: &str, content: Content) -> Entry {
    let name = EntryName::new(name.as_bytes()).unwrap();
    Entry { name, metadata: metadata(1), content }
}

/// Publishes a root of these entries; the manifest's totals are what the entries claim.
fn flist(store: &MemoryStore, entries: &[Entry], links: Option<ChunkId>) -> ChunkId {
    let (root, totals) = build_directory(entries, &mut keep(store)).unwrap();
    let manifest = Manifest {
        root,
        metadata: Metadata::default(),
        totals,
        profile: String::new(),
        links,
        image_config: None,
        values: std::collections::BTreeMap::new(),
    };
    let manifest = manifest.to_chunk().unwrap();
    let id = manifest.id();
    keep(store)(manifest).unwrap();
    id
}

fn refusal(store: &MemoryStore, id: ChunkId) -> String {
    match verify(store, id, &VerifyLimits::default(), &[]) {
        Err(VerifyError::Bad { at, what }) => format!("{at}: {what}"),
        other => panic!("not refused as bad: {other:?}"),
    }
}

/// Which limit the flist passes: how many of what there may be.
fn limit(store: &MemoryStore, id: ChunkId, limits: &VerifyLimits) -> (u64, &'static str) {
    match verify(store, id, limits, &[]) {
        Err(VerifyError::Limit { limit, what, .. }) => (limit, what),
        other => panic!("not over a limit: {other:?}"),
    }
}

fn refused_entries(entries: &[Entry], store: &MemoryStore) -> String {
    refusal(store, flist(store, entries, None))
}

#[test]
fn missing_chunks_and_objects_are_all_listed() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let here = file(b"here", &mut emit);
    let gone = file(b"gone", &mut |_: Chunk| Ok(()));
    let inner = named("inner", file(b"gone too", &mut |_: Chunk| Ok(())));
    let (present, totals) = build_directory(&[inner], &mut emit).unwrap();
    let (absent, nothing) = build_directory(&[], &mut |_| Ok(())).unwrap();
    let entries = [
        named("a", here),
        named("b", gone),
        named("c", Content::Directory { id: present, totals }),
        named("d", Content::Directory { id: absent, totals: nothing }),
    ];
    let id = flist(&store, &entries, None);
    let Err(VerifyError::Missing(missing)) = verify(&store, id, &VerifyLimits::default(), &[])
    else {
        panic!("published with objects missing")
    };
    let mut expected = vec![Kind::Content.id_of(b"gone"), Kind::Content.id_of(b"gone too"), absent];
    expected.sort();
    assert_eq!(missing, expected);
    let unknown = Kind::Manifest.id_of(b"no such manifest");
    let error = verify(&store, unknown, &VerifyLimits::default(), &[]).unwrap_err();
    assert!(matches!(error, VerifyError::Missing(ids) if ids == [unknown]));
}

#[test]
fn a_wrong_length_of_a_chunk_is_refused() {
    let store = MemoryStore::new();
    let Piece::Chunk { id, .. } = chunk(b"four", &mut keep(&store)) else { panic!("no chunk") };
    let pieces = Pieces::Inline(vec![Piece::Chunk { id, length: 5 }]);
    let error = refused_entries(&[named("a", Content::File { size: 5, pieces })], &store);
    assert!(error.contains("the chunk has 4 bytes, not 5"), "{error}");
}

#[test]
fn an_object_in_place_of_a_chunk_is_refused() {
    let store = MemoryStore::new();
    let (id, _) = build_directory(&[], &mut keep(&store)).unwrap();
    let pieces = Pieces::Inline(vec![Piece::Chunk { id, length: 3 }]);
    let error = refused_entries(&[named("a", Content::File { size: 3, pieces })], &store);
    assert!(error.contains("names a directory object as a chunk"), "{error}");
    let Piece::Chunk { id, .. } = chunk(b"no directory", &mut keep(&store)) else {
        panic!("no chunk")
    };
    let content = Content::Directory { id, totals: Totals::default() };
    let error = refused_entries(&[named("a", content)], &store);
    assert!(error.contains("is a chunk, not a directory object"), "{error}");
}

#[test]
fn wrong_totals_are_refused() {
    let store = MemoryStore::new();
    let inner = named("inner", file(b"1234", &mut keep(&store)));
    let (id, good) = build_directory(&[inner], &mut keep(&store)).unwrap();
    for totals in [
        Totals { entries: good.entries + 1, ..good },
        Totals { bytes: good.bytes - 1, ..good },
        Totals { bytes: u64::MAX, ..good },
    ] {
        let error = refused_entries(&[named("a", Content::Directory { id, totals })], &store);
        assert!(error.contains("totals"), "{error}");
    }
    let built = every_kind(&mut keep(&store));
    let mut manifest = Manifest::of(&built, Profile::default());
    manifest.totals.bytes += 1;
    let manifest = manifest.to_chunk().unwrap();
    let id = manifest.id();
    keep(&store)(manifest).unwrap();
    assert!(refusal(&store, id).contains("totals"));
}

#[test]
fn a_list_that_lies_is_refused() {
    let store = MemoryStore::new();
    let content = large_file(3000, &mut keep(&store));
    let Content::File { size, pieces: Pieces::List { id, count } } = content else {
        panic!("not a list")
    };
    for (size, count) in [(size + 1, count), (size, count + 1)] {
        let pieces = Pieces::List { id, count };
        let error = refused_entries(&[named("a", Content::File { size, pieces })], &store);
        assert!(error.contains("size or list does not fit"), "{error}");
    }
}

#[test]
fn a_small_file_in_a_list_is_refused() {
    let store = MemoryStore::new();
    let mut leaf = vec![0x82, 0, 0x81, 0x82, 0x58, 32];
    let Piece::Chunk { id, .. } = chunk(b"x", &mut keep(&store)) else { panic!("no chunk") };
    leaf.extend(id.as_bytes());
    leaf.push(1);
    let leaf = Chunk::new(Kind::List, leaf).unwrap();
    let pieces = Pieces::List { id: leaf.id(), count: 1025 };
    keep(&store)(leaf).unwrap();
    let error = refused_entries(&[named("a", Content::File { size: 1, pieces })], &store);
    assert!(error.contains("size or list does not fit"), "{error}");
}

/// A node that names one part many times would take for ever to read.
#[test]
fn parts_that_repeat_are_refused_at_once() {
    let store = MemoryStore::new();
    let mut hole = vec![0x82, 0, 0x81];
    hole.extend([0x1A, 0, 1, 0, 0]);
    let mut part = Chunk::new(Kind::List, hole).unwrap();
    let (mut count, mut size) = (1_u64, 65_536_u64);
    for _ in 0..12 {
        let mut node = vec![0x82, 1, 0x88];
        for _ in 0..8 {
            node.extend([0x83, 0x58, 32]);
            node.extend(part.id().as_bytes());
            node.push(0x1B);
            node.extend((count | 1 << 40).to_be_bytes());
            node.push(0x1B);
            node.extend((size | 1 << 40).to_be_bytes());
        }
        keep(&store)(part).unwrap();
        part = Chunk::new(Kind::List, node).unwrap();
        count = 8 * (count | 1 << 40);
        size = 8 * (size | 1 << 40);
        if count > 1 << 60 {
            break;
        }
    }
    let pieces = Pieces::List { id: part.id(), count };
    keep(&store)(part).unwrap();
    let id = flist(&store, &[named("a", Content::File { size, pieces })], None);
    let limits = VerifyLimits { pieces: 10_000, ..VerifyLimits::default() };
    let error = verify(&store, id, &limits, &[]).unwrap_err();
    assert!(matches!(error, VerifyError::Limit { limit: 10_000, .. }), "{error}");
}

#[test]
fn too_many_entries_are_refused_before_they_are_counted() {
    let store = MemoryStore::new();
    let mut content = file(b"x", &mut keep(&store));
    // Each level names the one below twice: 2^50 entries in 50 small objects.
    for _ in 0..50 {
        let entries = [named("a", content.clone()), named("b", content)];
        let (id, totals) = build_directory(&entries, &mut keep(&store)).unwrap();
        content = Content::Directory { id, totals };
    }
    let id = flist(&store, &[named("a", content)], None);
    assert_eq!(limit(&store, id, &VerifyLimits::default()), (100_000_000, "entries"));
}

fn deep(emit: &mut Emit<'_>, levels: usize, name: &str) -> Content {
    let mut content = Content::Fifo;
    for _ in 0..levels {
        let (id, totals) = build_directory(&[named(name, content)], emit).unwrap();
        content = Content::Directory { id, totals };
    }
    content
}

#[test]
fn paths_that_no_system_can_hold_are_refused() {
    let store = MemoryStore::new();
    let content = deep(&mut keep(&store), 1100, "d");
    let id = flist(&store, &[named("a", content)], None);
    assert_eq!(limit(&store, id, &VerifyLimits::default()), (1024, "names in a path"));
    let content = deep(&mut keep(&store), 20, &"n".repeat(250));
    let id = flist(&store, &[named("a", content)], None);
    assert_eq!(limit(&store, id, &VerifyLimits::default()), (4096, "bytes in a path"));
    let content = deep(&mut keep(&store), 15, &"n".repeat(250));
    let id = flist(&store, &[named("a", content)], None);
    assert!(verify(&store, id, &VerifyLimits::default(), &[]).is_ok());
}

#[test]
fn each_limit_can_be_set() {
    let store = MemoryStore::new();
    let built = every_kind(&mut keep(&store));
    let id = publish(&store, &built);
    let all = VerifyLimits::default();
    for (limits, what) in [
        (VerifyLimits { entries: 16, ..all }, (16, "entries")),
        (VerifyLimits { bytes: 1 << 40, ..all }, (1 << 40, "bytes of files")),
        (VerifyLimits { pieces: 1024, ..all }, (1024, "pieces of large files")),
        (VerifyLimits { path_bytes: 9, ..all }, (9, "bytes in a path")),
        (VerifyLimits { path_depth: 1, ..all }, (1, "names in a path")),
    ] {
        assert_eq!(limit(&store, id, &limits), what);
    }
    let exact = VerifyLimits { entries: 17, pieces: 1025, path_bytes: 10, path_depth: 2, ..all };
    assert!(verify(&store, id, &exact, &[]).is_ok());
}

/// What a manifest says of its totals is believed by nobody: a large directory under small totals is
/// refused while it is read.
#[test]
fn entries_are_counted_as_they_are_read() {
    let store = MemoryStore::new();
    let entries: Vec<Entry> =
        (0..2000).map(|index| named(&format!("{index:05}"), Content::Fifo)).collect();
    let (root, _) = build_directory(&entries, &mut keep(&store)).unwrap();
    let mut manifest = Manifest::of(&every_kind(&mut keep(&store)), Profile::default());
    (manifest.root, manifest.totals.entries, manifest.links) = (root, 1, None);
    let manifest = manifest.to_chunk().unwrap();
    let id = manifest.id();
    keep(&store)(manifest).unwrap();
    let limits = VerifyLimits { entries: 1000, ..VerifyLimits::default() };
    assert_eq!(limit(&store, id, &limits), (1000, "entries"));
}

/// A node of links that names one leaf again and again is refused at its first repetition.
#[test]
fn links_that_repeat_are_refused_at_once() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let groups =
        (0..100).map(|index| vec![path(&format!("{index:03}a")), path(&format!("{index:03}b"))]);
    let leaf = build_links(groups.collect(), &mut emit).unwrap().unwrap();
    let mut node = vec![0x82, 1, 0x19, 0x40, 0];
    node[2] = 0x99;
    (0..0x4000).for_each(|_| node.extend([&[0x58, 32][..], leaf.as_bytes()].concat()));
    let node = Chunk::new(Kind::Links, node).unwrap();
    let links = node.id();
    emit(node).unwrap();
    let error = refusal(&store, flist(&store, &[named("a", Content::Fifo)], Some(links)));
    assert!(error.contains("more hard links than entries"), "{error}");
    let entries: Vec<Entry> =
        (0..2000).map(|index| named(&format!("{index:05}"), Content::Fifo)).collect();
    let error = refusal(&store, flist(&store, &entries, Some(links)));
    assert!(error.contains("hard links are not in order"), "{error}");
}

#[test]
fn links_that_lie_are_refused() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let (one, other) = (file(b"one", &mut emit), file(b"other", &mut emit));
    let (id, totals) = build_directory(&[], &mut emit).unwrap();
    let entries = [
        named("a", one.clone()),
        named("b", one.clone()),
        named("c", other),
        named("d", Content::Directory { id, totals }),
        named("e", Content::Directory { id, totals }),
        Entry { metadata: metadata(2), ..named("f", one) },
    ];
    let mut linked = |groups: &[&[&str]]| {
        let groups: Vec<Vec<TreePath>> =
            groups.iter().map(|group| group.iter().map(|name| path(name)).collect()).collect();
        let links = build_links(groups, &mut emit).unwrap();
        flist(&store, &entries, links)
    };
    let good = linked(&[&["a", "b"]]);
    for (groups, what) in [
        (&[&["a", "c"][..]][..], "c: differs"),
        (&[&["a", "f"]], "f: differs"),
        (&[&["a", "zzz"]], "zzz: linked, but not in the tree"),
        (&[&["d", "e"]], "d: a directory"),
        (&[&["a", "b"], &["b", "c"]], "b: linked more than once"),
    ] {
        let error = refusal(&store, linked(groups));
        assert!(error.contains(what), "{error}");
    }
    assert!(verify(&store, good, &VerifyLimits::default(), &[]).is_ok());
    // A group of one, and groups out of order: not the one form.
    let record = |first: u8, name: u8| vec![0x82, first, 0x41, name];
    for records in [
        vec![record(1, b'a')],
        vec![record(1, b'b'), record(0, b'a')],
        vec![record(0, b'a'), record(0, b'b')],
    ] {
        let count = 0x80 | u8::try_from(records.len()).unwrap();
        let object = [&[0x82, 0, count][..], &records.concat()].concat();
        let object = Chunk::new(Kind::Links, object).unwrap();
        let links = object.id();
        keep(&store)(object).unwrap();
        refusal(&store, flist(&store, &entries, Some(links)));
    }
}

#[test]
fn a_directory_cut_in_other_places_is_refused() {
    let store = MemoryStore::new();
    // Two leaves under a node, where one leaf would do.
    let mut emit = keep(&store);
    let (left, _) = build_directory(&[named("a", Content::Fifo)], &mut emit).unwrap();
    let (right, _) = build_directory(&[named("b", Content::Fifo)], &mut emit).unwrap();
    let mut node = vec![0x82, 1, 0x82];
    for (name, part) in [(b'a', left), (b'b', right)] {
        node.extend([0x83, 0x41, name, 0x58, 32]);
        node.extend(part.as_bytes());
        node.extend([0x82, 1, 0]);
    }
    let node = Chunk::new(Kind::Directory, node).unwrap();
    let content = Content::Directory { id: node.id(), totals: Totals { entries: 2, bytes: 0 } };
    emit(node).unwrap();
    let error = refused_entries(&[named("a", content)], &store);
    assert!(error.contains("not cut into parts as the format says"), "{error}");
}

#[test]
fn an_honest_flist_passes() {
    let store = MemoryStore::new();
    let built = every_kind(&mut keep(&store));
    assert!(verify(&store, publish(&store, &built), &VerifyLimits::default(), &[]).is_ok());
}
