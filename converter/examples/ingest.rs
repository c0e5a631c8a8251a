//! Times one archive or directory into a store in memory and one on disk, twice each.
//!
//! `cargo run --release -p flisthub-converter --example ingest -- PATH [STORE-DIRECTORY]`

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use flisthub_converter::{IngestOptions, ingest_archive, ingest_directory};
use flisthub_storage::{ChunkStore, MemoryStore, RocksOptions, RocksStore, SystemClock};

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let path = arguments.next().context("usage: ingest PATH [STORE-DIRECTORY]")?;
    ingest("memory", Path::new(&path), &MemoryStore::new())?;
    let kept = arguments.next();
    let temporary = tempfile::tempdir()?;
    let directory = kept.as_deref().map_or(temporary.path(), Path::new);
    let store = RocksStore::open(directory, &RocksOptions::default(), Arc::new(SystemClock))?;
    ingest("rocksdb", Path::new(&path), &store)
}

fn ingest(name: &str, path: &Path, store: &dyn ChunkStore) -> Result<()> {
    for time in ["new", "again"] {
        let start = Instant::now();
        let options = IngestOptions::default();
        let ingested = if path.is_dir() {
            ingest_directory(path, store, &options)?
        } else {
            ingest_archive(std::fs::File::open(path)?, store, &options)?
        };
        let built = start.elapsed();
        store.flush()?;
        let report = ingested.report;
        println!("{name} {time}: {built:?}, with the barrier {:?}; {report:?}", start.elapsed());
    }
    Ok(())
}
