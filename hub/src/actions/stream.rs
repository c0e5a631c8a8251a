//! From blocking work to a stream: a thread produces, the request's task hands on.

use std::pin::Pin;
use std::task::{self, Poll};
use std::time::Duration;

use futures_util::future::ready;
use futures_util::stream::{self, poll_fn};
use futures_util::{Stream, StreamExt as _};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::error::ActionError;
use super::running::turn;
use crate::state::Hub;

/// Items that come one by one; the first error is the last item.
pub type Items<T> = Pin<Box<dyn Stream<Item = Result<T, ActionError>> + Send>>;

/// How many items may be ready before someone takes them.
const AHEAD: usize = 4;

/// What goes from the thread to the task.
enum Part<T> {
    Item(Result<T, ActionError>),
    /// The work came to its end. A channel that closes without this is work cut short.
    End,
}

/// Hands items to whoever reads the stream.
pub(super) struct Sink<T> {
    sender: mpsc::Sender<Part<T>>,
    handle: Handle,
    patience: Duration,
}

/// Nobody reads any more.
pub(super) struct Gone;

impl<T> Sink<T> {
    /// Waits until there is room. Fails when the reader went away, or took nothing for so long that it
    /// only holds on to a thread.
    pub(super) fn send(&self, item: Result<T, ActionError>) -> Result<(), Gone> {
        self.hand_over(Part::Item(item))
    }

    /// Whether the reader went away. For work that sends nothing for long.
    pub(super) fn is_gone(&self) -> bool {
        self.sender.is_closed()
    }

    fn hand_over(&self, part: Part<T>) -> Result<(), Gone> {
        let sent = self.sender.send_timeout(part, self.patience);
        self.handle.block_on(sent).map_err(|_| Gone)
    }
}

/// Runs `work` on a blocking thread, once a reading transfer may start, and gives what it sends. Waits for
/// the first item: an error there can still be told in words. A stream whose work did not come to its
/// end ends in an error, so that no one takes it for whole.
pub(super) async fn produce<T: Send + 'static>(
    hub: &Hub,
    work: impl FnOnce(&Hub, &Sink<T>) -> Result<(), Gone> + Send + 'static,
) -> Result<Items<T>, ActionError> {
    let permit = turn(hub, Some(&hub.limits.fetching), &hub.readers).await?;
    produce_in(hub, permit, work).await
}

/// The same for work that has its `place` already, which it keeps until it ends.
pub(super) async fn produce_in<T: Send + 'static>(
    hub: &Hub,
    place: impl Send + 'static,
    work: impl FnOnce(&Hub, &Sink<T>) -> Result<(), Gone> + Send + 'static,
) -> Result<Items<T>, ActionError> {
    let patience = Duration::from_secs(hub.config.limits.idle_seconds);
    let hub = hub.clone();
    let mut items = items(patience, move |sink| {
        let _running = place;
        work(&hub, sink)
    });
    match items.next().await.transpose()? {
        None => Ok(items),
        Some(first) => Ok(Box::pin(stream::once(ready(Ok(first))).chain(items))),
    }
}

fn items<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce(&Sink<T>) -> Result<(), Gone> + Send + 'static,
) -> Items<T> {
    let (sender, mut receiver) = mpsc::channel(AHEAD);
    let sink = Sink { sender, handle: Handle::current(), patience };
    tokio::task::spawn_blocking(move || {
        // Where the reader is gone nothing more is to be said; a slow one sees that the end is missing.
        let _ = work(&sink).and_then(|()| sink.hand_over(Part::End));
    });
    let mut ended = false;
    Box::pin(poll_fn(move |context| {
        if ended {
            return Poll::Ready(None);
        }
        match task::ready!(receiver.poll_recv(context)) {
            Some(Part::Item(item)) => return Poll::Ready(Some(item)),
            Some(Part::End) => ended = true,
            None => {
                ended = true;
                let cut = "an answer was cut off: its reader took nothing for too long, or its work failed";
                return Poll::Ready(Some(Err(ActionError::internal(cut))));
            }
        }
        Poll::Ready(None)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn finished_work_ends_without_an_error() {
        let numbers = items(LONG, |sink| (0..10).try_for_each(|number| sink.send(Ok(number))));
        let read: Vec<u32> = numbers.map(Result::unwrap).collect().await;
        assert_eq!(read, (0..10).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn work_that_panics_ends_in_an_error() {
        let mut numbers = items(LONG, |sink| {
            sink.send(Ok(1))?;
            panic!("as a bug would");
        });
        assert!(matches!(numbers.next().await, Some(Ok(1))));
        assert!(matches!(numbers.next().await, Some(Err(ActionError::Internal(_)))));
        assert!(numbers.next().await.is_none());
    }

    #[tokio::test]
    async fn a_reader_that_takes_too_long_sees_that_the_end_is_missing() {
        let (gone, given_up) = tokio::sync::oneshot::channel();
        let numbers = items(Duration::from_millis(1), |sink| {
            let sent = (0..10).try_for_each(|number| sink.send(Ok(number)));
            let _ = gone.send(());
            sent
        });
        given_up.await.unwrap();
        let read: Vec<Result<u32, ActionError>> = numbers.collect().await;
        assert!(read.len() < 10 && read[..read.len() - 1].iter().all(Result::is_ok));
        assert!(read[read.len() - 1].is_err());
    }
}
