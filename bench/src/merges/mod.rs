//! Merging two trees of 100,000 files: in a store, step by step, and as a hub answers it.

mod trees;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use flisthub_flist::{MergeOptions, VerifyLimits, merge, verify};
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Compressor, DEFAULT_LEVEL, RocksOptions, RocksStore, SystemClock,
};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use self::trees::{DIRECTORIES, archive, objects};
use crate::hub::{Hub, Programs, USER};
use crate::stats::Samples;
use crate::upload;

/// In how many directories the two trees differ.
pub(crate) const DIFFERENT: [usize; 2] = [10, DIRECTORIES];

/// What one pair of trees took, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Directories that differ, beside the root.
    pub(crate) different: usize,
    /// Making the merged tree.
    pub(crate) merge: Samples,
    /// Compressing and putting what is new, and the barrier.
    pub(crate) put: Samples,
    /// Checking it beside its sources, as a publish does.
    pub(crate) check: Samples,
    /// Checking it alone.
    pub(crate) check_alone: Samples,
    /// A request to a hub, to its last byte.
    pub(crate) request: Samples,
    /// The same with `dry_run`, before it.
    pub(crate) dry_run: Samples,
    /// Objects that were new.
    pub(crate) new_objects: u64,
}

/// What was measured.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) runs: u32,
    pub(crate) pairs: Vec<Measured>,
}

/// Measures everything `runs` times, each time with another second tree.
pub(crate) fn measure(
    runs: u32,
    work: &Path,
    programs: &Programs,
    handle: &Handle,
) -> anyhow::Result<Results> {
    let directory = work.join("merges");
    std::fs::create_dir(&directory)?;
    let mut pairs: Vec<Measured> =
        DIFFERENT.map(|different| Measured { different, ..Measured::default() }).into();
    in_store(runs, &directory.join("store"), &mut pairs)?;
    over_http(runs, &Hub::start(programs, &directory)?, &mut pairs, handle)?;
    Ok(Results { runs, pairs })
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn in_store(runs: u32, directory: &Path, pairs: &mut [Measured]) -> anyhow::Result<()> {
    let store = RocksStore::open(directory, &RocksOptions::default(), Arc::new(SystemClock))?;
    let base = keep(&store, &objects(0, 0)?)?;
    for run in 1..=runs {
        for pair in &mut *pairs {
            eprintln!("in a store: run {run} of {runs}, {} directories", pair.different);
            let other = keep(&store, &objects(pair.different, run)?)?;
            store.flush()?;
            let mut new = Vec::new();
            let began = Instant::now();
            let options = MergeOptions::default();
            let merged = merge(&store, &[base, other], &options, &mut |object| {
                new.push(object);
                Ok(())
            })?;
            pair.merge.push(milliseconds(began));
            let began = Instant::now();
            keep(&store, &new)?;
            store.flush()?;
            pair.put.push(milliseconds(began));
            let limits = VerifyLimits::default();
            let began = Instant::now();
            verify(&store, merged.flist, &limits, &[base, other])?;
            pair.check.push(milliseconds(began));
            let began = Instant::now();
            verify(&store, merged.flist, &limits, &[])?;
            pair.check_alone.push(milliseconds(began));
        }
    }
    Ok(())
}

/// Puts objects that the store lacks; gives the id of the last one.
fn keep(store: &RocksStore, objects: &[Chunk]) -> anyhow::Result<ChunkId> {
    let mut compressor = Compressor::new(DEFAULT_LEVEL)?;
    for batch in objects.chunks(4096) {
        let ids: Vec<ChunkId> = batch.iter().map(Chunk::id).collect();
        let missing = store.missing(&ids)?;
        let mut missing = missing.iter().peekable();
        let mut frames = Vec::new();
        for object in batch {
            if missing.next_if(|id| **id == object.id()).is_some() {
                frames.push(compressor.compress(object)?);
            }
        }
        store.put(&frames)?;
    }
    objects.last().map(Chunk::id).context("nothing to put")
}

fn over_http(runs: u32, hub: &Hub, pairs: &mut [Measured], handle: &Handle) -> anyhow::Result<()> {
    // Whoever came first has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let send = |name: &str, different, run| -> anyhow::Result<()> {
        let archive = std::io::Cursor::new(archive(different, run)?);
        upload::upload(hub, &format!("{name}.tar"), archive, handle)?;
        Ok(())
    };
    send("base", 0, 0)?;
    for run in 1..=runs {
        for pair in &mut *pairs {
            eprintln!("over HTTP: run {run} of {runs}, {} directories", pair.different);
            let other = format!("other-{}-{run}", pair.different);
            send(&other, pair.different, run)?;
            hub.settle()?;
            let sources = json!([format!("{USER}/base"), format!("{USER}/{other}")]);
            let url = format!("{}/api/v1/flists/{USER}/merged-{other}/merge", hub.url);
            for dry_run in [true, false] {
                let body = json!({ "sources": sources, "dry_run": dry_run }).to_string();
                let request = client
                    .post(&url)
                    .bearer_auth(&hub.token)
                    .header("content-type", "application/json")
                    .body(body);
                let began = Instant::now();
                let answer = handle
                    .block_on(async { request.send().await?.error_for_status()?.bytes().await })?;
                let took = milliseconds(began);
                let answer: Value = serde_json::from_slice(&answer)?;
                let told = |key: &str| {
                    answer
                        .pointer(&format!("/merge/{key}"))
                        .and_then(Value::as_u64)
                        .context("a report")
                };
                anyhow::ensure!(told("merged_directories")? == pair.different as u64 + 1);
                pair.new_objects = told("new_objects")?;
                if dry_run { pair.dry_run.push(took) } else { pair.request.push(took) }
            }
        }
    }
    Ok(())
}
