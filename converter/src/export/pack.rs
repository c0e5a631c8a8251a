//! Fetches the chunks of a batch and makes bytes of it: the tar itself, or zstd frames of it.

use std::collections::HashMap;

use flisthub_storage::{Chunk, ChunkId, ChunkStore, Frame, Kind};
use zstd::bulk::Compressor;

use super::batch::{Batch, Part};
use super::error::ExportError;
use super::plan::bad;

/// zstd's level for headers and padding; content keeps the frames that it is stored in.
const LEVEL: i32 = 1;

/// What is made of a tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The tar.
    Plain,
    /// zstd frames.
    Frames,
    /// zstd frames, and the tar beside them for its digest.
    Both,
}

/// A batch, packed.
pub(super) struct Packed {
    /// Bytes of the tar; empty if they were not wanted.
    pub(super) tar: Vec<u8>,
    /// zstd frames that hold them; empty if they were not wanted.
    pub(super) frames: Vec<u8>,
    /// How many bytes of the tar these are.
    pub(super) bytes: u64,
    /// How many members begin in it; the end of the tar counts as one.
    pub(super) entries: u64,
}

/// Packs batches. Keeps zstd's working memory between them, so make one per thread.
pub(super) struct Packer<'a> {
    store: &'a dyn ChunkStore,
    form: Form,
    compressor: Compressor<'static>,
}

impl<'a> Packer<'a> {
    pub(super) fn new(store: &'a dyn ChunkStore, form: Form) -> Result<Self, ExportError> {
        let compressor = compressor()?;
        Ok(Self { store, form, compressor })
    }

    pub(super) fn pack(&mut self, batch: &Batch) -> Result<Packed, ExportError> {
        let (bytes, entries) = (batch.bytes as u64, batch.entries);
        let mut packed = Packed { tar: Vec::new(), frames: Vec::new(), bytes, entries };
        if self.form != Form::Frames {
            packed.tar.reserve_exact(batch.bytes);
        }
        let mut ids: Vec<ChunkId> = batch.parts.iter().filter_map(Part::id).collect();
        ids.sort_unstable();
        ids.dedup();
        if self.form == Form::Plain {
            let chunks = found(&ids, || self.store.get(&ids), Chunk::id)?;
            for part in &batch.parts {
                plain(part, &chunks, &mut packed.tar)?;
            }
        } else {
            let frames = found(&ids, || self.store.get_frames(&ids), Frame::id)?;
            for part in &batch.parts {
                self.framed(part, &frames, &mut packed)?;
            }
        }
        Ok(packed)
    }

    fn framed(
        &mut self,
        part: &Part,
        frames: &HashMap<ChunkId, Frame>,
        packed: &mut Packed,
    ) -> Result<(), ExportError> {
        let wanted = self.form == Form::Both;
        match part {
            Part::Literal(bytes) => {
                if wanted {
                    packed.tar.extend_from_slice(bytes);
                }
                packed.frames.extend(compress(&mut self.compressor, bytes)?);
            }
            Part::Zeros(length) => {
                let zeros = vec![0; *length];
                if wanted {
                    packed.tar.extend_from_slice(&zeros);
                }
                packed.frames.extend(compress(&mut self.compressor, &zeros)?);
            }
            Part::Chunk { id, .. } => {
                let frame = frames.get(id);
                part.check(frame.map(|frame| (frame.kind(), frame.length())))?;
                let Some(frame) = frame else { return Ok(()) };
                if wanted {
                    let chunk = frame.decode().map_err(|source| {
                        flisthub_storage::StoreError::Corrupt { id: *id, source: Some(source) }
                    })?;
                    packed.tar.extend_from_slice(chunk.bytes());
                }
                packed.frames.extend_from_slice(frame.bytes());
            }
        }
        Ok(())
    }
}

/// Adds a part of the tar.
fn plain(
    part: &Part,
    chunks: &HashMap<ChunkId, Chunk>,
    tar: &mut Vec<u8>,
) -> Result<(), ExportError> {
    match part {
        Part::Literal(bytes) => tar.extend_from_slice(bytes),
        Part::Zeros(length) => tar.resize(tar.len() + length, 0),
        Part::Chunk { id, .. } => {
            let chunk = chunks.get(id);
            part.check(chunk.map(|chunk| (chunk.kind(), chunk.length())))?;
            tar.extend_from_slice(chunk.map_or(&[], |chunk| chunk.bytes()));
        }
    }
    Ok(())
}

impl Part {
    fn id(&self) -> Option<ChunkId> {
        if let Self::Chunk { id, .. } = self { Some(*id) } else { None }
    }

    /// Checks what the store has for a chunk against what the tree says of it.
    fn check(&self, found: Option<(Kind, u32)>) -> Result<(), ExportError> {
        let Self::Chunk { id, length, path } = self else { return Ok(()) };
        match found {
            None => Err(ExportError::MissingChunk { path: path.as_ref().clone(), id: *id }),
            Some((Kind::Content, found)) if found == *length => Ok(()),
            Some((Kind::Content, _)) => Err(bad(path, "a chunk is not as long as it says")),
            Some(_) => Err(bad(path, "what it names is no content")),
        }
    }
}

/// Asks for objects and keeps what is there.
fn found<T>(
    ids: &[ChunkId],
    ask: impl FnOnce() -> Result<Vec<Option<T>>, flisthub_storage::StoreError>,
    id: impl Fn(&T) -> ChunkId,
) -> Result<HashMap<ChunkId, T>, ExportError> {
    let found = if ids.is_empty() { Vec::new() } else { ask()? };
    Ok(found.into_iter().flatten().map(|object| (id(&object), object)).collect())
}

/// A compressor for what is not stored.
pub(super) fn compressor() -> Result<Compressor<'static>, ExportError> {
    Compressor::new(LEVEL).map_err(ExportError::Compressor)
}

/// One frame of these bytes.
pub(super) fn compress(
    compressor: &mut Compressor<'static>,
    bytes: &[u8],
) -> Result<Vec<u8>, ExportError> {
    compressor.compress(bytes).map_err(ExportError::Compressor)
}
