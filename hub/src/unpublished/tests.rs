//! Tests of the bound on what is unpublished.

use flisthub_storage::{Chunk, Compressor, Kind, MemoryStore, Sessions as _};

use super::*;

fn frame(seed: u8) -> Frame {
    // Noise enough that it does not shrink below its kilobyte by much.
    let bytes: Vec<u8> = (0..32_u8).flat_map(|i| *blake3::hash(&[seed, i]).as_bytes()).collect();
    let chunk = Chunk::new(Kind::Content, bytes).unwrap();
    Compressor::new(1).unwrap().compress(&chunk).unwrap()
}

fn session(number: u8, owner: &str) -> Session {
    let id = SessionId::from_slice(&[number; 16]).unwrap();
    Session { id, owner: owner.to_owned(), repository: owner.to_owned(), expires: 100 }
}

fn limited(inner: &Arc<MemoryStore>) -> Unpublished {
    let limits =
        Limits { unpublished_bytes_per_user: 2_500, sessions_per_user: 2, ..Limits::default() };
    let inner = Arc::clone(inner) as Arc<dyn Maintain>;
    Unpublished::new(inner, &limits, 1_600, Arc::new(Hands))
}

/// A clock that stands.
struct Hands;

impl Clock for Hands {
    fn now(&self) -> u64 {
        0
    }
}

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new())
}

/// Whether the error is the one that tells the caller.
fn told(error: StoreError) -> bool {
    matches!(
        ActionError::from(error),
        ActionError::TooMuch { code, .. } if code == Code::TOO_MUCH_UNPUBLISHED
    )
}

#[test]
fn bytes_count_over_all_of_a_users_sessions_until_they_end() {
    let store = limited(&store());
    for (number, owner) in [(1, "alice"), (2, "alice"), (3, "bob")] {
        store.open_session(&session(number, owner)).unwrap();
    }
    let [one, two, other] = [1, 2, 3].map(|number| session(number, "").id);
    store.put_in(&one, &[frame(1)]).unwrap();
    store.put_in(&two, &[frame(2)]).unwrap();
    assert!(told(store.put_in(&two, &[frame(3)]).unwrap_err()));
    store.put_in(&other, &[frame(3)]).unwrap();
    // What is published counts no more; what is only ended is still stored.
    store.published(&one).unwrap();
    store.close_session(&one).unwrap();
    store.put_in(&two, &[frame(3)]).unwrap();
    store.close_session(&two).unwrap();
    store.open_session(&session(1, "alice")).unwrap();
    assert!(told(store.put_in(&one, &[frame(4)]).unwrap_err()));
    let mut counts = store.counts().unwrap();
    counts.forget_before(1_599);
    assert!(!counts.add(&one, 1_000, 2_500));
    counts.forget_before(1_600);
    assert!(counts.add(&one, 1_000, 2_500));
    counts.expire(100, 1_600);
    counts.forget_before(10_000);
    assert!(counts.is_empty(), "nobody is remembered who has none");
}

#[test]
fn sessions_are_bounded_for_each_user() {
    let store = limited(&store());
    store.open_session(&session(1, "alice")).unwrap();
    store.open_session(&session(2, "alice")).unwrap();
    assert!(told(store.open_session(&session(3, "alice")).unwrap_err()));
    store.open_session(&session(4, "bob")).unwrap();
    store.close_session(&session(1, "").id).unwrap();
    store.open_session(&session(3, "alice")).unwrap();
}

#[test]
fn a_restart_forgets_nothing() {
    let inner = store();
    let before = limited(&inner);
    before.open_session(&session(1, "alice")).unwrap();
    let id = session(1, "").id;
    before.put_in(&id, &[frame(1), frame(2)]).unwrap();
    drop(before);
    let after = limited(&inner);
    assert!(told(after.put_in(&id, &[frame(3)]).unwrap_err()));
    after.open_session(&session(2, "alice")).unwrap();
    assert!(told(after.put_in(&session(2, "").id, &[frame(3)]).unwrap_err()));
    assert!(told(after.open_session(&session(3, "alice")).unwrap_err()));
}

#[test]
fn what_is_sent_again_counts_once() {
    let store = limited(&store());
    store.open_session(&session(1, "alice")).unwrap();
    let id = session(1, "").id;
    for _ in 0..10 {
        store.put_in(&id, &[frame(1), frame(1)]).unwrap();
    }
    store.put_in(&id, &[frame(1), frame(2)]).unwrap();
    assert!(told(store.put_in(&id, &[frame(2), frame(3)]).unwrap_err()));
    // In another session it is stored no more often, but kept for that one too.
    store.open_session(&session(2, "alice")).unwrap();
    assert!(told(store.put_in(&session(2, "").id, &[frame(1)]).unwrap_err()));
}

#[test]
fn what_the_store_did_not_take_does_not_count() {
    let store = limited(&store());
    let gone = session(9, "alice").id;
    for _ in 0..10 {
        assert!(matches!(store.put_in(&gone, &[frame(1)]), Err(StoreError::NoSession(_))));
    }
    store.open_session(&session(1, "alice")).unwrap();
    store.put_in(&session(1, "").id, &[frame(1), frame(2)]).unwrap();
}
