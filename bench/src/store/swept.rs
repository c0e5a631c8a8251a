//! One sweep of a copy of the store: alone, or with pushes beside it.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use anyhow::Context as _;
use flisthub_storage::{
    Clock as _, DEFAULT_GRACE, RocksStore, SweepOptions, SweepReport, SystemClock, sweep,
};
use serde::{Deserialize, Serialize};

use super::ask::open_store;
use super::fill;
use super::names::Names;
use super::push::{Pusher, Times};
use super::turns::{Doing, Turns};
use crate::process::Process;
use crate::{page_cache, size};

/// What a sweep cost. Seconds are those for which it worked, without its stops.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Swept {
    pub(crate) marking: f64,
    pub(crate) deleting: f64,
    pub(crate) reclaiming: f64,
    /// The most memory of the process until space was given back, and until the end; what it had
    /// before.
    pub(crate) peak: u64,
    pub(crate) peak_reclaiming: u64,
    pub(crate) memory_before: u64,
    pub(crate) kept: u64,
    pub(crate) removed: u64,
    /// Bytes on disk.
    pub(crate) disk_before: u64,
    pub(crate) disk_after: u64,
    pub(crate) pushes: Times,
}

/// Makes a copy of the store out of hard links, and gives its path. The copy's caches are cold.
pub(crate) fn copy(store: &Path, copy: &Path) -> anyhow::Result<()> {
    open_store(store)?.checkpoint(copy)?;
    page_cache::drop_all(copy)
}

/// Sweeps the store in `directory`, which holds so many chunks.
pub(crate) fn run(
    directory: &Path,
    roots: &Path,
    chunks: u64,
    pushes: bool,
) -> anyhow::Result<Swept> {
    let names = Names::new(fill::roots(roots)?);
    let store = Arc::new(open_store(directory)?);
    let disk_before = size::of(directory)?.disk;
    let turns = Turns::new(pushes);
    let memory_before = Process::this().resident()?;
    Process::this().forget_peak()?;
    let (report, pushes) = if pushes {
        beside_pushes(&store, &names, &turns, chunks)?
    } else {
        (sweep_once(&store, &names, &turns)?, Times::new())
    };
    let peak_reclaiming = Process::this().peak()?;
    let seconds = |millis: u64, doing| {
        std::time::Duration::from_millis(millis).as_secs_f64() - turns.stopped(doing)
    };
    let swept = Swept {
        marking: seconds(report.mark_millis, Doing::Marking),
        deleting: seconds(report.delete_millis, Doing::Deleting),
        reclaiming: seconds(report.reclaim_millis, Doing::Reclaiming),
        peak: turns.peak(),
        peak_reclaiming,
        memory_before,
        kept: report.kept.objects,
        removed: report.removed.objects,
        disk_before,
        disk_after: size::of(directory)?.disk,
        pushes,
    };
    drop(store);
    fs::remove_dir_all(directory).context("the swept copy is not removed")?;
    Ok(swept)
}

fn sweep_once(store: &RocksStore, names: &Names, turns: &Turns) -> anyhow::Result<SweepReport> {
    let options = SweepOptions { now: SystemClock.now(), grace: DEFAULT_GRACE, dry_run: false };
    let references = |object: &_| Ok(flisthub_flist::references(object)?);
    let report = sweep(store, names, &references, &options, turns);
    turns.over();
    Ok(report?)
}

fn beside_pushes(
    store: &Arc<RocksStore>,
    names: &Names,
    turns: &Turns,
    chunks: u64,
) -> anyhow::Result<(SweepReport, Times)> {
    let stop = AtomicBool::new(false);
    let mut pusher = Pusher::new(Arc::clone(store), chunks)?;
    std::thread::scope(|scope| {
        let pushing = scope.spawn(|| pusher.run(names, turns, &stop));
        let report = sweep_once(store, names, turns);
        stop.store(true, SeqCst);
        let times = pushing.join().ok().context("the pushing thread ended without a word")?;
        Ok((report?, times?))
    })
}
