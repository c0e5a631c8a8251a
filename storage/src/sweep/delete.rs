//! Deleting in small batches, each while no publish is between its check and its commit.

use super::order::Order;
use super::{PAGE, Sweep, SweepError};
use crate::crash_point::crash_point;
use crate::id::{ChunkId, Kind};
use crate::maintain::{Removed, Row};
use crate::monitor::Progress;

/// Objects that are removed in one step: a few milliseconds for which publishes wait.
const BATCH: usize = 1000;

impl Sweep<'_> {
    /// Removes the dead objects in their order, then the dead chunks.
    pub(super) fn delete(&mut self, dead: Vec<ChunkId>) -> Result<(), SweepError> {
        let mut order = Order::of(dead, &self.marks)?;
        loop {
            let batch = order.next(BATCH, &self.marks)?;
            if batch.is_empty() {
                break;
            }
            let rows = self.store.rows_of(&batch)?;
            let mut batch = rows.into_iter().flatten().collect();
            self.delete_batch(&mut batch)?;
        }
        crash_point("sweep::objects");
        self.forget_set_aside()?;
        self.delete_chunks()
    }

    /// Forgets who held the objects that were set aside and that nothing needs any more, also of those that
    /// were put again meanwhile. Their rows say that all below is held too, and directories below may be
    /// gone by now, chunks soon.
    fn forget_set_aside(&mut self) -> Result<(), SweepError> {
        let set_aside = std::mem::take(&mut self.set_aside);
        for aside in set_aside.chunks(BATCH) {
            let (roots, store) = (self.roots, self.store);
            let marks = &mut self.marks;
            let reopened = self.reopened;
            marks.keep(&roots.committed())?;
            roots.exclusively(&mut || {
                if store.reopened() != reopened {
                    return Err(SweepError::Reopened);
                }
                marks.keep(&roots.committed())?;
                let dead = aside.iter().filter(|one| !marks.has(one.id, one.stat.kind));
                let ids: Vec<ChunkId> = dead.map(|one| one.id).collect();
                Ok(store.disown(&ids)?)
            })?;
        }
        Ok(())
    }

    fn delete_chunks(&mut self) -> Result<(), SweepError> {
        let mut batch = Vec::new();
        let mut after = None;
        loop {
            let page = self.store.rows(after.as_ref(), PAGE)?;
            after = page.last().map(|row| row.id);
            for row in &page {
                if row.stat.kind == Kind::Content && self.is_garbage(row) {
                    batch.push(*row);
                }
                if batch.len() >= BATCH {
                    self.delete_batch(&mut batch)?;
                }
            }
            if page.is_empty() {
                return self.delete_batch(&mut batch);
            }
        }
    }

    fn is_garbage(&self, row: &Row) -> bool {
        row.time_put < self.put_before && !self.marks.has(row.id, row.stat.kind)
    }

    /// Removes what is still garbage when no publish is on its way, and empties the batch.
    fn delete_batch(&mut self, batch: &mut Vec<Row>) -> Result<(), SweepError> {
        if self.monitor.cancelled() {
            return Err(SweepError::Cancelled);
        }
        if batch.is_empty() {
            return Ok(());
        }
        // Most of what was published meanwhile is marked before anybody has to wait for it.
        self.marks.keep(&self.roots.committed())?;
        crash_point("sweep::batch");
        let roots = self.roots;
        let mut removed = Removed::default();
        roots.exclusively(&mut || {
            if self.store.reopened() != self.reopened {
                return Err(SweepError::Reopened);
            }
            self.marks.keep(&roots.committed())?;
            let garbage = batch.iter().filter(|row| self.is_garbage(row));
            let ids: Vec<ChunkId> = garbage.map(|row| row.id).collect();
            removed = self.store.remove(&ids, self.put_before)?;
            Ok(())
        })?;
        crash_point("sweep::removed");
        self.count(&removed, batch.len() as u64);
        // Somebody asked for these since they were found, before or after the batch was put together:
        // what is below them stays too.
        let refreshed = batch.drain(..).filter(|row| row.time_put >= self.put_before);
        let mut young: Vec<ChunkId> = refreshed.map(|row| row.id).collect();
        young.extend(removed.spared);
        self.marks.spare(&young)
    }

    fn count(&mut self, removed: &Removed, of: u64) {
        let report = &mut self.report;
        report.removed.objects += removed.objects;
        report.removed.bytes += removed.bytes;
        report.removed.stored_bytes += removed.stored_bytes;
        report.spared += of.saturating_sub(removed.objects);
        let planned = report.garbage_chunks.objects + report.garbage_objects.objects;
        let done = report.removed.objects + report.spared;
        self.monitor.progress(Progress { phase: "delete", done, total: Some(planned) });
    }
}
