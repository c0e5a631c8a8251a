//! The power fails: what was not synced is gone. What was acknowledged is there all the same, nothing
//! is there by halves, and the hub starts again by itself.
//!
//! The real program serves a data directory that lies on a [`disk`] of our own, and is used by several
//! callers at once until the disk refuses to go on, at a change that chance chose. Then the program is
//! killed, the disk forgets what was not synced, all or in part, and [`check`] looks at what is left;
//! the next round goes on with just that.
//!
//! `FLISTHUB_SOAK_ROUNDS` is how many cuts, `FLISTHUB_SEED` where chance begins.

mod calls;
mod check;
mod copy;
mod disk;
mod entries;
mod file;
mod load;
mod loss;
mod moment;
mod mount;
mod random;
mod read_only;

use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use disk::Disk;
use load::{Caller, Failed};
use loss::Loss;
use moment::{Cut, Done, Moment};
use mount::{Mounted, SharedDisk, lock};
use random::Random;

use crate::program::user;

/// Cuts in `make test`.
const ROUNDS: u64 = 12;
/// Cuts that one disk goes through before a new one is taken: the store grows with each.
const ROUNDS_OF_A_DISK: u64 = 8;
const CALLERS: u64 = 4;
/// What each caller changes in a round, if the power holds.
const STEPS: u64 = 7;

/// To whoever runs the tests: the harness keeps `eprintln!` of tests that pass to itself.
fn say(line: impl Display) {
    writeln!(std::io::stderr(), "{line}").unwrap();
}

#[expect(clippy::disallowed_methods, reason = "test binaries have no command line of their own")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn number(name: &str, otherwise: u64) -> u64 {
    variable(name).map_or(otherwise, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number"))
    })
}

/// Whether this machine lets us mount. Where it surely should, it must.
fn can_mount() -> bool {
    let directory = tempfile::tempdir().unwrap();
    let disk = Arc::new(Mutex::new(Disk::new()));
    let Err(error) = Mounted::new(&disk, directory.path()) else { return true };
    let ci = variable("CI").is_some_and(|value| value == "true");
    let root = rustix::process::getuid().is_root();
    let should = ci && root && Path::new("/dev/fuse").exists();
    assert!(!should, "a disk for the power cuts cannot be mounted: {error}");
    say(format!("SKIPPED power cuts: a FUSE file system cannot be mounted here: {error}"));
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_power_cut() {
    if crate::postgres::skips("SQLite's file is on the disk whose power is cut") {
        return;
    }
    if !can_mount() {
        return;
    }
    let rounds = number("FLISTHUB_SOAK_ROUNDS", ROUNDS);
    let seed = number("FLISTHUB_SEED", 1);
    let mut random = Random::new(seed);
    let mut done = 0;
    while done < rounds {
        let mut life = Life::new(random.split(done));
        for _ in 0..ROUNDS_OF_A_DISK.min(rounds - done) {
            let told = life.round().await;
            done += 1;
            eprintln!("seed {seed}, cut {done}: {told}");
            if rounds > ROUNDS && done.is_multiple_of(10) {
                say(format!("power cuts: {done} of {rounds}, seed {seed}; {told}"));
            }
        }
    }
}

/// The program, serving. Dropped, it is killed.
struct Hub(Child);

impl Hub {
    /// Starts it and says where it listens; nowhere if it ended before.
    fn start(data: &Path, log: &Path) -> (Self, Option<String>) {
        use std::io::{BufRead as _, BufReader};
        let mut child = Command::new(env!("CARGO_BIN_EXE_flisthub"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").map(str::to_owned);
        (Self(child), url)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A disk and its callers, through several cuts.
struct Life {
    directory: tempfile::TempDir,
    disk: SharedDisk,
    callers: Vec<Caller>,
    random: Random,
    /// What was done until the hub listened, and in all, in the last round that went to its end.
    usual: Option<(Done, Done)>,
}

impl Life {
    /// A new disk with a user on it.
    fn new(mut random: Random) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("mount")).unwrap();
        let disk = Arc::new(Mutex::new(Disk::new()));
        let mounted = Mounted::new(&disk, &directory.path().join("mount")).unwrap();
        let token = user(&directory.path().join("mount/data"), "alice");
        drop(mounted);
        lock(&disk).lose(Loss::All, &mut random);
        let callers =
            (0..CALLERS).map(|number| Caller::new(number, &token, random.split(number))).collect();
        Self { directory, disk, callers, random, usual: None }
    }

    /// One cut, and the check of what it left. Tells what happened.
    async fn round(&mut self) -> String {
        let cut = self.choose();
        lock(&self.disk).power_on(cut);
        let mount = self.directory.path().join("mount");
        let mounted = Mounted::new(&self.disk, &mount).unwrap();
        self.serve(&mount.join("data")).await;
        drop(mounted);
        let loss = Loss::any(&mut self.random);
        let left = tempfile::tempdir().unwrap();
        {
            let mut disk = lock(&self.disk);
            disk.lose(loss, &mut self.random);
            copy::copy(&disk, left.path()).unwrap();
        }
        let acknowledged: u64 = self.callers.iter().map(|caller| caller.acknowledged).sum();
        let told = format!("{cut:?}, {loss:?}, {acknowledged} acknowledged on this disk");
        eprintln!("{told}");
        check::check(&left.path().join("data"), &mut self.callers).await;
        told
    }

    /// When the power fails: a quarter of the time while the hub starts, else while it works; half of
    /// the time with a sync. The first round of a disk goes to its end.
    fn choose(&mut self) -> Option<Cut> {
        let (start, whole) = self.usual?;
        let starting = self.random.below(4) == 0;
        let mut between = |start: u64, whole: u64| {
            let (from, count) = if starting { (0, start) } else { (start, whole - start) };
            from + self.random.below(count + 1)
        };
        let at = match (between(start.changes, whole.changes), between(start.syncs, whole.syncs)) {
            (change, _) if self.random.coin() => Moment::Change(change),
            (_, sync) => Moment::Sync(sync),
        };
        Some(Cut { at, after: self.random.coin() })
    }

    /// The hub is used until the power fails, at the latest when all is done.
    async fn serve(&mut self, data: &Path) {
        let log = self.directory.path().join("log");
        let (hub, url) = Hub::start(data, &log);
        let start = lock(&self.disk).done();
        let off = lock(&self.disk).is_off();
        let said = || std::fs::read_to_string(&log).unwrap();
        let Some(url) = url else {
            assert!(off, "the hub does not start: {}", said());
            return;
        };
        let running: Vec<_> = std::mem::take(&mut self.callers)
            .into_iter()
            .map(|mut caller| {
                let url = url.clone();
                tokio::spawn(async move {
                    let done = caller.run(&url, STEPS).await;
                    (caller, done)
                })
            })
            .collect();
        for caller in running {
            let (caller, done) = caller.await.unwrap();
            self.callers.push(caller);
            let off = lock(&self.disk).is_off();
            if let (false, Err(Failed(why))) = (off, done) {
                panic!("refused with the power on: {why}; {}", said());
            }
        }
        let mut disk = lock(&self.disk);
        if !disk.is_off() {
            self.usual = Some((start, disk.done()));
            disk.power_off();
        }
        drop(disk);
        drop(hub);
    }
}
