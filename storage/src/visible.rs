//! A store as one caller sees it: what they may not use is absent.

use std::collections::HashSet;
use std::sync::Arc;

use crate::chunk::Chunk;
use crate::frame::Frame;
use crate::id::ChunkId;
use crate::reach::Reach;
use crate::session::{SessionId, Sessions};
use crate::store::{ChunkStore, PutReport, Stat, StoreError, StoreStats};

/// A store within a [`Reach`], for reading. Takes nothing in.
#[derive(Clone)]
pub struct Visible {
    store: Arc<dyn Sessions>,
    reach: Reach,
}

impl Visible {
    /// What `reach` allows of `store`.
    pub fn new(store: Arc<dyn Sessions>, reach: Reach) -> Self {
        Self { store, reach }
    }

    /// Takes away what is there and may not be used.
    fn hide<T>(&self, ids: &[ChunkId], found: &mut [Option<T>]) -> Result<(), StoreError> {
        if self.reach.is_everything() {
            return Ok(());
        }
        let there = ids.iter().zip(found.iter()).filter(|(_, found)| found.is_some());
        let there: Vec<ChunkId> = there.map(|(id, _)| *id).collect();
        let mut usable = self.reach.usable(&*self.store, &there)?.into_iter();
        for found in found.iter_mut().filter(|found| found.is_some()) {
            if !usable.next().unwrap_or(false) {
                *found = None;
            }
        }
        Ok(())
    }

    /// Those of `ids` that may be read. What is hidden is not read at all: that it is damaged must not
    /// show.
    fn readable(&self, ids: &[ChunkId]) -> Result<Vec<ChunkId>, StoreError> {
        let there = ids.iter().zip(self.stat(ids)?).filter(|(_, stat)| stat.is_some());
        Ok(there.map(|(id, _)| *id).collect())
    }

    /// Reads what may be read, and puts `None` where nothing may.
    fn read<T>(
        &self,
        ids: &[ChunkId],
        read: impl Fn(&[ChunkId]) -> Result<Vec<Option<T>>, StoreError>,
    ) -> Result<Vec<Option<T>>, StoreError> {
        if self.reach.is_everything() {
            return read(ids);
        }
        let readable = self.readable(ids)?;
        let mut found = readable.iter().zip(read(&readable)?).peekable();
        let mut answers = Vec::with_capacity(ids.len());
        for id in ids {
            // They come in the order asked.
            answers
                .push(found.next_if(|(readable, _)| *readable == id).and_then(|(_, found)| found));
        }
        Ok(answers)
    }
}

impl ChunkStore for Visible {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        let mut found = self.store.stat(ids)?;
        self.hide(ids, &mut found)?;
        Ok(found)
    }

    fn get(&self, ids: &[ChunkId]) -> Result<Vec<Option<Chunk>>, StoreError> {
        self.read(ids, |ids| self.store.get(ids))
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        self.read(ids, |ids| self.store.get_frames(ids))
    }

    /// Fails: what is put must count as sent by somebody. See [`InSession`].
    fn put(&self, _: &[Frame]) -> Result<PutReport, StoreError> {
        Err(StoreError::backend("a view of the store without an upload session takes nothing in"))
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.store.flush()
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.store.stats()
    }
}

/// A store as seen by one session: what is put through it counts as sent in the session, what is asked
/// for is claimed, and what the caller may not use is absent. So it is reported as new when it is put.
#[derive(Clone)]
pub struct InSession {
    visible: Visible,
    id: SessionId,
}

impl InSession {
    /// Looks at `store` from within the session `id`, which adds to `reach`.
    pub fn new(store: Arc<dyn Sessions>, id: SessionId, reach: &Reach) -> Self {
        Self { visible: Visible::new(store, reach.with_session(id)), id }
    }

    /// What the caller may use.
    pub fn reach(&self) -> &Reach {
        &self.visible.reach
    }
}

impl ChunkStore for InSession {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        self.visible.stat(ids)
    }

    fn get(&self, ids: &[ChunkId]) -> Result<Vec<Option<Chunk>>, StoreError> {
        self.visible.get(ids)
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        self.visible.get_frames(ids)
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        let Visible { store, reach } = &self.visible;
        if reach.is_everything() {
            return store.put_in(&self.id, frames);
        }
        let ids: Vec<ChunkId> = frames.iter().map(Frame::id).collect();
        // Before the put: after it, all of them were sent.
        let usable = self.visible.stat(&ids)?;
        store.put_in(&self.id, frames)?;
        let usable = ids.into_iter().zip(usable).filter(|(_, stat)| stat.is_some());
        Ok(report(frames, usable.map(|(id, _)| id).collect()))
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.visible.flush()
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.visible.stats()
    }

    fn missing(&self, ids: &[ChunkId]) -> Result<Vec<ChunkId>, StoreError> {
        let Visible { store, reach } = &self.visible;
        if reach.is_everything() {
            return store.claim(ids);
        }
        store.claim_usable(ids, &|ids| reach.usable(&**store, ids))
    }
}

/// What a put did, as far as somebody may know who knew of `known`. What others have stored counts as new,
/// with the bytes that it would have taken.
fn report(frames: &[Frame], mut known: HashSet<ChunkId>) -> PutReport {
    let mut report = PutReport::default();
    for frame in frames {
        if known.insert(frame.id()) {
            report.new += 1;
            report.new_bytes += u64::from(frame.length());
            report.stored_bytes += frame.bytes().len() as u64;
        } else {
            report.known += 1;
        }
    }
    report
}
