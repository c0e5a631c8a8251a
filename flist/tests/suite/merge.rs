//! Merging: what is read and what is not, what the manifest gets, what is told.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use flisthub_flist::{
    Conflict, Content, Difference, Directories, Emit, ImageConfig, LoadError, Manifest, MergeError,
    MergeOptions, Merged, Metadata, Pieces, Rule, Tree, TreeBuilder, links, merge,
};
use flisthub_storage::{Chunk, ChunkId, MemoryStore, Profile};

use crate::merge_sources::{FIRST, flist, linked, merged, refused};
use crate::support::{every_kind, file, keep, listing, metadata, path, publish};

fn paths(store: &MemoryStore, merged: &Merged) -> Vec<String> {
    let walk = Tree::of(&merged.manifest).walk(store);
    walk.map(|entry| entry.unwrap().0.to_string()).collect()
}

/// Notes what is loaded.
struct Counted<'a> {
    store: &'a MemoryStore,
    loaded: RefCell<Vec<ChunkId>>,
}

impl Directories for Counted<'_> {
    fn load(&self, ids: &[ChunkId]) -> Result<Vec<Chunk>, LoadError> {
        self.loaded.borrow_mut().extend(ids);
        self.store.load(ids)
    }
}

/// Two hundred directories of fifty files; those of `changed` have other files.
fn wide(store: &MemoryStore, salt: &str, changed: &[usize]) -> ChunkId {
    let mut tree = TreeBuilder::new();
    let mut emit = keep(store);
    let emit: &mut Emit<'_> = &mut emit;
    for directory in 0..200 {
        let salt = if changed.contains(&directory) { salt } else { "" };
        let content = file(format!("{directory}{salt}").as_bytes(), emit);
        for number in 0..50 {
            let at = path(&format!("d{}/{directory}/f{number}", directory / 20));
            tree.add(&at, metadata(1), content.clone()).unwrap();
        }
    }
    publish(store, &tree.finish(emit).unwrap())
}

#[test]
fn only_directories_that_differ_are_loaded_and_made() {
    let store = MemoryStore::new();
    let sources = [wide(&store, "one", &[7, 123]), wide(&store, "two", &[7, 123])];
    let counted = Counted { store: &store, loaded: RefCell::default() };
    let mut made = Vec::new();
    let merged = merge(&counted, &sources, &FIRST, &mut |object| {
        made.push((object.kind(), object.id()));
        Ok(())
    })
    .unwrap();
    assert_eq!(merged.report.conflict_count, 100);
    // The root, d0 and d6, and one directory in each of them.
    assert_eq!(merged.report.merged_directories, 5);
    assert_eq!(made.len(), 5 + 1, "and the manifest");
    let loaded = counted.loaded.into_inner();
    // Two manifests, and of five directories two each; those that have others below, twice.
    assert_eq!(loaded.len(), 2 + 4 + 3 * 2 * 2);
    let distinct: BTreeSet<ChunkId> = loaded.into_iter().collect();
    assert_eq!(distinct.len(), 2 + 10);
    assert_eq!(merged.flist, sources[0], "all of the second's files lost");
}

#[test]
fn sources_with_the_same_tree_load_none_of_it() {
    let store = MemoryStore::new();
    let one = wide(&store, "", &[]);
    let manifest = Manifest::load(&store, one).unwrap();
    let values = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    let other = Manifest { values, ..manifest }.to_chunk().unwrap();
    keep(&store)(other.clone()).unwrap();
    let counted = Counted { store: &store, loaded: RefCell::default() };
    merge(&counted, &[one, other.id()], &FIRST, &mut |_| Ok(())).unwrap();
    assert_eq!(counted.loaded.into_inner(), [one, other.id()]);
}

#[test]
fn every_kind_of_entry_and_its_links_come_through() {
    let store = MemoryStore::new();
    let all = publish(&store, &every_kind(&mut keep(&store)));
    let other = flist(&store, &[("bin/more", "more"), ("opt/x/y", "y"), ("bin/tool", "lost")]);
    let merged = merged(&store, &[all, other], FIRST);
    let before = Manifest::load(&store, all).unwrap();
    let (kept, now) =
        (listing(&store, &Tree::of(&before)), listing(&store, &Tree::of(&merged.manifest)));
    let missing: Vec<&String> =
        kept.iter().filter(|line| !now.contains(*line) && !line.starts_with("(\"bin\",")).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // bin/more, opt, opt/x and opt/x/y.
    assert_eq!(now.len(), kept.len() + 4);
    assert_eq!(merged.manifest.links, before.links);
    assert_eq!(merged.report.conflicts.len(), 1);
}

#[test]
fn of_a_group_of_hard_links_those_of_one_source_stay_together() {
    let store = MemoryStore::new();
    let groups = |sources: &[ChunkId], rule| {
        let Manifest { links: id, totals, .. } =
            merged(&store, sources, MergeOptions { rule, ..FIRST }).manifest;
        let groups = id.map(|id| links(&store, id, totals.entries).unwrap()).unwrap_or_default();
        let shown = |group: &Vec<_>| group.iter().map(ToString::to_string).collect::<Vec<_>>();
        groups.iter().map(shown).collect::<Vec<_>>()
    };
    // `a-b` lies between `a` and `a/…` in the order of bytes.
    let one = linked(&store, "x", &["a/one", "a/two", "a-b", "top"]);
    let other = flist(&store, &[("a/one", "new"), ("z", "z")]);
    assert_eq!(groups(&[one, other], Rule::FirstWins), [["a-b", "a/one", "a/two", "top"]]);
    assert_eq!(groups(&[one, other], Rule::LastWins), [["a-b", "a/two", "top"]]);
    // Where a single path is left, it is no group. An equal entry of the winner is the winner's.
    let most = flist(&store, &[("a/one", "x"), ("a/two", "x"), ("top", "x")]);
    assert!(groups(&[most, one], Rule::FirstWins).is_empty());
    assert_eq!(groups(&[most, one], Rule::LastWins).len(), 1);
    // The same directory in both, linked to different places beside it: the winner's links hold.
    let two = linked(&store, "x", &["a/one", "a/two", "elsewhere"]);
    assert_eq!(groups(&[one, two], Rule::FirstWins), [["a-b", "a/one", "a/two", "top"]]);
    assert_eq!(
        groups(&[one, two], Rule::LastWins),
        [vec!["a-b", "top"], vec!["a/one", "a/two", "elsewhere"]]
    );
}

#[test]
fn a_directory_and_something_else_are_never_both_there() {
    let store = MemoryStore::new();
    let directory = flist(&store, &[("x/a", "a"), ("x/b/c", "c"), ("y", "y")]);
    let plain = flist(&store, &[("x", "file"), ("z", "z")]);
    let again = flist(&store, &[("x/d", "d")]);
    let last = MergeOptions { rule: Rule::LastWins, ..FIRST };
    let sources = [directory, plain, again];
    let first = merged(&store, &sources, FIRST);
    assert_eq!(paths(&store, &first), ["x", "x/a", "x/b", "x/b/c", "x/d", "y", "z"]);
    let conflict = |winner, losers: &[usize]| Conflict {
        path: path("x"),
        winner,
        losers: losers.to_vec(),
        difference: Difference::Directory,
    };
    assert_eq!(first.report.conflicts, [conflict(0, &[1])]);
    // What the second put in the place of the first's directory stays gone.
    let last = merged(&store, &sources, last);
    assert_eq!(paths(&store, &last), ["x", "x/d", "y", "z"]);
    assert_eq!(last.report.conflicts, [conflict(2, &[0, 1])]);
    let file_first = merged(&store, &[plain, directory], FIRST);
    assert_eq!(paths(&store, &file_first), ["x", "y", "z"]);
}

#[test]
fn conflicts_say_what_differs_and_are_told_up_to_a_thousand() {
    let store = MemoryStore::new();
    let one = |mode: u16, content: &str| {
        let mut tree = TreeBuilder::new();
        let content = file(content.as_bytes(), &mut keep(&store));
        let metadata = |mode| Metadata { mode, ..metadata(1) };
        tree.add_directory(&path("d"), metadata(mode)).unwrap();
        tree.add(&path("d/mode"), metadata(mode), file(b"m", &mut keep(&store))).unwrap();
        tree.add(&path("d/same"), metadata(0o600), file(b"s", &mut keep(&store))).unwrap();
        for number in 0..1500 {
            tree.add(&path(&format!("many/{number}")), metadata(0o600), content.clone()).unwrap();
        }
        publish(&store, &tree.finish(&mut keep(&store)).unwrap())
    };
    let report = merged(&store, &[one(0o600, "a"), one(0o700, "b")], FIRST).report;
    assert_eq!((report.conflict_count, report.conflicts.len()), (1501, 1000));
    assert_eq!(report.metadata_only, 1, "the directory d");
    let first = &report.conflicts[0];
    assert_eq!(
        (first.path.to_string().as_str(), first.difference),
        ("d/mode", Difference::Metadata)
    );
    assert_eq!(report.conflicts[1].difference, Difference::Content);
    let refuse = MergeOptions { rule: Rule::Refuse, ..FIRST };
    let error = refused(&store, &[one(0o600, "a"), one(0o700, "b")], refuse);
    assert!(
        matches!(&error, MergeError::Conflicts(told) if told.conflict_count == 1501),
        "{error}"
    );
    assert_eq!(error.to_string(), "1501 paths are in conflict, the first is d/mode");
    assert!(merge(&store, &[one(0o600, "a"), one(0o600, "a")], &refuse, &mut |_| Ok(())).is_ok());
}

#[test]
fn large_directories_are_merged_in_parts() {
    let store = MemoryStore::new();
    let many = |names: &dyn Fn(u32) -> String, count| {
        let mut tree = TreeBuilder::new();
        for number in 0..count {
            let content = Content::File { size: 0, pieces: Pieces::Inline(Vec::new()) };
            tree.add(&path(&format!("big/{}", names(number))), metadata(1), content).unwrap();
        }
        tree.add(&path("big/m/inside"), metadata(1), Content::Fifo).unwrap();
        publish(&store, &tree.finish(&mut keep(&store)).unwrap())
    };
    let (even, odd) = (
        many(&|n| format!("f{:06}", 2 * n), 20_000),
        many(&|n| format!("f{:06}", 2 * n + 1), 20_000),
    );
    let all = many(&|n| format!("f{n:06}"), 40_000);
    for rule in [Rule::FirstWins, Rule::LastWins, Rule::Refuse] {
        assert_eq!(merged(&store, &[even, odd], MergeOptions { rule, ..FIRST }).flist, all);
    }
}

#[test]
fn the_manifest_takes_the_first_of_everything() {
    let store = MemoryStore::new();
    let with = |file: &str, profile: Profile, config: Option<&str>, values: &[(&str, &str)]| {
        let manifest = Manifest::load(&store, flist(&store, &[(file, "x")])).unwrap();
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let manifest = Manifest {
            profile: profile.name().to_owned(),
            image_config: config.map(|config| config.as_bytes().to_vec()),
            values: values.iter().map(own).collect(),
            ..manifest
        };
        let object = manifest.to_chunk().unwrap();
        keep(&store)(object.clone()).unwrap();
        object.id()
    };
    let sources = [
        with("a", Profile::Fine, None, &[("readme", "one")]),
        with("b", Profile::Standard, Some("{2}"), &[("readme", "two"), ("x", "2")]),
        with("c", Profile::Standard, Some("{3}"), &[("x", "3"), ("y", "3")]),
    ];
    for rule in [Rule::FirstWins, Rule::LastWins, Rule::Refuse] {
        for (image_config, expected) in [
            (ImageConfig::First, None),
            (ImageConfig::Of(1), Some("{2}")),
            (ImageConfig::Of(2), Some("{3}")),
            (ImageConfig::None, None),
        ] {
            let manifest =
                merged(&store, &sources, MergeOptions { rule, image_config, ..FIRST }).manifest;
            assert_eq!(manifest.profile, Profile::Fine.name());
            assert_eq!(manifest.image_config.as_deref(), expected.map(str::as_bytes));
            let values: Vec<_> = manifest.values.into_iter().collect();
            let expected = [("readme", "one"), ("x", "2"), ("y", "3")];
            assert_eq!(values, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        }
    }
    let first_of_two = merged(&store, &[sources[1], sources[0]], FIRST).manifest;
    assert_eq!(first_of_two.image_config.as_deref(), Some(&b"{2}"[..]));
}
