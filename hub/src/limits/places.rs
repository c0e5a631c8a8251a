//! So many of something at a time, for each of many.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Who has how many. Only those are remembered who have some.
#[derive(Debug)]
pub struct Places<K> {
    /// For each; 0 for any number.
    most: usize,
    taken: Arc<Mutex<HashMap<K, usize>>>,
    /// Rings when somebody gives one back.
    free: Arc<Notify>,
}

/// A place that somebody has, until it is dropped.
#[derive(Debug)]
pub struct OwnPlace<K: Eq + Hash> {
    key: K,
    taken: Arc<Mutex<HashMap<K, usize>>>,
    free: Arc<Notify>,
}

/// Counts are right after each statement, so a panic leaves nothing torn.
fn locked<K>(taken: &Mutex<HashMap<K, usize>>) -> MutexGuard<'_, HashMap<K, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Eq + Hash + Clone> Places<K> {
    /// `most` for each; 0 is no bound.
    pub fn new(most: usize) -> Self {
        Self { most, taken: Arc::default(), free: Arc::default() }
    }

    /// One more for `key`; `None` if it has as many as it may.
    pub fn take(&self, key: &K) -> Option<OwnPlace<K>> {
        let mut taken = locked(&self.taken);
        let own = taken.entry(key.clone()).or_default();
        if self.most > 0 && *own >= self.most {
            return None;
        }
        *own = own.saturating_add(1);
        drop(taken);
        let (taken, free) = (Arc::clone(&self.taken), Arc::clone(&self.free));
        Some(OwnPlace { key: key.clone(), taken, free })
    }

    /// Waits until there is one more for `key`.
    pub async fn wait(&self, key: &K) -> OwnPlace<K> {
        loop {
            let mut freed = std::pin::pin!(self.free.notified());
            // From here on it hears of places that are given back.
            freed.as_mut().enable();
            if let Some(place) = self.take(key) {
                return place;
            }
            freed.await;
        }
    }
}

impl<K: Eq + Hash> Drop for OwnPlace<K> {
    fn drop(&mut self) {
        let mut taken = locked(&self.taken);
        if let Some(own) = taken.get_mut(&self.key) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.remove(&self.key);
            }
        }
        drop(taken);
        self.free.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_so_many() {
        let places = Places::new(2);
        let held: Vec<_> = std::iter::from_fn(|| places.take(&1)).collect();
        assert_eq!(held.len(), 2);
        assert!(places.take(&2).is_some());
        drop(held);
        assert!(places.take(&1).is_some());
        assert!(locked(&places.taken).is_empty(), "nobody is remembered who has none");
    }

    #[tokio::test]
    async fn who_waits_gets_the_next() {
        let places = Arc::new(Places::new(1));
        let held = places.take(&1).unwrap();
        let waiting = tokio::spawn({
            let places = Arc::clone(&places);
            async move { drop(places.wait(&1).await) }
        });
        // Of another's place nobody has anything.
        drop(places.take(&2));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held);
        waiting.await.unwrap();
    }

    #[test]
    fn none_is_any_number() {
        let places = Places::new(0);
        let held: Vec<_> = (0..1_000).map_while(|_| places.take(&())).collect();
        assert_eq!(held.len(), 1_000);
    }
}
