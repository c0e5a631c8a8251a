//! From blocking work to a stream: a thread produces, the request's task hands on.

use std::pin::Pin;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::poll_fn;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::error::ActionError;
use crate::state::Hub;

/// Items that come one by one; the first error is the last item.
pub type Items<T> = Pin<Box<dyn Stream<Item = Result<T, ActionError>> + Send>>;

/// How many items may be ready before someone takes them.
const AHEAD: usize = 4;

/// Hands items to whoever reads the stream.
pub(super) struct Sink<T> {
    sender: mpsc::Sender<Result<T, ActionError>>,
    handle: Handle,
    patience: Duration,
}

/// Nobody reads any more.
pub(super) struct Gone;

impl<T> Sink<T> {
    /// Waits until there is room. Fails when the reader went away, or took nothing for so long that it
    /// only holds on to a thread.
    pub(super) fn send(&self, item: Result<T, ActionError>) -> Result<(), Gone> {
        let sent = self.sender.send_timeout(item, self.patience);
        self.handle.block_on(sent).map_err(|_| Gone)
    }
}

/// Runs `produce` on a blocking thread, once a transfer may start, and gives what it sends.
pub(super) async fn produce<T: Send + 'static>(
    hub: &Hub,
    produce: impl FnOnce(&Hub, &Sink<T>) -> Result<(), Gone> + Send + 'static,
) -> Result<Items<T>, ActionError> {
    let permit = hub.transfers.clone().acquire_owned().await.map_err(ActionError::internal)?;
    let (sender, mut receiver) = mpsc::channel(AHEAD);
    let patience = Duration::from_secs(hub.config.limits.idle_seconds);
    let sink = Sink { sender, handle: Handle::current(), patience };
    let hub = hub.clone();
    tokio::task::spawn_blocking(move || {
        let _running = permit;
        // A reader that is gone needs no answer.
        let _ = produce(&hub, &sink);
    });
    Ok(Box::pin(poll_fn(move |context| receiver.poll_recv(context))))
}
