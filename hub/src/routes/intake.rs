//! What may come in with a large body: how much, how slowly, and how much of a form may pile up before
//! the form makes progress.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::Stream;

use crate::actions::ActionError;
use crate::config::Limits;

/// Bytes of a form that may be taken in without a field moving on: what stands before the first field,
/// and the head of each. Several times what comes in at once.
const MAX_HELD: u64 = 1 << 20;

/// Bytes that a form may have beside its archive.
const FORM_ROOM: u64 = 8 << 20;

/// How slowly a body may come in.
#[derive(Debug, Clone, Copy)]
struct Pace {
    bytes_per_second: u64,
    start: Duration,
}

impl Pace {
    fn of(limits: &Limits) -> Self {
        Self {
            bytes_per_second: limits.slowest_bytes_per_second,
            start: Duration::from_secs(limits.slow_start_seconds),
        }
    }

    /// Whether a body of which the hub got `bytes` in `waited` may go on.
    fn allows(self, bytes: u64, waited: Duration) -> bool {
        let least = u128::from(self.bytes_per_second) * waited.as_millis() / 1000;
        waited <= self.start || u128::from(bytes) >= least
    }
}

/// A body that must keep a pace.
pub(super) struct Paced {
    body: BodyDataStream,
    pace: Pace,
    bytes: u64,
    /// How long the hub has waited for the caller; not how long the caller has waited for the hub.
    waited: Duration,
    waiting: Option<Instant>,
}

impl Paced {
    pub(super) fn new(body: Body, limits: &Limits) -> Self {
        Self {
            body: body.into_data_stream(),
            pace: Pace::of(limits),
            bytes: 0,
            waited: Duration::ZERO,
            waiting: None,
        }
    }
}

impl Stream for Paced {
    type Item = Result<Bytes, ActionError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.body).poll_next(context);
        let Poll::Ready(part) = next else {
            self.waiting.get_or_insert_with(Instant::now);
            return Poll::Pending;
        };
        if let Some(since) = self.waiting.take() {
            self.waited += since.elapsed();
        }
        let Some(part) = part else { return Poll::Ready(None) };
        let Ok(part) = part else { return Poll::Ready(Some(Err(ActionError::BodyEnded))) };
        self.bytes = self.bytes.saturating_add(part.len() as u64);
        if !self.pace.allows(self.bytes, self.waited) {
            return Poll::Ready(Some(Err(ActionError::TooSlow(self.pace.bytes_per_second))));
        }
        Poll::Ready(Some(Ok(part)))
    }
}

/// What a form's reader and its body know of each other.
#[derive(Debug, Default)]
pub(super) struct Progress {
    held: AtomicU64,
    refused: Mutex<Option<ActionError>>,
}

impl Progress {
    /// A field moved on: what was taken in so far is not piling up.
    pub(super) fn moved(&self) {
        self.held.store(0, Ordering::Relaxed);
    }

    /// Why the body was refused, if it was. The form's reader only says that it could not read on.
    pub(super) fn refused(&self) -> Option<ActionError> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn refuse(&self, error: ActionError) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn hold(&self, bytes: u64) -> bool {
        self.held.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= MAX_HELD
    }
}

/// The body of a form: paced, bounded, and given out one part at a time, since a form's reader takes
/// in all that is ready before it looks at any.
pub(super) struct FormBody {
    body: Paced,
    most: u64,
    progress: Arc<Progress>,
    /// Whether a part was just given out.
    given: bool,
}

impl FormBody {
    pub(super) fn new(body: Body, limits: &Limits, progress: Arc<Progress>) -> Self {
        let most = limits.upload_bytes.saturating_add(FORM_ROOM);
        Self { body: Paced::new(body, limits), most, progress, given: false }
    }

    fn checked(&self, part: Result<Bytes, ActionError>) -> Result<Bytes, ActionError> {
        let part = part?;
        if self.body.bytes > self.most {
            let message = format!("the form has more than {} bytes", self.most);
            return Err(ActionError::TooLarge(message));
        }
        if !self.progress.hold(part.len() as u64) {
            let message =
                format!("what stands before a field, or its head, has more than {MAX_HELD} bytes");
            return Err(ActionError::TooLarge(message));
        }
        Ok(part)
    }
}

/// A body that was refused; why is in the [`Progress`].
#[derive(Debug, thiserror::Error)]
#[error("the form was refused")]
pub(super) struct Refused;

impl Stream for FormBody {
    type Item = Result<Bytes, Refused>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(part) = ready!(Pin::new(&mut self.body).poll_next(context)) else {
            return Poll::Ready(None);
        };
        self.given = true;
        Poll::Ready(Some(self.checked(part).map_err(|error| {
            self.progress.refuse(error);
            Refused
        })))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};

    use super::*;

    #[test]
    fn a_slow_body_is_told_from_a_slow_start() {
        let pace = Pace { bytes_per_second: 1000, start: Duration::from_secs(10) };
        for (bytes, seconds, allowed) in [
            (0, 0, true),
            (1, 10, true),
            (10_999, 11, false),
            (11_000, 11, true),
            (1 << 40, 1_000_000, true),
            (u64::MAX, u64::MAX, false),
        ] {
            assert_eq!(
                pace.allows(bytes, Duration::from_secs(seconds)),
                allowed,
                "{bytes} {seconds}"
            );
        }
        let any = Pace { bytes_per_second: 0, start: Duration::ZERO };
        assert!(any.allows(0, Duration::from_secs(1 << 40)));
    }

    fn endless() -> Body {
        let part = Bytes::from(vec![b'x'; 100_000]);
        Body::from_stream(stream::repeat_with(move || Ok::<_, std::io::Error>(part.clone())))
    }

    #[tokio::test]
    async fn what_piles_up_is_bounded() {
        let progress = Arc::new(Progress::default());
        let mut body = FormBody::new(endless(), &Limits::default(), Arc::clone(&progress));
        let mut parts = 0;
        while let Some(Ok(_)) = body.next().await {
            parts += 1;
        }
        assert_eq!(parts, MAX_HELD / 100_000);
        assert!(matches!(progress.refused(), Some(ActionError::TooLarge(_))));
    }

    #[tokio::test]
    async fn a_form_that_moves_on_is_bounded_as_a_whole() {
        let limits = Limits { upload_bytes: 4_000_000, ..Limits::default() };
        let progress = Arc::new(Progress::default());
        let mut body = FormBody::new(endless(), &limits, Arc::clone(&progress));
        let mut parts = 0;
        while let Some(Ok(_)) = body.next().await {
            progress.moved();
            parts += 1;
        }
        assert_eq!(parts, (4_000_000 + FORM_ROOM) / 100_000);
        assert!(matches!(progress.refused(), Some(ActionError::TooLarge(_))));
    }
}
