//! So many of something in a time, for each of many: what is not used adds up, to a bound.
//!
//! One number for each caller (the generic cell rate algorithm): the time up to which what was taken is
//! paid for. A crate that does this for a table of callers lets the table grow until somebody sweeps it;
//! here the oldest make room, so that whoever calls from many addresses fills no memory.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;

/// Callers that are remembered, about 150 bytes each.
const CALLERS: usize = 1 << 16;

/// How many of something each may take. Time is counted in parts of a second, as many as there are things
/// in a window; then a thing costs as many parts as the window has seconds.
pub(super) struct Allowance<K> {
    /// Things in a window; 0 for any number.
    count: u64,
    /// Seconds of a window.
    window: u64,
    /// What may be taken at once.
    burst: u64,
    paid: Cache<K, Arc<AtomicU64>>,
}

impl<K: Eq + Hash + Clone> Allowance<K> {
    /// `count` in `window` seconds, up to `burst` at once. A count of 0 is no bound.
    pub(super) fn new(count: u64, window: u64, burst: u64) -> Self {
        let (window, burst) = (window.max(1), burst.max(1));
        Self { count, window, burst, paid: Cache::new(if count == 0 { 0 } else { CALLERS }) }
    }

    /// `count` in `window` seconds, all of them at once if need be.
    pub(super) fn each(count: u64, window: u64) -> Self {
        Self::new(count, window, count)
    }

    /// Takes one. Else says after how many seconds there is one.
    pub(super) fn take(&self, key: &K, now: u64) -> Result<(), u64> {
        if self.count == 0 {
            return Ok(());
        }
        let now = now.saturating_mul(self.count);
        let most = self.burst.saturating_mul(self.window);
        // A clock that was put back makes nobody wait for longer than a whole burst takes.
        let owed = |paid: u64| paid.clamp(now, now.saturating_add(most));
        let after = |paid: u64| owed(paid).saturating_add(self.window);
        let over = |paid: u64| after(paid).saturating_sub(now).saturating_sub(most);
        let next = |paid: u64| Some(if over(paid) == 0 { after(paid) } else { owed(paid) });
        let before = self.of(key).fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        match over(before.unwrap_or_else(|before| before)) {
            0 => Ok(()),
            over => Err(over.div_ceil(self.count).max(1)),
        }
    }

    /// Gives one back that was taken.
    pub(super) fn give_back(&self, key: &K) {
        if self.count > 0 {
            let less = |paid: u64| Some(paid.saturating_sub(self.window));
            let _ = self.of(key).fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        }
    }

    fn of(&self, key: &K) -> Arc<AtomicU64> {
        let made =
            self.paid.get_or_insert_with(key, || Ok::<_, std::convert::Infallible>(Arc::default()));
        match made {
            Ok(paid) => paid,
            Err(never) => match never {},
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn taken(allowance: &Allowance<u8>, now: u64) -> usize {
        (0..1_000).take_while(|_| allowance.take(&1, now).is_ok()).count()
    }

    #[test]
    fn a_burst_then_so_many_in_a_time() {
        let allowance = Allowance::new(5, 1, 20);
        assert_eq!(taken(&allowance, NOW), 20);
        assert_eq!(taken(&allowance, NOW + 1), 5);
        assert_eq!(taken(&allowance, NOW + 3), 10);
        assert_eq!(taken(&allowance, NOW + 1_000), 20, "no more than a burst adds up");
    }

    #[test]
    fn few_in_a_long_time() {
        let allowance = Allowance::each(3, 60);
        assert_eq!(taken(&allowance, NOW), 3);
        assert_eq!(allowance.take(&1, NOW + 15), Err(5));
        assert_eq!(allowance.take(&1, NOW + 20), Ok(()));
        assert_eq!(allowance.take(&1, NOW + 20), Err(20));
    }

    #[test]
    fn none_is_any_number() {
        assert_eq!(taken(&Allowance::new(0, 1, 1), NOW), 1_000);
    }

    #[test]
    fn a_clock_that_is_put_back_locks_nobody_out() {
        let allowance = Allowance::new(5, 1, 20);
        assert_eq!(taken(&allowance, NOW + 1_000_000), 20);
        assert_eq!(allowance.take(&1, NOW), Err(1));
        assert_eq!(taken(&allowance, NOW + 1), 5);
    }

    #[test]
    fn callers_are_forgotten_before_memory_fills() {
        let allowance = Allowance::each(1, 60);
        for caller in 0..2 * CALLERS {
            assert!(allowance.take(&caller, NOW).is_ok());
        }
        assert!(allowance.paid.len() <= CALLERS);
    }
}
