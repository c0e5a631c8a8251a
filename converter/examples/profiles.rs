//! Shows what a change costs under each chunking profile: takes in a file of random bytes, changes single
//! bytes spread over it, and takes it in again.
//!
//! `cargo run --release -p flisthub-converter --example profiles [-- BYTES CHANGES]`

use anyhow::Result;
use flisthub_converter::{IngestOptions, IngestReport, ingest_directory};
use flisthub_storage::{MemoryStore, Profile};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<usize>());
    let (bytes, changes) = (number(100_000_000)?, number(100)?);
    let content = noise(bytes);
    let mut after = content.clone();
    let step = bytes / changes.max(1);
    for byte in after.iter_mut().skip(step / 2).step_by(step.max(1)).take(changes) {
        *byte ^= 1;
    }
    println!("a file of {bytes} random bytes, taken in again with {changes} bytes changed");
    for profile in Profile::ALL {
        let store = MemoryStore::new();
        let first = ingest(&content, profile, &store)?;
        let second = ingest(&after, profile, &store)?;
        println!(
            "{:>8}: {} chunks, {} bytes; then {} new chunks, {} bytes",
            profile.word(),
            first.chunks,
            first.stored_bytes,
            second.new_chunks,
            second.stored_bytes,
        );
    }
    Ok(())
}

/// Bytes that no compressor shrinks, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn ingest(content: &[u8], profile: Profile, store: &MemoryStore) -> Result<IngestReport> {
    let directory = tempfile::tempdir()?;
    std::fs::write(directory.path().join("file"), content)?;
    let options = IngestOptions { profile, ..IngestOptions::default() };
    Ok(ingest_directory(directory.path(), store, &options)?.report)
}
