//! The order in which dead objects go: who refers before who is referred to, so that at no moment, and
//! after no crash, an object is there while something that only it keeps has been removed.
//!
//! Kahn's algorithm over the dead objects alone (chunks go last and need no order). What refers to what
//! is read from the store twice rather than remembered: 40 bytes an object.

use std::collections::VecDeque;

use super::SweepError;
use super::mark::Marks;
use crate::id::ChunkId;

/// Dead objects, each coming up once all that refer to it have been dealt with.
pub(super) struct Order {
    /// Sorted.
    ids: Vec<ChunkId>,
    /// How many references to each are still to come.
    waiting: Vec<u32>,
    ready: VecDeque<u32>,
}

impl Order {
    /// Reads what each of `dead` refers to.
    pub(super) fn of(mut dead: Vec<ChunkId>, marks: &Marks<'_>) -> Result<Self, SweepError> {
        dead.sort_unstable();
        dead.dedup();
        let waiting = vec![0; dead.len()];
        let mut order = Self { ids: dead, waiting, ready: VecDeque::new() };
        for index in 0..order.ids.len() {
            let Some(id) = order.ids.get(index).copied() else { break };
            order.each_below(id, marks, |waiting, _, _| *waiting = waiting.saturating_add(1))?;
        }
        let ready = order.waiting.iter().enumerate().filter(|(_, waiting)| **waiting == 0);
        order.ready = ready.filter_map(|(index, _)| u32::try_from(index).ok()).collect();
        Ok(order)
    }

    /// At most `limit` objects that nothing refers to any more; empty at the end. Read before they are
    /// removed: each one's references are followed here.
    pub(super) fn next(
        &mut self,
        limit: usize,
        marks: &Marks<'_>,
    ) -> Result<Vec<ChunkId>, SweepError> {
        let count = self.ready.len().min(limit);
        let batch: Vec<ChunkId> = self
            .ready
            .drain(..count)
            .filter_map(|index| self.ids.get(index as usize).copied())
            .collect();
        for id in &batch {
            self.each_below(*id, marks, |waiting, ready, index| {
                *waiting = waiting.saturating_sub(1);
                if *waiting == 0 {
                    ready.push_back(index);
                }
            })?;
        }
        Ok(batch)
    }

    /// Calls `found` for each reference from `id` to another dead object. One that cannot be read refers
    /// to nothing, both times.
    fn each_below(
        &mut self,
        id: ChunkId,
        marks: &Marks<'_>,
        mut found: impl FnMut(&mut u32, &mut VecDeque<u32>, u32),
    ) -> Result<(), SweepError> {
        for below in marks.references_of(id)?.unwrap_or_default() {
            let Ok(index) = self.ids.binary_search(&below.id) else { continue };
            let Ok(number) = u32::try_from(index) else { continue };
            if let Some(waiting) = self.waiting.get_mut(index) {
                found(waiting, &mut self.ready, number);
            }
        }
        Ok(())
    }
}
