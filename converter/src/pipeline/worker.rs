//! Hashes a unit, asks the store what it lacks, and compresses that.

use crossbeam_channel::{Receiver, Sender};
use flisthub_flist::Piece;
use flisthub_storage::{Chunk, ChunkStore, Compressor, Frame, Kind, Mismatch, StoreError};

use super::claims::Claims;
use super::control::Control;
use super::units::{Done, Farewell, Message, Unit};
use crate::error::ConvertError;
use crate::options::IngestOptions;
use crate::work::Work;

/// One worker thread's view.
pub(super) struct Worker<'a> {
    pub(super) store: &'a dyn ChunkStore,
    pub(super) claims: &'a Claims,
    pub(super) control: &'a Control,
    pub(super) options: &'a IngestOptions,
    pub(super) units: Receiver<Unit>,
    pub(super) to_assembler: Sender<Message>,
    pub(super) to_writers: Sender<Vec<Frame>>,
}

impl Worker<'_> {
    /// Works until there are no more units.
    pub(super) fn run(&self) -> Result<(), ConvertError> {
        let _farewell = Farewell::new(&self.to_assembler);
        let level = self.options.level;
        let mut compressor = Compressor::new(level).map_err(ConvertError::Compressor)?;
        for unit in &self.units {
            self.control.check()?;
            let mut hashed =
                Hashed { done: Vec::with_capacity(unit.work.len()), chunks: Vec::new() };
            for work in unit.work {
                self.hash(work, &mut hashed)?;
            }
            if let Some(number) = unit.number {
                let message = Message::Unit(number, hashed.done);
                self.to_assembler.send(message).map_err(|_| ConvertError::Cancelled)?;
            }
            let missing = self.missing(hashed.chunks)?;
            let frames = missing
                .iter()
                .map(|chunk| compressor.compress(chunk).map_err(ConvertError::Compressor))
                .collect::<Result<Vec<Frame>, _>>()?;
            drop(missing);
            if !frames.is_empty() {
                self.to_writers.send(frames).map_err(|_| ConvertError::Cancelled)?;
            }
        }
        Ok(())
    }

    /// Takes one step.
    fn hash(&self, work: Work, hashed: &mut Hashed) -> Result<(), ConvertError> {
        match work {
            Work::Data(bytes) => hashed.data(bytes)?,
            Work::Hole(length) => hashed.done.push(Done::Piece(Piece::Hole { length })),
            Work::File { path, metadata } => hashed.done.push(Done::File { path, metadata }),
            Work::Step(step) => hashed.done.push(Done::Step(step)),
            Work::Object(chunk) => hashed.chunks.push(chunk),
            Work::Read(file) => {
                let (content, metadata) = file.read()?;
                self.control.input.add(content.len() as u64);
                for cut in self.options.profile.cut(&content) {
                    self.hash(cut.into(), hashed)?;
                }
                hashed.done.push(Done::File { path: file.path, metadata });
            }
        }
        Ok(())
    }

    /// Those of `chunks` that the store lacks and nobody else is bringing.
    fn missing(&self, mut chunks: Vec<Chunk>) -> Result<Vec<Chunk>, ConvertError> {
        self.claims.claim(&mut chunks);
        if chunks.is_empty() {
            return Ok(chunks);
        }
        let ids: Vec<_> = chunks.iter().map(Chunk::id).collect();
        let missing = self.store.missing(&ids)?;
        let missing: std::collections::HashSet<_> = missing.into_iter().collect();
        self.claims.release(ids.into_iter().filter(|id| !missing.contains(id)));
        chunks.retain(|chunk| missing.contains(&chunk.id()));
        Ok(chunks)
    }
}

/// What has been made of a unit so far.
struct Hashed {
    done: Vec<Done>,
    chunks: Vec<Chunk>,
}

impl Hashed {
    fn data(&mut self, bytes: bytes::Bytes) -> Result<(), ConvertError> {
        let chunk = Chunk::new(Kind::Content, bytes).map_err(|error: Mismatch| {
            // The cutter makes none longer than a chunk may be.
            ConvertError::Store(StoreError::backend(error))
        })?;
        self.done.push(Done::Piece(Piece::Chunk { id: chunk.id(), length: chunk.length() }));
        self.chunks.push(chunk);
        Ok(())
    }
}
