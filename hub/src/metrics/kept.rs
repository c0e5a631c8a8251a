//! A thing that is measured now and then: who asks more often gets what was measured before, and so does who cannot
//! wait for as long as it takes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a measurement holds at least.
const FRESH: Duration = Duration::from_secs(10);

/// A measurement holds for so many times as long as it took, so that measuring takes a small part of what the
/// catalog can do, however large it is.
const SHARE: u32 = 20;

/// After so long a measurement is given up: whom it asked will not answer any more.
const LONGEST: Duration = Duration::from_mins(5);

/// What was measured last. One measures at a time.
#[derive(Debug)]
pub(super) struct Kept<T> {
    last: Arc<Mutex<Last<T>>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug)]
struct Last<T> {
    value: Option<Arc<T>>,
    good_until: Option<Instant>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        let last = Last { value: None, good_until: None };
        Self { last: Arc::new(Mutex::new(last)), turn: Arc::default() }
    }
}

impl<T: Send + Sync + 'static> Kept<T> {
    /// What was measured last; `None` if nothing was yet.
    pub(super) fn last(&self) -> Option<Arc<T>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).value.clone()
    }

    /// What was measured lately or is measured now. If that takes longer than `patience` or comes to nothing, what
    /// was measured last. A measurement goes on when nobody waits for it any more: whoever asks next has it.
    pub(super) async fn take(
        &self,
        patience: Duration,
        measure: impl Future<Output = Option<T>> + Send + 'static,
    ) -> Option<Arc<T>> {
        if tokio::time::timeout(patience, self.renew(measure)).await.is_err() {
            tracing::warn!("the metrics show what was measured earlier: measuring takes long");
        }
        self.last()
    }

    async fn renew(&self, measure: impl Future<Output = Option<T>> + Send + 'static) {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let last = Arc::clone(&self.last);
        let good_until = last.lock().unwrap_or_else(PoisonError::into_inner).good_until;
        if good_until.is_some_and(|until| Instant::now() < until) {
            return;
        }
        let work = tokio::spawn(async move {
            let began = Instant::now();
            let measured = tokio::time::timeout(LONGEST, measure).await;
            let ended = Instant::now();
            let took = match &measured {
                Ok(Some(_)) => ended.duration_since(began),
                // What failed may have waited for most of that time.
                Ok(None) => Duration::ZERO,
                // It may go on where nobody can end it.
                Err(_) => LONGEST / SHARE,
            };
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            last.good_until = Some(ended + FRESH.max(took.saturating_mul(SHARE)));
            if let Ok(Some(value)) = measured {
                last.value = Some(Arc::new(value));
            }
            drop(turn);
        });
        if let Err(error) = work.await {
            tracing::error!(%error, "measuring failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    const NONE: Duration = Duration::ZERO;
    const ANY: Duration = Duration::MAX;

    /// Lets what was measured last be too old.
    fn age<T>(kept: &Kept<T>) {
        kept.last.lock().unwrap().good_until = None;
    }

    #[tokio::test]
    async fn what_is_late_leaves_what_was_measured_last_and_is_there_for_the_next() {
        let kept = Kept::default();
        assert_eq!(kept.take(ANY, async { Some(1) }).await.as_deref(), Some(&1));
        // Fresh: nothing is measured.
        assert_eq!(kept.take(ANY, async { Some(2) }).await.as_deref(), Some(&1));
        age(&kept);
        let (done, late) = oneshot::channel();
        assert_eq!(kept.take(NONE, async { late.await.ok() }).await.as_deref(), Some(&1));
        // It still runs: nobody else measures meanwhile.
        assert_eq!(kept.take(NONE, async { Some(4) }).await.as_deref(), Some(&1));
        done.send(3).unwrap();
        assert_eq!(kept.take(ANY, async { Some(4) }).await.as_deref(), Some(&3));
    }

    #[tokio::test]
    async fn a_measurement_outlives_whoever_asked_for_it() {
        let kept = Kept::default();
        let (done, late) = oneshot::channel();
        let asked = kept.take(ANY, async { late.await.ok() });
        assert!(tokio::time::timeout(NONE, asked).await.is_err());
        done.send(1).unwrap();
        assert_eq!(kept.take(ANY, async { Some(2) }).await.as_deref(), Some(&1));
    }

    #[tokio::test]
    async fn what_comes_to_nothing_leaves_what_was_measured_last() {
        let kept = Kept::default();
        assert_eq!(kept.take(ANY, async { None::<u8> }).await, None);
        age(&kept);
        assert_eq!(kept.take(ANY, async { Some(1) }).await.as_deref(), Some(&1));
        age(&kept);
        assert_eq!(kept.take(ANY, async { None }).await.as_deref(), Some(&1));
    }
}
