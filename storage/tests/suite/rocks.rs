//! What only a store on disk can get wrong: opening, reopening, damage.

use std::path::Path;
use std::sync::Arc;

use flisthub_storage::{
    ChunkId, ChunkStore, Frame, RocksOptions, RocksStore, Session, SessionId, Sessions, StoreError,
};

use crate::support::{Fixed, frames};

fn open(path: &Path) -> Result<RocksStore, StoreError> {
    RocksStore::open(path, &RocksOptions::default(), Arc::new(Fixed(7)))
}

fn ids(frames: &[Frame]) -> Vec<ChunkId> {
    frames.iter().map(Frame::id).collect()
}

#[test]
fn everything_is_there_after_opening_again() {
    let directory = tempfile::tempdir().unwrap();
    let frames = frames(60);
    let id = SessionId::random().unwrap();
    let session = Session { id, owner: "bo".into(), repository: "bo".into(), expires: 99 };
    let store = open(directory.path()).unwrap();
    store.open_session(&session).unwrap();
    store.put_in(&id, &frames[..50]).unwrap();
    store.put(&frames[50..]).unwrap();
    store.flush().unwrap();
    drop(store);

    let store = open(directory.path()).unwrap();
    let found = store.get_frames(&ids(&frames)).unwrap();
    assert_eq!(found.into_iter().flatten().collect::<Vec<_>>(), frames);
    assert_eq!(store.session(&id).unwrap(), Some(session));
    assert_eq!(store.sent(&id, &ids(&frames)[49..51]).unwrap(), [true, false]);
}

#[test]
fn a_second_program_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let _first = open(directory.path()).unwrap();
    let error = open(directory.path()).err().unwrap();
    let StoreError::Unusable { path, reason } = error else { panic!("{error}") };
    assert_eq!(path, directory.path());
    assert!(reason.contains("in use by another process"), "{reason}");
}

#[test]
fn a_store_of_another_format_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()).unwrap());
    let families = ["default", "presence", "payload", "sessions"];
    let options = rocksdb::Options::default();
    let db = rocksdb::DB::open_cf(&options, directory.path(), families).unwrap();
    db.put(b"format", b"2").unwrap();
    drop(db);
    let error = open(directory.path()).err().unwrap();
    assert!(error.to_string().contains("format 2; this program knows 1"), "{error}");
}

#[test]
fn a_damaged_payload_is_never_served() {
    let directory = tempfile::tempdir().unwrap();
    let frames = frames(5);
    let store = open(directory.path()).unwrap();
    store.put(&frames).unwrap();
    drop(store);
    let families = ["default", "presence", "payload", "sessions"];
    let db =
        rocksdb::DB::open_cf(&rocksdb::Options::default(), directory.path(), families).unwrap();
    let payload = db.cf_handle("payload").unwrap();
    let mut bytes = frames[1].bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    db.put_cf(payload, frames[1].id().as_bytes(), bytes).unwrap();
    db.delete_cf(payload, frames[2].id().as_bytes()).unwrap();
    drop(db);

    let store = open(directory.path()).unwrap();
    for damaged in [frames[1].id(), frames[2].id()] {
        for error in [
            store.get(&[damaged]).unwrap_err(),
            store.get_frames(&[frames[0].id(), damaged]).unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Corrupt { id, .. } if id == damaged), "{error}");
        }
    }
    assert!(store.get(&[frames[0].id()]).unwrap()[0].is_some());
}
