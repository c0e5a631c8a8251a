//! The laws of the membership index, on every store.

use std::sync::Arc;

use flisthub_storage::{ChunkId, Frame, Maintain, MemoryStore, Owner, RocksOptions, RocksStore};

use crate::support::{Hand, frames};

/// Runs one law on each store, at second 1,000.
fn on_each(law: impl Fn(&str, &dyn Maintain, &Hand)) {
    let hand = Arc::new(Hand::default());
    hand.set(1_000);
    law("memory", &MemoryStore::with_clock(hand.clone(), 100), &hand);
    hand.set(1_000);
    let directory = tempfile::tempdir().unwrap();
    let options = RocksOptions { grace: 100, ..RocksOptions::default() };
    law("rocks", &RocksStore::open(directory.path(), &options, hand.clone()).unwrap(), &hand);
}

fn ids(frames: &[Frame]) -> Vec<ChunkId> {
    frames.iter().map(Frame::id).collect()
}

#[test]
fn what_is_held_is_known_by_object_and_by_repository() {
    on_each(|name, store, _| {
        let ids = ids(&frames(4));
        store.hold(7, &ids[..3]).unwrap();
        store.hold(Owner::MAX, &ids[1..2]).unwrap();
        store.hold(2, &ids[1..2]).unwrap();
        store.hold(7, &ids[..1]).unwrap();
        let backwards: Vec<ChunkId> = ids.iter().rev().copied().collect();
        assert_eq!(store.held(7, &backwards).unwrap(), [false, true, true, true], "{name}");
        assert_eq!(store.held(8, &ids).unwrap(), [false; 4], "{name}");
        assert_eq!(store.held(2, &ids).unwrap(), [false, true, false, false], "{name}");
        let all = vec![vec![], vec![7], vec![2, 7, Owner::MAX], vec![7]];
        assert_eq!(store.holders(&backwards, 9).unwrap(), all, "{name}");
        let two = vec![vec![], vec![7], vec![2, 7], vec![7]];
        assert_eq!(store.holders(&backwards, 2).unwrap(), two, "{name}");
        assert!(store.holders(&ids[1..2], 0).unwrap()[0].is_empty(), "{name}");
        assert_eq!(store.holders(&[], 2).unwrap(), Vec::<Vec<Owner>>::new(), "{name}");
    });
}

#[test]
fn rows_are_found_also_after_they_went_to_the_disk() {
    on_each(|name, store, _| {
        let ids = ids(&frames(50));
        store.hold(7, &ids).unwrap();
        store.flush().unwrap();
        store.reclaim(&flisthub_storage::Silent).unwrap();
        store.hold(9, &ids[..10]).unwrap();
        assert_eq!(store.held(7, &ids).unwrap(), [true; 50], "{name}");
        let holders = store.holders(&ids, 5).unwrap();
        assert!(holders[..10].iter().all(|holders| *holders == [7, 9]), "{name}");
        assert!(holders[10..].iter().all(|holders| *holders == [7]), "{name}");
    });
}

#[test]
fn a_question_about_many_is_answered_as_one_about_few() {
    on_each(|name, store, _| {
        let id = |number: u32| flisthub_storage::Kind::Content.id_of(&number.to_be_bytes());
        let ids: Vec<ChunkId> = (0..20_000).map(id).collect();
        let third: Vec<ChunkId> = ids.iter().step_by(3).copied().collect();
        store.hold(7, &third).unwrap();
        let held = store.held(7, &ids).unwrap();
        assert!(held.iter().enumerate().all(|(at, held)| *held == (at % 3 == 0)), "{name}");
        let holders = store.holders(&ids, 1).unwrap();
        assert!(
            holders.iter().enumerate().all(|(at, found)| found.len() == usize::from(at % 3 == 0))
        );
    });
}

#[test]
fn rows_go_with_their_object_and_do_not_come_back() {
    on_each(|name, store, hand| {
        let frames = frames(3);
        let all = ids(&frames);
        store.put(&frames).unwrap();
        store.hold(7, &all).unwrap();
        store.hold(9, &all).unwrap();
        hand.set(1_100);
        store.put(&frames[2..]).unwrap();
        assert_eq!(store.held(7, &all).unwrap(), [true; 3], "{name}");
        let removed = store.remove(&all, 1_050).unwrap();
        assert_eq!((removed.objects, removed.spared.len()), (2, 1), "{name}");
        let left = vec![vec![], vec![], vec![7, 9]];
        assert_eq!(store.holders(&all, 9).unwrap(), left, "{name}: what is spared keeps its rows");
        // Somebody else brings the same content: those who held it before do not hold it now.
        store.put(&frames).unwrap();
        assert_eq!(store.holders(&all, 9).unwrap(), left, "{name}");
        assert_eq!(store.held(7, &all).unwrap(), [false, false, true], "{name}");
        store.hold(11, &all[..1]).unwrap();
        assert_eq!(store.holders(&all[..1], 9).unwrap(), [vec![11]], "{name}");
    });
}

#[test]
fn rows_can_be_forgotten() {
    on_each(|name, store, _| {
        let frames = frames(3);
        let all = ids(&frames);
        store.put(&frames[..1]).unwrap();
        store.hold(7, &all).unwrap();
        store.hold(9, &all).unwrap();
        assert_eq!(store.held(9, &all).unwrap(), [true; 3], "{name}");
        store.disown(&all[..2]).unwrap();
        assert_eq!(store.held(9, &all).unwrap(), [false, false, true], "{name}");
        let left = vec![vec![], vec![], vec![7, 9]];
        assert_eq!(store.holders(&all, 9).unwrap(), left, "{name}: and no others'");
        assert!(store.stat(&all[..1]).unwrap()[0].is_some(), "{name}: what is there stays");
    });
}

#[test]
fn an_index_is_complete_from_the_start_and_while_it_is_not_built_anew() {
    on_each(|name, store, _| {
        let ids = ids(&frames(3));
        assert!(store.index_complete().unwrap(), "{name}");
        store.hold(7, &ids).unwrap();
        store.clear_index().unwrap();
        assert!(!store.index_complete().unwrap(), "{name}");
        assert!(store.holders(&ids, 9).unwrap().iter().all(Vec::is_empty), "{name}");
        assert_eq!(store.held(7, &ids).unwrap(), [false; 3], "{name}");
        store.hold(8, &ids).unwrap();
        assert!(!store.index_complete().unwrap(), "{name}");
        store.finish_index().unwrap();
        assert!(store.index_complete().unwrap(), "{name}");
        assert_eq!(store.holders(&ids[..1], 9).unwrap(), [vec![8]], "{name}");
    });
}
