//! Sends chunks in the background: a batch fills, then travels in a request of its own while the next
//! one fills. Memory is bounded by the batches under way, and whoever puts faster than the line carries
//! waits here.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flisthub_flist::wire::ChunksStored;
use flisthub_storage::{ChunkId, Frame, PutReport, SessionId, StoreError};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::body::record_length;
use crate::error::ClientError;
use crate::hub::HubClient;
use crate::remote_store::Traffic;

/// A batch travels when it is this long, in bytes.
const BATCH_BYTES: u64 = 4 << 20;

/// Requests under way at the same time.
const IN_FLIGHT: u32 = 4;

/// Sends what it is given into one upload session.
pub(crate) struct Sender {
    hub: HubClient,
    runtime: Handle,
    session: SessionId,
    batch: Mutex<Batch>,
    slots: Arc<Semaphore>,
    shared: Arc<Shared>,
}

/// What is collected for the next request.
#[derive(Default)]
struct Batch {
    frames: Vec<Frame>,
    bytes: u64,
}

/// What the requests under way report to.
struct Shared {
    traffic: Arc<Traffic>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Collected or on its way, not yet acknowledged.
    queued: HashMap<ChunkId, Frame>,
    stored: ChunksStored,
    failure: Option<Arc<ClientError>>,
}

impl Shared {
    /// Every change below is whole before the lock is let go.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sender {
    pub(crate) fn new(
        hub: HubClient,
        runtime: Handle,
        session: SessionId,
        traffic: Arc<Traffic>,
    ) -> Self {
        Self {
            hub,
            runtime,
            session,
            batch: Mutex::default(),
            slots: Arc::new(Semaphore::new(IN_FLIGHT as usize)),
            shared: Arc::new(Shared { traffic, state: Mutex::default() }),
        }
    }

    pub(crate) fn session(&self) -> SessionId {
        self.session
    }

    /// The frame, if it is still on its way.
    pub(crate) fn queued(&self, id: &ChunkId) -> Option<Frame> {
        self.shared.state().queued.get(id).cloned()
    }

    /// What the hub did with all that it acknowledged.
    pub(crate) fn stored(&self) -> ChunksStored {
        self.shared.state().stored
    }

    /// Fails if something could not be sent. A sender that failed once stays failed.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match &self.shared.state().failure {
            None => Ok(()),
            Some(error) if error.code() == "no_session" => Err(StoreError::NoSession(self.session)),
            Some(error) => Err(StoreError::backend(SendFailed(Arc::clone(error)))),
        }
    }

    /// Queues frames; waits while too much is under way.
    pub(crate) fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        let mut report = PutReport::default();
        for frame in frames {
            self.check()?;
            // Held while waiting for a slot: whoever else puts has to wait for one too.
            let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
            if self.shared.state().queued.insert(frame.id(), frame.clone()).is_some() {
                report.known += 1;
                continue;
            }
            report.new += 1;
            report.new_bytes += u64::from(frame.length());
            report.stored_bytes += frame.bytes().len() as u64;
            batch.bytes += record_length(frame);
            batch.frames.push(frame.clone());
            if batch.bytes >= BATCH_BYTES {
                self.send(std::mem::take(&mut batch))?;
            }
        }
        Ok(report)
    }

    /// Waits until the hub has acknowledged everything.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        if !batch.frames.is_empty() {
            self.send(std::mem::take(&mut batch))?;
        }
        let all = self.runtime.block_on(self.slots.acquire_many(IN_FLIGHT));
        drop(all.map_err(StoreError::backend)?);
        self.check()
    }

    fn send(&self, batch: Batch) -> Result<(), StoreError> {
        let slot = self.runtime.block_on(Arc::clone(&self.slots).acquire_owned());
        let slot = slot.map_err(StoreError::backend)?;
        let (hub, shared) = (self.hub.clone(), Arc::clone(&self.shared));
        self.runtime.spawn(deliver(hub, self.session, shared, batch, slot));
        Ok(())
    }
}

/// Sends one batch and reports. The slot is free again only after that.
async fn deliver(
    hub: HubClient,
    session: SessionId,
    shared: Arc<Shared>,
    batch: Batch,
    slot: OwnedSemaphorePermit,
) {
    let frames: Arc<[Frame]> = batch.frames.into();
    let answer = hub.send_chunks(session, Arc::clone(&frames)).await;
    {
        let mut state = shared.state();
        match answer {
            Ok(stored) => {
                for frame in &*frames {
                    state.queued.remove(&frame.id());
                }
                add(&mut state.stored, stored);
                shared.traffic.add_sent(batch.bytes);
            }
            Err(error) => {
                state.failure.get_or_insert(Arc::new(error));
            }
        }
    }
    drop(slot);
}

/// The counts come from the hub, so they may be anything.
fn add(sum: &mut ChunksStored, more: ChunksStored) {
    sum.new = sum.new.saturating_add(more.new);
    sum.known = sum.known.saturating_add(more.known);
    sum.new_bytes = sum.new_bytes.saturating_add(more.new_bytes);
    sum.stored_bytes = sum.stored_bytes.saturating_add(more.stored_bytes);
}

/// One failed request, told to everyone who waits for it.
#[derive(Debug)]
struct SendFailed(Arc<ClientError>);

impl fmt::Display for SendFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("chunks could not be sent")
    }
}

impl Error for SendFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
