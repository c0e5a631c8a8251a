//! Many small publishes, each with a barrier: in a row, from several threads, and beside a large one.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Instant;

use anyhow::Context as _;
use flisthub_storage::Frame;

use super::feed::{Content, Feed, Plan};
use super::target::Target;
use super::{files, over, share};
use crate::stats::{Samples, megabytes};

/// Small publishes in a row, and at once from so many threads.
pub(crate) const SMALL: u64 = 300;
pub(crate) const THREADS: u64 = 8;

/// Small publishes, one of each for every round.
#[derive(Debug, Default)]
pub(crate) struct Small {
    /// Publishes a second.
    pub(crate) rate: Samples,
    /// The same over that of the plain file in the same round.
    pub(crate) ratio: Samples,
    /// Milliseconds of a barrier, of all rounds together.
    pub(crate) barrier: Samples,
    /// Files at the end.
    pub(crate) files: Samples,
    /// MB of frames a second of the large publish beside them, if there is one.
    pub(crate) large: Samples,
    /// Bytes on disk over frame bytes, while open.
    pub(crate) open: Samples,
}

/// A publish of about 200 KB: chunks of several sizes.
fn small(seed: u64, batches: u64) -> Plan {
    Plan { content: Content::Random, seed, chunk: 16 << 10, batch: 12, batches, ready: false }
}

/// Puts one batch after the other, each with a barrier; gives the milliseconds of the barriers.
fn publish(target: &Target, batches: &[Vec<Frame>]) -> anyhow::Result<(u64, Vec<f64>)> {
    let mut bytes = 0;
    let mut barriers = Vec::with_capacity(batches.len());
    for batch in batches {
        bytes += target.put(batch)?;
        let began = Instant::now();
        target.barrier()?;
        barriers.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok((bytes, barriers))
}

pub(super) fn one_by_one(
    target: Target,
    measured: &mut Small,
    floor: &mut f64,
) -> anyhow::Result<Target> {
    let batches = small(7, SMALL).all()?;
    let began = Instant::now();
    let published = publish(&target, &batches)?;
    note(&target, measured, floor, began, &[published])?;
    Ok(target)
}

pub(super) fn at_once(
    target: Target,
    measured: &mut Small,
    floor: &mut f64,
) -> anyhow::Result<Target> {
    let share = SMALL.div_ceil(THREADS);
    let of_threads: Vec<Vec<Vec<Frame>>> =
        (0..THREADS).map(|number| small(10 + number, share).all()).collect::<Result<_, _>>()?;
    let began = Instant::now();
    let published = std::thread::scope(|scope| {
        let target = &target;
        let start = |batches| scope.spawn(move || publish(target, batches));
        let running: Vec<_> = of_threads.iter().map(Vec::as_slice).map(start).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().ok().context("a publishing thread ended without a word").flatten()
        };
        running.into_iter().map(join).collect::<anyhow::Result<Vec<_>>>()
    })?;
    note(&target, measured, floor, began, &published)?;
    Ok(target)
}

/// Writes down what publishing since `began` gave.
fn note(
    target: &Target,
    measured: &mut Small,
    floor: &mut f64,
    began: Instant,
    published: &[(u64, Vec<f64>)],
) -> anyhow::Result<()> {
    let seconds = began.elapsed().as_secs_f64();
    let bytes = published.iter().map(|(bytes, _)| bytes).sum();
    let barriers: Vec<f64> = published.iter().flat_map(|(_, barriers)| barriers).copied().collect();
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let rate = barriers.len() as f64 / seconds;
    measured.barrier.extend(barriers);
    measured.rate.push(rate);
    measured.ratio.push(over(rate, floor));
    let size = target.size()?;
    measured.open.push(share(size, bytes));
    measured.files.push(files(size));
    Ok(())
}

/// Small publishes in a row for as long as another thread puts `plan`, which has its barrier at the
/// end.
pub(super) fn beside_a_large_one(
    target: Target,
    plan: Plan,
    measured: &mut Small,
    floor: &mut f64,
) -> anyhow::Result<Target> {
    let mut large = plan.start()?;
    let mut feed = small(9, 100_000).start()?;
    let done = AtomicBool::new(false);
    let mut published = (0, Vec::new());
    let began = Instant::now();
    let (rate, bytes) = std::thread::scope(|scope| {
        let putting = scope.spawn(|| {
            let put = put_all(&target, &mut large);
            done.store(true, SeqCst);
            put
        });
        while let Some(batch) = feed.next().filter(|_| !done.load(SeqCst)) {
            let (bytes, barriers) = publish(&target, &[batch])?;
            published.0 += bytes;
            published.1.extend(barriers);
        }
        putting.join().ok().context("the putting thread ended without a word").flatten()
    })?;
    measured.large.push(rate);
    published.0 += bytes;
    note(&target, measured, floor, began, &[published])?;
    Ok(target)
}

/// MB of frames a second, and bytes of frames.
fn put_all(target: &Target, feed: &mut Feed) -> anyhow::Result<(f64, u64)> {
    let began = Instant::now();
    let mut bytes = 0;
    while let Some(batch) = feed.next() {
        bytes += target.put(&batch)?;
    }
    target.barrier()?;
    Ok((megabytes(bytes) / began.elapsed().as_secs_f64(), bytes))
}
