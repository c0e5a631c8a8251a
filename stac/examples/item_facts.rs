//! Prints the item that files make of which nobody says anything, and what it takes to find that out:
//! `item_facts a.tif b.tif`. The files are cut as the hub cuts them, into a store that counts what is loaded of it.

use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use flisthub_flist::{Content, FileBuilder, Manifest, Metadata, Piece, TreeBuilder, TreePath};
use flisthub_stac::{Inputs, Settings, compose};
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Compressor, Cut, Frame, Kind, MemoryStore, Profile, PutReport,
    Stat, StoreError, StoreStats,
};
use serde_json::json;

/// A store that counts the bytes of chunks that are loaded, and how often.
#[derive(Default)]
struct Counting {
    store: MemoryStore,
    bytes: AtomicU64,
    loads: AtomicU64,
}

impl ChunkStore for Counting {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        self.store.stat(ids)
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        for stat in self.store.stat(ids)?.into_iter().flatten() {
            self.bytes.fetch_add(u64::from(stat.length), Ordering::Relaxed);
            self.loads.fetch_add(1, Ordering::Relaxed);
        }
        self.store.get_frames(ids)
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        self.store.put(frames)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.store.flush()
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.store.stats()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let store = Counting::default();
    let mut tree = TreeBuilder::new();
    for (at, path) in std::env::args().skip(1).enumerate() {
        let name = path.rsplit('/').next().unwrap_or(&path);
        let path_in_tree = TreePath::parse(format!("{at:04}/{name}").as_bytes())?;
        tree.add(&path_in_tree, Metadata::default(), content(&store, &path)?)?;
    }
    let built = tree.finish(&mut |chunk| put(&store, &chunk))?;
    let manifest = Manifest::of(&built, Profile::default()).to_chunk()?;
    let id = manifest.id();
    put(&store, &manifest)?;
    let categories = ["dataset".to_owned()];
    let inputs = Inputs {
        repository: "alice",
        name: "scene",
        settings: &Settings::default(),
        api: None,
        written: None,
        categories: &categories,
        created: 0,
        published: 0,
    };
    let mut times = Vec::new();
    for _ in 0..5 {
        store.bytes.store(0, Ordering::Relaxed);
        store.loads.store(0, Ordering::Relaxed);
        let begun = Instant::now();
        let heard = compose(&store, id, &inputs, &mut |_| None)?;
        times.push(begun.elapsed());
        if times.len() == 1 {
            println!("{}", heard.draft.map(|draft| draft.document).unwrap_or_default());
            heard.warnings.iter().for_each(|warning| eprintln!("{warning}"));
        }
    }
    times.sort();
    let (bytes, loads) = (store.bytes.into_inner(), store.loads.into_inner());
    let median = times.get(2).map(std::time::Duration::as_secs_f64);
    eprintln!("{}", json!({ "seconds": median, "bytes_loaded": bytes, "loads": loads }));
    Ok(())
}

fn put(store: &Counting, chunk: &Chunk) -> Result<(), StoreError> {
    let frame =
        Compressor::new(1).and_then(|mut it| it.compress(chunk)).map_err(StoreError::backend)?;
    store.put(&[frame]).map(drop)
}

/// Cuts a file and stores it.
fn content(store: &Counting, path: &str) -> Result<Content, Box<dyn Error>> {
    let mut file = File::open(path)?;
    let (mut cutter, mut cuts) = (Profile::default().cutter(), Vec::new());
    let mut builder = FileBuilder::new();
    let mut block = vec![0; 1 << 20];
    loop {
        let length = file.read(&mut block)?;
        if length == 0 {
            break;
        }
        cutter.push(block.get(..length).unwrap_or_default(), &mut |cut| cuts.push(cut));
        add(store, &mut builder, cuts.drain(..))?;
    }
    cutter.finish(&mut |cut| cuts.push(cut));
    add(store, &mut builder, cuts.drain(..))?;
    Ok(builder.finish(&mut |chunk| put(store, &chunk))?)
}

fn add(
    store: &Counting,
    builder: &mut FileBuilder,
    cuts: impl Iterator<Item = Cut>,
) -> Result<(), Box<dyn Error>> {
    for cut in cuts {
        let piece = match cut {
            Cut::Data(bytes) => {
                let chunk = Chunk::new(Kind::Content, bytes.to_vec())?;
                put(store, &chunk)?;
                Piece::Chunk { id: chunk.id(), length: chunk.length() }
            }
            Cut::Hole(length) => Piece::Hole { length },
        };
        builder.push(piece, &mut |chunk| put(store, &chunk))?;
    }
    Ok(())
}
