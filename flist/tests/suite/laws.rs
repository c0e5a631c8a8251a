//! Laws over random trees: what goes in comes out; equal trees have equal ids and no others; the order
//! of input does not matter; every flist passes its own checks; every `.flist` file reads back.

use std::collections::BTreeMap;

use flisthub_flist::{
    BuiltTree, Content, Device, Directory, FlistWriter, List, Manifest, Metadata, Tree,
    TreeBuilder, TreePath, VerifyLimits, read_flist, survey, verify,
};
use flisthub_storage::{ChunkStore, MemoryStore};
use proptest::prelude::*;

use crate::support::{file, keep, publish};

/// What may stand at a path; files by their content.
#[derive(Debug, Clone, PartialEq)]
enum Leaf {
    File(Vec<u8>),
    Other(Content),
    EmptyDirectory,
}

type Entries = BTreeMap<Vec<Vec<u8>>, (Metadata, Leaf)>;

fn any_metadata() -> impl Strategy<Value = Metadata> {
    let xattrs = prop::collection::btree_map("[a-z.]{1,12}", any::<Vec<u8>>(), 0..3);
    (0_u16..0o10000, any::<u32>(), any::<u32>(), any::<i64>(), 0_u32..1_000_000_000, xattrs)
        .prop_map(|(mode, uid, gid, mtime, mtime_nanos, xattrs)| {
            let xattrs = xattrs.into_iter().map(|(name, value)| (name.into_bytes(), value));
            Metadata { mode, uid, gid, mtime, mtime_nanos, xattrs: xattrs.collect() }
        })
}

fn any_leaf() -> impl Strategy<Value = Leaf> {
    prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Leaf::File),
        1 => prop::collection::vec(1_u8..255, 1..20)
            .prop_map(|target| Leaf::Other(Content::Symlink { target })),
        1 => (0_u64..4096, 0_u64..1 << 20).prop_map(|(major, minor)| {
            Leaf::Other(Content::CharDevice(Device::new(major, minor).unwrap()))
        }),
        1 => Just(Leaf::Other(Content::Fifo)),
        1 => Just(Leaf::Other(Content::Socket)),
        1 => Just(Leaf::EmptyDirectory),
    ]
}

/// Paths whose directories and leaves never collide: directory names begin with `d`.
fn any_entries() -> impl Strategy<Value = Entries> {
    let directory = "d[a-c]{0,2}".prop_map(String::into_bytes);
    let name = prop_oneof![
        "[e-g]{1,3}".prop_map(String::into_bytes),
        prop::collection::vec(128_u8..=255, 1..4),
    ];
    let path = (prop::collection::vec(directory, 0..4), name).prop_map(|(mut path, name)| {
        path.push(name);
        path
    });
    prop::collection::btree_map(path, (any_metadata(), any_leaf()), 0..30)
}

fn add(builder: &mut TreeBuilder, store: &MemoryStore, path: &[Vec<u8>], what: &(Metadata, Leaf)) {
    let path = TreePath::parse(&path.join(&b'/')).unwrap();
    let (metadata, leaf) = what.clone();
    match leaf {
        Leaf::File(content) => builder.add(&path, metadata, file(&content, &mut keep(store))),
        Leaf::Other(content) => builder.add(&path, metadata, content),
        Leaf::EmptyDirectory => builder.add_directory(&path, metadata),
    }
    .unwrap();
}

fn build(store: &MemoryStore, entries: &Entries, order: &[usize]) -> BuiltTree {
    let mut builder = TreeBuilder::new();
    let all: Vec<_> = entries.iter().collect();
    for index in order {
        let (path, what) = all[*index];
        add(&mut builder, store, path, what);
    }
    builder.finish(&mut keep(store)).unwrap()
}

fn in_order(entries: &Entries) -> Vec<usize> {
    (0..entries.len()).collect()
}

/// Trees of a few entries that are the same half of the time.
fn any_two() -> impl Strategy<Value = (Entries, Entries)> {
    any_entries().prop_flat_map(|entries| {
        let other = prop_oneof![Just(entries.clone()), any_entries()];
        (Just(entries), other)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn what_goes_in_comes_out(entries in any_entries()) {
        let store = MemoryStore::new();
        let built = build(&store, &entries, &in_order(&entries));
        let tree = Tree::open(&store, publish(&store, &built)).unwrap();
        let mut left = entries.clone();
        for entry in tree.walk(&store) {
            let (path, entry) = entry.unwrap();
            let key: Vec<Vec<u8>> = path.names().map(<[u8]>::to_vec).collect();
            let Some((metadata, leaf)) = left.remove(&key) else {
                prop_assert_eq!(entry.metadata, Metadata::implied_directory());
                continue;
            };
            prop_assert_eq!(entry.metadata, metadata);
            let content = match leaf {
                Leaf::File(content) => file(&content, &mut keep(&store)),
                Leaf::Other(content) => content,
                Leaf::EmptyDirectory => {
                    let directory = matches!(entry.content, Content::Directory { .. });
                    prop_assert!(directory);
                    continue;
                }
            };
            prop_assert_eq!(entry.content, content);
        }
        prop_assert!(left.is_empty(), "lost: {:?}", left);
    }

    #[test]
    fn the_order_of_input_does_not_matter(
        (entries, order) in any_entries().prop_flat_map(|entries| {
            let order = Just(in_order(&entries)).prop_shuffle();
            (Just(entries), order)
        }),
    ) {
        let store = MemoryStore::new();
        let sorted = build(&store, &entries, &in_order(&entries));
        prop_assert_eq!(sorted, build(&store, &entries, &order));
    }

    #[test]
    fn equal_trees_and_only_they_have_equal_ids((left, right) in any_two()) {
        let store = MemoryStore::new();
        let one = build(&store, &left, &in_order(&left));
        let other = build(&store, &right, &in_order(&right));
        prop_assert_eq!(left == right, publish(&store, &one) == publish(&store, &other));
    }

    #[test]
    fn every_flist_passes_its_checks_and_its_file_reads_back(entries in any_entries()) {
        let store = MemoryStore::new();
        let built = build(&store, &entries, &in_order(&entries));
        let id = publish(&store, &built);
        let verified = verify(&store, id, &VerifyLimits::default(), &[]).unwrap();
        let mut handed = Vec::new();
        let survey = survey(&store, id, &mut |bytes| handed.extend_from_slice(bytes)).unwrap();
        prop_assert_eq!(survey.counts, built.counts);
        let bytes: Vec<u8> =
            FlistWriter::new(&store, id).flat_map(|record| record.unwrap().to_vec()).collect();
        prop_assert_eq!((bytes.len() as u64, &bytes), (survey.file_bytes, &handed));
        let copy = MemoryStore::new();
        let (read, manifest) =
            read_flist(&bytes[..], Some(id), 1 << 30, &mut keep(&copy)).unwrap();
        prop_assert_eq!((read, &manifest), (id, &verified.manifest));
        let again: Vec<u8> =
            FlistWriter::new(&copy, id).flat_map(|record| record.unwrap().to_vec()).collect();
        prop_assert_eq!(again, bytes);
    }

    /// Strict decoding: whatever decodes is the one encoding of what it says, and nothing panics.
    #[test]
    fn a_changed_object_is_refused_or_means_something_else(
        entries in any_entries(),
        which in any::<prop::sample::Index>(),
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let store = MemoryStore::new();
        let built = build(&store, &entries, &in_order(&entries));
        let mut objects = Vec::new();
        let id = publish(&store, &built);
        for record in FlistWriter::new(&store, id) {
            objects.push(record.unwrap());
        }
        let record = &objects[which.index(objects.len())];
        let header = if record.starts_with(&flisthub_flist::MAGIC) { 13 } else { 5 };
        let object = record[header..].to_vec();
        let mut changed = object.clone();
        let position = position.index(changed.len());
        changed[position] = byte;
        let (before, after) = (Directory::decode(&object), Directory::decode(&changed));
        if let (Ok(before), Ok(after)) = (before, after) {
            prop_assert_eq!(before == after, object == changed);
        }
        let (before, after) = (Manifest::decode(&object), Manifest::decode(&changed));
        if let (Ok(before), Ok(after)) = (before, after) {
            prop_assert_eq!(before == after, object == changed);
            let again = after.to_chunk().unwrap();
            prop_assert_eq!(again.bytes(), &changed);
        }
        let _ = List::decode(&changed);
    }

    #[test]
    fn any_bytes_are_no_reason_to_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = (Directory::decode(&bytes), List::decode(&bytes), Manifest::decode(&bytes));
        let _ = read_flist(&bytes[..], None, 1 << 20, &mut |_| Ok(()));
        let with_magic = [&flisthub_flist::MAGIC[..], &[4], &[0, 0, 0], &bytes].concat();
        let _ = read_flist(&with_magic[..], None, 1 << 20, &mut |_| Ok(()));
    }
}

/// The store only ever holds what was emitted: nothing of a flist is missing after a build.
#[test]
fn nothing_is_missing_after_a_build() {
    let store = MemoryStore::new();
    let built = crate::support::every_kind(&mut keep(&store));
    let id = publish(&store, &built);
    verify(&store, id, &VerifyLimits::default(), &[]).unwrap();
    assert_eq!(survey(&store, id, &mut |_| {}).unwrap().counts, built.counts);
    assert!(store.stats().unwrap().objects > 1025);
}
