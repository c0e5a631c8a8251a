//! A hub's chunk store as seen from here: reads from one repository, writes into one upload session.
//!
//! It answers synchronously, for the pipeline and the extraction, and does its work on a tokio runtime
//! whose handle it is given; do not call it from a task of that runtime. What is put is sent in the
//! background by `sender`. Everything that comes from the hub is verified before it is handed on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flisthub_flist::wire::ChunksStored;
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Frame, PutReport, SessionId, Stat, StoreError, StoreStats,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::runtime::Handle;

use crate::error::ClientError;
use crate::hub::HubClient;
use crate::sender::Sender;

/// Ids in one request for chunks. How long the chunks are is not known before they come; this many
/// keep a small-file tree from waiting on the line, and repeat little when a connection breaks.
const READ_BATCH: usize = 256;

/// Requests for chunks under way at the same time, in one call.
const READS: usize = 4;

/// How many bytes travelled.
#[derive(Debug, Default)]
pub struct Traffic {
    sent: AtomicU64,
    received: AtomicU64,
}

impl Traffic {
    /// Bytes of chunk records that the hub has acknowledged.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Bytes of chunk records received.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(crate) fn add_sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_received(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// A [`ChunkStore`] that is a hub. Where it differs from a store on disk:
///
/// - `put` queues up to some 20 MiB and returns; its report counts what it queued as new. What went
///   wrong comes out of the next `put`, `missing` or `flush`. [`RemoteStore::stored`] says what the hub
///   made of it.
/// - `flush` returns when the hub has acknowledged everything. The barrier on the hub's disk is part of
///   publishing.
/// - `stat` has no route of its own and fetches the objects. Ask `missing` instead.
pub struct RemoteStore {
    hub: HubClient,
    runtime: Handle,
    repository: String,
    traffic: Arc<Traffic>,
    sender: Option<Sender>,
}

impl RemoteStore {
    /// Reads what `repository` holds. `put` and `missing` fail.
    pub fn reader(hub: HubClient, runtime: Handle, repository: &str) -> Self {
        let repository = repository.to_owned();
        Self { hub, runtime, repository, traffic: Arc::default(), sender: None }
    }

    /// Reads from `repository` and writes into the upload session.
    pub fn in_session(
        hub: HubClient,
        runtime: Handle,
        repository: &str,
        session: SessionId,
    ) -> Self {
        let mut store = Self::reader(hub.clone(), runtime.clone(), repository);
        store.sender = Some(Sender::new(hub, runtime, session, Arc::clone(&store.traffic)));
        store
    }

    /// The counters, which go on counting.
    pub fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }

    /// What the hub did with everything acknowledged so far.
    pub fn stored(&self) -> ChunksStored {
        self.sender.as_ref().map(Sender::stored).unwrap_or_default()
    }

    fn sender(&self) -> Result<&Sender, StoreError> {
        self.sender.as_ref().ok_or_else(|| {
            StoreError::backend("this store was opened for reading, without an upload session")
        })
    }

    /// Fetches objects and keeps of each what `keep` makes of it.
    fn fetch<T>(
        &self,
        ids: &[ChunkId],
        keep: impl Fn(Frame, Chunk) -> T,
    ) -> Result<Vec<Option<T>>, StoreError> {
        let keep = &keep;
        let batches = ids.chunks(READ_BATCH).map(|batch| self.fetch_batch(batch, keep));
        let answers: Vec<Vec<Option<T>>> =
            self.runtime.block_on(stream::iter(batches).buffered(READS).try_collect())?;
        Ok(answers.into_iter().flatten().collect())
    }

    /// Fetches one batch. After a broken connection it goes on where that one ended.
    async fn fetch_batch<T>(
        &self,
        ids: &[ChunkId],
        keep: &impl Fn(Frame, Chunk) -> T,
    ) -> Result<Vec<Option<T>>, StoreError> {
        let mut slots: Vec<Slot<T>> =
            ids.iter().map(|id| self.queued(*id, keep)).collect::<Result<_, _>>()?;
        let mut left = self.hub.patience().attempts;
        loop {
            let open: Vec<usize> = (0..slots.len())
                .filter(|index| matches!(slots.get(*index), Some(Slot::Open)))
                .collect();
            let asked: Vec<ChunkId> =
                open.iter().filter_map(|index| ids.get(*index)).copied().collect();
            if asked.is_empty() {
                return Ok(slots.into_iter().map(Slot::into_option).collect());
            }
            let mut came = 0;
            let ended = self.receive(&asked, |frame, chunk| {
                if let Some(slot) = open.get(came).and_then(|index| slots.get_mut(*index)) {
                    *slot = Slot::Here(keep(frame, chunk));
                }
                came += 1;
            });
            match ended.await {
                Ok(()) => {}
                Err(ClientError::MissingObjects { missing, what }) => {
                    if mark_absent(ids, &mut slots, &missing) == 0 {
                        let reason = String::from("it misses objects that were not asked for");
                        return Err(store_error(ClientError::BadAnswer { what, reason }));
                    }
                }
                Err(error @ (ClientError::Interrupted { .. } | ClientError::Stalled { .. })) => {
                    left = if came > 0 {
                        self.hub.patience().attempts
                    } else {
                        left.saturating_sub(1)
                    };
                    if left == 0 {
                        return Err(store_error(error));
                    }
                    tokio::time::sleep(self.hub.patience().first_wait).await;
                }
                Err(error) => return Err(store_error(error)),
            }
        }
    }

    async fn receive(
        &self,
        ids: &[ChunkId],
        mut take: impl FnMut(Frame, Chunk),
    ) -> Result<(), ClientError> {
        let mut download = self.hub.chunks(&self.repository, ids).await?;
        let mut counted = 0;
        while let Some((frame, chunk)) = download.next().await? {
            self.traffic.add_received(download.received() - counted);
            counted = download.received();
            take(frame, chunk);
        }
        Ok(())
    }

    /// What was put and is still on its way is found at once, as the laws of a store ask.
    fn queued<T>(
        &self,
        id: ChunkId,
        keep: &impl Fn(Frame, Chunk) -> T,
    ) -> Result<Slot<T>, StoreError> {
        let Some(frame) = self.sender.as_ref().and_then(|sender| sender.queued(&id)) else {
            return Ok(Slot::Open);
        };
        let chunk =
            frame.decode().map_err(|source| StoreError::Corrupt { id, source: Some(source) })?;
        Ok(Slot::Here(keep(frame, chunk)))
    }
}

/// The place of one answer.
enum Slot<T> {
    Open,
    Absent,
    Here(T),
}

impl<T> Slot<T> {
    fn into_option(self) -> Option<T> {
        match self {
            Self::Here(value) => Some(value),
            Self::Open | Self::Absent => None,
        }
    }
}

fn mark_absent<T>(ids: &[ChunkId], slots: &mut [Slot<T>], missing: &[ChunkId]) -> usize {
    let missing: std::collections::HashSet<&ChunkId> = missing.iter().collect();
    let mut marked = 0;
    for (id, slot) in ids.iter().zip(slots) {
        if matches!(slot, Slot::Open) && missing.contains(id) {
            *slot = Slot::Absent;
            marked += 1;
        }
    }
    marked
}

/// A failed call as a failed store; the cause stays reachable as the error's source.
pub(crate) fn store_error(error: ClientError) -> StoreError {
    StoreError::backend(error)
}

impl ChunkStore for RemoteStore {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        self.fetch(ids, |frame, _| Stat {
            kind: frame.kind(),
            length: frame.length(),
            // A frame is at most compressBound(1 MiB).
            frame_length: u32::try_from(frame.bytes().len()).unwrap_or(u32::MAX),
        })
    }

    fn get(&self, ids: &[ChunkId]) -> Result<Vec<Option<Chunk>>, StoreError> {
        self.fetch(ids, |_, chunk| chunk)
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        self.fetch(ids, |frame, _| frame)
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        self.sender()?.put(frames)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.sender.as_ref().map_or(Ok(()), Sender::flush)
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        Err(StoreError::backend("a hub does not tell the size of its store"))
    }

    fn missing(&self, ids: &[ChunkId]) -> Result<Vec<ChunkId>, StoreError> {
        let sender = self.sender()?;
        sender.check()?;
        let unknown: Vec<ChunkId> =
            ids.iter().filter(|id| sender.queued(id).is_none()).copied().collect();
        self.runtime.block_on(self.hub.missing(sender.session(), &unknown)).map_err(store_error)
    }
}
