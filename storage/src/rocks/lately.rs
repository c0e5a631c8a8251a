//! What was found in the membership index lately. A client that pushes what the repository has already asks for
//! all of it by id, and a look into the index costs as much as one at what is there; here it costs next to
//! nothing the second time.
//!
//! Only that a repository holds an object is remembered, never that it does not. Whoever removes rows begins
//! a new era, in which nothing counts that was looked for before.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::id::ChunkId;
use crate::membership::Owner;

/// Rows of a generation; there are two. Some 25 MB when both are full.
const ROWS: usize = 1 << 17;

/// Ids that are looked for at once.
const AT_ONCE: usize = 4_096;

/// Rows that were found lately.
#[derive(Default)]
pub(super) struct Lately(Mutex<Rows>);

/// Each change of them is right after every step, so a panic elsewhere tears nothing.
#[derive(Default)]
struct Rows {
    era: u64,
    young: HashSet<(ChunkId, Owner)>,
    /// Goes when the young are as many as may be, and take its place.
    old: HashSet<(ChunkId, Owner)>,
}

/// When a look into the index began.
#[derive(Clone, Copy)]
pub(super) struct Era(u64);

impl Lately {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For each id, whether it is known that `owner` holds it; and the era, for looking up the others.
    pub(super) fn known(&self, owner: Owner, ids: &[ChunkId]) -> (Era, Vec<bool>) {
        let era = self.era();
        let mut known = Vec::with_capacity(ids.len());
        // Writers wait for this lock too, so it is not held for a large question as a whole.
        for ids in ids.chunks(AT_ONCE) {
            let rows = self.rows();
            known.extend(ids.iter().map(|id| rows.has(&(*id, owner))));
        }
        (era, known)
    }

    /// The era. Ask for it before looking for rows or writing them.
    pub(super) fn era(&self) -> Era {
        Era(self.rows().era)
    }

    /// Notes that `owner` holds these, as was found or written in that era.
    pub(super) fn keep<'a>(
        &self,
        era: Era,
        owner: Owner,
        ids: impl IntoIterator<Item = &'a ChunkId>,
    ) {
        let mut rows = self.rows();
        if rows.era == era.0 {
            ids.into_iter().for_each(|id| rows.keep((*id, owner)));
        }
    }

    /// Rows were removed, or may have been.
    pub(super) fn forget(&self) {
        let mut rows = self.rows();
        *rows = Rows { era: rows.era + 1, ..Rows::default() };
    }
}

impl Rows {
    fn has(&self, row: &(ChunkId, Owner)) -> bool {
        self.young.contains(row) || self.old.contains(row)
    }

    fn keep(&mut self, row: (ChunkId, Owner)) {
        if self.young.len() >= ROWS {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Kind;

    fn ids(count: u32) -> Vec<ChunkId> {
        (0..count).map(|number| Kind::Content.id_of(&number.to_be_bytes())).collect()
    }

    fn known(lately: &Lately, owner: Owner, ids: &[ChunkId]) -> usize {
        lately.known(owner, ids).1.into_iter().filter(|known| *known).count()
    }

    #[test]
    fn what_was_looked_for_before_rows_went_does_not_count() {
        let (lately, ids) = (Lately::default(), ids(2));
        let before = lately.era();
        lately.forget();
        // Found before they went, noted after.
        lately.keep(before, 7, &ids);
        assert_eq!(known(&lately, 7, &ids), 0);
        lately.keep(lately.era(), 7, &ids[..1]);
        assert_eq!(lately.known(7, &ids).1, [true, false]);
        assert_eq!(known(&lately, 8, &ids), 0);
        lately.forget();
        assert_eq!(known(&lately, 7, &ids), 0);
    }

    #[test]
    fn memory_is_bounded_and_what_came_last_is_known() {
        let (lately, ids) = (Lately::default(), ids(5 * (1 << 17)));
        for part in ids.chunks(ROWS / 2) {
            lately.keep(lately.era(), 7, part);
            assert_eq!(known(&lately, 7, part), part.len());
        }
        assert_eq!(known(&lately, 7, &ids[ids.len() - ROWS..]), ROWS);
        assert_eq!(known(&lately, 7, &ids[..ROWS]), 0);
        let rows = lately.rows();
        assert!(rows.young.len() + rows.old.len() <= 2 * ROWS);
    }
}
