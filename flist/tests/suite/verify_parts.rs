//! Checking large directories beside one that is known whole: parts that both have are not opened, and what
//! is not cut as the format says is refused all the same.

use flisthub_flist::{
    BuiltTree, Content, Counts, Directory, DirectoryPart, Entry, EntryName, Manifest, Metadata,
    Pieces, Totals, VerifyError, VerifyLimits, build_directory, verify,
};
use flisthub_storage::{Chunk, ChunkId, ChunkStore as _, Kind, MemoryStore, Profile};
use proptest::prelude::*;

use crate::graph_support::Faulty;
use crate::support::keep;

fn entry(name: &str) -> Entry {
    Entry {
        name: EntryName::new(name.as_bytes()).unwrap(),
        metadata: Metadata::default(),
        content: Content::File { size: 0, pieces: Pieces::Inline(Vec::new()) },
    }
}

/// Names of 200 bytes, so that a few thousand make many parts.
fn entries(count: usize) -> Vec<Entry> {
    (0..count).map(|index| entry(&format!("{index:08}{}", "n".repeat(192)))).collect()
}

fn flist(store: &MemoryStore, root: ChunkId, totals: Totals) -> ChunkId {
    let (metadata, counts) = (Metadata::default(), Counts::default());
    let tree = BuiltTree { root, metadata, totals, links: None, counts };
    let manifest = Manifest::of(&tree, Profile::default()).to_chunk().unwrap();
    let id = manifest.id();
    keep(store)(manifest).unwrap();
    id
}

fn flist_of(store: &MemoryStore, entries: &[Entry]) -> ChunkId {
    let (root, totals) = build_directory(entries, &mut keep(store)).unwrap();
    flist(store, root, totals)
}

fn load(store: &MemoryStore, id: ChunkId) -> Directory {
    Directory::decode(store.get(&[id]).unwrap().remove(0).unwrap().bytes()).unwrap()
}

fn parts(store: &MemoryStore, flist: ChunkId) -> Vec<DirectoryPart> {
    match load(store, Manifest::load(store, flist).unwrap().root) {
        Directory::Node(parts) => parts,
        Directory::Leaf(_) => panic!("not in parts"),
    }
}

fn head(major: u8, value: u64) -> Vec<u8> {
    let major = major << 5;
    match value {
        0..24 => vec![major | u8::try_from(value).unwrap()],
        24..0x100 => vec![major | 0x18, u8::try_from(value).unwrap()],
        0x100..0x1_0000 => {
            [&[major | 0x19][..], &u16::try_from(value).unwrap().to_be_bytes()].concat()
        }
        _ => [&[major | 0x1a][..], &u32::try_from(value).unwrap().to_be_bytes()].concat(),
    }
}

/// Stores a node of these parts, whether they are cut well or not.
fn node(store: &MemoryStore, parts: &[DirectoryPart]) -> (ChunkId, Totals) {
    let mut out = [vec![0x82, 1], head(4, parts.len() as u64)].concat();
    let mut totals = Totals::default();
    for part in parts {
        totals = totals.checked_add(part.totals).unwrap();
        out.extend([vec![0x83], head(2, part.last.as_bytes().len() as u64)].concat());
        out.extend([part.last.as_bytes(), &[0x58, 32], part.id.as_bytes(), &[0x82]].concat());
        out.extend([head(0, part.totals.entries), head(0, part.totals.bytes)].concat());
    }
    let object = Chunk::new(Kind::Directory, out).unwrap();
    let id = object.id();
    keep(store)(object).unwrap();
    (id, totals)
}

/// Stores a part of these entries as it is, however many they are; `None` if there are none.
fn leaf(store: &MemoryStore, entries: &[Entry]) -> Option<DirectoryPart> {
    let last = entries.last()?.name.clone();
    let mut out = [vec![0x82, 0], head(4, entries.len() as u64)].concat();
    let mut totals = Totals::default();
    for entry in entries {
        totals = totals.checked_add(entry.totals().unwrap()).unwrap();
        // A directory of one entry is the head of three bytes, and the entry.
        build_directory(std::slice::from_ref(entry), &mut |object| {
            out.extend_from_slice(&object.bytes()[3..]);
            Ok(())
        })
        .unwrap();
    }
    let object = Chunk::new(Kind::Directory, out).unwrap();
    let id = object.id();
    keep(store)(object).unwrap();
    Some(DirectoryPart { last, id, totals })
}

fn entries_of(store: &MemoryStore, part: &DirectoryPart) -> Vec<Entry> {
    match load(store, part.id) {
        Directory::Leaf(entries) => entries,
        Directory::Node(_) => panic!("not a leaf"),
    }
}

/// A change of the parts of a directory, most of them not as the format says.
#[derive(Debug, Clone, Copy)]
enum Forgery {
    Drop,
    Twice,
    Swap,
    Split,
    Join,
    /// An entry more, or one less, in one part.
    Insert,
    Delete,
    Totals,
    Last,
}

fn forge(
    store: &MemoryStore,
    parts: &mut Vec<DirectoryPart>,
    forgery: Forgery,
    at: usize,
    within: usize,
) {
    let at = at % parts.len();
    let mut all = entries_of(store, &parts[at]);
    let within = within % all.len();
    match forgery {
        Forgery::Drop => drop(parts.remove(at)),
        Forgery::Twice => parts.insert(at, parts[at].clone()),
        Forgery::Swap => {
            let other = within % parts.len();
            parts.swap(at, other);
        }
        Forgery::Split => {
            let right = all.split_off(within);
            let both = [leaf(store, &all), leaf(store, &right)];
            parts.splice(at..=at, both.into_iter().flatten());
        }
        Forgery::Join => {
            let next = (at + 1) % parts.len();
            all.extend(entries_of(store, &parts[next]));
            all.sort_by(|one, other| one.name.cmp(&other.name));
            parts[at.min(next)] = leaf(store, &all).unwrap();
            parts.remove(at.max(next));
        }
        Forgery::Insert | Forgery::Delete => {
            if matches!(forgery, Forgery::Insert) {
                let name = format!("{}+", String::from_utf8_lossy(all[within].name.as_bytes()));
                all.insert(within + 1, entry(&name));
            } else {
                all.remove(within);
            }
            parts.splice(at..=at, leaf(store, &all));
        }
        Forgery::Totals => parts[at].totals.entries += 1,
        Forgery::Last => {
            parts[at].last = EntryName::new(&parts[at].last.as_bytes()[..199]).unwrap();
        }
    }
}

fn any_forgery() -> impl Strategy<Value = (Forgery, usize, usize)> {
    use Forgery::{Delete, Drop, Insert, Join, Last, Split, Swap, Totals, Twice};
    let all = [Drop, Twice, Swap, Split, Join, Insert, Delete, Totals, Last];
    (prop::sample::select(all.to_vec()), 0_usize..1000, 0_usize..1000)
}

fn end(store: &MemoryStore, id: ChunkId, bases: &[ChunkId]) -> String {
    match verify(store, id, &VerifyLimits::default(), bases) {
        Ok(_) => "whole".to_owned(),
        Err(VerifyError::Bad { what, .. }) => format!("bad: {what}"),
        Err(error) => format!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn forged_parts_pass_exactly_when_they_pass_alone(
        count in 1500_usize..6000,
        forgeries in prop::collection::vec(any_forgery(), 1..3),
        other in prop::option::of(1500_usize..6000),
    ) {
        let store = MemoryStore::new();
        let mut bases = vec![flist_of(&store, &entries(count))];
        bases.extend(other.map(|count| flist_of(&store, &entries(count))));
        let mut forged = parts(&store, bases[0]);
        for (forgery, at, within) in forgeries {
            if forged.len() > 2 {
                forge(&store, &mut forged, forgery, at, within);
            }
        }
        let (root, totals) = node(&store, &forged);
        let id = flist(&store, root, totals);
        prop_assert_eq!(end(&store, id, &bases), end(&store, id, &[]));
    }

    /// Honest changes anywhere pass.
    #[test]
    fn names_that_come_and_go_pass(
        count in 3000_usize..6000,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..6),
    ) {
        let store = MemoryStore::new();
        let mut all = entries(count);
        let base = flist_of(&store, &all);
        for (at, insert) in changes {
            let at = at.index(all.len());
            if insert {
                let name = format!("{}+", String::from_utf8_lossy(&all[at].name.as_bytes()[..8]));
                all.insert(at, entry(&name));
            } else {
                all.remove(at);
            }
            all.sort_by(|one, other| one.name.cmp(&other.name));
            all.dedup_by(|one, other| one.name == other.name);
        }
        let id = flist_of(&store, &all);
        prop_assert_eq!(end(&store, id, &[base]), "whole");
    }
}

/// The forgeries of this file are refused for several reasons, and some are none.
#[test]
fn forgeries_end_in_many_ways() {
    let store = MemoryStore::new();
    let base = flist_of(&store, &entries(6000));
    let mut ends = std::collections::BTreeMap::<String, usize>::new();
    for at in 0..8 {
        for (forgery, within) in [
            (Forgery::Drop, 0),
            (Forgery::Twice, 0),
            (Forgery::Swap, 3),
            (Forgery::Split, 7),
            (Forgery::Join, 0),
            (Forgery::Insert, 5),
            (Forgery::Delete, 5),
            (Forgery::Totals, 0),
            (Forgery::Last, 0),
        ] {
            let mut forged = parts(&store, base);
            forge(&store, &mut forged, forgery, at, within);
            let (root, totals) = node(&store, &forged);
            let said = end(&store, flist(&store, root, totals), &[base]);
            *ends.entry(said.rsplit(": ").next().unwrap().to_owned()).or_default() += 1;
        }
    }
    assert!(ends.len() >= 4 && ends["whole"] >= 10, "{ends:?}");
}

#[test]
fn a_name_more_in_a_large_directory_opens_few_parts() {
    let store = MemoryStore::new();
    let mut all: Vec<Entry> =
        (0..100_000).map(|index| entry(&format!("file-{index:08}"))).collect();
    let base = flist_of(&store, &all);
    let count = parts(&store, base).len();
    assert!(count > 100, "{count} parts");
    for name in ["file-00000000-first", "file-00050000-middle", "zzz-last"] {
        let at = all.partition_point(|entry| entry.name.as_bytes() < name.as_bytes());
        all.insert(at, entry(name));
        let id = flist_of(&store, &all);
        let faulty = Faulty::of(&store);
        verify(&faulty, id, &VerifyLimits::default(), &[base]).unwrap();
        let read = faulty.read.lock().unwrap().len();
        assert!(read < 60, "{read} of {count} parts were opened for {name}");
        all.remove(at);
    }
}

fn ends_part(name: &EntryName) -> bool {
    let hash = blake3::hash(name.as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap()).trailing_zeros() >= 9
}

/// A part that is as the base's, after one that reaches into it: names are not in order.
#[test]
fn a_part_that_reaches_into_the_next_is_refused() {
    let store = MemoryStore::new();
    let base = flist_of(&store, &entries(6000));
    let mut forged = parts(&store, base);
    let at = forged.len() - 3;
    let first = entries_of(&store, &forged[at + 1])[0].name.clone();
    // It ends a part where the base does, by a name that comes after the next one's first.
    let late = (0..).map(|number| format!("{}{number}", String::from_utf8_lossy(first.as_bytes())));
    let late = late.map(|name| entry(&name)).find(|entry| ends_part(&entry.name)).unwrap();
    let mut all = entries_of(&store, &forged[at]);
    *all.last_mut().unwrap() = late.clone();
    forged[at] = leaf(&store, &all).unwrap();
    let (root, totals) = node(&store, &forged);
    let id = flist(&store, root, totals);
    // This one has the late name, where it belongs.
    let mut with_late = entries(6000);
    with_late.push(late);
    with_late.sort_by(|one, other| one.name.cmp(&other.name));
    let other = flist_of(&store, &with_late);
    for bases in [&[][..], &[base], &[other, base]] {
        assert!(end(&store, id, bases).contains("names are not in order"));
    }
}

/// A part that ended in the base because no more fitted, before an entry that would fit.
#[test]
fn a_part_that_could_be_longer_is_refused() {
    let store = MemoryStore::new();
    let big = |index: usize| {
        let mut entry = entry(&format!("{index:03}"));
        entry.metadata.xattrs.insert(b"user.big".to_vec(), vec![0; 190_000]);
        entry
    };
    let mut all: Vec<Entry> = (0..40).map(big).collect();
    let ends = (0..).map(|more| entry(&format!("014-{more}")).name);
    all[14].name = ends.into_iter().find(ends_part).unwrap();
    let base = flist_of(&store, &all);
    let known = parts(&store, base);
    // Small now, the first of a part: it belongs to the part before, which begins where a name says so.
    let at = 2 + known.iter().position(|part| part.last == all[14].name).unwrap();
    let first = entries_of(&store, &known[at])[0].name.clone();
    let place = all.iter().position(|entry| entry.name == first).unwrap();
    all[place].metadata.xattrs.clear();
    let honest = flist_of(&store, &all);
    // What follows is cut as if the part had ended.
    let mut forged = known[..at].to_vec();
    forged.extend(parts(&store, flist_of(&store, &all[place..])));
    let (root, totals) = node(&store, &forged);
    let id = flist(&store, root, totals);
    assert_ne!(id, honest);
    for bases in [&[][..], &[base]] {
        assert!(end(&store, id, bases).contains("not cut into parts as the format says"));
        assert_eq!(end(&store, honest, bases), "whole");
    }
}

#[test]
fn totals_of_the_root_are_not_taken_from_a_base_that_has_others() {
    let store = MemoryStore::new();
    let all = entries(3);
    let (root, totals) = build_directory(&all, &mut keep(&store)).unwrap();
    let base = flist(&store, root, totals);
    let forged = flist(&store, root, Totals { entries: 2, ..totals });
    assert!(end(&store, forged, &[base]).contains("totals"));
}
