//! Who may use what, on every store: what is not usable looks absent, and nothing else about it shows.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Frame, InSession, Maintain, MemoryStore, Owner, PutReport, Reach,
    RocksOptions, RocksStore, Session, SessionId, Sessions, StoreError, Visible,
};

use crate::support::{Hand, frames};

const OWN: Owner = 7;
const READABLE: Owner = 20;
const SECRET: Owner = 10;

/// Of five objects: held by the own repository, by one that may be read, by one that may not, sent in
/// the session, and stored but nobody's. A sixth is absent.
struct Scene {
    name: &'static str,
    store: Arc<dyn Maintain>,
    hand: Arc<Hand>,
    frames: Vec<Frame>,
    ids: Vec<ChunkId>,
    session: SessionId,
}

impl Scene {
    fn set(name: &'static str, store: Arc<dyn Maintain>, hand: Arc<Hand>) -> Self {
        hand.set(1_000);
        let frames = frames(6);
        let ids: Vec<ChunkId> = frames.iter().map(Frame::id).collect();
        let session = SessionId::random().unwrap();
        let (owner, repository) = ("bo".into(), "bo".into());
        store.open_session(&Session { id: session, owner, repository, expires: 9_999 }).unwrap();
        for (at, owner) in [(0, OWN), (1, READABLE), (2, SECRET)] {
            store.hold(owner, &ids[at..=at]).unwrap();
        }
        store.put(&frames[..3]).unwrap();
        store.put_in(&session, &frames[3..4]).unwrap();
        store.put(&frames[4..5]).unwrap();
        Self { name, store, hand, frames, ids, session }
    }

    fn sessions(&self) -> Arc<dyn Sessions> {
        self.store.clone()
    }

    fn in_session(&self) -> InSession {
        InSession::new(self.sessions(), self.session, &reach())
    }
}

fn reach() -> Reach {
    Reach::new(Some(OWN), |owner| Ok(owner == READABLE))
}

fn on_each(law: impl Fn(&Scene)) {
    let hand = Arc::new(Hand::default());
    let store = Arc::new(MemoryStore::with_clock(hand.clone(), 100));
    law(&Scene::set("memory", store, hand));
    let hand = Arc::new(Hand::default());
    let directory = tempfile::tempdir().unwrap();
    let options = RocksOptions { grace: 100, ..RocksOptions::default() };
    let store = Arc::new(RocksStore::open(directory.path(), &options, hand.clone()).unwrap());
    law(&Scene::set("rocks", store, hand));
}

#[test]
fn what_may_not_be_used_is_missing() {
    on_each(|scene| {
        let Scene { name, ids, .. } = scene;
        assert_eq!(scene.in_session().missing(ids).unwrap(), [ids[2], ids[4], ids[5]], "{name}");
        let outside = Visible::new(scene.sessions(), reach());
        assert_eq!(outside.missing(ids).unwrap(), ids[2..], "{name}: without the session");
        let anywhere = Visible::new(scene.sessions(), Reach::everything());
        assert_eq!(anywhere.missing(ids).unwrap(), ids[5..], "{name}");
        let admin = Visible::new(scene.sessions(), Reach::new(None, |_| Ok(true)));
        assert_eq!(admin.missing(ids).unwrap(), ids[3..], "{name}: whatever anybody holds");
        let nobody = Visible::new(scene.sessions(), Reach::new(None, |_| Ok(false)));
        assert_eq!(nobody.missing(ids).unwrap(), *ids, "{name}");
    });
}

#[test]
fn what_may_not_be_used_cannot_be_read() {
    on_each(|scene| {
        let Scene { name, ids, .. } = scene;
        // Asked twice and in another order: each answer goes with its question.
        let asked = [ids[2], ids[3], ids[5], ids[1], ids[3], ids[0], ids[4]];
        let there = [false, true, false, true, true, true, false];
        let view = scene.in_session();
        for (at, (id, there)) in asked.iter().zip(there).enumerate() {
            let stat = view.stat(&asked).unwrap()[at];
            assert_eq!(stat, scene.store.stat(&[*id]).unwrap()[0].filter(|_| there), "{name}");
            let chunk = view.get(&asked).unwrap()[at].as_ref().map(Chunk::id);
            assert_eq!(chunk, there.then_some(*id), "{name}");
            let frame = view.get_frames(&asked).unwrap()[at].as_ref().map(Frame::id);
            assert_eq!(frame, there.then_some(*id), "{name}");
        }
    });
}

#[test]
fn what_others_have_counts_as_new_when_it_is_put() {
    on_each(|scene| {
        let Scene { name, frames, .. } = scene;
        let report = scene.in_session().put(frames).unwrap();
        let new = [2, 4, 5].map(|at: usize| &frames[at]);
        let expected = PutReport {
            new: 3,
            known: 3,
            new_bytes: new.iter().map(|frame| u64::from(frame.length())).sum(),
            stored_bytes: new.iter().map(|frame| frame.bytes().len() as u64).sum(),
        };
        assert_eq!(report, expected, "{name}");
        let again = scene.in_session().put(&[frames[2].clone(), frames[2].clone()]).unwrap();
        assert_eq!(again, PutReport { known: 2, ..PutReport::default() }, "{name}: it was sent");
        assert_eq!(scene.in_session().missing(&scene.ids).unwrap(), [], "{name}");
    });
}

#[test]
fn asking_refreshes_only_what_may_be_used() {
    on_each(|scene| {
        let Scene { name, ids, .. } = scene;
        scene.hand.set(1_090);
        let missing = scene.in_session().missing(ids).unwrap();
        assert_eq!(missing, [ids[2], ids[4], ids[5]], "{name}");
        let rows = scene.store.rows_of(ids).unwrap();
        let times: Vec<u64> = rows.iter().flatten().map(|row| row.time_put).collect();
        assert_eq!(times, [1_090, 1_090, 1_000, 1_090, 1_000], "{name}");
    });
}

#[test]
fn each_repository_is_asked_about_once_and_again_when_told_to() {
    on_each(|scene| {
        let Scene { name, ids, .. } = scene;
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        let reach = Reach::new(None, move |owner| {
            count.fetch_add(1, SeqCst);
            Ok(owner == READABLE && count.load(SeqCst) < 4)
        });
        let view = Visible::new(scene.sessions(), reach.clone());
        for _ in 0..3 {
            assert!(view.stat(&ids[1..2]).unwrap()[0].is_some(), "{name}");
            assert!(view.stat(&ids[..1]).unwrap()[0].is_none(), "{name}");
            assert!(view.stat(&ids[2..3]).unwrap()[0].is_none(), "{name}");
        }
        assert_eq!(asked.load(SeqCst), 3, "{name}");
        reach.ask_again();
        assert!(view.stat(&ids[1..2]).unwrap()[0].is_none(), "{name}: no longer a member");
    });
}

#[test]
fn beyond_the_first_holders_only_expected_ones_are_found() {
    on_each(|scene| {
        let Scene { name, ids, store, .. } = scene;
        for owner in 1_000..1_070 {
            store.hold(owner, &ids[4..5]).unwrap();
        }
        store.hold(5_000, &ids[4..5]).unwrap();
        let may_read = Arc::new(Mutex::new(vec![5_000]));
        let readable = Arc::clone(&may_read);
        let reach = Reach::new(None, move |owner| Ok(readable.lock().unwrap().contains(&owner)));
        let usable = || reach.usable(&*scene.sessions(), &ids[4..5]).unwrap();
        assert_eq!(usable(), [false], "{name}");
        reach.look_in(5_000);
        assert_eq!(usable(), [true], "{name}");
        may_read.lock().unwrap().clear();
        reach.ask_again();
        assert_eq!(usable(), [false], "{name}: to be expected is not to be readable");
    });
}

#[test]
fn who_may_ask_less_is_asked_about_fewer_repositories() {
    on_each(|scene| {
        let Scene { name, ids, store, .. } = scene;
        // Both are held by one that may be read, the second behind two that may not.
        for owner in [11, 12] {
            store.hold(owner, &ids[4..5]).unwrap();
        }
        store.hold(READABLE, &ids[4..5]).unwrap();
        let both = [ids[1], ids[4]];
        for (most, usable) in [(3, [true, true]), (1, [true, true]), (0, [false, false])] {
            let reach = Reach::within(most, Some(OWN), |owner| Ok(owner == READABLE));
            assert_eq!(reach.usable(&*scene.sessions(), &both).unwrap(), usable, "{name} {most}");
        }
        let reach = Reach::within(2, Some(OWN), |owner| Ok(owner == READABLE));
        assert_eq!(reach.usable(&*scene.sessions(), &both[1..]).unwrap(), [false], "{name}");
        assert_eq!(reach.usable(&*scene.sessions(), &ids[..1]).unwrap(), [true], "{name}: own");
    });
}

#[test]
fn a_view_without_a_session_takes_nothing_and_a_failed_question_is_no_answer() {
    on_each(|scene| {
        let Scene { name, ids, frames, .. } = scene;
        let view = Visible::new(scene.sessions(), reach());
        assert!(view.put(&frames[..1]).is_err(), "{name}");
        let failing = Reach::new(None, |_| Err(StoreError::backend("the catalog is gone")));
        assert!(Visible::new(scene.sessions(), failing).stat(&ids[..1]).is_err(), "{name}");
    });
}
