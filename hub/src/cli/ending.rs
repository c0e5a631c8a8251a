//! The signals by which somebody ends a command while its job runs.

use std::future::poll_fn;
use std::task::Poll;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hears them, once each time.
pub(super) struct Ending(Vec<Signal>);

impl Ending {
    /// For a command whose job a hub does: Ctrl-C. Killing the command ends nothing.
    pub(super) fn of_follower() -> anyhow::Result<Self> {
        Self::hearing(&[SignalKind::interrupt()])
    }

    /// For a command that does its job itself: also SIGTERM, and the end of the terminal.
    pub(super) fn of_worker() -> anyhow::Result<Self> {
        Self::hearing(&[SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()])
    }

    fn hearing(kinds: &[SignalKind]) -> anyhow::Result<Self> {
        let signals = kinds.iter().map(|kind| signal(*kind)).collect::<std::io::Result<_>>();
        Ok(Self(signals.context("signals cannot be caught")?))
    }

    /// Ready when one came. Dropping the future loses none.
    pub(super) async fn asked(&mut self) {
        poll_fn(|context| {
            let came = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if came { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
