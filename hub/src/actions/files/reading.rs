//! Carries an answer about a file out: what is at hand at once, everything else on threads, one batch
//! ahead of the reader.
//!
//! Between two batches nothing is held but the place in the file and what is ready to be sent. A slow
//! reader so has a few megabytes, and neither a thread nor a permit; the connection ends one that takes
//! nothing.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::stream;
use tokio::task::JoinHandle;

use super::parts::{Part, Parts, Step};
use super::{File, on_thread};
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
        .then(|| parts.plain(&hub.objects.at_hand()).ok())
        .flatten();
    let (parts, first) = match at_hand {
        Some(first) => (parts, first),
        None => load(hub.clone(), answer(), file.size).await?,
    };
    match first.as_slice() {
        [] if parts.is_done() => Ok(Reading::Whole(Bytes::new())),
        [Part::Bytes(bytes)] if parts.is_done() => Ok(Reading::Whole(bytes.clone())),
        _ => Ok(Reading::Parts(sent(Sending::new(hub, file.size, (parts, first))))),
    }
}

/// A place in an answer, and what comes before it.
type Batch = (Parts, Vec<Part>);

async fn load(hub: Hub, mut parts: Parts, size: u64) -> Result<Batch, ActionError> {
    let work = move |hub: &Hub| {
        let batch = parts.any(&hub.objects.of(&*hub.store), size)?;
        Ok((parts, batch))
    };
    on_thread(&hub, work).await?.map_err(ActionError::of_load)
}

/// An answer that is being sent.
struct Sending {
    hub: Hub,
    size: u64,
    ready: VecDeque<Part>,
    /// The batch after what is ready.
    ahead: Option<JoinHandle<Result<Batch, ActionError>>>,
}

impl Sending {
    fn new(hub: &Hub, size: u64, first: Batch) -> Self {
        let mut sending = Self { hub: hub.clone(), size, ready: VecDeque::new(), ahead: None };
        sending.take(first);
        sending
    }

    /// Takes a batch, and has the next one read meanwhile.
    fn take(&mut self, (parts, batch): Batch) {
        self.ready = batch.into();
        if !parts.is_done() {
            self.ahead = Some(tokio::spawn(load(self.hub.clone(), parts, self.size)));
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, ActionError> {
        loop {
            match self.ready.pop_front() {
                Some(Part::Bytes(bytes)) if bytes.is_empty() => {}
                Some(Part::Bytes(bytes)) => return Ok(Some(bytes)),
                Some(Part::Repeated(bytes, times)) => {
                    if let Some(again) = times.checked_sub(1).filter(|again| *again > 0) {
                        self.ready.push_front(Part::Repeated(bytes.clone(), again));
                    }
                    return Ok(Some(bytes));
                }
                None => match self.ahead.take() {
                    Some(ahead) => {
                        let batch = ahead.await??;
                        self.take(batch);
                    }
                    None => return Ok(None),
                },
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
