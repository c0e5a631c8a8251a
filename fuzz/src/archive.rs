//! Archives as they are uploaded.

use std::io::Read;

use flisthub_converter::{IngestOptions, Limits, ingest_archive};
use flisthub_flist::{VerifyLimits, verify};
use flisthub_storage::{ChunkId, MemoryStore};

use crate::Outcome;
use crate::pieces::Pieces;

pub(crate) fn archive(bytes: &[u8]) -> Outcome {
    let store = MemoryStore::new();
    let read = ingest(bytes, &store);
    let in_pieces = ingest(Pieces::of(bytes), &MemoryStore::new());
    // Where compressed bytes are damaged, how much of them came out before decides which error is told.
    assert_eq!(read.as_ref().ok(), in_pieces.as_ref().ok(), "the same in pieces: {in_pieces:?}");
    let Ok(flist) = read else { return Outcome::Refused };
    let verified = verify(&store, flist, &VerifyLimits::default(), &[]);
    assert!(verified.is_ok(), "what is converted can be published: {verified:?}");
    Outcome::Accepted
}

fn ingest(archive: impl Read + Send, store: &MemoryStore) -> Result<ChunkId, String> {
    let limits = Limits {
        file_bytes: 1 << 30,
        archive_bytes: 16 << 20,
        decoder_memory: 32 << 20,
        ..Limits::default()
    };
    let options = IngestOptions { limits, ..IngestOptions::default() };
    let ingested = ingest_archive(archive, store, &options);
    ingested.map(|ingested| ingested.flist).map_err(|error| error.to_string())
}
