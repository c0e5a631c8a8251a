//! What sweep and scrub rely on, run on every store.

use std::sync::Arc;

use flisthub_storage::{
    ChunkId, Frame, Maintain, MemoryStore, RocksOptions, RocksStore, Session, SessionId,
};

use crate::support::{Hand, frames};

const GRACE: u64 = 100;

/// Runs one law on each store, with a clock that is set by hand.
fn on_each(law: impl Fn(&str, &dyn Maintain, &Hand)) {
    let hand = Arc::new(Hand::default());
    hand.set(1_000);
    law("memory", &MemoryStore::with_clock(hand.clone(), GRACE), &hand);
    hand.set(1_000);
    let directory = tempfile::tempdir().unwrap();
    let options = RocksOptions { grace: GRACE, ..RocksOptions::default() };
    law("rocks", &RocksStore::open(directory.path(), &options, hand.clone()).unwrap(), &hand);
}

fn ids(frames: &[Frame]) -> Vec<ChunkId> {
    frames.iter().map(Frame::id).collect()
}

fn times(store: &dyn Maintain, ids: &[ChunkId]) -> Vec<Option<u64>> {
    store.rows_of(ids).unwrap().into_iter().map(|row| row.map(|row| row.time_put)).collect()
}

#[test]
fn rows_come_in_order_page_by_page() {
    on_each(|name, store, _| {
        let frames = frames(25);
        store.put(&frames).unwrap();
        let mut expected = ids(&frames);
        expected.sort_unstable();
        let mut found: Vec<ChunkId> = Vec::new();
        loop {
            let page = store.rows(found.last(), 10).unwrap();
            assert!(page.len() <= 10, "{name}");
            for row in &page {
                assert_eq!(store.rows_of(&[row.id]).unwrap(), [Some(*row)], "{name}");
                assert_eq!(store.stat(&[row.id]).unwrap(), [Some(row.stat)], "{name}");
            }
            found.extend(page.iter().map(|row| row.id));
            if page.is_empty() {
                break;
            }
        }
        assert_eq!(found, expected, "{name}");
    });
}

#[test]
fn asking_keeps_what_is_there_for_half_the_grace() {
    on_each(|name, store, hand| {
        let frames = frames(3);
        let all = ids(&frames);
        store.put(&frames[..2]).unwrap();
        hand.set(1_050);
        assert_eq!(store.claim(&all).unwrap(), all[2..], "{name}");
        assert_eq!(times(store, &all[..2]), [Some(1_000); 2], "{name}: young enough");
        hand.set(1_051);
        assert_eq!(store.missing(&all).unwrap(), all[2..], "{name}");
        assert_eq!(times(store, &all[..2]), [Some(1_000); 2], "{name}: looking is not asking");
        assert_eq!(store.claim(&all[..1]).unwrap(), [], "{name}");
        assert_eq!(times(store, &all), [Some(1_051), Some(1_000), None], "{name}");
    });
}

#[test]
fn putting_again_refreshes_too() {
    on_each(|name, store, hand| {
        let frames = frames(2);
        let all = ids(&frames);
        store.put(&frames).unwrap();
        hand.set(1_051);
        let report = store.put(&frames[..1]).unwrap();
        assert_eq!((report.new, report.known), (0, 1), "{name}");
        assert_eq!(times(store, &all), [Some(1_051), Some(1_000)], "{name}");
    });
}

#[test]
fn only_what_is_old_is_removed() {
    on_each(|name, store, hand| {
        let frames = frames(4);
        let all = ids(&frames);
        store.put(&frames[..2]).unwrap();
        hand.set(1_100);
        store.put(&frames[2..3]).unwrap();
        store.get(&all).unwrap();
        let removed = store.remove(&all, 1_001).unwrap();
        assert_eq!((removed.objects, removed.spared), (2, vec![all[2]]), "{name}");
        let lengths = frames[..2].iter().map(|frame| u64::from(frame.length()));
        assert_eq!(removed.bytes, lengths.sum::<u64>(), "{name}");
        let stored = frames[..2].iter().map(|frame| frame.bytes().len() as u64);
        assert_eq!(removed.stored_bytes, stored.sum::<u64>(), "{name}");
        assert_eq!(store.missing(&all).unwrap(), [all[0], all[1], all[3]], "{name}");
        assert_eq!(store.get(&all[..2]).unwrap(), [None, None], "{name}");
        assert_eq!(store.get_frames(&all[..2]).unwrap(), [None, None], "{name}");
        assert_eq!(store.put(&frames[..2]).unwrap().new, 2, "{name}: it can come back");
        assert_eq!(store.get_frames(&all[..1]).unwrap(), [Some(frames[0].clone())], "{name}");
    });
}

#[test]
fn what_live_sessions_sent_can_be_listed() {
    on_each(|name, store, _| {
        let frames = frames(6);
        let all = ids(&frames);
        store.put(&frames[5..]).unwrap();
        let open = |expires| {
            let id = SessionId::random().unwrap();
            let session = Session { id, owner: "bo".into(), repository: "bo".into(), expires };
            store.open_session(&session).unwrap();
            id
        };
        let (one, two, over, closed) = (open(1_001), open(2_000), open(1_000), open(2_000));
        store.put_in(&one, &frames[..2]).unwrap();
        store.put_in(&two, &frames[1..3]).unwrap();
        store.put_in(&over, &frames[3..4]).unwrap();
        store.put_in(&closed, &frames[4..5]).unwrap();
        store.close_session(&closed).unwrap();
        let mut sent = Vec::new();
        store.sent_in_live_sessions(1_000, &mut |id| sent.push(id)).unwrap();
        sent.sort_unstable();
        sent.dedup();
        let mut expected = all[..3].to_vec();
        expected.sort_unstable();
        assert_eq!(sent, expected, "{name}");
    });
}
