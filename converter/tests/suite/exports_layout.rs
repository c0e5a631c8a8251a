//! OCI layouts in directories that hold something, and layouts whose tree is read twice.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use flisthub_converter::{
    Compression, ExportError, ExportOptions, IngestOptions, export_layout, export_layout_tar,
    ingest_archive,
};
use flisthub_flist::Manifest;
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Frame, Kind, MemoryStore, PutReport, Stat, StoreError, StoreStats,
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
    let told = export_layout_tar(&store, flist, zstd, &image, &options, &mut out);
    assert!(matches!(told, Err(ExportError::Changed)), "{told:?}");
    assert!(!out.ends_with(&[0; 1024]), "the end must be missing");
}

/// A store that does something else before it first gives content.
struct Meanwhile<'a> {
    store: &'a MemoryStore,
    act: Mutex<Option<Box<dyn FnOnce() + Send + 'a>>>,
}

impl<'a> Meanwhile<'a> {
    fn new(store: &'a MemoryStore, act: impl FnOnce() + Send + 'a) -> Self {
        Self { store, act: Mutex::new(Some(Box::new(act))) }
    }
}

impl ChunkStore for Meanwhile<'_> {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        self.store.stat(ids)
    }

    fn get(&self, ids: &[ChunkId]) -> Result<Vec<Option<Chunk>>, StoreError> {
        let chunks = self.store.get(ids)?;
        if chunks.iter().flatten().any(|chunk| chunk.kind() == Kind::Content) {
            let act = self.act.lock().unwrap().take();
            if let Some(act) = act {
                act();
            }
        }
        Ok(chunks)
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        self.store.get_frames(ids)
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        self.store.put(frames)
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.store.stats()
    }
}

#[test]
fn a_first_reading_ends_when_nobody_wants_the_second() {
    let store = MemoryStore::new();
    let archive = Tar::new().file("large", &noise(40 << 20, 3)).end();
    let flist = ingest(&archive, &store).unwrap().flist;
    let cancel = Arc::new(AtomicBool::new(false));
    let options = ExportOptions { cancel: Some(Arc::clone(&cancel)), ..ExportOptions::default() };
    let store = Meanwhile::new(&store, || cancel.store(true, Ordering::Relaxed));
    let mut out: Vec<u8> = Vec::new();
    let none = Compression::None;
    let told = export_layout_tar(&store, flist, none, &tagged("v1"), &options, &mut out);
    assert!(matches!(told, Err(ExportError::Cancelled)), "{told:?}");
    assert!(out.is_empty());
}

/// What another export adds to a layout while this one runs stays in it.
#[test]
fn two_exports_into_one_layout_are_both_there() {
    let (store, work) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let flist = ingest(&Tar::new().file("a", b"1").end(), &store).unwrap().flist;
    let (directory, none) = (work.path().join("l"), Compression::None);
    let put = |store: &dyn ChunkStore, tag| {
        let options = ExportOptions::default();
        export_layout(store, flist, none, &tagged(tag), &options, (&directory, false))
    };
    let other = || put(&store, "other").map(drop).unwrap();
    put(&Meanwhile::new(&store, other), "one").unwrap();
    for tag in ["one", "other"] {
        let (_, layer, _) = read_image(&read_layout(&directory), tag);
        assert_eq!(ingest(&layer, &MemoryStore::new()).unwrap().flist, flist, "{tag}");
    }
    let other = || put(&store, "two").map(drop).unwrap();
    let error = put(&Meanwhile::new(&store, other), "two").unwrap_err();
    assert!(whole(&error).contains("has an image of that tag already"), "{error}");
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 3, "nothing temporary stays");
}
