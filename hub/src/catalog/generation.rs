//! The generation of names: a number that differs whenever names have changed, or may have, since it was asked
//! for. What the hub remembers of names counts as long as the number stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{Any, Transaction};
use tokio::runtime::Handle;

use super::Catalog;
use super::dialect::Dialect;
use super::error::CatalogError;

/// How long after its connection was lost a server may still carry out a commit: it ends a session of which it
/// hears nothing by then.
const LATE: Duration = Duration::from_secs(30);

/// Names are changing: what was remembered of them does not count any more once this is dropped.
struct Changing {
    changes: Arc<AtomicU64>,
    /// How many are being committed.
    committing: Arc<AtomicU64>,
    /// How long the change may still come into effect after that; `None`: it is known whether it was made.
    late: Option<Duration>,
}

impl Drop for Changing {
    fn drop(&mut self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.committing.fetch_sub(1, Ordering::SeqCst);
        // Nor does what was looked up before the change came.
        if let (Some(late), Ok(runtime)) = (self.late, Handle::try_current()) {
            let changes = Arc::clone(&self.changes);
            runtime.spawn(async move {
                tokio::time::sleep(late).await;
                changes.fetch_add(1, Ordering::SeqCst);
            });
        }
    }
}

impl Catalog {
    /// A number that differs whenever names have changed since it was asked for: who remembers what a name
    /// points at asks before, and looks again once the number is another. Only changes by this process
    /// count; the commands that change names do it through the hub that runs.
    pub fn names_generation(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// The same, unless names are being changed just now: then nobody knows which state it stands for. Asked before and
    /// after a snapshot is taken, and the same both times, it is the number of what is in there.
    pub(super) fn settled_generation(&self) -> Option<u64> {
        let generation = self.names_generation();
        (self.committing.load(Ordering::SeqCst) == 0).then_some(generation)
    }

    /// Commits a change of names, or of repositories. They count as changed also where the outcome is not known, or
    /// nobody waits for it any more.
    pub(super) async fn commit_names(
        &self,
        transaction: Transaction<'static, Any>,
    ) -> Result<(), CatalogError> {
        let late = (self.location.dialect() == Dialect::Postgres).then_some(LATE);
        self.committing.fetch_add(1, Ordering::SeqCst);
        let (changes, committing) = (Arc::clone(&self.changes), Arc::clone(&self.committing));
        let mut changing = Changing { changes, committing, late };
        let committed = transaction.commit().await;
        if committed.is_ok() {
            changing.late = None;
        }
        Ok(committed?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_commit_that_may_come_late_counts_once_more() {
        let changes = Arc::new(AtomicU64::new(0));
        let committing = Arc::new(AtomicU64::new(2));
        let changing = |late| {
            let (changes, committing) = (Arc::clone(&changes), Arc::clone(&committing));
            drop(Changing { changes, committing, late });
        };
        changing(None);
        assert_eq!(changes.load(Ordering::SeqCst), 1);
        changing(Some(Duration::from_millis(1)));
        assert_eq!(changes.load(Ordering::SeqCst), 2);
        assert_eq!(committing.load(Ordering::SeqCst), 0);
        while changes.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
