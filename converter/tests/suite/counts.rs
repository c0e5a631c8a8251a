//! What the report says is what the store was given, also when equal things come at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use flisthub_converter::{ConvertError, IngestOptions, ingest_archive, ingest_directory};
use flisthub_storage::{ChunkStore, Kind, MemoryStore, RocksOptions, RocksStore, SystemClock};

use crate::build_tar::Tar;
use crate::sample::noise;
use crate::tools::{Recorder, ingest, scan, whole};

/// Many copies of a few contents, over several units.
fn copies() -> Vec<u8> {
    let mut tar = Tar::new();
    for index in 0..3000u64 {
        tar.file(&format!("d{}/f{index}", index % 7), &noise(3000, index % 50));
    }
    tar.file("large", &noise(9 << 20, 60)).file("large-again", &noise(9 << 20, 60));
    tar.end()
}

#[test]
fn equal_chunks_are_stored_and_counted_once() {
    let archive = copies();
    let options = IngestOptions { workers: 4, writers: 3, ..IngestOptions::default() };
    for _ in 0..5 {
        let store = Recorder::default();
        let report = ingest_archive(&archive[..], &store, &options).unwrap().report;
        let stats = store.stats().unwrap();
        assert_eq!(stats.objects, report.new_chunks + report.new_objects);
        assert_eq!(stats.bytes, report.stored_bytes);
        assert_eq!(store.put(Kind::Content) as u64, report.new_chunks, "put once each");
        assert_eq!(report.files, 3002);
        assert_eq!(report.entries, 3009);
        assert_eq!(report.bytes, 3000 * 3000 + (18 << 20));
        assert!(report.chunks > report.new_chunks + 2950);
        store.forget();
        let again = ingest_archive(&archive[..], &store, &options).unwrap().report;
        assert_eq!((again.new_chunks, again.new_objects, again.stored_bytes), (0, 0, 0));
        assert_eq!(again.chunks, report.chunks);
        assert_eq!(store.all_put(), 0, "nothing is put the second time");
    }
}

#[test]
fn the_result_does_not_depend_on_the_threads() {
    let archive = copies();
    let mut flists = Vec::new();
    for workers in [1, 2, 8] {
        let options = IngestOptions { workers, ..IngestOptions::default() };
        flists.push(ingest_archive(&archive[..], &MemoryStore::new(), &options).unwrap().flist);
    }
    assert!(flists.iter().all(|flist| *flist == flists[0]));
}

#[test]
fn a_change_brings_only_what_changed() {
    let work = tempfile::tempdir().unwrap();
    for index in 0..200 {
        std::fs::create_dir_all(work.path().join(format!("d{index}/e"))).unwrap();
        std::fs::write(work.path().join(format!("d{index}/e/f")), noise(5000, index)).unwrap();
    }
    let store = Recorder::default();
    scan(work.path(), &store);
    std::fs::write(work.path().join("d7/e/f"), "new").unwrap();
    let report = scan(work.path(), &store).report;
    // The chunk; its directory, the two above, and the manifest.
    assert_eq!((report.new_chunks, report.new_objects), (1, 4));
}

#[test]
fn a_store_on_disk_gives_the_same() {
    let work = tempfile::tempdir().unwrap();
    let store =
        RocksStore::open(work.path(), &RocksOptions::default(), Arc::new(SystemClock)).unwrap();
    let archive = copies();
    let in_memory = ingest(&archive, &MemoryStore::new()).unwrap();
    assert_eq!(ingest(&archive, &store).unwrap(), in_memory);
    assert_eq!(ingest(&archive, &store).unwrap().report.stored_bytes, 0);
}

#[test]
fn a_store_that_fails_ends_the_ingest() {
    for fails_after in [0, 40, 60] {
        let mut store = Recorder::default();
        store.fails_after = Some(fails_after);
        let error = ingest(&copies(), &store).unwrap_err();
        assert!(matches!(error, ConvertError::Store(_)), "{error:?}");
        assert!(!error.is_bad_input());
        assert!(whole(&error).contains("the disk is full"), "{}", whole(&error));
        assert_eq!(store.put(Kind::Manifest), 0);
    }
}

#[test]
fn an_input_that_fails_is_not_called_damaged() {
    struct Broken<'a>(&'a [u8]);
    impl std::io::Read for Broken<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(std::io::Error::other("the connection was reset")),
                length => Ok(length),
            }
        }
    }
    let archive = copies();
    let packed = zstd::bulk::compress(&archive, 1).unwrap();
    for bytes in [&archive, &packed] {
        let reader = Broken(&bytes[..bytes.len() / 2]);
        let error = ingest_archive(reader, &MemoryStore::new(), &IngestOptions::default());
        assert!(matches!(error, Err(ConvertError::Read(_))), "{error:?}");
    }
}

#[test]
fn an_ingest_can_be_cancelled_and_tells_how_far_it_is() {
    let cancel = Arc::new(AtomicBool::new(false));
    let seen = Arc::new(AtomicU64::new(0));
    let (stop, most) = (cancel.clone(), seen.clone());
    let options = IngestOptions {
        cancel: Some(cancel),
        progress: Some(Arc::new(move |progress| {
            most.fetch_max(progress.entries, Relaxed);
            stop.store(progress.entries > 1500, Relaxed);
        })),
        ..IngestOptions::default()
    };
    let result = ingest_archive(&copies()[..], &MemoryStore::new(), &options);
    assert!(matches!(result, Err(ConvertError::Cancelled)), "{result:?}");
    assert!((1500..3000).contains(&seen.load(Relaxed)));
    let work = tempfile::tempdir().unwrap();
    let cancelled =
        IngestOptions { cancel: Some(Arc::new(AtomicBool::new(true))), ..IngestOptions::default() };
    let result = ingest_directory(work.path(), &MemoryStore::new(), &cancelled);
    assert!(matches!(result, Err(ConvertError::Cancelled)), "{result:?}");
}

#[test]
fn files_of_many_chunks_keep_their_list_on_the_way() {
    // A file of more pieces than an entry holds, in a stream of many units.
    let mut content = Vec::new();
    for index in 0..1100 {
        content.extend_from_slice(&noise(70_000, index));
        content.resize(content.len().next_multiple_of(4096) + (64 << 10), 0);
    }
    let store = MemoryStore::new();
    let flist = ingest(&Tar::new().file("f", &content).end(), &store).unwrap();
    assert!(flist.report.chunks >= 1100, "{:?}", flist.report);
    let work = tempfile::tempdir().unwrap();
    crate::tools::write_out(&store, &flist, &work.path().join("to"));
    assert!(std::fs::read(work.path().join("to/f")).unwrap() == content);
    let stored = store.stats().unwrap().objects;
    assert_eq!(stored, flist.report.new_chunks + flist.report.new_objects);
}
