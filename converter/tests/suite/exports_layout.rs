//! OCI layouts in directories that hold something, and layouts whose tree is read twice.

use std::sync::atomic::{AtomicU32, Ordering};

use flisthub_converter::{
    Compression, ExportError, ExportOptions, IngestOptions, export_layout_tar, ingest_archive,
};
use flisthub_flist::Manifest;
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Frame, MemoryStore, PutReport, Stat, StoreError, StoreStats,
};

use crate::build_tar::Tar;
use crate::exports::sample;
use crate::exports_image::{layout, read_image, read_layout, tagged};
use crate::sample::noise;
use crate::tools::{ingest, whole};

#[test]
fn an_image_is_added_to_a_layout_and_a_tag_replaced_only_when_asked() {
    let (store, work) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let one = ingest(&Tar::new().file("a", b"1").end(), &store).unwrap().flist;
    let two = ingest(&Tar::new().file("a", b"2").end(), &store).unwrap().flist;
    let directory = work.path().join("l");
    let put =
        |flist, tag, replace| layout(&store, flist, Compression::Gzip, tag, (&directory, replace));
    put(one, "one", false).unwrap();
    put(two, "two", false).unwrap();
    let error = put(two, "one", false).unwrap_err();
    assert!(whole(&error).contains("has an image of that tag already"), "{error}");
    let content = |tag| {
        let (_, layer, _) = read_image(&read_layout(&directory), tag);
        ingest(&layer, &MemoryStore::new()).unwrap().flist
    };
    assert_eq!((content("one"), content("two")), (one, two));
    put(two, "one", true).unwrap();
    assert_eq!((content("one"), content("two")), (two, two));
}

#[test]
fn an_export_that_was_cut_off_can_be_made_again() {
    let (store, work) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let flist = ingest(&Tar::new().file("a", b"1").end(), &store).unwrap().flist;
    let directory = work.path().join("l");
    layout(&store, flist, Compression::None, "v1", (&directory, false)).unwrap();
    std::fs::remove_file(directory.join("index.json")).unwrap();
    layout(&store, flist, Compression::None, "v1", (&directory, false)).unwrap();
    // Everything but the content is there: it fails after the directory has been made.
    let part = MemoryStore::new();
    let root = Manifest::load(&store as &dyn ChunkStore, flist).unwrap().root;
    let frames = store.get_frames(&[flist, root]).unwrap();
    part.put(&frames.into_iter().flatten().collect::<Vec<_>>()).unwrap();
    let again = work.path().join("again");
    let error = layout(&part, flist, Compression::None, "v1", (&again, false)).unwrap_err();
    assert!(matches!(error, ExportError::MissingChunk { .. }), "{error}");
    layout(&store, flist, Compression::None, "v1", (&again, false)).unwrap();
    let (_, layer, _) = read_image(&read_layout(&again), "v1");
    assert_eq!(ingest(&layer, &MemoryStore::new()).unwrap().flist, flist);
}

#[test]
fn nothing_that_is_no_layout_is_written_into() {
    let (store, work) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let flist = ingest(&sample(), &store).unwrap().flist;
    let file = work.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let odd = work.path().join("odd");
    std::fs::create_dir(&odd).unwrap();
    std::fs::write(odd.join("oci-layout"), "{}").unwrap();
    for index in ["{}", "[]", "x", r#"{"manifests":7}"#] {
        std::fs::write(odd.join("index.json"), index).unwrap();
        let error = layout(&store, flist, Compression::None, "v1", (&odd, true)).unwrap_err();
        assert!(matches!(error, ExportError::Destination { .. }), "{index}: {error}");
        assert_eq!(std::fs::read_to_string(odd.join("index.json")).unwrap(), index);
    }
    for to in [work.path(), &file] {
        let error = layout(&store, flist, Compression::None, "v1", (to, true)).unwrap_err();
        assert!(matches!(error, ExportError::Destination { .. }), "{error}");
        assert_eq!(std::fs::read_dir(work.path()).unwrap().count(), 2);
    }
}

/// A store whose frames come out otherwise from the second time on.
struct Healed(MemoryStore, MemoryStore, AtomicU32);

impl ChunkStore for Healed {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        self.0.stat(ids)
    }

    fn get(&self, ids: &[ChunkId]) -> Result<Vec<Option<Chunk>>, StoreError> {
        self.0.get(ids)
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        let asked = self.2.fetch_add(1, Ordering::SeqCst);
        if asked == 0 { self.0.get_frames(ids) } else { self.1.get_frames(ids) }
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        self.0.put(frames)
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.0.stats()
    }
}

/// The digest that stands before a layer is that of the first reading; a chunk that was put anew in
/// between has another frame.
#[test]
fn a_layer_that_changes_between_two_readings_is_broken_off() {
    let content = [noise(50_000, 1), b"text ".repeat(10_000)].concat();
    let archive = Tar::new().file("a", &content).end();
    let (one, other) = (MemoryStore::new(), MemoryStore::new());
    let flist = ingest(&archive, &one).unwrap().flist;
    let slow = IngestOptions { level: 19, ..Default::default() };
    ingest_archive(&archive[..], &other, &slow).unwrap();
    let store = Healed(one, other, 0.into());
    let (image, options) = (tagged("v1"), ExportOptions::default());
    let mut out: Vec<u8> = Vec::new();
    let zstd = Compression::Zstd;
    let told = export_layout_tar(&store, flist, zstd, &image, &options, (&mut out, &mut || Ok(())));
    assert!(matches!(told, Err(ExportError::Changed)), "{told:?}");
    assert!(!out.ends_with(&[0; 1024]), "the end must be missing");
}

#[test]
fn nobody_waits_for_the_second_reading_of_what_nobody_wants() {
    let store = MemoryStore::new();
    let flist = ingest(&sample(), &store).unwrap().flist;
    let mut out: Vec<u8> = Vec::new();
    let mut gone = || Err(std::io::ErrorKind::BrokenPipe.into());
    let (image, options) = (tagged("v1"), ExportOptions::default());
    let none = Compression::None;
    let told = export_layout_tar(&store, flist, none, &image, &options, (&mut out, &mut gone));
    assert!(matches!(told, Err(ExportError::Output(_))), "{told:?}");
    assert!(out.is_empty());
}
