//! Carries an answer about a file out: what is at hand at once, everything else on threads, one batch
//! ahead of the reader.
//!
//! Between two batches nothing is held but the place in the file and what is ready to be sent. A slow
//! reader so has neither a thread nor a permit to read, and the connection ends one that takes nothing.
//! What is ready takes one of a bounded number of buffers; who gets none has one chunk ready at a time,
//! and nothing ahead.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use flisthub_flist::File;
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use super::parts::{BATCH, Part, Parts, SMALL_BATCH, Step};
use super::{Wait, on_thread};
use crate::actions::error::ActionError;
use crate::actions::stream::Items;
use crate::state::Hub;

/// What of a file is ready.
pub enum Reading {
    /// All that was asked for.
    Whole(Bytes),
    /// It comes in parts; the first error is the last item.
    Parts(Items<Bytes>),
}

/// Reads what `steps` say of a file. What fails before anything could be sent is an error here; what fails
/// later ends the stream in one.
pub async fn read(hub: &Hub, file: &File, steps: &[Step]) -> Result<Reading, ActionError> {
    let answer = || Parts::new(file.pieces.clone(), steps.iter().cloned());
    let mut parts = answer();
    let at_hand = (!steps.contains(&Step::Frames))
        .then(|| parts.plain(&hub.objects.at_hand(), BATCH).ok())
        .flatten();
    let batch = match at_hand {
        // What is at hand takes no more memory for being sent.
        Some(ready) => Batch { rest: parts, ready, buffer: None },
        None => load(hub.clone(), answer(), file.size, buffer(hub), Wait::Briefly).await?,
    };
    match batch.ready.as_slice() {
        [] if batch.rest.is_done() => Ok(Reading::Whole(Bytes::new())),
        [Part::Bytes(bytes)] if batch.rest.is_done() => Ok(Reading::Whole(bytes.clone())),
        _ => Ok(Reading::Parts(sent(Sending::new(hub, file.size, batch)))),
    }
}

/// What is ready of an answer, and what comes after it.
struct Batch {
    ready: Vec<Part>,
    rest: Parts,
    buffer: Buffer,
}

/// Room for a whole batch, given back when all of it is taken.
type Buffer = Option<OwnedSemaphorePermit>;

fn buffer(hub: &Hub) -> Buffer {
    Arc::clone(&hub.objects.buffers).try_acquire_owned().ok()
}

async fn load(
    hub: Hub,
    mut rest: Parts,
    size: u64,
    buffer: Buffer,
    wait: Wait,
) -> Result<Batch, ActionError> {
    let room = if buffer.is_some() { BATCH } else { SMALL_BATCH };
    let work = move |hub: &Hub| {
        let ready = rest.any(&hub.objects.of(&*hub.store), size, room)?;
        Ok(Batch { ready, rest, buffer })
    };
    on_thread(&hub, wait, work).await?.map_err(ActionError::of_load)
}

/// An answer that is being sent.
struct Sending {
    hub: Hub,
    size: u64,
    ready: VecDeque<Part>,
    /// How many parts the batch had that is being sent.
    parts: usize,
    buffer: Buffer,
    /// What comes after it, until it is being read.
    rest: Option<Parts>,
    /// The next batch, while it is being read.
    ahead: Option<JoinHandle<Result<Batch, ActionError>>>,
}

impl Sending {
    fn new(hub: &Hub, size: u64, first: Batch) -> Self {
        let (hub, ready) = (hub.clone(), VecDeque::new());
        let mut sending =
            Self { hub, size, ready, parts: 0, buffer: None, rest: None, ahead: None };
        sending.take(first);
        sending
    }

    fn take(&mut self, Batch { ready, rest, buffer }: Batch) {
        self.parts = ready.len();
        self.ready = ready.into();
        self.buffer = buffer;
        self.rest = (!rest.is_done()).then_some(rest);
    }

    /// Has the next batch read once half of this one is taken, so that who takes nothing has nothing
    /// ahead; and only where there is room for it.
    fn read_ahead(&mut self) {
        if self.ready.len() > self.parts / 2 || self.rest.is_none() {
            return;
        }
        if let Some(buffer) = buffer(&self.hub)
            && let Some(rest) = self.rest.take()
        {
            let next = load(self.hub.clone(), rest, self.size, Some(buffer), Wait::Patiently);
            self.ahead = Some(tokio::spawn(next));
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, ActionError> {
        loop {
            if let Some(bytes) = self.pop() {
                self.read_ahead();
                return Ok(Some(bytes));
            }
            self.buffer = None;
            let batch = match (self.ahead.take(), self.rest.take()) {
                (Some(ahead), _) => ahead.await??,
                (None, Some(rest)) => {
                    let (hub, buffer) = (self.hub.clone(), buffer(&self.hub));
                    load(hub, rest, self.size, buffer, Wait::Patiently).await?
                }
                (None, None) => return Ok(None),
            };
            self.take(batch);
        }
    }

    /// The next bytes of what is ready.
    fn pop(&mut self) -> Option<Bytes> {
        loop {
            match self.ready.pop_front()? {
                Part::Bytes(bytes) if bytes.is_empty() => {}
                Part::Bytes(bytes) => return Some(bytes),
                Part::Repeated(bytes, times) => {
                    if times > 1 {
                        self.ready.push_front(Part::Repeated(bytes.clone(), times - 1));
                    }
                    return Some(bytes);
                }
            }
        }
    }
}

fn sent(sending: Sending) -> Items<Bytes> {
    Box::pin(stream::try_unfold(sending, |mut sending| async move {
        match sending.next().await {
            Ok(next) => Ok(next.map(|bytes| (bytes, sending))),
            Err(error) => {
                // The reader sees no more than that the end is missing.
                tracing::error!(?error, "a file was cut off in the middle");
                Err(error)
            }
        }
    }))
}
