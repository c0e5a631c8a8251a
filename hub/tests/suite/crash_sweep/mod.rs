//! `kill -9` of the real program while it is swept under load, at any moment and at every named place of
//! the barrier, the publish and the sweep. `FLISTHUB_SOAK_KILLS=` asks for more kills.

mod aftermath;
mod dice;
mod ledger;
mod load;

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::program::{Serving, last_line, user};
use dice::Dice;
use ledger::Ledger;
use load::{Caller, Sample, Worker, operate, samples};

/// Every named place.
const PLACES: [&str; 14] = [
    "publish::verified",
    "hold::batch",
    "publish::held",
    "publish::durable",
    "publish::committed",
    "barrier::before",
    "barrier::flushed",
    "barrier::synced",
    "sweep::marked",
    "sweep::batch",
    "sweep::removed",
    "sweep::objects",
    "sweep::deleted",
    "sweep::reclaimed",
];

/// Clients beside each other.
const WORKERS: usize = 4;
/// Acknowledgements after which a hub that has not passed its place is killed all the same.
const PATIENCE: u64 = 3_000;
/// A hub that acknowledges nothing for so long hangs.
const HANGS: Duration = Duration::from_mins(2);

/// So short a grace that everybody has to hurry, and so short a life that sessions which a kill left open
/// do not keep everything. On PostgreSQL a killed hub keeps the next one waiting as in other tests.
const CONFIG: &str = "
[catalog]
lease_seconds = 1
[store]
grace_seconds = 2
[sessions]
life_seconds = 2
sweep_seconds = 1
[limits]
requests_per_second = 0
";

/// When to kill.
enum When {
    /// After so many acknowledgements, and a little later.
    After(u64, Duration),
    /// At the so many-th passing of a named place.
    At(&'static str, usize),
}

/// A data directory that is used and killed again and again.
struct Victim {
    directory: tempfile::TempDir,
    tokens: (String, String),
    samples: Arc<Vec<Sample>>,
    ledger: Arc<Ledger>,
    dice: Dice,
}

impl Victim {
    fn new(seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let writer = user(directory.path(), "alice");
        let data = directory.path().to_str().unwrap();
        last_line(&["user", "admin", "alice", "--data", data]);
        let admin = ["token", "create", "--user", "alice", "--scope", "admin", "--data", data];
        let tokens = (writer, last_line(&admin));
        std::fs::write(config(directory.path()), CONFIG).unwrap();
        let (samples, ledger) = (Arc::new(samples()), Arc::default());
        Self { directory, tokens, samples, ledger, dice: Dice(seed) }
    }

    /// Serves, under load, until the hub is dead. Whether it died at the place it was to die at.
    async fn kill(&mut self, when: &When) -> bool {
        let config = config(self.directory.path());
        let places = match when {
            When::After(..) => String::new(),
            When::At(place, passed) => format!("{place}={passed}*off->return"),
        };
        let arguments = ["--config", config.to_str().unwrap()];
        let mut serving = Serving::start_with(self.directory.path(), &arguments, &places);
        let mut clients = tokio::task::JoinSet::new();
        for number in 0..WORKERS {
            let caller = Caller::new(&serving.url, &self.tokens.0);
            let (samples, ledger) = (self.samples.clone(), self.ledger.clone());
            let dice = Dice(self.dice.below(1 << 30) as u64);
            clients.spawn(Worker { caller, samples, ledger, number, dice }.run());
        }
        let dice = Dice(self.dice.below(1 << 30) as u64);
        clients.spawn(operate(Caller::new(&serving.url, &self.tokens.1), dice));
        let by_itself = self.wait(&mut serving, when).await;
        let status = serving.end();
        while let Some(ended) = clients.join_next().await {
            ended.unwrap();
        }
        if by_itself {
            assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()), "{status}");
        }
        by_itself
    }

    async fn wait(&self, serving: &mut Serving, when: &When) -> bool {
        let began = self.ledger.acknowledged();
        let mut last = (began, Instant::now());
        let (count, later) = match when {
            When::After(count, later) => (*count, *later),
            When::At(..) => (PATIENCE, Duration::ZERO),
        };
        loop {
            if serving.child.try_wait().unwrap().is_some() {
                return true;
            }
            let acknowledged = self.ledger.acknowledged();
            if acknowledged - began >= count {
                tokio::time::sleep(later).await;
                return false;
            }
            if acknowledged > last.0 {
                last = (acknowledged, Instant::now());
            }
            assert!(last.1.elapsed() < HANGS, "the hub hangs");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn check(&mut self, all: bool) {
        let old: Vec<&Sample> = self.samples.iter().filter(|_| self.dice.below(3) == 0).collect();
        aftermath::check(self.directory.path(), &self.ledger, all, &old).await;
    }
}

fn config(data: &Path) -> std::path::PathBuf {
    data.join("config.toml")
}

/// How many kills: so many in a test, or as asked for.
#[expect(clippy::disallowed_methods, reason = "test binaries have no command line of their own")]
fn kills(few: usize) -> usize {
    let asked = std::env::var("FLISTHUB_SOAK_KILLS").ok();
    asked.map_or(few, |text| text.parse().expect("FLISTHUB_SOAK_KILLS is a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment() {
    let mut victim = Victim::new(1);
    for round in 0..kills(24) {
        let later = Duration::from_micros(victim.dice.below(5_000) as u64);
        let when = When::After(victim.dice.below(60) as u64, later);
        victim.kill(&when).await;
        victim.check(round % 4 == 3).await;
    }
    victim.check(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_named_place() {
    let mut victim = Victim::new(2);
    for round in 0..kills(3 * PLACES.len()).max(PLACES.len()) {
        let place = PLACES[round % PLACES.len()];
        // The first time at its first passing: so every place is seen to be passed.
        let passed = if round < PLACES.len() { 0 } else { victim.dice.below(8) };
        let there = victim.kill(&When::At(place, passed)).await;
        assert!(there || passed > 0, "{place} was never passed");
        victim.check(round % 4 == 3).await;
    }
    victim.check(true).await;
}
