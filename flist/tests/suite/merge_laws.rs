//! Laws of merging over random trees: it does what a naive merge of path maps does; it is pure, has an
//! identity, is idempotent, folds from the left, and is associative where no path is a directory in one
//! source and something else in another.

use flisthub_flist::{
    Manifest, MergeError, MergeOptions, Merged, Rule, TreePath, VerifyLimits, merge, verify,
};
use flisthub_storage::{ChunkId, MemoryStore};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use crate::merge_support::{Expected, Flat, any_flat, build, reference};
use crate::support::keep;

fn any_rule() -> impl Strategy<Value = Rule> {
    prop_oneof![Just(Rule::FirstWins), Just(Rule::LastWins)]
}

fn merged(store: &MemoryStore, sources: &[ChunkId], rule: Rule) -> Result<Merged, MergeError> {
    let options = MergeOptions { rule, ..MergeOptions::default() };
    merge(store, sources, &options, &mut keep(store))
}

fn id(store: &MemoryStore, sources: &[ChunkId], rule: Rule) -> ChunkId {
    let merged = merged(store, sources, rule).unwrap();
    // What is emitted is a whole flist that stands by itself.
    let verified = verify(store, merged.flist, &VerifyLimits::default(), &[]).unwrap();
    assert_eq!(verified.manifest, merged.manifest);
    merged.flist
}

/// Two to five sources, some of them the same.
fn any_sources(apart: bool) -> impl Strategy<Value = Vec<Flat>> {
    let flats = prop::collection::vec(any_flat(apart), 1..4);
    (flats, prop::collection::vec(any::<prop::sample::Index>(), 2..6)).prop_map(
        |(flats, indices)| indices.iter().map(|index| index.get(&flats).clone()).collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn it_is_what_a_naive_merge_of_path_maps_is(
        sources in any_sources(false),
        rule in any_rule(),
    ) {
        let store = MemoryStore::new();
        let ids: Vec<ChunkId> = sources.iter().map(|flat| build(&store, flat)).collect();
        let naive = sources[1..].iter().fold(sources[0].clone(), |below, above| {
            reference(&below, above, rule).flat
        });
        prop_assert_eq!(id(&store, &ids, rule), build(&store, &naive), "{:?}", naive);
    }

    #[test]
    fn its_report_is_that_of_a_naive_merge(
        (one, other) in (any_flat(false), any_flat(false)),
        rule in any_rule(),
    ) {
        let store = MemoryStore::new();
        let ids = [build(&store, &one), build(&store, &other)];
        let Expected { conflicts, metadata_only, .. } = reference(&one, &other, rule);
        let report = merged(&store, &ids, rule).unwrap().report;
        let mut paths: Vec<TreePath> =
            conflicts.iter().map(|path| TreePath::parse(path.join("/").as_bytes()).unwrap()).collect();
        paths.sort();
        let mut found: Vec<TreePath> =
            report.conflicts.iter().map(|conflict| conflict.path.clone()).collect();
        found.sort();
        prop_assert_eq!((report.conflict_count, &found), (paths.len() as u64, &paths));
        prop_assert_eq!(report.metadata_only, metadata_only);
        let (winner, loser) = if rule == Rule::FirstWins { (0, 1) } else { (1, 0) };
        for conflict in &report.conflicts {
            prop_assert_eq!((conflict.winner, &conflict.losers[..]), (winner, &[loser][..]));
        }
        // Refusing is to win first where nothing clashes, and to tell of all conflicts where something does.
        match merged(&store, &ids, Rule::Refuse) {
            Ok(merged) => {
                prop_assert!(paths.is_empty());
                prop_assert_eq!(merged.flist, id(&store, &ids, Rule::FirstWins));
            }
            Err(MergeError::Conflicts(refused)) => {
                prop_assert_eq!(refused.conflict_count, paths.len() as u64);
                prop_assert!(!paths.is_empty());
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn an_empty_tree_changes_nothing(flat in any_flat(false), rule in any_rule()) {
        let store = MemoryStore::new();
        let source = build(&store, &flat);
        let empty = Flat { root: flat.root.clone(), ..Flat::default() };
        let after = build(&store, &empty);
        prop_assert_eq!(id(&store, &[source, after], rule), source);
        let before = build(&store, &Flat { config: flat.config, ..empty });
        prop_assert_eq!(id(&store, &[before, source], rule), source);
    }

    #[test]
    fn a_flist_merged_with_itself_is_itself(
        flat in any_flat(false),
        times in 2..5_usize,
        rule in prop_oneof![any_rule(), Just(Rule::Refuse)],
    ) {
        let store = MemoryStore::new();
        let source = build(&store, &flat);
        prop_assert_eq!(id(&store, &vec![source; times], rule), source);
    }

    #[test]
    fn many_sources_are_a_left_fold(sources in any_sources(false), rule in any_rule()) {
        let store = MemoryStore::new();
        let ids: Vec<ChunkId> = sources.iter().map(|flat| build(&store, flat)).collect();
        let fold = ids[1..].iter().fold(ids[0], |below, above| id(&store, &[below, *above], rule));
        prop_assert_eq!(id(&store, &ids, rule), fold);
    }

    #[test]
    fn it_is_associative_where_directories_meet_directories_only(
        flats in [any_flat(true), any_flat(true), any_flat(true)],
        rule in any_rule(),
    ) {
        let store = MemoryStore::new();
        let [one, two, three] = flats.map(|flat| build(&store, &flat));
        let left = id(&store, &[id(&store, &[one, two], rule), three], rule);
        let right = id(&store, &[one, id(&store, &[two, three], rule)], rule);
        prop_assert_eq!(left, right);
        prop_assert_eq!(left, id(&store, &[one, two, three], rule));
    }

    /// The same sources give the same flist and the same objects, in a store that never saw the others.
    #[test]
    fn it_depends_on_nothing_but_its_sources(sources in any_sources(false), rule in any_rule()) {
        let run = || {
            let store = MemoryStore::new();
            let ids: Vec<ChunkId> = sources.iter().map(|flat| build(&store, flat)).collect();
            let mut emitted = Vec::new();
            let options = MergeOptions { rule, ..MergeOptions::default() };
            let merged = merge(&store, &ids, &options, &mut |object| {
                emitted.push(object.id());
                Ok(())
            });
            (merged.unwrap(), emitted)
        };
        prop_assert_eq!(run(), run());
    }
}

/// The random trees of this file do have what the laws are about.
#[test]
fn random_trees_clash_and_link() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut conflicts, mut linked, mut cut, mut directories) = (0, 0, 0, 0);
    for _ in 0..400 {
        let flats = (any_flat(false), any_flat(false)).new_tree(&mut runner).unwrap().current();
        let (one, other) = &flats;
        let expected = reference(one, other, Rule::LastWins);
        conflicts += expected.conflicts.len();
        linked += expected.flat.groups.len();
        cut += usize::from(expected.flat.groups.len() < one.groups.len() + other.groups.len());
        let store = MemoryStore::new();
        let ids = [build(&store, one), build(&store, other)];
        let report = merged(&store, &ids, Rule::LastWins).unwrap().report;
        directories += report.merged_directories;
        assert!(Manifest::load(&store, ids[0]).is_ok());
    }
    let all = (conflicts, linked, cut, directories);
    assert!(conflicts > 500 && linked > 300 && cut > 80 && directories > 700, "{all:?}");
}
