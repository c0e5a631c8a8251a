//! The chunk store alone: how fast it says which of many ids are missing.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore as _, Compressor, DEFAULT_LEVEL, Kind, RocksOptions, RocksStore,
    SystemClock,
};

use crate::stats::Samples;

/// Objects in the store, and ids in one question.
const STORED: u64 = 500_000;
const ASKED: u64 = 100_000;

/// Ids a second, for questions of [`ASKED`] ids.
#[derive(Debug)]
pub(crate) struct Micro {
    pub(crate) stored: u64,
    pub(crate) asked: u64,
    /// When the store has none of them.
    pub(crate) absent: Samples,
    /// When it has every second one.
    pub(crate) half: Samples,
    /// When it has all of them.
    pub(crate) present: Samples,
}

/// Fills a store and asks it `runs` times.
pub(crate) fn measure(runs: u32, work: &Path) -> anyhow::Result<Micro> {
    eprintln!("asking a store of {STORED} objects");
    let directory = work.join("micro");
    let store = RocksStore::open(&directory, &RocksOptions::default(), Arc::new(SystemClock))?;
    let mut compressor = Compressor::new(DEFAULT_LEVEL)?;
    for start in (0..STORED).step_by(5_000) {
        let frames = (start..start + 5_000)
            .map(|number| Ok(compressor.compress(&chunk(number)?)?))
            .collect::<anyhow::Result<Vec<_>>>()?;
        store.put(&frames)?;
    }
    store.flush()?;
    drop(store);
    // Opened again, so that it answers from its files.
    let store = RocksStore::open(&directory, &RocksOptions::default(), Arc::new(SystemClock))?;
    // Spread over all that is stored; every run asks for the same.
    let step = STORED / ASKED;
    let present = ids((0..ASKED).map(|number| number * step))?;
    let absent = ids((0..ASKED).map(|number| STORED + number))?;
    let half: Vec<ChunkId> = present
        .iter()
        .zip(&absent)
        .take(present.len() / 2)
        .flat_map(|(one, other)| [*one, *other])
        .collect();
    let mut micro = Micro {
        stored: STORED,
        asked: ASKED,
        absent: Samples::default(),
        half: Samples::default(),
        present: Samples::default(),
    };
    for _ in 0..runs {
        micro.absent.push(ask(&store, &absent, absent.len())?);
        micro.half.push(ask(&store, &half, half.len() / 2)?);
        micro.present.push(ask(&store, &present, 0)?);
    }
    drop(store);
    std::fs::remove_dir_all(&directory).context("the store is not removed")?;
    Ok(micro)
}

fn chunk(number: u64) -> anyhow::Result<Chunk> {
    Ok(Chunk::new(Kind::Content, number.to_le_bytes().to_vec())?)
}

fn ids(numbers: impl Iterator<Item = u64>) -> anyhow::Result<Vec<ChunkId>> {
    numbers.map(|number| Ok(chunk(number)?.id())).collect()
}

/// Ids a second of one question; `expected` of them must be missing.
fn ask(store: &RocksStore, ids: &[ChunkId], expected: usize) -> anyhow::Result<f64> {
    let began = Instant::now();
    let missing = store.missing(ids)?.len();
    let seconds = began.elapsed().as_secs_f64();
    anyhow::ensure!(missing == expected, "{missing} are said to be missing, not {expected}");
    #[expect(clippy::cast_precision_loss, reason = "a hundred thousand")]
    let rate = ids.len() as f64 / seconds;
    Ok(rate)
}
