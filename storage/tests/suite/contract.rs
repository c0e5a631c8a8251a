//! The laws of `ChunkStore` and `Sessions`, run on every store. A new store adds one line to `stores`.

use std::sync::{Arc, Barrier};

use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Compressor, Frame, InSession, MemoryStore, PutReport, Reach,
    RocksOptions, RocksStore, Session, SessionId, Sessions, StoreError,
};

use crate::support::{Fixed, chunk, frame, frames};

/// Runs one law on each store.
fn on_each(law: impl Fn(&str, Arc<dyn Sessions>)) {
    law("memory", Arc::new(MemoryStore::new()));
    let directory = tempfile::tempdir().unwrap();
    let rocks =
        RocksStore::open(directory.path(), &RocksOptions::default(), Arc::new(Fixed(7))).unwrap();
    law("rocks", Arc::new(rocks));
}

#[test]
fn what_is_put_is_found_as_it_was() {
    on_each(|name, store| {
        let frames = frames(40);
        store.put(&frames).unwrap();
        let ids: Vec<ChunkId> = frames.iter().rev().map(Frame::id).collect();
        let found = store.get_frames(&ids).unwrap();
        let chunks = store.get(&ids).unwrap();
        let stats = store.stat(&ids).unwrap();
        for (index, frame) in frames.iter().rev().enumerate() {
            assert_eq!(found[index].as_ref(), Some(frame), "{name}");
            assert_eq!(chunks[index], Some(frame.decode().unwrap()), "{name}");
            let stat = stats[index].unwrap();
            assert_eq!((stat.kind, stat.length), (frame.kind(), frame.length()), "{name}");
            assert_eq!(stat.frame_length as usize, frame.bytes().len(), "{name}");
        }
    });
}

#[test]
fn absence_is_an_answer() {
    on_each(|name, store| {
        let (here, gone) = (chunk("here"), chunk("gone"));
        store.put(&[frame(&here)]).unwrap();
        let ids = [gone.id(), here.id(), gone.id()];
        assert_eq!(store.missing(&ids).unwrap(), [gone.id(), gone.id()], "{name}");
        assert_eq!(store.get(&ids).unwrap(), [None, Some(here), None], "{name}");
        assert_eq!(store.missing(&[]).unwrap(), [], "{name}");
    });
}

#[test]
fn putting_again_writes_nothing() {
    on_each(|name, store| {
        let frames = frames(10);
        let first = store.put(&frames).unwrap();
        assert_eq!((first.new, first.known), (10, 0), "{name}");
        assert_eq!(
            first.new_bytes,
            frames.iter().map(|f| u64::from(f.length())).sum::<u64>(),
            "{name}"
        );
        assert_eq!(
            first.stored_bytes,
            frames.iter().map(|frame| frame.bytes().len() as u64).sum::<u64>(),
            "{name}"
        );
        let again = store.put(&frames).unwrap();
        assert_eq!(again, PutReport { known: 10, ..PutReport::default() }, "{name}");
        let twice = frame(&chunk("twice in one put"));
        let report = store.put(&[twice.clone(), twice]).unwrap();
        assert_eq!((report.new, report.known), (1, 1), "{name}");
    });
}

#[test]
fn the_stored_frame_is_the_first_one_put() {
    on_each(|name, store| {
        let chunk = chunk(vec![7; 50_000]);
        let first = frame(&chunk);
        let second = Compressor::new(19).unwrap().compress(&chunk).unwrap();
        assert_ne!(first.bytes(), second.bytes());
        store.put(std::slice::from_ref(&first)).unwrap();
        store.put(&[second]).unwrap();
        assert_eq!(store.get_frames(&[chunk.id()]).unwrap(), [Some(first)], "{name}");
    });
}

#[test]
fn the_store_says_how_large_it_is() {
    on_each(|name, store| {
        assert_eq!(store.stats().unwrap().objects, 0, "{name}");
        store.put(&frames(20)).unwrap();
        store.flush().unwrap();
        let stats = store.stats().unwrap();
        assert_eq!(stats.objects, 20, "{name}");
        assert!(stats.bytes > 0, "{name}");
    });
}

#[test]
fn of_many_who_put_the_same_one_writes_it() {
    on_each(|name, store| {
        let chunks: Vec<Chunk> = (0..300).map(|index| chunk(vec![7; 3000 + index])).collect();
        let start = Barrier::new(4);
        let reports: Vec<PutReport> = std::thread::scope(|scope| {
            let put = |level: i32| {
                let (store, chunks, start) = (&store, &chunks, &start);
                move || {
                    let mut compressor = Compressor::new(level).unwrap();
                    let frames: Vec<Frame> =
                        chunks.iter().map(|chunk| compressor.compress(chunk).unwrap()).collect();
                    start.wait();
                    let mut report = PutReport::default();
                    frames.chunks(100).for_each(|part| report.add(store.put(part).unwrap()));
                    report
                }
            };
            let threads: Vec<_> = [1, 3, 9, 19].map(|level| scope.spawn(put(level))).into();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let new: u64 = reports.iter().map(|report| report.new).sum();
        assert_eq!(new, 300, "{name}: each object is new to exactly one");
        let ids: Vec<ChunkId> = chunks.iter().map(Chunk::id).collect();
        let stored: u64 = reports.iter().map(|report| report.stored_bytes).sum();
        let found = store.get_frames(&ids).unwrap();
        let lengths: usize = found.iter().flatten().map(|frame| frame.bytes().len()).sum();
        assert_eq!(stored, lengths as u64, "{name}: what is there is what was counted");
    });
}

fn session(expires: u64) -> Session {
    let id = SessionId::random().unwrap();
    Session { id, owner: "alice".into(), repository: "eo-team".into(), expires }
}

#[test]
fn a_session_remembers_what_was_sent_in_it() {
    on_each(|name, store| {
        let (mine, other) = (session(100), session(100));
        store.open_session(&mine).unwrap();
        store.open_session(&other).unwrap();
        assert_eq!(store.session(&mine.id).unwrap(), Some(mine.clone()), "{name}");
        let (known, new, unsent) = (chunk("known"), chunk("new"), chunk("unsent"));
        store.put(&[frame(&known)]).unwrap();
        let view = InSession::new(Arc::clone(&store), mine.id, &Reach::everything());
        let report = view.put(&[frame(&known), frame(&new)]).unwrap();
        assert_eq!((report.new, report.known), (1, 1), "{name}");
        let ids = [known.id(), unsent.id(), new.id()];
        assert_eq!(store.sent(&mine.id, &ids).unwrap(), [true, false, true], "{name}");
        assert_eq!(store.sent(&other.id, &ids).unwrap(), [false; 3], "{name}");
    });
}

#[test]
fn a_closed_session_takes_nothing_and_leaves_what_it_sent() {
    on_each(|name, store| {
        let session = session(100);
        store.open_session(&session).unwrap();
        let (kept, refused) = (chunk("kept"), chunk("refused"));
        store.put_in(&session.id, &[frame(&kept)]).unwrap();
        store.close_session(&session.id).unwrap();
        store.close_session(&session.id).unwrap();
        assert_eq!(store.session(&session.id).unwrap(), None, "{name}");
        let error = store.put_in(&session.id, &[frame(&refused)]).unwrap_err();
        assert!(matches!(error, StoreError::NoSession(id) if id == session.id), "{name}");
        assert!(store.sent(&session.id, &[kept.id()]).is_err(), "{name}");
        let ids = [kept.id(), refused.id()];
        assert_eq!(store.missing(&ids).unwrap(), [refused.id()], "{name}");
        // Opened again under the same id, nothing counts as sent in it.
        store.open_session(&session).unwrap();
        assert_eq!(store.sent(&session.id, &ids).unwrap(), [false, false], "{name}");
    });
}

#[test]
fn sessions_expire() {
    on_each(|name, store| {
        let (early, late) = (session(10), session(11));
        store.open_session(&early).unwrap();
        store.open_session(&late).unwrap();
        store.put_in(&early.id, &frames(3)).unwrap();
        assert_eq!(store.expire_sessions(9).unwrap(), 0, "{name}");
        assert_eq!(store.expire_sessions(10).unwrap(), 1, "{name}");
        assert_eq!(store.session(&early.id).unwrap(), None, "{name}");
        assert_eq!(store.session(&late.id).unwrap(), Some(late), "{name}");
    });
}
