//! Stores that have lost something, or fail: what is lost is a warning, and only a store that fails stops a publish.

use std::io;

use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Frame, Kind, PutReport, Stat, StoreError, StoreStats,
};
use serde_json::json;

use crate::compose_tests::{Planted, heard_of, planted};
use crate::{Heard, Settings};

const A: &[u8] = include_bytes!("../../tests/fixtures/geodata/a.tif");
const SHP: &[u8] = include_bytes!("../../tests/fixtures/geodata/area.shp");
const PRJ: &[u8] = include_bytes!("../../tests/fixtures/geodata/area.prj");

#[derive(Clone, Copy)]
enum Fault {
    Missing,
    Damaged,
    Backend,
}

/// A store in which something is wrong with one chunk.
struct Faulty(Planted, ChunkId, Fault);

impl ChunkStore for Faulty {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        self.0.store.stat(ids)
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        let has = ids.contains(&self.1);
        match self.2 {
            Fault::Missing if has => Ok(vec![None; ids.len()]),
            Fault::Damaged if has => Err(StoreError::Corrupt { id: self.1, source: None }),
            Fault::Backend if has => Err(StoreError::backend(io::Error::other("gone"))),
            _ => self.0.store.get_frames(ids),
        }
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        self.0.store.put(frames)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.0.store.flush()
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.0.store.stats()
    }
}

/// What comes of a raster and a shapefile, where the file of these bytes has that fault.
fn heard(bytes: &[u8], fault: Fault) -> Option<Heard> {
    let files: [(&str, &[u8]); 4] =
        [("a.tif", A), ("b.shp", SHP), ("b.prj", PRJ), ("c.txt", b"text")];
    let planted = planted(&files);
    let id = Chunk::new(Kind::Content, bytes.to_vec()).unwrap().id();
    let manifest = planted.manifest;
    let store = Faulty(planted, id, fault);
    let api = json!({ "category": "dataset" });
    heard_of(&store, manifest, Some(&api), &Settings::default()).ok()
}

#[test]
fn a_file_that_is_damaged_is_a_warning_and_a_store_that_fails_an_error() {
    let damaged = "a part of it is damaged in the hub";
    let missing = "the hub lacks a part of it";
    for (name, bytes) in [("a.tif", A), ("b.shp", SHP), ("b.prj", PRJ)] {
        for (fault, told) in [(Fault::Damaged, damaged), (Fault::Missing, missing)] {
            let Heard { draft, warnings, .. } = heard(bytes, fault).unwrap();
            assert!(warnings[0].starts_with(&format!("{name}: ")), "{warnings:?}");
            assert!(warnings[0].ends_with(told), "{warnings:?}");
            // The other file says where it is.
            assert!(draft.unwrap().place.is_some(), "{name}");
        }
        assert!(heard(bytes, Fault::Backend).is_none(), "{name}");
    }
    assert!(heard(b"text", Fault::Backend).unwrap().warnings.is_empty());
}
