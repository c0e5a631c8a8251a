//! One large publish, with one barrier at the end.

use std::time::Instant;

use super::feed::Plan;
use super::target::Target;
use super::{files, over, share};
use crate::stats::{Samples, megabytes};

/// A large publish, one of each for every round.
#[derive(Debug, Default)]
pub(crate) struct Large {
    /// Frame bytes, in MB a second, the barrier included.
    pub(crate) rate: Samples,
    /// The same over that of the plain file in the same round.
    pub(crate) ratio: Samples,
    /// Percent of the time for which the next batch was not ready.
    pub(crate) waited: Samples,
    /// Seconds of the barrier at the end.
    pub(crate) barrier: Samples,
    /// Bytes on disk over frame bytes, while open and after opening again.
    pub(crate) open: Samples,
    pub(crate) reopened: Samples,
    pub(crate) files: Samples,
}

/// Does it once.
pub(super) fn publish(
    target: Target,
    plan: Plan,
    measured: &mut Large,
    floor: &mut f64,
) -> anyhow::Result<Target> {
    let mut feed = plan.start()?;
    let began = Instant::now();
    let mut bytes = 0;
    while let Some(batch) = feed.next() {
        bytes += target.put(&batch)?;
    }
    let put = began.elapsed().as_secs_f64();
    target.barrier()?;
    let seconds = began.elapsed().as_secs_f64();
    let waited = feed.finish()?;
    let rate = megabytes(bytes) / seconds;
    measured.rate.push(rate);
    measured.ratio.push(over(rate, floor));
    measured.waited.push(100.0 * waited / seconds);
    measured.barrier.push(seconds - put);
    measured.open.push(share(target.size()?, bytes));
    let (target, size) = target.reopened()?;
    measured.reopened.push(share(size, bytes));
    measured.files.push(files(size));
    Ok(target)
}
