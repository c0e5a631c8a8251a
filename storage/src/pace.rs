//! Keeping long work under a rate, so that it leaves the disk to others.

use std::time::{Duration, Instant};

use crate::monitor::Monitor;

/// The longest single sleep, so that cancelling is heard.
const NAP: Duration = Duration::from_millis(200);

/// Counts bytes since it was made, and sleeps when they came too fast.
pub(crate) struct Pace {
    began: Instant,
    bytes: u64,
    rate: Option<u64>,
}

impl Pace {
    /// At most `rate` bytes a second; `None` for any number.
    pub(crate) fn new(rate: Option<u64>) -> Self {
        Self { began: Instant::now(), bytes: 0, rate }
    }

    /// Counts `bytes` more, and sleeps until all of them are no more than the rate allows or `monitor`
    /// cancels.
    pub(crate) fn step(&mut self, bytes: u64, monitor: &dyn Monitor) {
        self.bytes = self.bytes.saturating_add(bytes);
        let Some(rate) = self.rate else { return };
        let due = Duration::from_millis(self.bytes.saturating_mul(1000) / rate.max(1));
        while !monitor.cancelled() {
            let left = due.saturating_sub(self.began.elapsed());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(NAP));
        }
    }
}
