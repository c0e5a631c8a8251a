//! Reading: every object is decoded and hashed before anybody gets it; objects that were read lately
//! are kept decoded, within a bound.

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::RocksStore;
use super::engine::Engine;
use super::figures::RocksFigures;
use super::schema::Presence;
use crate::chunk::Chunk;
use crate::frame::Frame;
use crate::id::ChunkId;
use crate::store::StoreError;

/// Bytes that an entry of the cache takes beside its content: keys, links, the handle.
const ENTRY_OVERHEAD: u64 = 128;
/// How large an object is thought to be on average, to size the cache's tables.
const TYPICAL: usize = 16 << 10;

/// Decoded objects, verified when they came in; bounded by the bytes it holds. A scan does not push out
/// what is read often.
pub(super) struct ChunkCache(Cache<ChunkId, Chunk, Bytewise>);

#[derive(Clone)]
struct Bytewise;

impl Weighter<ChunkId, Chunk> for Bytewise {
    fn weight(&self, _: &ChunkId, chunk: &Chunk) -> u64 {
        u64::from(chunk.length()) + ENTRY_OVERHEAD
    }
}

impl ChunkCache {
    /// A cache of at most `bytes`.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Cache::with_weighter(bytes / TYPICAL, bytes as u64, Bytewise))
    }

    fn get(&self, row: &Presence, id: &ChunkId) -> Option<Chunk> {
        self.0.get(id).filter(|chunk| chunk.kind() == row.kind)
    }

    fn keep(&self, chunk: &Chunk) {
        self.0.insert(chunk.id(), chunk.clone());
    }

    /// How often it had what was looked for, and how much it holds; the rest is 0.
    pub(super) fn figures(&self) -> RocksFigures {
        RocksFigures {
            cache_hits: self.0.hits(),
            cache_misses: self.0.misses(),
            cache_bytes: self.0.weight(),
            cache_limit: self.0.capacity(),
            ..RocksFigures::default()
        }
    }

    pub(super) fn forget(&self, id: &ChunkId) {
        self.0.remove(id);
    }
}

/// What was found under an id: nothing, or the frame with its content.
pub(super) type Found = Option<(Frame, Chunk)>;

impl Engine {
    /// Reads objects and verifies each.
    pub(super) fn read(&self, ids: &[ChunkId], fill_cache: bool) -> Result<Vec<Found>, StoreError> {
        let rows = self.presence(ids)?;
        let payloads = self.payload(ids, fill_cache)?;
        let found = ids.iter().zip(rows.into_iter().zip(payloads));
        found.map(|(id, (row, payload))| self.checked(*id, row, payload)).collect()
    }

    /// Checks what was found under an id. The two families are not read as of one moment: where the frame
    /// is gone, the object may have been removed in between.
    fn checked(
        &self,
        id: ChunkId,
        row: Option<Presence>,
        payload: Result<Option<Bytes>, StoreError>,
    ) -> Result<Found, StoreError> {
        let removed = |payload: &Result<_, _>| matches!(payload, Ok(None));
        if row.is_some() && removed(&payload) && self.presence(&[id])?.iter().all(Option::is_none) {
            return Ok(None);
        }
        verified(id, row, payload)
    }
}

/// Checks what is stored under an id against the id.
pub(super) fn verified(
    id: ChunkId,
    row: Option<Presence>,
    payload: Result<Option<Bytes>, StoreError>,
) -> Result<Found, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let bytes = payload?.ok_or(StoreError::Corrupt { id, source: None })?;
    Frame::verify(row.kind, id, row.length, bytes)
        .map(Some)
        .map_err(|source| StoreError::Corrupt { id, source: Some(source) })
}

impl RocksStore {
    /// Objects as stored.
    pub(super) fn frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        let engine = self.engine()?;
        let found = engine.get()?.read(ids, true)?;
        Ok(found.into_iter().map(|found| found.map(|(frame, _)| frame)).collect())
    }

    /// Objects decoded; from the cache where they are in it. What is there is asked of the database
    /// each time, so that a removed object is gone at once.
    pub(super) fn chunks(&self, ids: &[ChunkId]) -> Result<Vec<Option<Chunk>>, StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        let rows = engine.presence(ids)?;
        let mut chunks: Vec<Option<Chunk>> = ids
            .iter()
            .zip(&rows)
            .map(|(id, row)| row.as_ref().and_then(|row| self.cache.get(row, id)))
            .collect();
        let wanted: Vec<(usize, ChunkId, Presence)> = ids
            .iter()
            .zip(rows)
            .enumerate()
            .filter(|(index, _)| chunks.get(*index).is_some_and(Option::is_none))
            .filter_map(|(index, (id, row))| Some((index, *id, row?)))
            .collect();
        let ids: Vec<ChunkId> = wanted.iter().map(|(_, id, _)| *id).collect();
        for ((index, id, row), payload) in wanted.into_iter().zip(engine.payload(&ids, true)?) {
            let found = engine.checked(id, Some(row), payload)?.map(|(_, chunk)| chunk);
            if let (Some(chunk), Some(place)) = (found, chunks.get_mut(index)) {
                self.cache.keep(&chunk);
                *place = Some(chunk);
            }
        }
        Ok(chunks)
    }
}
