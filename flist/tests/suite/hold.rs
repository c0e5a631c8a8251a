//! Entering flists into the membership index: all of it, from below, and nothing twice.

use std::collections::HashSet;
use std::sync::Mutex;

use flisthub_flist::{Content, Holding, LoadError, TreeBuilder, hold_flist, references};
use flisthub_storage::{
    ChunkId, ChunkStore, Frame, Kind, Membership, MemoryStore, Owner, PutReport, Stat, StoreError,
    StoreStats,
};

use crate::graph_support::{Faulty, flist, flist_of, object};
use crate::support::{chunk, every_kind, file, keep, large_file, metadata, path, publish};

/// Notes the order of the rows, and takes no more than so many.
struct Noted<'a> {
    store: Faulty<'a>,
    rows: Mutex<Vec<ChunkId>>,
    most: usize,
}

impl<'a> Noted<'a> {
    fn of(store: Faulty<'a>) -> Self {
        Self { store, rows: Mutex::default(), most: usize::MAX }
    }

    fn rows(&self) -> Vec<ChunkId> {
        self.rows.lock().unwrap().clone()
    }
}

impl ChunkStore for Noted<'_> {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        self.store.stat(ids)
    }
    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        self.store.get_frames(ids)
    }
    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        self.store.put(frames)
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.store.flush()
    }
    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.store.stats()
    }
}

impl Membership for Noted<'_> {
    fn hold(&self, owner: Owner, ids: &[ChunkId]) -> Result<(), StoreError> {
        let mut rows = self.rows.lock().unwrap();
        let room = self.most.saturating_sub(rows.len()).min(ids.len());
        rows.extend(&ids[..room]);
        self.store.store.hold(owner, &ids[..room])?;
        if room < ids.len() { Err(StoreError::Full("test".into())) } else { Ok(()) }
    }
    fn held(&self, owner: Owner, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        self.store.store.held(owner, ids)
    }
    fn holders(&self, ids: &[ChunkId], most: usize) -> Result<Vec<Vec<Owner>>, StoreError> {
        self.store.store.holders(ids, most)
    }
    fn index_complete(&self) -> Result<bool, StoreError> {
        self.store.store.index_complete()
    }
    fn clear_index(&self) -> Result<(), StoreError> {
        self.store.store.clear_index()
    }
    fn finish_index(&self) -> Result<(), StoreError> {
        self.store.store.finish_index()
    }
}

fn hold(store: &Noted<'_>, owner: Owner, flist: ChunkId) -> Result<Holding, LoadError> {
    hold_flist(store, owner, flist, &mut Err)
}

/// All that an object is made of, itself included.
fn all_of(store: &MemoryStore, id: ChunkId) -> HashSet<ChunkId> {
    let mut all = HashSet::new();
    let mut stack = vec![id];
    while let Some(id) = stack.pop() {
        if all.insert(id) {
            let below = references(&object(store, id)).unwrap();
            stack.extend(below.iter().map(|reference| reference.id));
        }
    }
    all
}

/// Holds if no row comes before one of what it stands for.
fn is_from_below(store: &MemoryStore, rows: &[ChunkId]) -> bool {
    let mut held = HashSet::new();
    rows.iter().all(|row| {
        let below = references(&object(store, *row)).unwrap();
        held.insert(*row);
        below.iter().all(|reference| held.contains(&reference.id))
    })
}

#[test]
fn a_repository_holds_all_that_a_flist_is_made_of() {
    let store = MemoryStore::new();
    let flist = publish(&store, &every_kind(&mut keep(&store)));
    let noted = Noted::of(Faulty::of(&store));
    let holding = hold(&noted, 7, flist).unwrap();
    let rows = noted.rows();
    assert_eq!(rows.iter().copied().collect::<HashSet<_>>(), all_of(&store, flist));
    assert_eq!(holding.rows, rows.len() as u64);
    assert_eq!(rows.len(), all_of(&store, flist).len(), "each once");
    assert!(is_from_below(&store, &rows));
    assert!(!is_from_below(&store, &rows.iter().rev().copied().collect::<Vec<_>>()));
    assert_eq!(store.holders(&rows, 9).unwrap(), vec![vec![7]; rows.len()]);
}

#[test]
fn what_is_held_is_not_looked_at_again() {
    let store = MemoryStore::new();
    let first = flist(&store, &[("same/deep/a", b"a"), ("same/b", b"b"), ("c", b"c")]);
    let second =
        flist(&store, &[("same/deep/a", b"a"), ("same/b", b"b"), ("d", b"d"), ("e", b"c")]);
    let noted = Noted::of(Faulty::of(&store));
    hold(&noted, 7, first).unwrap();
    noted.rows.lock().unwrap().clear();
    let holding = hold(&noted, 7, second).unwrap();
    // The new chunk, the root and the manifest; of `same` and of the chunk that stands elsewhere nothing.
    assert_eq!(holding, Holding { rows: 3, read: 2 });
    assert!(noted.rows().contains(&Kind::Content.id_of(b"d")));
    assert_eq!(hold(&noted, 7, second).unwrap(), Holding::default());
    let other = hold(&noted, 8, second).unwrap();
    assert_eq!(other.rows, all_of(&store, second).len() as u64, "for another all of it is new");
}

#[test]
fn whatever_is_written_before_a_failure_stands_on_what_is_there() {
    let store = MemoryStore::new();
    let flist = publish(&store, &every_kind(&mut keep(&store)));
    let whole = all_of(&store, flist).len();
    for most in 0..whole {
        let noted = Noted { most, ..Noted::of(Faulty::of(&store)) };
        assert!(matches!(hold(&noted, 7, flist), Err(LoadError::Store(StoreError::Full(_)))));
        assert!(is_from_below(&store, &noted.rows()));
        assert_eq!(store.held(7, &[flist]).unwrap(), [false]);
        // Begun anew it comes to its end.
        let again = Noted::of(Faulty::of(&store));
        let holding = hold(&again, 7, flist).unwrap();
        assert_eq!(holding.rows, (whole - most) as u64);
        store.clear_index().unwrap();
    }
}

#[test]
fn many_rows_of_a_large_flist_come_from_below_too() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let mut tree = TreeBuilder::new();
    tree.add(&path("large"), metadata(1), large_file(3_000, &mut emit)).unwrap();
    for number in 0..6_000 {
        let content = Content::File {
            size: 4,
            pieces: flisthub_flist::Pieces::Inline(vec![chunk(
                format!("{number:04}").as_bytes(),
                &mut emit,
            )]),
        };
        tree.add(&path(&format!("d{}/f{number}", number % 7)), metadata(1), content).unwrap();
    }
    let flist = publish(&store, &tree.finish(&mut emit).unwrap());
    let noted = Noted::of(Faulty::of(&store));
    hold(&noted, 7, flist).unwrap();
    assert_eq!(noted.rows().into_iter().collect::<HashSet<_>>(), all_of(&store, flist));
    assert!(is_from_below(&store, &noted.rows()));
}

#[test]
fn what_is_not_whole_is_left_out_if_that_is_wanted() {
    let store = MemoryStore::new();
    let mut emit = keep(&store);
    let shared = file(b"of two", &mut emit);
    let broken = large_file(3_000, &mut emit);
    let flist = flist_of(
        &store,
        &[
            ("good/a", shared.clone()),
            ("bad/b", broken.clone()),
            ("worse/b", broken),
            ("c", shared),
        ],
    );
    let lists: Vec<ChunkId> = all_of(&store, flist)
        .into_iter()
        .filter(|id| object(&store, *id).kind() == Kind::List)
        .collect();
    let gone = lists[0];
    for faulty in [Faulty::without(&store, &[gone]), Faulty::damaged(&store, &[gone])] {
        let noted = Noted::of(faulty);
        assert!(hold(&noted, 7, flist).is_err());
        store.clear_index().unwrap();
        noted.rows.lock().unwrap().clear();
        let mut told = 0;
        let tell = &mut |_| {
            told += 1;
            Ok(())
        };
        hold_flist(&noted, 7, flist, tell).unwrap();
        assert_eq!(told, 1, "once, although it stands in two places");
        let rows = noted.rows();
        assert!(is_from_below(&store, &rows));
        assert!(!rows.contains(&gone) && !rows.contains(&flist));
        assert!(rows.contains(&Kind::Content.id_of(b"of two")));
        store.clear_index().unwrap();
    }
}
