//! Giving space back after a sweep: compactions that RocksDB is told to do, slice by slice.
//!
//! First the keys alone are compacted, with blob GC off: the tombstones go, and with them every blob
//! file in which nothing lives any more. That rewrites some 60 bytes an object. Then, if garbage in the
//! remaining blob files passes a threshold, those slices are compacted once more with blob GC on, which
//! copies what lives in them; pauses keep that under a rate.

use rocksdb::{BottommostLevelCompaction, CompactOptions};

use super::RocksStore;
use super::engine::{Engine, FAMILIES};
use super::failure::classify_write;
use super::schema::PAYLOAD;
use crate::maintain::{Maintain as _, Reclaimed};
use crate::monitor::{Monitor, Progress};
use crate::pace::Pace;
use crate::store::StoreError;

/// About how many bytes of key files a slice covers; cancelling is heard after each. Many times a file's size:
/// a slice rewrites every file that it touches, and writes the memory tables out first.
const SLICE: u64 = 1 << 30;
/// The same where what lives is copied: a pause is possible after each.
const SMALL_SLICE: u64 = 16 << 20;
/// Bytes that copying leaves free.
const ROOM: u64 = 256 << 20;
/// The most slices: one for each value of an id's first two bytes.
const MOST_SLICES: u64 = 1 << 16;

impl RocksStore {
    pub(super) fn compact(&self, monitor: &dyn Monitor) -> Result<Reclaimed, StoreError> {
        self.with_engine(Engine::flush_memory)?;
        let failed = self.with_engine(Engine::failures)?;
        let before = self.with_engine(Engine::stats)?.bytes;
        for family in FAMILIES {
            self.compact_slices(family, None, "compact", monitor)?;
        }
        if self.is_worth_copying(monitor)? {
            self.with_engine(|engine| engine.blob_gc(true))?;
            let rate = Some(self.options.blob_gc_rate);
            let done = self.compact_slices(PAYLOAD, rate, "copy", monitor);
            self.with_engine(|engine| engine.blob_gc(false))?;
            done?;
        }
        // Compacting tells nobody that it failed.
        if self.with_engine(Engine::failures)? > failed {
            let what = "RocksDB could not compact its files; its LOG says why".to_owned();
            return self.noted(Err(StoreError::Unwritable(what)));
        }
        Ok(Reclaimed { before, after: self.with_engine(Engine::stats)?.bytes })
    }

    /// Whether there is enough garbage among what lives, and room to copy that: a blob file goes only when
    /// the last slice has been copied out of it.
    fn is_worth_copying(&self, monitor: &dyn Monitor) -> Result<bool, StoreError> {
        let property = |name| self.with_engine(|engine| engine.property(PAYLOAD, name));
        let garbage = property("rocksdb.live-blob-file-garbage-size")?;
        let blobs = property("rocksdb.live-blob-file-size")?;
        let share = u128::from(blobs) * u128::from(self.options.blob_gc_percent);
        if garbage == 0 || u128::from(garbage) * 100 < share {
            return Ok(false);
        }
        let (live, free) = (blobs.saturating_sub(garbage), free_bytes(&self.path)?);
        if free < live.saturating_add(ROOM) {
            monitor.note(format!(
                "{garbage} of {blobs} bytes in blob files are garbage, but copying what lives needs \
                 {live} bytes and only {free} are free: left as it is"
            ));
            return Ok(false);
        }
        let rate = self.options.blob_gc_rate;
        monitor.note(format!(
            "{garbage} of {blobs} bytes in blob files are garbage; copying what lives, at most {rate} \
             bytes a second"
        ));
        Ok(true)
    }

    /// Compacts a family from end to end; with a rate (bytes a second) in small slices, and sleeps after
    /// each for as long as the blob bytes that were written call for. The database is let go between two
    /// slices, for whoever must reopen it.
    fn compact_slices(
        &self,
        family: &str,
        rate: Option<u64>,
        phase: &'static str,
        monitor: &dyn Monitor,
    ) -> Result<(), StoreError> {
        let size =
            self.with_engine(|engine| engine.property(family, "rocksdb.total-sst-files-size"))?;
        let slice = if rate.is_some() { SMALL_SLICE } else { SLICE };
        let slices = (size / slice).clamp(1, MOST_SLICES);
        let mut limit = Pace::new(rate);
        for number in 0..slices {
            if monitor.cancelled() || self.failing() {
                return Ok(());
            }
            let (from, to) = (edge(number, slices), edge(number + 1, slices));
            let written = self.with_engine(|engine| engine.compact_slice(family, from, to))?;
            limit.step(written, monitor);
            monitor.progress(Progress { phase, done: number + 1, total: Some(slices) });
        }
        Ok(())
    }

    fn with_engine<T>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(self.engine()?.get()?)
    }
}

impl Engine {
    fn blob_gc(&self, on: bool) -> Result<(), StoreError> {
        let on = if on { "true" } else { "false" };
        self.db
            .set_options_cf(self.family(PAYLOAD)?, &[("enable_blob_garbage_collection", on)])
            .map_err(classify_write)
    }

    /// How many background jobs have failed since the database was opened.
    fn failures(&self) -> Result<u64, StoreError> {
        self.property(PAYLOAD, "rocksdb.background-errors")
    }

    /// Compacts one slice. Gives the bytes by which the blob files grew, dead ones included: that is what
    /// was copied. Files that it drops hide some of that; a slice that drops a file has freed more than
    /// it wrote.
    fn compact_slice(
        &self,
        family: &str,
        from: Option<[u8; 2]>,
        to: Option<[u8; 2]>,
    ) -> Result<u64, StoreError> {
        let mut options = CompactOptions::default();
        // Ordinary compactions go on beside this one.
        options.set_exclusive_manual_compaction(false);
        // Tombstones in the last level go too.
        options.set_bottommost_level_compaction(BottommostLevelCompaction::ForceOptimized);
        let before = self.property(family, "rocksdb.total-blob-file-size")?;
        self.db.compact_range_cf_opt(self.family(family)?, from, to, &options);
        Ok(self.property(family, "rocksdb.total-blob-file-size")?.saturating_sub(before))
    }
}

/// Bytes that are free on the file system of `path` for whoever runs this.
fn free_bytes(path: &std::path::Path) -> Result<u64, StoreError> {
    let system = rustix::fs::statvfs(path).map_err(StoreError::backend)?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}

/// Where the `number`th of `slices` equal parts of all ids begins; `None` before the first and past the
/// last.
fn edge(number: u64, slices: u64) -> Option<[u8; 2]> {
    let at = (number << 16).checked_div(slices)?;
    u16::try_from(at).ok().filter(|at| *at > 0).map(u16::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_all_ids() {
        assert_eq!((edge(0, 1), edge(1, 1)), (None, None));
        assert_eq!(edge(1, 2), Some([0x80, 0]));
        assert_eq!(edge(2, 2), None);
        for slices in [3, 7, 1000, MOST_SLICES] {
            let edges: Vec<_> = (1..slices).map(|number| edge(number, slices).unwrap()).collect();
            assert!(edges.is_sorted_by(|one, next| one < next), "{slices}");
            assert_eq!((edge(0, slices), edge(slices, slices)), (None, None));
        }
    }
}
