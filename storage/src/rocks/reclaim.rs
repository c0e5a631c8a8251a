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
use crate::maintain::Reclaimed;
use crate::monitor::{Monitor, Progress};
use crate::pace::Pace;
use crate::store::StoreError;

/// About how many bytes of key files a slice covers; a pause is possible after each.
const SLICE: u64 = 4 << 20;
/// The most slices: one for each value of an id's first two bytes.
const MOST_SLICES: u64 = 1 << 16;

impl RocksStore {
    pub(super) fn compact(&self, monitor: &dyn Monitor) -> Result<Reclaimed, StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        engine.flush_memory()?;
        let failed = engine.failures()?;
        let before = engine.stats()?.bytes;
        for family in FAMILIES {
            engine.compact_slices(family, None, "compact", monitor)?;
        }
        let garbage = engine.property(PAYLOAD, "rocksdb.live-blob-file-garbage-size")?;
        let blobs = engine.property(PAYLOAD, "rocksdb.live-blob-file-size")?;
        let threshold = self.options.blob_gc_percent;
        let rate = self.options.blob_gc_rate;
        if garbage.saturating_mul(100) >= blobs.saturating_mul(threshold) && garbage > 0 {
            monitor.note(format!(
                "{garbage} of {blobs} bytes in blob files are garbage; copying what lives, at most \
                 {rate} bytes a second"
            ));
            engine.blob_gc(true)?;
            let done = engine.compact_slices(PAYLOAD, Some(rate), "copy", monitor);
            engine.blob_gc(false)?;
            done?;
        }
        // Compacting tells nobody that it failed.
        if engine.failures()? > failed {
            let what = "RocksDB could not compact its files; its LOG says why".to_owned();
            return self.noted(Err(StoreError::Unwritable(what)));
        }
        Ok(Reclaimed { before, after: engine.stats()?.bytes })
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

    /// Compacts a family from end to end; with a rate (bytes a second) it sleeps between slices for as
    /// long as the blob bytes that were written call for.
    fn compact_slices(
        &self,
        family: &str,
        rate: Option<u64>,
        phase: &'static str,
        monitor: &dyn Monitor,
    ) -> Result<(), StoreError> {
        let handle = self.family(family)?;
        let mut options = CompactOptions::default();
        // Ordinary compactions go on beside this one.
        options.set_exclusive_manual_compaction(false);
        // Tombstones in the last level go too.
        options.set_bottommost_level_compaction(BottommostLevelCompaction::ForceOptimized);
        let size = self.property(family, "rocksdb.total-sst-files-size")?;
        let slices = (size / SLICE).clamp(1, MOST_SLICES);
        let mut pace = Pace::new(rate);
        for slice in 0..slices {
            if monitor.cancelled() {
                return Ok(());
            }
            let before = self.blob_bytes_written(family)?;
            let (from, to) = (edge(slice, slices), edge(slice + 1, slices));
            self.db.compact_range_cf_opt(handle, from, to, &options);
            pace.step(self.blob_bytes_written(family)?.saturating_sub(before), monitor);
            monitor.progress(Progress { phase, done: slice + 1, total: Some(slices) });
        }
        Ok(())
    }

    /// Bytes in blob files, dead ones included: grows by what a compaction copies. Files that it drops
    /// hide some of that; a slice that drops a file has freed more than it wrote.
    fn blob_bytes_written(&self, family: &str) -> Result<u64, StoreError> {
        self.property(family, "rocksdb.total-blob-file-size")
    }
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
