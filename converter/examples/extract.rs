//! Times the extraction of one archive from a store on disk.
//!
//! `cargo run --release -p flisthub-converter --example extract -- ARCHIVE DESTINATION`

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use flisthub_converter::{ExtractOptions, IngestOptions, extract, ingest_archive};
use flisthub_storage::{ChunkStore, RocksOptions, RocksStore, SystemClock};

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let archive = arguments.next().context("usage: extract ARCHIVE DESTINATION")?;
    let destination = arguments.next().context("usage: extract ARCHIVE DESTINATION")?;
    let directory = tempfile::tempdir()?;
    let store =
        RocksStore::open(directory.path(), &RocksOptions::default(), Arc::new(SystemClock))?;
    let reader = std::fs::File::open(archive)?;
    let flist = ingest_archive(reader, &store, &IngestOptions::default())?.flist;
    store.flush()?;
    let (start, before) = (Instant::now(), cpu_seconds()?);
    let report = extract(&store, flist, Path::new(&destination), &ExtractOptions::default())?;
    let (time, cpu) = (start.elapsed(), cpu_seconds()? - before);
    println!("{time:?}, {cpu:.2} s of processor time: {report:?}");
    Ok(())
}

/// What all threads have used so far: tells the cost also on a machine that is busy with other things.
fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").context("/proc/self/stat has no name")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}
