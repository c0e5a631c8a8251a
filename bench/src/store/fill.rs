//! Filling the store as a hub would: objects in batches, a barrier after each flist.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use flisthub_storage::{
    ChunkId, ChunkStore as _, Clock, Compressor, DEFAULT_LEVEL, Frame, RocksOptions, RocksStore,
    SystemClock,
};
use serde::{Deserialize, Serialize};

use super::trees::{self, FILES};
use crate::process::Process;

/// How long ago everything was put, in seconds: longer than any grace.
const AGE: u64 = 10 * 86_400;
/// Of so many flists one is named by nobody.
const GARBAGE: u64 = 10;

/// The machine's clock, some days late.
#[derive(Debug)]
struct DaysAgo;

impl Clock for DaysAgo {
    fn now(&self) -> u64 {
        SystemClock.now().saturating_sub(AGE)
    }
}

/// What was put.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Filled {
    pub(crate) flists: u64,
    /// Flists that no root names.
    pub(crate) garbage: u64,
    pub(crate) chunks: u64,
    pub(crate) objects: u64,
    pub(crate) seconds: f64,
    /// Until RocksDB had nothing more to do.
    pub(crate) settled: f64,
    pub(crate) peak: u64,
}

/// Fills a new store with about `objects` objects; the manifests of flists in use go into the file
/// `roots`.
pub(crate) fn fill(store: &Path, roots: &Path, objects: u64) -> anyhow::Result<Filled> {
    // A manifest, a root directory and ten others beside the chunks.
    let flists = objects.div_ceil(FILES + 12).max(GARBAGE);
    let store = RocksStore::open(store, &RocksOptions::default(), Arc::new(DaysAgo))?;
    let (sender, receiver) = sync_channel(4);
    let maker = std::thread::spawn(move || make(flists, &sender));
    let mut filled = Filled { flists, ..Filled::default() };
    let mut named = Vec::new();
    let began = Instant::now();
    for (number, frames) in (0..flists).zip(receiver) {
        filled.chunks += FILES;
        filled.objects += frames.len() as u64;
        for batch in frames.chunks(2000) {
            store.put(batch)?;
        }
        store.flush()?;
        let manifest = frames.last().map(Frame::id).context("a flist without a manifest")?;
        if number % GARBAGE == GARBAGE / 2 {
            filled.garbage += 1;
        } else {
            named.extend_from_slice(manifest.as_bytes());
        }
        if number % 100 == 99 {
            tell(&filled, began);
        }
    }
    maker.join().ok().context("the thread that makes flists ended without a word")??;
    filled.seconds = began.elapsed().as_secs_f64();
    filled.settled = settle()?;
    filled.peak = Process::this().peak()?;
    fs::write(roots, named)?;
    Ok(filled)
}

fn make(flists: u64, sender: &SyncSender<Vec<Frame>>) -> anyhow::Result<()> {
    let mut compressor = Compressor::new(DEFAULT_LEVEL)?;
    for number in 0..flists {
        let chunks = (number * FILES..(number + 1) * FILES).map(trees::chunk);
        let mut all = chunks.collect::<anyhow::Result<Vec<_>>>()?;
        let ids: Vec<ChunkId> = all.iter().map(flisthub_storage::Chunk::id).collect();
        all.extend(trees::flist(&ids)?);
        let frames = all.iter().map(|chunk| compressor.compress(chunk));
        // Nobody listens any more after an error in the store.
        if sender.send(frames.collect::<Result<_, _>>()?).is_err() {
            break;
        }
    }
    Ok(())
}

fn tell(filled: &Filled, began: Instant) {
    #[expect(clippy::cast_precision_loss, reason = "tens of millions")]
    let rate = filled.objects as f64 / began.elapsed().as_secs_f64();
    eprintln!("  {} objects, {rate:.0} a second", filled.objects);
}

/// Waits until this process does nothing more, for at most some minutes: compactions are over then.
/// Gives the seconds it took.
pub(crate) fn settle() -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut before = Process::this().cpu()?;
    let mut quiet = 0;
    while quiet < 3 && began.elapsed() < Duration::from_mins(5) {
        std::thread::sleep(Duration::from_millis(500));
        let now = Process::this().cpu()?;
        quiet = if now - before < 0.03 { quiet + 1 } else { 0 };
        before = now;
    }
    Ok(began.elapsed().as_secs_f64())
}

/// Reads the file that [`fill`] wrote.
pub(crate) fn roots(file: &Path) -> anyhow::Result<Vec<ChunkId>> {
    let bytes = fs::read(file)?;
    bytes.chunks(32).map(|id| ChunkId::from_slice(id).context("a root is no id")).collect()
}
