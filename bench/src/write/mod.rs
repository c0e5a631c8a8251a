//! The store's write paths compared, beside a plain file that gets the same bytes: large publishes
//! and many small ones. In each round everyone does each thing before the next thing begins.

mod feed;
mod target;

use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use flisthub_storage::Frame;

use crate::size::Size;
use crate::stats::{Samples, megabytes};
pub(crate) use feed::{Content, Plan};
use target::Target;
pub(crate) use target::Way;

/// Small publishes in a row, and at once from so many threads.
pub(crate) const SMALL: u64 = 300;
pub(crate) const THREADS: u64 = 8;

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
    /// Bytes on disk over frame bytes, while open.
    pub(crate) open: Samples,
}

/// Everything of one way to write.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) way: Way,
    pub(crate) random: Large,
    pub(crate) text: Large,
    pub(crate) one: Small,
    pub(crate) many: Small,
}

/// What is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plans {
    pub(crate) random: Plan,
    pub(crate) text: Plan,
}

impl Plans {
    fn new(bytes: u64) -> Self {
        let batch = 4 << 20;
        let plan = |content, chunk: usize, bytes: u64| Plan {
            content,
            seed: 1,
            chunk,
            batch: batch / chunk,
            batches: bytes.div_ceil(batch as u64),
            ready: content == Content::Text,
        };
        Self {
            random: plan(Content::Random, 64 << 10, bytes),
            text: plan(Content::Text, 16 << 10, bytes / 3),
        }
    }
}

/// A publish of about 200 KB: chunks of several sizes.
fn small(seed: u64, batches: u64) -> Plan {
    Plan { content: Content::Random, seed, chunk: 16 << 10, batch: 12, batches, ready: true }
}

/// What was measured in one run.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) runs: u32,
    pub(crate) plans: Plans,
    pub(crate) ways: Vec<Measured>,
}

/// Measures everything `runs` times; the large publish has so many bytes.
pub(crate) fn measure(runs: u32, bytes: u64, work: &Path) -> anyhow::Result<Results> {
    let plans = Plans::new(bytes);
    let ways = Way::ALL.map(|way| Measured {
        way,
        random: Large::default(),
        text: Large::default(),
        one: Small::default(),
        many: Small::default(),
    });
    let mut results = Results { runs, plans, ways: ways.into() };
    let directory = work.join("write");
    for number in 0..runs {
        eprintln!("write paths, round {} of {runs}", number + 1);
        // Who comes first after the plain file changes from round to round.
        if let Some((_, stores)) = results.ways.split_first_mut() {
            stores.rotate_left(1);
        }
        round(&plans, &mut results.ways, &directory)?;
    }
    results.ways.sort_by_key(|one| Way::ALL.iter().position(|way| *way == one.way));
    Ok(results)
}

fn round(plans: &Plans, ways: &mut [Measured], directory: &Path) -> anyhow::Result<()> {
    let mut floors = [0.0; 4];
    for (thing, floor) in floors.iter_mut().enumerate() {
        for measured in &mut *ways {
            let title = measured.way.title();
            rustix::fs::sync();
            let target = measured.way.create(directory)?;
            let target = match thing {
                0 => large(target, plans.random, &mut measured.random, floor),
                1 => large(target, plans.text, &mut measured.text, floor),
                2 => one_by_one(target, &mut measured.one, floor),
                _ => at_once(target, &mut measured.many, floor),
            };
            target.with_context(|| title.clone())?.remove()?;
            eprintln!("  {title}");
        }
    }
    Ok(())
}

/// The first rate of a round is that of the plain file.
fn over(rate: f64, floor: &mut f64) -> f64 {
    if *floor <= 0.0 {
        *floor = rate;
    }
    rate / *floor
}

#[expect(clippy::cast_precision_loss, reason = "a measurement is not exact to 53 bits")]
fn share(size: Size, bytes: u64) -> f64 {
    size.disk as f64 / bytes.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "a number of files")]
fn files(size: Size) -> f64 {
    size.count as f64
}

/// One large publish, with one barrier at the end.
fn large(
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

fn one_by_one(target: Target, measured: &mut Small, floor: &mut f64) -> anyhow::Result<Target> {
    let batches = small(7, SMALL).all()?;
    let began = Instant::now();
    let published = publish(&target, &batches)?;
    note(&target, measured, floor, began, &[published])?;
    Ok(target)
}

fn at_once(target: Target, measured: &mut Small, floor: &mut f64) -> anyhow::Result<Target> {
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
