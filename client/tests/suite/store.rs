//! The hub as a chunk store: lies are refused, broken lines are taken up again, nothing is sent twice.

use std::error::Error;
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use flisthub_client::{ClientError, RemoteStore};
use flisthub_storage::wire::{RecordReader, read_ids, write_record};
use flisthub_storage::{ChunkId, ChunkStore, Frame, SessionId, StoreError};

use crate::fake::{FakeHub, Reply, Request, frame, runtime};

/// The client's error at the bottom of a store's.
fn cause(error: &StoreError) -> &ClientError {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref() {
            return error;
        }
        source = error.source();
    }
    panic!("no client error in {error:?}");
}

fn records<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> Vec<u8> {
    let mut out = BytesMut::new();
    frames.into_iter().for_each(|frame| write_record(frame, &mut out));
    out.to_vec()
}

fn ids(frames: &[Frame]) -> Vec<ChunkId> {
    frames.iter().map(Frame::id).collect()
}

/// An honest answer to a request for chunks.
fn asked(frames: &[Frame], request: &Request) -> Vec<u8> {
    let ids = read_ids(&request.body).unwrap();
    let found = ids.iter().map(|id| frames.iter().find(|frame| frame.id() == *id).unwrap());
    records(found)
}

fn some_frames(count: usize) -> Vec<Frame> {
    (0..count).map(|n| frame(format!("content {n}"))).collect()
}

/// What comes of reading two chunks when the hub answers so.
fn get_two(answer: impl Fn(&[Frame]) -> Reply + Send + Sync + 'static) -> StoreError {
    let frames = some_frames(2);
    let wanted = ids(&frames);
    let hub = FakeHub::new(move |_, _| answer(&frames));
    let runtime = runtime();
    let store = RemoteStore::reader(hub.client(), runtime.handle().clone(), "alice");
    let error = store.get(&wanted).unwrap_err();
    // Whoever lies is not asked again.
    assert_eq!(hub.requests().len(), 1, "{error:?}");
    error
}

#[test]
fn chunks_that_are_not_what_was_asked_for_are_refused() {
    let tampered = get_two(|frames| {
        let mut body = records(frames);
        let last = body.len() - 1;
        body[last] ^= 1;
        Reply::new(200, body)
    });
    assert_eq!(cause(&tampered).code(), "bad_chunks", "{tampered:?}");
    let answers: [fn(&[Frame]) -> Reply; 4] = [
        // Another chunk, sound in itself.
        |frames| Reply::new(200, records([&frames[0], &frame("other")])),
        |frames| Reply::new(200, records([&frames[1], &frames[0]])),
        |frames| Reply::new(200, records([&frames[0]])),
        |frames| Reply::new(200, records([&frames[0], &frames[1], &frames[1]])),
    ];
    for answer in answers {
        let error = get_two(answer);
        assert_eq!(cause(&error).code(), "bad_answer", "{error:?}");
    }
    let half = get_two(|frames| {
        let mut body = records(frames);
        body.pop();
        Reply::new(200, body)
    });
    assert_eq!(cause(&half).code(), "bad_chunks", "{half:?}");
}

#[test]
fn a_broken_connection_is_taken_up_where_it_ended() {
    let frames = some_frames(10);
    let wanted = ids(&frames);
    // Every answer ends within its second chunk, so each request gets one further.
    let hub = FakeHub::new(move |_, request| {
        let body = asked(&frames, request);
        let one = records([&frames[0]]).len();
        let cut = body.len().saturating_sub(one + 10);
        Reply::new(200, body).cut(cut)
    });
    let runtime = runtime();
    let store = RemoteStore::reader(hub.client(), runtime.handle().clone(), "alice");
    let found = ids_of(store.get_frames(&wanted).unwrap());
    assert_eq!(found, wanted);
    let asked: Vec<usize> = hub.requests().iter().map(|request| request.body.len() / 32).collect();
    assert_eq!(asked, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert!(hub.lines().iter().all(|line| line == "POST /api/v1/repositories/alice/chunks"));

    let hub = FakeHub::new(|_, _| Reply::new(200, vec![0; 100]).cut(90));
    let store = RemoteStore::reader(hub.client(), runtime.handle().clone(), "alice");
    let error = store.get(&wanted).unwrap_err();
    assert!(matches!(cause(&error), ClientError::Interrupted { .. }), "{error:?}");
    assert_eq!(hub.requests().len(), 3);
}

fn ids_of(frames: Vec<Option<Frame>>) -> Vec<ChunkId> {
    frames.into_iter().map(|frame| frame.unwrap().id()).collect()
}

#[test]
fn absent_chunks_are_none_and_the_others_come() {
    let frames = some_frames(3);
    let absent = frame("absent").id();
    let wanted = [frames[0].id(), absent, frames[1].id(), absent, frames[2].id()];
    let hub = FakeHub::new(move |_, request| {
        if read_ids(&request.body).unwrap().contains(&absent) {
            let rest = format!(r#","missing":["{absent}"]"#);
            return Reply::problem(404, "missing_objects", &rest);
        }
        Reply::new(200, asked(&frames, request))
    });
    let runtime = runtime();
    let store = RemoteStore::reader(hub.client(), runtime.handle().clone(), "alice");
    let found = store.get(&wanted).unwrap();
    let there: Vec<bool> = found.iter().map(Option::is_some).collect();
    assert_eq!(there, [true, false, true, false, true]);
    let stats = store.stat(&wanted).unwrap();
    assert_eq!(stats[0].unwrap().length, 9);
    assert_eq!(stats[1], None);
}

#[test]
fn a_hub_that_misses_what_nobody_asked_for_is_not_asked_for_ever() {
    let error = get_two(|_| {
        let rest = format!(r#","missing":["{}"]"#, frame("other").id());
        Reply::problem(404, "missing_objects", &rest)
    });
    assert_eq!(cause(&error).code(), "bad_answer");
}

fn in_session(hub: &FakeHub, runtime: &tokio::runtime::Runtime) -> RemoteStore {
    let session = SessionId::from_slice(&[7; 16]).unwrap();
    RemoteStore::in_session(hub.client(), runtime.handle().clone(), "alice", session)
}

/// Keeps what is sent, as a hub does.
fn keeping(kept: Arc<Mutex<Vec<ChunkId>>>) -> FakeHub {
    FakeHub::new(move |_, request| {
        let mut reader = RecordReader::default();
        reader.push(&request.body);
        let mut kept = kept.lock().unwrap();
        let before = kept.len();
        while let Some((frame, _)) = reader.next_record().unwrap() {
            kept.push(frame.id());
        }
        reader.finish().unwrap();
        let new = kept.len() - before;
        Reply::json(&format!(r#"{{"new":{new},"known":0,"new_bytes":1,"stored_bytes":2}}"#))
    })
}

#[test]
fn what_is_put_arrives_once_and_flush_waits_for_it() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let hub = keeping(Arc::clone(&kept));
    let runtime = runtime();
    let store = in_session(&hub, &runtime);
    // Some ten requests' worth that does not shrink.
    let frames: Vec<Frame> = (0_u8..160).map(|n| frame(noise(n))).collect();
    for batch in frames.chunks(7) {
        assert_eq!(store.put(batch).unwrap().new, batch.len() as u64);
    }
    store.flush().unwrap();
    let mut arrived = kept.lock().unwrap().clone();
    let mut put = ids(&frames);
    arrived.sort_unstable();
    put.sort_unstable();
    assert_eq!(arrived, put);
    let sent: usize = hub.requests().iter().map(|request| request.body.len()).sum();
    assert_eq!(store.traffic().sent(), sent as u64);
    let requests = hub.requests().len();
    assert!((8..=12).contains(&requests), "{requests} requests for 40 MiB");
    assert_eq!((store.stored().new, store.stored().stored_bytes), (160, 2 * requests as u64));
    // With nothing to send, nothing is sent.
    store.flush().unwrap();
    assert_eq!(hub.requests().len(), requests);
}

/// A quarter of a mebibyte that zstd cannot shrink.
fn noise(seed: u8) -> Vec<u8> {
    let mut state = u64::from(seed) + 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..256 << 10).map(|_| next()).collect()
}

#[test]
fn what_is_queued_is_found_without_asking() {
    let hub = FakeHub::new(|_, _| Reply::new(200, ""));
    let runtime = runtime();
    let store = in_session(&hub, &runtime);
    let queued = frame("queued");
    assert_eq!(store.put(std::slice::from_ref(&queued)).unwrap().new, 1);
    assert_eq!(store.put(std::slice::from_ref(&queued)).unwrap().known, 1);
    assert_eq!(ids_of(store.get_frames(&[queued.id()]).unwrap()), [queued.id()]);
    assert!(hub.requests().is_empty());
    assert_eq!(store.missing(&[queued.id()]).unwrap(), []);
}

#[test]
fn what_could_not_be_sent_fails_the_flush_and_all_that_follows() {
    let hub = FakeHub::new(|_, _| Reply::problem(400, "bad_chunk", ""));
    let runtime = runtime();
    let store = in_session(&hub, &runtime);
    store.put(&[frame("one")]).unwrap();
    for failed in [store.flush(), store.put(&[frame("two")]).map(drop), store.flush()] {
        assert_eq!(cause(&failed.unwrap_err()).code(), "bad_chunk");
    }
    let failed = store.missing(&[frame("three").id()]).unwrap_err();
    assert_eq!(cause(&failed).code(), "bad_chunk");
    assert_eq!(hub.requests().len(), 1);
}

#[test]
fn a_session_that_is_over_is_told_as_such() {
    let hub = FakeHub::new(|_, _| Reply::problem(404, "no_session", ""));
    let runtime = runtime();
    let store = in_session(&hub, &runtime);
    store.put(&[frame("one")]).unwrap();
    let error = store.flush().unwrap_err();
    assert!(matches!(error, StoreError::NoSession(_)), "{error:?}");
}

#[test]
fn a_reader_does_not_write() {
    let hub = FakeHub::new(|_, _| Reply::HangUp);
    let runtime = runtime();
    let store = RemoteStore::reader(hub.client(), runtime.handle().clone(), "alice");
    assert!(store.put(&[frame("one")]).is_err());
    assert!(store.missing(&[frame("one").id()]).is_err());
    assert!(hub.requests().is_empty());
}
