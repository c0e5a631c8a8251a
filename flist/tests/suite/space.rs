//! Space figures: on flists made by hand, and against sets on random ones.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use flisthub_flist::wire::{Space, SpaceReport};
use flisthub_flist::{
    Content, GraphError, Manifest, Published, TreeBuilder, references, space_report,
};
use flisthub_storage::{ChunkId, ChunkStore, Kind, MemoryStore, Silent};
use proptest::prelude::*;

use crate::graph_support::{CancelAfter, Faulty, flist, object};
use crate::support::{every_kind, file, keep, large_file, metadata, path, publish};

fn published(repository: &str, names: &[&str], flist: ChunkId) -> Published {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Published { repository: repository.to_owned(), names, flist }
}

/// All that is reachable, found by sets and recursion.
fn reachable(store: &MemoryStore, id: ChunkId, found: &mut BTreeSet<ChunkId>) {
    if found.insert(id) {
        for reference in references(&object(store, id)).unwrap() {
            reachable(store, reference.id, found);
        }
    }
}

fn bytes<'a>(store: &MemoryStore, ids: impl Iterator<Item = &'a ChunkId>) -> u64 {
    let ids: Vec<ChunkId> = ids.copied().collect();
    let stats = store.stat(&ids).unwrap();
    stats.into_iter().map(|stat| u64::from(stat.unwrap().frame_length)).sum()
}

/// What the figures must be: `held` is which flists each holder has, its logical bytes not counted.
fn naive(store: &MemoryStore, held: &[BTreeSet<ChunkId>]) -> Vec<Space> {
    let reach: Vec<BTreeSet<ChunkId>> = held
        .iter()
        .map(|flists| {
            let mut found = BTreeSet::new();
            for id in flists {
                reachable(store, *id, &mut found);
            }
            found
        })
        .collect();
    (0..held.len())
        .map(|index| {
            let others =
                |id| reach.iter().enumerate().any(|(o, set)| o != index && set.contains(id));
            let own = &reach[index];
            let stored_bytes = bytes(store, own.iter());
            let exclusive_bytes = bytes(store, own.iter().filter(|id| !others(*id)));
            let totals = |id: &ChunkId| Manifest::load(store, *id).unwrap().totals.bytes;
            Space {
                logical_bytes: held[index].iter().map(totals).sum(),
                stored_bytes,
                exclusive_bytes,
                shared_bytes: stored_bytes - exclusive_bytes,
            }
        })
        .collect()
}

fn check(store: &MemoryStore, input: &[Published]) -> SpaceReport {
    let report = space_report(store, input, &Silent).unwrap();
    let mut distinct: Vec<ChunkId> = Vec::new();
    let mut repositories: BTreeMap<&str, BTreeSet<ChunkId>> = BTreeMap::new();
    for entry in input {
        if !distinct.contains(&entry.flist) {
            distinct.push(entry.flist);
        }
        repositories.entry(&entry.repository).or_default().insert(entry.flist);
    }
    let singles: Vec<_> = distinct.iter().map(|id| BTreeSet::from([*id])).collect();
    let flists: Vec<Space> = report.flists.iter().map(|flist| flist.space).collect();
    assert_eq!(flists, naive(store, &singles));
    let ids: Vec<&str> = report.flists.iter().map(|flist| flist.flist.as_str()).collect();
    assert_eq!(ids, distinct.iter().map(ToString::to_string).collect::<Vec<_>>());
    let held: Vec<_> = repositories.values().cloned().collect();
    let spaces: Vec<Space> = report.repositories.iter().map(|found| found.space).collect();
    assert_eq!(spaces, naive(store, &held));
    let names: Vec<&str> =
        report.repositories.iter().map(|found| found.repository.as_str()).collect();
    assert_eq!(names, repositories.keys().copied().collect::<Vec<_>>());
    let all = naive(store, &[distinct.into_iter().collect()]);
    let exclusive: u64 = flists.iter().map(|space| space.exclusive_bytes).sum();
    let stored = all.first().map_or(0, |space| space.stored_bytes);
    assert_eq!(report.total.stored_bytes, stored);
    assert_eq!(report.total.exclusive_bytes, exclusive);
    assert_eq!(report.total.shared_bytes, stored - exclusive);
    assert_eq!(report.total.logical_bytes, all.first().map_or(0, |space| space.logical_bytes));
    report
}

#[test]
fn what_two_flists_share_is_exclusive_to_neither() {
    let store = MemoryStore::new();
    let one =
        flist(&store, &[("usr/lib", b"shared"), ("a", b"only in one"), ("b", b"only in one")]);
    let two = flist(&store, &[("usr/lib", b"shared"), ("c", b"only in two")]);
    let input = [
        published("alice", &["x", "y"], one),
        published("bob", &["z"], two),
        published("bob", &[], one),
    ];
    let report = check(&store, &input);
    let shared = bytes(&store, [Kind::Content.id_of(b"shared")].iter());
    assert!(report.flists[0].space.shared_bytes > shared, "the chunk and its directory");
    assert_eq!(report.flists[0].space.logical_bytes, 28, "a file twice is twice as many bytes");
    assert_eq!(report.flists[0].names, ["alice/x", "alice/y"]);
    assert_eq!(report.flists[1].names, ["bob/z"]);
    let alice = report.repositories[0].space;
    assert_eq!((alice.exclusive_bytes, alice.shared_bytes), (0, alice.stored_bytes));
    assert_eq!(report.repositories[1].space.stored_bytes, report.total.stored_bytes);
}

#[test]
fn lists_parts_and_links_count_as_well() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let kinds = publish(&store, &every_kind(&mut emit));
    let mut tree = TreeBuilder::new();
    let large = large_file(20_000, &mut emit);
    tree.add(&path("large"), metadata(1), large).unwrap();
    for index in 0..8000 {
        tree.add(&path(&format!("big/{index:08}")), metadata(2), Content::Fifo).unwrap();
    }
    let parts = publish(&store, &tree.finish(&mut emit).unwrap());
    let report = check(&store, &[published("r", &["kinds"], kinds), published("r", &["p"], parts)]);
    assert!(report.total.shared_bytes > 0, "both have the first 1,025 chunks");
    assert_eq!(report.total.stored_bytes, store.stats().unwrap().bytes, "all there is");
}

#[test]
fn nothing_takes_no_space() {
    let store = MemoryStore::new();
    assert_eq!(space_report(&store, &[], &Silent).unwrap(), SpaceReport::default());
}

#[test]
fn a_gap_is_an_error_that_names_flist_and_id() {
    let store = MemoryStore::new();
    let fine = flist(&store, &[("a", b"a")]);
    let broken = flist(&store, &[("d/b", b"b")]);
    let input = [published("r", &["fine"], fine), published("r", &["broken"], broken)];
    let chunk = Kind::Content.id_of(b"b");
    let root = Manifest::load(&store, broken).unwrap().root;
    for (faulty, gap) in [
        (Faulty::without(&store, &[chunk]), chunk),
        (Faulty::without(&store, &[root]), root),
        (Faulty::damaged(&store, &[root]), root),
        (Faulty::without(&store, &[broken]), broken),
    ] {
        let error = space_report(&faulty, &input, &Silent).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&broken.to_string()) && text.contains(&gap.to_string()), "{text}");
        assert!(error.source().is_some());
        let GraphError::Unusable { flist, id, .. } = error else { panic!("{error}") };
        assert_eq!((flist, id), (broken, gap));
    }
}

#[test]
fn each_object_is_read_once_and_the_report_ends_when_told() {
    let store = MemoryStore::new();
    let one = flist(&store, &[("d/a", b"a"), ("1", b"1")]);
    let two = flist(&store, &[("d/a", b"a"), ("2", b"2")]);
    let input = [published("r", &["one"], one), published("s", &["two"], two)];
    let faulty = Faulty::of(&store);
    space_report(&faulty, &input, &Silent).unwrap();
    let shared = references(&object(&store, Manifest::load(&store, one).unwrap().root)).unwrap();
    let directory = shared.iter().find(|below| below.kind == Kind::Directory).unwrap();
    assert_eq!(faulty.reads(directory.id), 1);
    let mut looks = 0;
    while space_report(&store, &input, &CancelAfter::looks(looks)).is_err() {
        let ended = space_report(&store, &input, &CancelAfter::looks(looks));
        assert!(matches!(ended, Err(GraphError::Cancelled)));
        looks += 1;
    }
    assert!(looks >= 7, "ended by {looks} looks: 3 and 2 steps, then 2 and 2 sums");
}

/// A flist: the number of its repository, and for each file those of its directory, name and content.
type Numbers = (u8, Vec<(u8, u8, u8)>);

/// A few flists of a few files each, so that contents, directories and whole flists are shared.
fn any_flists() -> impl Strategy<Value = Vec<Numbers>> {
    let files = prop::collection::vec((0_u8..3, 0_u8..4, 0_u8..6), 0..6);
    prop::collection::vec((0_u8..3, files), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn figures_are_those_of_sets(flists in any_flists()) {
        let store = MemoryStore::new();
        let mut emit = keep(&store);
        let mut input = Vec::new();
        for (repository, files) in flists {
            let mut tree = TreeBuilder::new();
            for (directory, name, content) in files {
                let content = vec![content; 1 + usize::from(content) * 100];
                let content = file(&content, &mut emit);
                let at = path(&format!("d{directory}/e/{name}"));
                tree.add(&at, metadata(1), content).unwrap();
            }
            let id = publish(&store, &tree.finish(&mut emit).unwrap());
            input.push(published(&format!("r{repository}"), &["n"], id));
        }
        check(&store, &input);
    }
}
