//! The scrub: reading everything and hashing it again, and setting aside what is not what its id names.
//!
//! Which flists a damaged object touches is not known here.

use crate::id::ChunkId;
use crate::maintain::{Maintain, Row};
use crate::monitor::{Monitor, Progress};
use crate::pace::Pace;
use crate::store::StoreError;

/// Rows that are fetched in one step.
const PAGE: usize = 4096;
/// Content and frame bytes that one thread holds at a time.
const BATCH_BYTES: u64 = 8 << 20;

/// Objects that the disk could not read after which a thread gives up: then it is not one bad place.
const MOST_UNREADABLE: usize = 10_000;
/// Rows in one step where the rate is bounded, so that it is kept in small steps.
const SMALL_PAGE: usize = 256;

/// Why a scrub ended early.
#[derive(Debug, thiserror::Error)]
pub enum ScrubError {
    /// The store failed: not one object, but the table of what is there, or the disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody asked for it.
    #[error("cancelled")]
    Cancelled,
}

/// What a scrub read and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScrubReport {
    /// Objects that were read.
    pub objects: u64,
    /// Their content bytes.
    pub bytes: u64,
    /// Their frame bytes.
    pub stored_bytes: u64,
    /// Objects that were found damaged, or without their frame, and were set aside.
    pub damaged: Vec<ChunkId>,
    /// Objects that the disk could not read. They stay as they are: the disk may come back.
    pub unreadable: Vec<ChunkId>,
}

impl ScrubReport {
    fn add(&mut self, other: Self) {
        self.objects += other.objects;
        self.bytes += other.bytes;
        self.stored_bytes += other.stored_bytes;
        self.damaged.extend(other.damaged);
        self.unreadable.extend(other.unreadable);
    }
}

/// Reads the whole store with as many threads as the machine has cores, at most `rate` frame bytes a
/// second if one is given.
pub fn scrub(
    store: &dyn Maintain,
    rate: Option<u64>,
    monitor: &dyn Monitor,
) -> Result<ScrubReport, ScrubError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let total = Some(store.stats()?.objects);
    let mut limit = Pace::new(rate);
    let mut report = ScrubReport::default();
    let mut after = None;
    loop {
        let rows = if rate.is_some() { SMALL_PAGE } else { PAGE };
        let page = store.rows(after.as_ref(), rows)?;
        let Some(last) = page.last() else { return Ok(report) };
        after = Some(last.id);
        let share = page.len().div_ceil(threads);
        let parts: Vec<Result<ScrubReport, ScrubError>> = std::thread::scope(|scope| {
            let work = |rows| scope.spawn(move || read_rows(store, rows, monitor));
            let running: Vec<_> = page.chunks(share).map(work).collect();
            running.into_iter().map(|part| part.join().unwrap_or_else(|_| Err(gone()))).collect()
        });
        let before = report.stored_bytes;
        for part in parts {
            report.add(part?);
        }
        monitor.progress(Progress { phase: "read", done: report.objects, total });
        limit.step(report.stored_bytes - before, monitor);
    }
}

fn gone() -> ScrubError {
    ScrubError::Store(StoreError::backend("a reading thread ended without a word"))
}

/// Reads rows in batches of bounded size.
fn read_rows(
    store: &dyn Maintain,
    rows: &[Row],
    monitor: &dyn Monitor,
) -> Result<ScrubReport, ScrubError> {
    let mut report = ScrubReport::default();
    let mut rest = rows;
    while !rest.is_empty() {
        if monitor.cancelled() {
            return Err(ScrubError::Cancelled);
        }
        let mut bytes = 0;
        let fits = |row: &&Row| {
            bytes += u64::from(row.stat.length) + u64::from(row.stat.frame_length);
            bytes <= BATCH_BYTES
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (batch, others) = rest.split_at(count);
        rest = others;
        read_batch(store, batch, monitor, &mut report)?;
    }
    Ok(report)
}

fn read_batch(
    store: &dyn Maintain,
    batch: &[Row],
    monitor: &dyn Monitor,
    report: &mut ScrubReport,
) -> Result<(), ScrubError> {
    let ids: Vec<ChunkId> = batch.iter().map(|row| row.id).collect();
    match store.get_frames(&ids) {
        Ok(_) => {}
        Err(StoreError::Corrupt { .. } | StoreError::Backend(_)) => {
            for id in &ids {
                set_aside_if_damaged(store, id, monitor, report)?;
            }
        }
        Err(error) => return Err(error.into()),
    }
    for row in batch {
        report.objects += 1;
        report.bytes += u64::from(row.stat.length);
        report.stored_bytes += u64::from(row.stat.frame_length);
    }
    Ok(())
}

fn set_aside_if_damaged(
    store: &dyn Maintain,
    id: &ChunkId,
    monitor: &dyn Monitor,
    report: &mut ScrubReport,
) -> Result<(), ScrubError> {
    // `quarantine` reads the object once more and leaves a sound one alone.
    match store.quarantine(id) {
        Ok(true) => {
            monitor.note(format!("{id} is damaged and was set aside"));
            report.damaged.push(*id);
        }
        Ok(false) => {}
        // A bad place on the disk is not the end of the scrub.
        Err(StoreError::Backend(error)) if report.unreadable.len() < MOST_UNREADABLE => {
            monitor.note(format!("{id} cannot be read: {error}"));
            report.unreadable.push(*id);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
