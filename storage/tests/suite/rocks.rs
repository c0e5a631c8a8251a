//! What only a store on disk can get wrong: opening, reopening, damage.

use std::path::Path;
use std::sync::Arc;

use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Frame, Maintain, Membership, RocksOptions, RocksStore, Session,
    SessionId, Sessions, Silent, StoreError, WritePath, scrub,
};

use crate::support::{Fixed, chunk, frame, frames, noise};

fn open(path: &Path) -> Result<RocksStore, StoreError> {
    RocksStore::open(path, &RocksOptions::default(), Arc::new(Fixed(7)))
}

fn ids(frames: &[Frame]) -> Vec<ChunkId> {
    frames.iter().map(Frame::id).collect()
}

/// The database behind the store's back.
fn raw(path: &Path) -> rocksdb::DB {
    let families = ["default", "presence", "payload", "sessions", "quarantine", "members"];
    rocksdb::DB::open_cf(&rocksdb::Options::default(), path, families).unwrap()
}

/// Flips a bit of one frame and takes another away, behind the store's back.
pub(crate) fn damage(path: &Path, flipped: &Frame, lost: &Frame) {
    let db = raw(path);
    let payload = db.cf_handle("payload").unwrap();
    let mut bytes = flipped.bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    db.put_cf(payload, flipped.id().as_bytes(), bytes).unwrap();
    db.delete_cf(payload, lost.id().as_bytes()).unwrap();
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
    raw(directory.path()).put(b"format", b"4").unwrap();
    let error = open(directory.path()).err().unwrap();
    assert!(error.to_string().contains("format 4; this program knows 3"), "{error}");
}

#[test]
fn a_damaged_payload_is_never_served() {
    let directory = tempfile::tempdir().unwrap();
    let frames = frames(5);
    let store = open(directory.path()).unwrap();
    store.put(&frames).unwrap();
    drop(store);
    damage(directory.path(), &frames[1], &frames[2]);
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

/// A store as an earlier version left it.
fn fixture(name: &str) -> tempfile::TempDir {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let directory = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(fixture).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), directory.path().join(file.file_name())).unwrap();
    }
    directory
}

#[test]
fn stores_of_older_formats_are_brought_up_to_date() {
    // Three chunks, two directories, a manifest; in the second three chunks more.
    for (name, objects) in [("store-v1", 6), ("store-v2", 9)] {
        let directory = fixture(name);
        // Two times: while it is brought up to date, and afterwards.
        for _ in 0..2 {
            let store = open(directory.path()).unwrap();
            let rows = store.rows(None, 100).unwrap();
            let ids: Vec<ChunkId> = rows.iter().map(|row| row.id).collect();
            assert_eq!(ids.len(), objects, "{name}");
            assert!(store.get(&ids).unwrap().iter().all(Option::is_some), "{name}");
            assert_eq!(store.quarantined().unwrap(), [], "{name}");
            assert!(store.holders(&ids, 1).unwrap().iter().all(Vec::is_empty), "{name}");
            assert!(!store.index_complete().unwrap(), "{name}: nobody built the index");
        }
        assert_eq!(raw(directory.path()).get(b"format").unwrap().unwrap(), b"3", "{name}");
        let store = open(directory.path()).unwrap();
        store.finish_index().unwrap();
        drop(store);
        assert!(open(directory.path()).unwrap().index_complete().unwrap(), "{name}");
    }
    let session = SessionId::from_slice(&[9; 16]).unwrap();
    let store = open(fixture("store-v2").path()).unwrap();
    assert_eq!(store.session(&session).unwrap().unwrap().owner, "bo");
}

#[test]
fn what_is_set_aside_is_absent_until_it_is_put_again() {
    let directory = tempfile::tempdir().unwrap();
    let frames = frames(5);
    let store = open(directory.path()).unwrap();
    store.put(&frames).unwrap();
    drop(store);
    damage(directory.path(), &frames[1], &frames[2]);
    for round in 0..2 {
        let store = open(directory.path()).unwrap();
        let damaged = [frames[1].id(), frames[2].id()];
        if round == 0 {
            assert!(!store.quarantine(&frames[0].id()).unwrap(), "it is sound");
            assert!(damaged.iter().all(|id| store.quarantine(id).unwrap()));
            assert!(damaged.iter().all(|id| !store.quarantine(id).unwrap()), "absent now");
            store.flush().unwrap();
        }
        assert_eq!(store.missing(&ids(&frames)).unwrap(), damaged);
        assert_eq!(store.get(&damaged).unwrap(), [None, None]);
        let mut aside: Vec<ChunkId> =
            store.quarantined().unwrap().iter().map(|aside| aside.id).collect();
        aside.sort_by_key(|id| *id != damaged[0]);
        assert_eq!(aside, damaged, "also after opening again");
    }
    let store = open(directory.path()).unwrap();
    assert_eq!(store.put(&frames).unwrap().new, 2);
    assert_eq!(store.quarantined().unwrap(), []);
    assert_eq!(store.get_frames(&ids(&frames)).unwrap().into_iter().flatten().count(), 5);
}

#[test]
fn removed_space_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let options = RocksOptions { blob_gc_rate: u64::MAX, ..RocksOptions::default() };
    let store = RocksStore::open(directory.path(), &options, Arc::new(Fixed(7))).unwrap();
    let frames: Vec<Frame> = (0..200).map(|seed| frame(&chunk(noise(seed, 100_000)))).collect();
    for part in frames.chunks(20) {
        store.put(part).unwrap();
    }
    store.flush().unwrap();
    // Nothing to give back, nothing lost.
    let nothing = store.reclaim(&Silent).unwrap();
    assert!(nothing.after >= 20_000_000, "{nothing:?}");
    // Every second one goes: each blob file keeps something that lives.
    let dead: Vec<ChunkId> = ids(&frames).into_iter().step_by(2).collect();
    store.remove(&dead, 8).unwrap();
    let reclaimed = store.reclaim(&Silent).unwrap();
    assert!(reclaimed.before >= 20_000_000, "{reclaimed:?}");
    assert!(reclaimed.after < 11_000_000, "{reclaimed:?}");
    assert_eq!(store.missing(&ids(&frames)).unwrap(), dead);
    let live: Vec<ChunkId> = ids(&frames).into_iter().skip(1).step_by(2).collect();
    assert!(store.get(&live).unwrap().iter().all(Option::is_some));
}

#[test]
fn each_write_path_keeps_what_a_barrier_covered() {
    for write_path in [
        WritePath::Log,
        WritePath::Flush,
        WritePath::Hybrid { unlogged_from: 1 },
        WritePath::Hybrid { unlogged_from: 50_000 },
    ] {
        let directory = tempfile::tempdir().unwrap();
        let options = RocksOptions { write_path, ..RocksOptions::default() };
        let store = RocksStore::open(directory.path(), &options, Arc::new(Fixed(7))).unwrap();
        let frames = frames(60);
        for frame in &frames {
            store.put(std::slice::from_ref(frame)).unwrap();
            store.hold(7, &[frame.id()]).unwrap();
        }
        store.flush().unwrap();
        // As a crash leaves it: a copy of the files while the store is open.
        let copy = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(directory.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        let copied = open(copy.path()).unwrap();
        let found = copied.get_frames(&ids(&frames)).unwrap();
        assert_eq!(found.into_iter().flatten().collect::<Vec<_>>(), frames, "{write_path:?}");
        assert_eq!(copied.held(7, &ids(&frames)).unwrap(), [true; 60], "{write_path:?}");
    }
}

#[test]
fn what_is_read_again_comes_from_memory_but_only_while_it_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    let frames = frames(5);
    store.put(&frames).unwrap();
    let all = ids(&frames);
    let first = store.get(&all).unwrap();
    assert_eq!(store.get(&all).unwrap(), first);
    let same = |one: &Option<Chunk>, other: &Option<Chunk>| {
        one.as_ref().unwrap().bytes().as_ptr() == other.as_ref().unwrap().bytes().as_ptr()
    };
    let again = store.get(&all).unwrap();
    assert!(again.iter().zip(&store.get(&all).unwrap()).all(|(one, other)| same(one, other)));
    store.remove(&all[..1], 8).unwrap();
    assert_eq!(store.get(&all[..1]).unwrap(), [None]);
}

#[test]
fn a_scrub_finds_each_damaged_object_and_sets_it_aside() {
    let directory = tempfile::tempdir().unwrap();
    let frames = frames(80);
    let store = open(directory.path()).unwrap();
    store.put(&frames).unwrap();
    let clean = scrub(&store, None, &Silent).unwrap();
    assert_eq!((clean.objects, clean.damaged.len()), (80, 0));
    assert_eq!(clean.bytes, frames.iter().map(|frame| u64::from(frame.length())).sum::<u64>());
    drop(store);
    damage(directory.path(), &frames[70], &frames[3]);
    let store = open(directory.path()).unwrap();
    let mut found = scrub(&store, Some(u64::MAX), &Silent).unwrap().damaged;
    found.sort_by_key(|id| *id != frames[70].id());
    assert_eq!(found, [frames[70].id(), frames[3].id()]);
    assert_eq!(scrub(&store, None, &Silent).unwrap().damaged, [], "they are set aside");
    store.put(&frames).unwrap();
    assert_eq!(scrub(&store, None, &Silent).unwrap(), clean, "and healed");
}
