//! Chunks to test with, and a clock that stands still.

use flisthub_storage::{Chunk, Clock, Compressor, DEFAULT_LEVEL, Frame, Kind};

/// A clock that always shows the same second.
pub(crate) struct Fixed(pub(crate) u64);

impl Clock for Fixed {
    fn now(&self) -> u64 {
        self.0
    }
}

/// A clock that is set by hand.
#[derive(Default)]
pub(crate) struct Hand(std::sync::atomic::AtomicU64);

impl Hand {
    pub(crate) fn set(&self, now: u64) {
        self.0.store(now, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// A chunk of content.
pub(crate) fn chunk(content: impl Into<Vec<u8>>) -> Chunk {
    Chunk::new(Kind::Content, content.into()).unwrap()
}

/// Bytes that do not compress, the same every time.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// The stored form of a chunk.
pub(crate) fn frame(chunk: &Chunk) -> Frame {
    Compressor::new(DEFAULT_LEVEL).unwrap().compress(chunk).unwrap()
}

/// Frames of `count` different chunks, from 1 byte to about 100 KiB, of every kind.
pub(crate) fn frames(count: u64) -> Vec<Frame> {
    (0..count)
        .map(|index| {
            let length = usize::try_from(index * index * 37 % 100_000 + 1).unwrap();
            let kind = Kind::ALL[usize::try_from(index).unwrap() % Kind::ALL.len()];
            frame(&Chunk::new(kind, noise(index, length)).unwrap())
        })
        .collect()
}
