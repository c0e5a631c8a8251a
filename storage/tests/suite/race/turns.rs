//! Who runs next. With a seed and in turns, exactly one thread runs at a time and hands over at the
//! places that call [`Turns::pass`], so that the seed alone decides what happens. Without turns the
//! threads run freely and the seed only says where they dawdle.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

thread_local! {
    /// Which of the round's threads this is; none outside of a round.
    static ME: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Numbers from a seed (splitmix64).
#[derive(Debug, Clone)]
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub(super) fn shuffle<T>(&mut self, things: &mut [T]) {
        for at in (1..things.len()).rev() {
            things.swap(at, self.below(at + 1));
        }
    }
}

/// The turns of one round.
pub(super) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
    /// Whether one thread runs at a time.
    strict: bool,
}

struct State {
    random: Random,
    /// One in how many places is one where another thread may go on.
    patience: usize,
    running: usize,
    alive: BTreeSet<usize>,
}

impl State {
    fn choose(&mut self) {
        let at = self.random.below(self.alive.len().max(1));
        self.running = self.alive.iter().nth(at).copied().unwrap_or_default();
    }
}

impl Turns {
    /// For so many threads, numbered from 0.
    pub(super) fn new(seed: u64, threads: usize, strict: bool) -> Self {
        let mut random = Random(seed);
        let patience = [1, 1, 2, 4, 8][random.below(5)];
        let mut state = State { random, patience, running: 0, alive: (0..threads).collect() };
        state.choose();
        Self { state: Mutex::new(state), changed: Condvar::new(), strict }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, me: usize, mut state: MutexGuard<'_, State>) {
        while self.strict && state.running != me {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Makes this thread one of the round's until what it gives is dropped.
    pub(super) fn begin(&self, me: usize) -> Running<'_> {
        ME.set(Some(me));
        self.wait(me, self.state());
        Running { turns: self, me }
    }

    /// A place where another thread may go on.
    pub(super) fn pass(&self) {
        let Some(me) = ME.get() else { return };
        let mut state = self.state();
        let patience = state.patience;
        if state.random.below(patience) > 0 {
            return;
        }
        if self.strict {
            state.choose();
            self.changed.notify_all();
            self.wait(me, state);
        } else {
            let dawdle = state.random.below(20);
            drop(state);
            (0..dawdle).for_each(|_| std::thread::yield_now());
        }
    }

    /// A random number for a client's choices.
    pub(super) fn below(&self, bound: usize) -> usize {
        self.state().random.below(bound)
    }
}

/// A thread that takes part.
pub(super) struct Running<'a> {
    turns: &'a Turns,
    me: usize,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        ME.set(None);
        let mut state = self.turns.state();
        state.alive.remove(&self.me);
        state.choose();
        self.turns.changed.notify_all();
    }
}
