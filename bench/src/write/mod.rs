//! The store's write paths compared, beside a plain file that gets the same bytes: large publishes
//! and many small ones. In each round everyone does each thing before the next thing begins.

mod feed;
mod large;
mod small;
mod target;

use std::path::Path;

use anyhow::Context as _;

use crate::size::Size;
pub(crate) use feed::{Content, Plan};
pub(crate) use large::Large;
pub(crate) use small::{SMALL, Small, THREADS};
pub(crate) use target::Way;

/// Everything of one way to write.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) way: Way,
    pub(crate) random: Large,
    pub(crate) text: Large,
    pub(crate) one: Small,
    pub(crate) many: Small,
    /// In a row, beside a large publish.
    pub(crate) beside: Small,
}

/// What is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plans {
    pub(crate) random: Plan,
    pub(crate) text: Plan,
    /// The large one beside small ones.
    pub(crate) beside: Plan,
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
            beside: plan(Content::Random, 64 << 10, bytes / 3),
        }
    }
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
        beside: Small::default(),
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
    let mut floors = [0.0; 5];
    for (thing, floor) in floors.iter_mut().enumerate() {
        for measured in &mut *ways {
            let title = measured.way.title();
            rustix::fs::sync();
            let target = measured.way.create(directory)?;
            let target = match thing {
                0 => large::publish(target, plans.random, &mut measured.random, floor),
                1 => large::publish(target, plans.text, &mut measured.text, floor),
                2 => small::one_by_one(target, &mut measured.one, floor),
                3 => small::at_once(target, &mut measured.many, floor),
                _ => small::beside_a_large_one(target, plans.beside, &mut measured.beside, floor),
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
