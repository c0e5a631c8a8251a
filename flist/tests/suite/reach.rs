//! What one object names, for each kind of object.

use std::collections::BTreeSet;

use flisthub_flist::{
    Content, Directory, List, Manifest, Pieces, TreeBuilder, TreePath, build_directory,
    build_links, directory_entries, pieces, references,
};
use flisthub_storage::{Chunk, ChunkId, Kind, MemoryStore, Reference};

use crate::graph_support::{flist, object};
use crate::support::{chunk, every_kind, file, keep, large_file, metadata, path, publish};

fn of(store: &MemoryStore, id: ChunkId) -> Vec<Reference> {
    references(&object(store, id)).unwrap()
}

fn to(kind: Kind, ids: &[ChunkId]) -> Vec<Reference> {
    ids.iter().map(|id| Reference { kind, id: *id }).collect()
}

#[test]
fn a_manifest_names_its_root_and_its_links() {
    let store = MemoryStore::new();
    let built = every_kind(&mut keep(&store));
    let id = publish(&store, &built);
    let mut expected = to(Kind::Directory, &[built.root]);
    expected.extend(to(Kind::Links, &[built.links.unwrap()]));
    assert_eq!(of(&store, id), expected);
    let plain = flist(&store, &[("a", b"a")]);
    let root = Manifest::load(&store, plain).unwrap().root;
    assert_eq!(of(&store, plain), to(Kind::Directory, &[root]));
}

#[test]
fn a_directory_names_subdirectories_chunks_and_lists_in_order() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let mut tree = TreeBuilder::new();
    let content = file(b"same", &mut emit);
    tree.add(&path("a"), metadata(1), content.clone()).unwrap();
    tree.add(&path("b/inner"), metadata(2), Content::Fifo).unwrap();
    let large = large_file(1025, &mut emit);
    tree.add(&path("c"), metadata(3), large.clone()).unwrap();
    tree.add(&path("d"), metadata(4), content).unwrap();
    tree.add(&path("e"), metadata(5), Content::Symlink { target: b"a".to_vec() }).unwrap();
    let root = tree.finish(&mut emit).unwrap().root;
    let Content::File { pieces: Pieces::List { id: list, .. }, .. } = large else {
        panic!("not a list")
    };
    let inner = directory_entries(&store, root).map(Result::unwrap).find_map(|entry| {
        if let Content::Directory { id, .. } = entry.content { Some(id) } else { None }
    });
    let same = Kind::Content.id_of(b"same");
    let expected = [
        Reference { kind: Kind::Content, id: same },
        Reference { kind: Kind::Directory, id: inner.unwrap() },
        Reference { kind: Kind::List, id: list },
        Reference { kind: Kind::Content, id: same },
    ];
    assert_eq!(of(&store, root), expected);
}

#[test]
fn nodes_name_their_parts() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let mut tree = TreeBuilder::new();
    for index in 0..8000 {
        tree.add(&path(&format!("file-{index:08}")), metadata(1), Content::Fifo).unwrap();
    }
    let root = tree.finish(&mut emit).unwrap().root;
    let Directory::Node(parts) = Directory::decode(object(&store, root).bytes()).unwrap() else {
        panic!("a directory of 8,000 entries is in parts")
    };
    let ids: Vec<ChunkId> = parts.iter().map(|part| part.id).collect();
    assert_eq!(of(&store, root), to(Kind::Directory, &ids));

    let Content::File { pieces: listed, .. } = large_file(20_000, &mut emit) else {
        panic!("not a file")
    };
    let Pieces::List { id: list, .. } = listed else { panic!("not a list") };
    let List::Node(parts) = List::decode(object(&store, list).bytes()).unwrap() else {
        panic!("a list of 20,000 pieces is in parts")
    };
    let ids: Vec<ChunkId> = parts.iter().map(|part| part.id).collect();
    assert_eq!(of(&store, list), to(Kind::List, &ids));
    // All leaves together name all chunks.
    let chunks: usize = ids.iter().map(|id| leaves(&store, *id)).sum();
    assert_eq!(chunks, pieces(&store, &listed).count());
}

fn leaves(store: &MemoryStore, id: ChunkId) -> usize {
    let below = of(store, id);
    match below.first().map(|first| first.kind) {
        Some(Kind::List) => below.iter().map(|below| leaves(store, below.id)).sum(),
        _ => below.len(),
    }
}

/// Without this a sweep would take the leaves of every large links object.
#[test]
fn a_links_object_in_parts_names_them() {
    let store = MemoryStore::new();
    let groups: Vec<Vec<TreePath>> = (0..3000)
        .map(|index| {
            let long = "x".repeat(100);
            vec![path(&format!("{index:08}/{long}/a")), path(&format!("{index:08}/{long}/b"))]
        })
        .collect();
    let mut made = BTreeSet::new();
    let id = build_links(groups, &mut |object| {
        made.insert(object.id());
        keep(&store)(object)
    });
    let id = id.unwrap().unwrap();
    made.remove(&id);
    assert!(made.len() > 1, "{} parts", made.len());
    let named = of(&store, id);
    assert!(named.iter().all(|reference| reference.kind == Kind::Links));
    assert_eq!(named.iter().map(|reference| reference.id).collect::<BTreeSet<_>>(), made);
    assert_eq!(of(&store, named[0].id), []);
}

#[test]
fn a_chunk_names_nothing_and_what_breaks_the_format_is_an_error() {
    let store = MemoryStore::new();
    chunk(b"text", &mut keep(&store));
    assert_eq!(of(&store, Kind::Content.id_of(b"text")), []);
    let (directory, _) = build_directory(&[], &mut keep(&store)).unwrap();
    assert_eq!(of(&store, directory), []);
    for kind in [Kind::Directory, Kind::List, Kind::Links, Kind::Manifest] {
        for bytes in [&b""[..], b"\x82\x02\x80", b"\x82\x00\x81\x83", b"text"] {
            let broken = Chunk::new(kind, bytes.to_vec()).unwrap();
            assert!(references(&broken).is_err(), "{kind}: {bytes:?}");
        }
    }
}
