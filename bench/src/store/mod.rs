//! A large store: opening it, asking it, sweeping it while pushes run, and scrubbing one of ordinary
//! chunks. Each is done by a process of its own, see [`crate::child`].

mod ask;
mod fill;
mod names;
mod push;
mod scrubbed;
mod swept;
mod trees;
mod turns;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::stats::Samples;
use crate::{child, page_cache, size};
pub(crate) use ask::{ASKED, Answered, Case, Opened};
pub(crate) use fill::Filled;
use scrubbed::{Place, Scrubbed};
pub(crate) use swept::Swept;
pub(crate) use turns::Doing;

/// What a child does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Task {
    Fill { store: PathBuf, roots: PathBuf, objects: u64 },
    Open { store: PathBuf },
    Ask { store: PathBuf, stored: u64, case: Case, questions: u64 },
    Copy { store: PathBuf, copy: PathBuf },
    Sweep { store: PathBuf, roots: PathBuf, chunks: u64, pushes: bool },
    FillChunks { store: PathBuf, plain: PathBuf, bytes: u64 },
    Scrub { store: PathBuf },
}

impl Task {
    /// Does it, and gives its answer as JSON.
    pub(crate) fn run(&self) -> anyhow::Result<serde_json::Value> {
        Ok(match self {
            Self::Fill { store, roots, objects } => {
                serde_json::to_value(fill::fill(store, roots, *objects)?)
            }
            Self::Open { store } => serde_json::to_value(ask::open(store)?),
            Self::Ask { store, stored, case, questions } => {
                serde_json::to_value(ask::ask(store, *stored, *case, *questions)?)
            }
            Self::Copy { store, copy } => serde_json::to_value(swept::copy(store, copy)?),
            Self::Sweep { store, roots, chunks, pushes } => {
                serde_json::to_value(swept::run(store, roots, *chunks, *pushes)?)
            }
            Self::FillChunks { store, plain, bytes } => {
                serde_json::to_value(scrubbed::fill(store, plain, *bytes)?)
            }
            Self::Scrub { store } => serde_json::to_value(scrubbed::run(store)?),
        }?)
    }
}

/// Cold: nothing of the store is in the page cache. Warm: all of it is. The store's own caches are
/// empty at first in both.
#[derive(Debug, Default)]
pub(crate) struct Temperatures<T> {
    pub(crate) cold: T,
    pub(crate) warm: T,
}

/// Questions about what is missing.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Ids a second of the first question to a store that was just opened.
    pub(crate) first: Temperatures<Samples>,
    /// Of those that follow, with all files in the page cache.
    pub(crate) later: Samples,
    /// The largest of all processes, in bytes.
    pub(crate) peak: u64,
}

/// Scrub, and what it is compared with, in MB of frames a second.
#[derive(Debug, Default)]
pub(crate) struct ScrubRates {
    pub(crate) scrub: Samples,
    pub(crate) least: Samples,
    pub(crate) read: Samples,
    /// Scrub over least, round by round.
    pub(crate) ratio: Samples,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) runs: u32,
    pub(crate) filled: Filled,
    pub(crate) disk: u64,
    pub(crate) open: Temperatures<Samples>,
    pub(crate) open_peak: u64,
    pub(crate) asked: BTreeMap<&'static str, Asked>,
    pub(crate) alone: Vec<Swept>,
    pub(crate) beside: Vec<Swept>,
    pub(crate) scrub_bytes: u64,
    pub(crate) scrub: Temperatures<ScrubRates>,
    pub(crate) scrub_peak: u64,
}

/// Questions in a row after the first.
const LATER: u64 = 4;

/// Measures everything `runs` times on one store.
pub(crate) fn measure(
    runs: u32,
    objects: u64,
    scrub_bytes: u64,
    work: &Path,
) -> anyhow::Result<Results> {
    let base = work.join("store");
    fs::create_dir(&base)?;
    let bench = Bench { store: base.join("objects"), roots: base.join("roots"), base };
    eprintln!("a store of {objects} objects");
    let mut results = Results { runs, scrub_bytes, ..Results::default() };
    let (store, roots) = (bench.store.clone(), bench.roots.clone());
    results.filled = child::ask(&Task::Fill { store, roots, objects })?;
    results.disk = size::of(&bench.store)?.disk;
    for _ in 0..runs {
        bench.open(&mut results)?;
        bench.questions(&mut results)?;
    }
    for _ in 0..runs {
        eprintln!("  sweep");
        results.alone.push(bench.sweep(results.filled.chunks, false)?);
        eprintln!("  sweep beside pushes");
        results.beside.push(bench.sweep(results.filled.chunks, true)?);
    }
    fs::remove_dir_all(&bench.store).context("the store is not removed")?;
    bench.scrub(runs, scrub_bytes, &mut results)?;
    fs::remove_dir_all(&bench.base).context("the stores are not removed")?;
    Ok(results)
}

/// Where everything lies.
struct Bench {
    base: PathBuf,
    store: PathBuf,
    roots: PathBuf,
}

impl Bench {
    fn open(&self, results: &mut Results) -> anyhow::Result<()> {
        let task = Task::Open { store: self.store.clone() };
        page_cache::drop_all(&self.store)?;
        let cold: Opened = child::ask(&task)?;
        page_cache::load_all(&self.store)?;
        let warm: Opened = child::ask(&task)?;
        results.open.cold.push(cold.seconds);
        results.open.warm.push(warm.seconds);
        results.open_peak = results.open_peak.max(cold.peak).max(warm.peak);
        Ok(())
    }

    fn questions(&self, results: &mut Results) -> anyhow::Result<()> {
        for case in Case::ALL {
            eprintln!("  missing: {}", case.title());
            let asked = results.asked.entry(case.title()).or_default();
            let stored = results.filled.chunks;
            let task = |questions| Task::Ask { store: self.store.clone(), stored, case, questions };
            page_cache::drop_all(&self.store)?;
            let cold: Answered = child::ask(&task(1))?;
            page_cache::load_all(&self.store)?;
            let warm: Answered = child::ask(&task(1 + LATER))?;
            asked.first.cold.extend(cold.rates);
            let (first, later) = warm.rates.split_first().context("no answer")?;
            asked.first.warm.push(*first);
            asked.later.extend(later.iter().copied());
            asked.peak = asked.peak.max(cold.peak).max(warm.peak);
        }
        Ok(())
    }

    fn sweep(&self, chunks: u64, pushes: bool) -> anyhow::Result<Swept> {
        let copy = self.base.join("swept");
        let (store, roots) = (self.store.clone(), self.roots.clone());
        let () = child::ask(&Task::Copy { store, copy: copy.clone() })?;
        child::ask(&Task::Sweep { store: copy, roots, chunks, pushes })
    }

    fn scrub(&self, runs: u32, bytes: u64, results: &mut Results) -> anyhow::Result<()> {
        let (store, plain) = (self.base.join("chunks"), self.base.join("plain"));
        let task = Task::FillChunks { store: store.clone(), plain: plain.clone(), bytes };
        let places: Vec<Place> = child::ask(&task)?;
        for _ in 0..runs {
            eprintln!("  scrub");
            for warm in [false, true] {
                let prepare = || {
                    if warm {
                        page_cache::load_all(&self.base)
                    } else {
                        page_cache::drop_all(&self.base)
                    }
                };
                prepare()?;
                let scrubbed: Scrubbed = child::ask(&Task::Scrub { store: store.clone() })?;
                prepare()?;
                let least = scrubbed::least(&plain, &places)?;
                prepare()?;
                let read = scrubbed::read(&plain)?;
                let scrub = &mut results.scrub;
                let rates = if warm { &mut scrub.warm } else { &mut scrub.cold };
                rates.scrub.push(scrubbed.rate);
                rates.least.push(least);
                rates.read.push(read);
                rates.ratio.push(scrubbed.rate / least);
                results.scrub_peak = results.scrub_peak.max(scrubbed.peak);
            }
        }
        Ok(())
    }
}
