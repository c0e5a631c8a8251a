//! The sweep: finding what nothing refers to any more, and removing it while uploads, publishes and
//! deletions go on.
//!
//! The rules, numbered, and why each is needed are in `docs/storage.md`; a model of them is checked in
//! `tests/suite/protocol`. This module knows objects only by what they refer to, and names only as
//! [`Roots`]: trees are the business of the crates above. Marking is in `mark`, the order of deletion
//! in `order`, deleting in `delete`.
//!
//! Memory: 9 to 27 bytes for each chunk that is in use (64 bits of its id, in a hash table), 35 to 110
//! for each other object in use, 32 for each other young one, and 40 for each other object that is to go.
//! Chunks that are to go take none.

mod delete;
mod mark;
mod order;

use std::time::Instant;

use crate::chunk::Chunk;
use crate::crash_point::crash_point;
use crate::id::{ChunkId, Kind};
use crate::maintain::{Maintain, Quarantined, Reclaimed, Row};
use crate::monitor::{Monitor, Progress};
use crate::reference::Reference;
use crate::store::StoreError;
use mark::Marks;

/// Rows that are looked at in one step.
const PAGE: usize = 8192;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Says what an object names directly; the crate that knows trees supplies it.
pub type References<'a> = dyn Fn(&Chunk) -> Result<Vec<Reference>, Cause> + Sync + 'a;

/// What the sweep asks of whoever keeps the names.
///
/// A publish holds the shared side of a lock from before it checks the flist's ids until its row is
/// committed, and registers the flist before it commits.
pub trait Roots: Sync {
    /// Takes the exclusive side for a moment and from then on remembers every flist that is registered;
    /// then gives all roots there are: manifests. Fails if they cannot be read whole.
    fn begin(&self) -> Result<Vec<ChunkId>, Cause>;

    /// Called once, when everything is marked and before anything is removed: what was no root then may
    /// never be one again, and whoever decides that by a time remembers it here.
    fn deleting(&self) -> Result<(), Cause> {
        Ok(())
    }

    /// The flists that were registered since `begin`, or since this was last called.
    fn committed(&self) -> Vec<ChunkId>;

    /// Runs `work` with the exclusive side: while no publish is between its check and its commit.
    fn exclusively(
        &self,
        work: &mut dyn FnMut() -> Result<(), SweepError>,
    ) -> Result<(), SweepError>;

    /// Stops remembering. Called however the sweep ends.
    fn end(&self);
}

/// How to sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepOptions {
    /// Now, in seconds since the Unix epoch.
    pub now: u64,
    /// Seconds for which what was put or asked for is spared.
    pub grace: u64,
    /// Only say what would be removed.
    pub dry_run: bool,
}

/// Why a sweep ended early. What it removed until then was garbage; the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The names could not be read whole, so nothing may be taken for garbage.
    #[error("the roots cannot be read")]
    Roots(#[source] Cause),
    /// An object in use cannot be read, so what it keeps is not known. Nothing was taken for garbage.
    #[error(
        "object {id}, which is in use, cannot be read: {why}; run a scrub to see which flists need it, \
         push one of them again, then sweep again"
    )]
    Unreadable {
        /// The object.
        id: ChunkId,
        /// What is wrong with it.
        why: String,
    },
    /// The store failed and was opened again meanwhile: removals may have been undone, so that the order
    /// of those that follow would not hold.
    #[error("the store was opened again while the sweep ran; sweep again")]
    Reopened,
    /// Somebody asked for it.
    #[error("cancelled")]
    Cancelled,
}

/// So many objects, so large.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub objects: u64,
    /// Their content bytes.
    pub bytes: u64,
    /// Their frame bytes.
    pub stored_bytes: u64,
}

impl Tally {
    fn count(&mut self, row: &Row) {
        self.objects += 1;
        self.bytes += u64::from(row.stat.length);
        self.stored_bytes += u64::from(row.stat.frame_length);
    }
}

/// What a sweep found and did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Flists that names, history and deleted names keep.
    pub roots: u64,
    /// Objects in use.
    pub kept: Tally,
    /// Objects that nothing refers to but that are younger than the grace, or kept by such.
    pub young: Tally,
    /// Chunks that were found to be garbage.
    pub garbage_chunks: Tally,
    /// Directories and other objects that were found to be garbage.
    pub garbage_objects: Tally,
    /// What was removed of both.
    pub removed: Tally,
    /// Found to be garbage, but needed again before it was removed.
    pub spared: u64,
    /// Disk space before and after; `None` on a dry run.
    pub reclaimed: Option<Reclaimed>,
    /// Milliseconds of marking and planning.
    pub mark_millis: u64,
    /// Milliseconds of removing.
    pub delete_millis: u64,
    /// Milliseconds of giving space back.
    pub reclaim_millis: u64,
}

/// Sweeps a store once. May be ended anywhere, by cancelling or by a crash, and run again.
pub fn sweep(
    store: &dyn Maintain,
    roots: &dyn Roots,
    references: &References<'_>,
    options: &SweepOptions,
    monitor: &dyn Monitor,
) -> Result<SweepReport, SweepError> {
    let ending = Ending(roots);
    let began = Instant::now();
    let mut sweep = Sweep {
        store,
        roots,
        monitor,
        marks: Marks::new(store, references, monitor),
        reopened: store.reopened(),
        put_before: options.now.saturating_sub(options.grace),
        set_aside: store.quarantined()?,
        report: SweepReport::default(),
    };
    sweep.mark(options.now)?;
    crash_point("sweep::marked");
    let dead = sweep.plan()?;
    sweep.report.mark_millis = millis(began);
    if options.dry_run {
        return Ok(sweep.report);
    }
    let began = Instant::now();
    roots.deleting().map_err(SweepError::Roots)?;
    sweep.delete(dead)?;
    store.flush()?;
    crash_point("sweep::deleted");
    sweep.report.delete_millis = millis(began);
    // From here on no publish needs to be remembered.
    drop(ending);
    let mut report = sweep.report;
    // The marks go before the long part.
    drop(sweep.marks);
    let began = Instant::now();
    report.reclaimed = Some(store.reclaim(monitor)?);
    if monitor.cancelled() {
        return Err(SweepError::Cancelled);
    }
    report.reclaim_millis = millis(began);
    crash_point("sweep::reclaimed");
    Ok(report)
}

/// Ends the roots' remembering, however the sweep ends.
struct Ending<'a>(&'a dyn Roots);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A sweep that is running.
struct Sweep<'a> {
    store: &'a dyn Maintain,
    roots: &'a dyn Roots,
    monitor: &'a dyn Monitor,
    marks: Marks<'a>,
    /// [`Maintain::reopened`] at the beginning.
    reopened: u64,
    /// What was put or refreshed at this time or later is young.
    put_before: u64,
    /// What was set aside before it was looked what is young.
    set_aside: Vec<Quarantined>,
    report: SweepReport,
}

impl Sweep<'_> {
    /// Marks what is in use.
    fn mark(&mut self, now: u64) -> Result<(), SweepError> {
        let roots = self.roots.begin().map_err(SweepError::Roots)?;
        self.report.roots = roots.len() as u64;
        self.marks.keep(&roots)?;
        self.spare_sent(now)
    }

    /// Spares what live sessions sent, a page at a time: a session may have sent millions.
    fn spare_sent(&mut self, now: u64) -> Result<(), SweepError> {
        let mut page = Vec::with_capacity(PAGE);
        let mut spared = Ok(());
        let marks = &mut self.marks;
        self.store.sent_in_live_sessions(now, &mut |id| {
            page.push(id);
            if page.len() >= PAGE && spared.is_ok() {
                spared = marks.spare(&page);
                page.clear();
            }
        })?;
        spared?;
        self.marks.spare(&page)
    }

    /// Finds what is garbage. Chunks are only counted: there may be too many to remember.
    fn plan(&mut self) -> Result<Vec<ChunkId>, SweepError> {
        let mut dead = Vec::new();
        let mut young = Vec::new();
        self.each_row("look", |sweep, row| {
            if row.stat.kind != Kind::Content && !sweep.marks.has(row.id, row.stat.kind) {
                if row.time_put < sweep.put_before { dead.push(row.id) } else { young.push(row.id) }
            }
        })?;
        // What somebody may be about to publish keeps what is below it.
        self.marks.spare(&young)?;
        dead.retain(|id| !self.marks.has_object(id));
        let mut report = self.report;
        self.each_row("plan", |sweep, row| {
            let kind = row.stat.kind;
            let tally = if sweep.marks.keeps(row.id, kind) {
                &mut report.kept
            } else if row.time_put >= sweep.put_before || sweep.marks.has(row.id, kind) {
                &mut report.young
            } else if kind == Kind::Content {
                &mut report.garbage_chunks
            } else {
                &mut report.garbage_objects
            };
            tally.count(row);
        })?;
        self.report = report;
        Ok(dead)
    }

    /// Looks at every row, page by page.
    fn each_row(
        &self,
        phase: &'static str,
        mut look: impl FnMut(&Self, &Row),
    ) -> Result<(), SweepError> {
        let total = Some(self.store.stats()?.objects);
        let mut done = 0;
        let mut after = None;
        loop {
            if self.monitor.cancelled() {
                return Err(SweepError::Cancelled);
            }
            let page = self.store.rows(after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            for row in &page {
                look(self, row);
            }
            done += page.len() as u64;
            self.monitor.progress(Progress { phase, done, total });
        }
    }
}
