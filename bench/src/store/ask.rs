//! Questions to a large store: how long it takes to open, and how fast it says what is missing.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use flisthub_storage::{ChunkId, ChunkStore as _, RocksOptions, RocksStore, SystemClock};
use serde::{Deserialize, Serialize};

use super::trees;
use crate::process::Process;

/// Ids in one question.
pub(crate) const ASKED: u64 = 100_000;

/// How many of the ids are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Case {
    Absent,
    Half,
    Present,
}

impl Case {
    pub(crate) const ALL: [Self; 3] = [Self::Absent, Self::Half, Self::Present];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Absent => "none is there",
            Self::Half => "half are",
            Self::Present => "all are",
        }
    }

    /// The ids of the question of that number to a store of `stored` chunks: spread over all of them,
    /// other ones for each question.
    fn ids(self, stored: u64, question: u64) -> anyhow::Result<Vec<ChunkId>> {
        let step = (stored / ASKED).max(1);
        let there = |number: u64| (number * step + question % step) % stored;
        let absent = |number: u64| stored + question * ASKED + number;
        trees::ids((0..ASKED).map(|number| match self {
            Self::Absent => absent(number),
            Self::Half if number % 2 == 0 => absent(number),
            Self::Half | Self::Present => there(number),
        }))
    }

    fn missing(self) -> u64 {
        match self {
            Self::Absent => ASKED,
            Self::Half => ASKED / 2,
            Self::Present => 0,
        }
    }
}

/// What opening costs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Opened {
    pub(crate) seconds: f64,
    pub(crate) peak: u64,
}

pub(crate) fn open(store: &Path) -> anyhow::Result<Opened> {
    let began = Instant::now();
    let store = open_store(store)?;
    let seconds = began.elapsed().as_secs_f64();
    let peak = Process::this().peak()?;
    drop(store);
    Ok(Opened { seconds, peak })
}

pub(crate) fn open_store(store: &Path) -> anyhow::Result<RocksStore> {
    Ok(RocksStore::open(store, &RocksOptions::default(), Arc::new(SystemClock))?)
}

/// What some questions in a row cost.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Answered {
    /// Ids a second of each question.
    pub(crate) rates: Vec<f64>,
    pub(crate) peak: u64,
}

/// Opens the store and asks it some questions.
pub(crate) fn ask(
    store: &Path,
    stored: u64,
    case: Case,
    questions: u64,
) -> anyhow::Result<Answered> {
    let store = open_store(store)?;
    let mut answered = Answered::default();
    for question in 0..questions {
        let ids = case.ids(stored, question)?;
        let began = Instant::now();
        let missing = store.missing(&ids)?.len() as u64;
        let seconds = began.elapsed().as_secs_f64();
        anyhow::ensure!(missing == case.missing(), "{case:?}: {missing} are said to be missing");
        #[expect(clippy::cast_precision_loss, reason = "a hundred thousand")]
        answered.rates.push(ASKED as f64 / seconds);
    }
    answered.peak = Process::this().peak()?;
    Ok(answered)
}
