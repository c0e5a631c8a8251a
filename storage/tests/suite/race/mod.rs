//! The sweep beside uploads, publishes, deletions, undeletes and ending sessions: thousands of
//! interleavings on the real engine, on both stores. Most are decided by a seed alone (`turns`); some
//! run freely. A round that fails names its seed; `FLISTHUB_RACE_SEED=` runs that one again, and
//! `FLISTHUB_SOAK_CASES=` asks for so many rounds.

mod client;
mod names;
mod round;
mod turns;
mod yielding;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use flisthub_storage::{Maintain, MemoryStore, RocksOptions, RocksStore, WritePath};

use crate::support::Hand;
use round::{GRACE, round};

#[expect(clippy::disallowed_methods, reason = "test binaries have no command line of their own")]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// Runs rounds on one store, and sees to it that the races were really run.
fn rounds(store: &dyn Maintain, clock: &Hand, many: u64, in_turns: bool) {
    let seen = Mutex::new(BTreeMap::new());
    if let Some(seed) = number("FLISTHUB_RACE_SEED") {
        return round(store, clock, seed, in_turns, &seen);
    }
    for seed in 0..number("FLISTHUB_SOAK_CASES").unwrap_or(many) {
        round(store, clock, seed, in_turns, &seen);
    }
    let seen = seen.into_inner().unwrap();
    println!("{seen:?}");
    for what in [
        "spared",
        "told that something is missing",
        "republished too late",
        "undeleted too late",
        "top directory found",
    ] {
        assert!(!in_turns || seen.contains_key(what), "{what}: never happened");
    }
}

fn in_memory(many: u64, in_turns: bool) {
    let clock = Arc::new(Hand::default());
    let store = MemoryStore::with_clock(clock.clone(), GRACE);
    rounds(&store, &clock, many, in_turns);
}

fn on_disk(write_path: WritePath, many: u64, in_turns: bool) {
    let clock = Arc::new(Hand::default());
    let directory = tempfile::tempdir().unwrap();
    let options = RocksOptions { grace: GRACE, write_path, ..RocksOptions::default() };
    let store = RocksStore::open(directory.path(), &options, clock.clone()).unwrap();
    rounds(&store, &clock, many, in_turns);
}

#[test]
fn in_turns_in_memory() {
    in_memory(3_000, true);
}

#[test]
fn freely_in_memory() {
    in_memory(300, false);
}

#[test]
fn in_turns_on_disk() {
    on_disk(WritePath::Log, 1_000, true);
}

#[test]
fn freely_on_disk() {
    on_disk(WritePath::Hybrid { unlogged_from: 5_000 }, 150, false);
}
