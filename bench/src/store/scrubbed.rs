//! The scrub of a store of ordinary chunks, beside the least that has to be done: reading the same
//! frames from a plain file in the order of their ids, unpacking and hashing them.

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Instant;

use anyhow::Context as _;
use bytes::Bytes;
use flisthub_storage::{ChunkId, ChunkStore as _, Frame, Kind, Maintain as _, Silent, scrub};
use serde::{Deserialize, Serialize};

use super::ask::open_store;
use super::fill::settle;
use crate::process::Process;
use crate::stats::megabytes;
use crate::write::{Content, Plan};

/// Content and frame bytes that a thread holds at a time, as in a scrub.
const BATCH: u64 = 8 << 20;

/// A frame in the plain file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Place {
    id: String,
    length: u32,
    frame_length: u32,
}

/// Fills a store with so many bytes of chunks of 64 KiB, and writes their frames to `plain` too.
pub(crate) fn fill(directory: &Path, plain: &Path, bytes: u64) -> anyhow::Result<Vec<Place>> {
    let store = open_store(directory)?;
    let batches = bytes.div_ceil(4 << 20);
    let content =
        Plan { content: Content::Text, seed: 5, chunk: 64 << 10, batch: 64, batches, ready: false };
    let mut feed = content.start()?;
    while let Some(batch) = feed.next() {
        store.put(&batch)?;
    }
    feed.finish()?;
    store.flush()?;
    settle()?;
    let mut file = BufWriter::new(File::create(plain)?);
    let mut places = Vec::new();
    let mut after = None;
    loop {
        let rows = store.rows(after.as_ref(), 256)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        let ids: Vec<ChunkId> = rows.iter().map(|row| row.id).collect();
        for frame in store.get_frames(&ids)? {
            let frame = frame.context("a chunk is not there")?;
            file.write_all(frame.bytes())?;
            let frame_length = u32::try_from(frame.bytes().len())?;
            places.push(Place { id: frame.id().to_string(), length: frame.length(), frame_length });
        }
    }
    file.flush()?;
    Ok(places)
}

/// What a scrub cost.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Scrubbed {
    /// MB of frames a second.
    pub(crate) rate: f64,
    pub(crate) peak: u64,
}

/// Scrubs the store.
pub(crate) fn run(directory: &Path) -> anyhow::Result<Scrubbed> {
    let store = open_store(directory)?;
    let began = Instant::now();
    let report = scrub(&store, None, &Silent)?;
    let rate = megabytes(report.stored_bytes) / began.elapsed().as_secs_f64();
    anyhow::ensure!(report.damaged.is_empty(), "the scrub found damage");
    Ok(Scrubbed { rate, peak: Process::this().peak()? })
}

/// The same work on the plain file, with as many threads; MB of frames a second.
pub(crate) fn least(plain: &Path, places: &[Place]) -> anyhow::Result<f64> {
    let file = File::open(plain)?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let batches = batches(places);
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    let work = || -> anyhow::Result<()> {
        while let Some((from, places)) = batches.get(next.fetch_add(1, SeqCst)) {
            check(&file, *from, places)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().try_for_each(|thread| {
            thread.join().ok().context("a reading thread ended without a word")?
        })
    })?;
    Ok(megabytes(total(places)) / began.elapsed().as_secs_f64())
}

fn total(places: &[Place]) -> u64 {
    places.iter().map(|place| u64::from(place.frame_length)).sum()
}

/// Places in groups of bounded size, and where in the file each group begins.
fn batches(places: &[Place]) -> Vec<(u64, &[Place])> {
    let mut batches = Vec::new();
    let (mut rest, mut from) = (places, 0);
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |place: &&Place| {
            bytes += u64::from(place.length) + u64::from(place.frame_length);
            bytes <= BATCH
        };
        let (batch, others) = rest.split_at(rest.iter().take_while(fits).count().max(1));
        batches.push((from, batch));
        from += total(batch);
        rest = others;
    }
    batches
}

fn check(file: &File, from: u64, places: &[Place]) -> anyhow::Result<()> {
    let mut buffer = vec![0; usize::try_from(total(places))?];
    file.read_exact_at(&mut buffer, from)?;
    let mut rest = Bytes::from(buffer);
    for place in places {
        let frame = rest.split_to(place.frame_length as usize);
        Frame::verify(Kind::Content, place.id.parse()?, place.length, frame)?;
    }
    Ok(())
}

/// Only reads the plain file from front to back; MB a second.
pub(crate) fn read(plain: &Path) -> anyhow::Result<f64> {
    let mut file = File::open(plain)?;
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    let began = Instant::now();
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        bytes += length as u64;
    }
    Ok(megabytes(bytes) / began.elapsed().as_secs_f64())
}
