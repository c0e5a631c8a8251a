//! A sweep that stops and goes on in turns, so that pushes beside it and pushes without it are measured
//! in the same minute. While it stops it holds no lock: it only ever hears of this between two steps.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use flisthub_storage::{Monitor, Progress};
use serde::{Deserialize, Serialize};

use crate::process::Process;

/// How long a turn lasts.
const TURN: Duration = Duration::from_secs(2);
/// How long space is given back beside pushes at most, with the stops: long enough to see what it does
/// to them.
const RECLAIMING: Duration = Duration::from_mins(2);

/// What the sweep is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub(crate) enum Doing {
    /// It has not begun, is over, or stops for a turn.
    #[default]
    Nothing,
    Marking,
    Deleting,
    Reclaiming,
}

impl Doing {
    fn of(phase: &str) -> Self {
        match phase {
            "delete" => Self::Deleting,
            "compact" | "copy" => Self::Reclaiming,
            _ => Self::Marking,
        }
    }
}

/// Changes whenever what the sweep does changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Turn {
    number: u64,
    pub(crate) doing: Doing,
}

#[derive(Debug, Default)]
struct State {
    turn: Turn,
    /// How far the sweep is. While it deletes it also marks what was published meanwhile.
    reached: Doing,
    began: Option<Instant>,
    /// When it began to give space back.
    reclaiming: Option<Instant>,
    /// Seconds for which it stopped while it was doing each thing.
    stopped: BTreeMap<Doing, f64>,
    /// The most memory until space was given back.
    peak: u64,
}

/// Listens to a sweep.
#[derive(Debug)]
pub(crate) struct Turns {
    alternating: bool,
    state: Mutex<State>,
}

impl Turns {
    pub(crate) fn new(alternating: bool) -> Self {
        Self { alternating, state: Mutex::default() }
    }

    /// What the sweep does now.
    pub(crate) fn now(&self) -> Turn {
        self.state().turn
    }

    /// The sweep is over.
    pub(crate) fn over(&self) {
        self.change(Doing::Nothing);
    }

    /// Seconds for which it stopped while it was doing that.
    pub(crate) fn stopped(&self, doing: Doing) -> f64 {
        self.state().stopped.get(&doing).copied().unwrap_or_default()
    }

    /// The most memory of this process until space was given back.
    pub(crate) fn peak(&self) -> u64 {
        self.state().peak
    }

    /// Takes note of the furthest thing that the sweep does, and of the memory until it gives space back.
    fn reach(&self, doing: Doing) -> Doing {
        let peak = Process::this().peak().unwrap_or_default();
        let mut state = self.state();
        state.reached = state.reached.max(doing);
        if state.reached == Doing::Reclaiming {
            state.reclaiming.get_or_insert_with(Instant::now);
        } else {
            state.peak = peak;
        }
        state.reached
    }

    fn change(&self, doing: Doing) {
        let mut state = self.state();
        if state.turn.doing != doing {
            state.turn = Turn { number: state.turn.number + 1, doing };
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the sweep's turn is over.
    fn turn_is_over(&self) -> bool {
        let began = *self.state().began.get_or_insert_with(Instant::now);
        self.alternating && began.elapsed() >= TURN
    }
}

impl Monitor for Turns {
    fn progress(&self, progress: Progress) {
        let doing = self.reach(Doing::of(progress.phase));
        if self.turn_is_over() {
            self.change(Doing::Nothing);
            std::thread::sleep(TURN);
            let mut state = self.state();
            *state.stopped.entry(doing).or_default() += TURN.as_secs_f64();
            state.began = Some(Instant::now());
        }
        self.change(doing);
    }

    fn note(&self, line: String) {
        eprintln!("  {line}");
    }

    fn cancelled(&self) -> bool {
        let reclaiming = self.state().reclaiming;
        self.alternating && reclaiming.is_some_and(|began| began.elapsed() >= RECLAIMING)
    }
}
