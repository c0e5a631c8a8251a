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
    let start = Instant::now();
    let report = extract(&store, flist, Path::new(&destination), &ExtractOptions::default())?;
    println!("{:?}: {report:?}", start.elapsed());
    Ok(())
}
