//! What sweep and scrub need of a store beyond keeping objects: listing, removing, setting aside,
//! giving space back.

use crate::id::ChunkId;
use crate::monitor::Monitor;
use crate::session::Sessions;
use crate::store::{Stat, StoreError};

/// All that a store knows of one object without touching its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: ChunkId,
    /// What it is and how large.
    pub stat: Stat,
    /// When it was put or last asked for by somebody who wants to use it, in seconds since the Unix
    /// epoch. A sweep spares young ones.
    pub time_put: u64,
}

/// What one [`Maintain::remove`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// Objects that were removed.
    pub objects: u64,
    /// Content bytes of those.
    pub bytes: u64,
    /// Frame bytes of those.
    pub stored_bytes: u64,
    /// Ids that stay because they were put or asked for since.
    pub spared: Vec<ChunkId>,
}

impl Removed {
    /// Counts one removed object.
    pub(crate) fn count(&mut self, stat: &Stat) {
        self.objects += 1;
        self.bytes += u64::from(stat.length);
        self.stored_bytes += u64::from(stat.frame_length);
    }
}

/// An object that was set aside because what is stored is not what its id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quarantined {
    /// Its id.
    pub id: ChunkId,
    /// What it was.
    pub stat: Stat,
    /// When it was set aside, in seconds since the Unix epoch.
    pub found: u64,
}

/// What one [`Maintain::reclaim`] gave back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reclaimed {
    /// Bytes on disk before.
    pub before: u64,
    /// Bytes on disk after.
    pub after: u64,
}

/// Seconds for which a sweep spares what was put or asked for, unless configured otherwise: a day.
pub const DEFAULT_GRACE: u64 = 86_400;

/// A store that can be swept and scrubbed.
pub trait Maintain: Sessions {
    /// At most `limit` rows in the order of their ids, from after `after` (`None`: from the first). What
    /// is put or removed meanwhile may or may not show.
    fn rows(&self, after: Option<&ChunkId>, limit: usize) -> Result<Vec<Row>, StoreError>;

    /// The rows of these ids; `None` for what is absent.
    fn rows_of(&self, ids: &[ChunkId]) -> Result<Vec<Option<Row>>, StoreError>;

    /// Visits every id that was sent in a session which has not expired at `now`. The visitor may use the
    /// store.
    fn sent_in_live_sessions(
        &self,
        now: u64,
        visit: &mut dyn FnMut(ChunkId),
    ) -> Result<(), StoreError>;

    /// Removes those of `ids` whose time put is before `put_before`, all at once, and in one atomic step
    /// against [`ChunkStore::put`](crate::ChunkStore::put) and [`Sessions::claim`]: what either of them
    /// found here stays. Durable with the next barrier; a removal that is lost in a crash leaves
    /// garbage, nothing worse.
    fn remove(&self, ids: &[ChunkId], put_before: u64) -> Result<Removed, StoreError>;

    /// Sets aside an object whose content is not what its id names: from then on it is absent, so that
    /// whoever has the same bytes is asked for them, and a put heals it. Does nothing if the object is
    /// sound after all, or not there; says whether it was set aside.
    fn quarantine(&self, id: &ChunkId) -> Result<bool, StoreError>;

    /// What is set aside and was not put again since.
    fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError>;

    /// Forgets which repositories hold these, and of those that are absent also that they were set aside, in
    /// one atomic step against [`ChunkStore::put`](crate::ChunkStore::put). For objects that nothing needs
    /// any more: whoever brings or publishes one again is its only holder. Durable with the next barrier.
    fn disown(&self, ids: &[ChunkId]) -> Result<(), StoreError>;

    /// Gives the space of removed objects back to the disk. Long; may be cancelled at any time.
    fn reclaim(&self, monitor: &dyn Monitor) -> Result<Reclaimed, StoreError>;

    /// How often the store was opened again by [`recover`](Self::recover). A change means that what no
    /// barrier covered may be gone.
    fn reopened(&self) -> u64;

    /// Whether a write failed since the store was opened or last recovered.
    fn failing(&self) -> bool;

    /// Tries to write again after [`StoreError::Full`] or [`StoreError::Unwritable`]; ends at once when
    /// the store can be written. What no barrier covered may be gone afterwards, so call it only while
    /// nobody is between checking objects and committing to them.
    fn recover(&self) -> Result<(), StoreError>;
}
