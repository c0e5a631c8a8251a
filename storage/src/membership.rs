//! The membership index: which repository holds which object. The store knows a repository as a number
//! and asks nothing of it; who may read which is decided elsewhere (see [`Reach`](crate::Reach)).
//!
//! A row says of a chunk that a flist of the repository contains it, and of any other object that all
//! below it is held too. So rows are written from below, and whoever finds one for a directory need not
//! look further. A row goes with its object, and may outlive the name that it came with.

use crate::id::ChunkId;
use crate::store::{ChunkStore, StoreError};

/// A repository, as the catalog numbers it.
pub type Owner = u64;

/// A store that keeps the membership index.
pub trait Membership: ChunkStore {
    /// Notes that a repository holds objects. In order: after a crash a row is there only if all are that
    /// were written before it, in this call or an earlier one. Durable with the next barrier. Rows that
    /// are there are written again, so ask [`held`](Self::held) before.
    fn hold(&self, owner: Owner, ids: &[ChunkId]) -> Result<(), StoreError>;

    /// For each id, whether the repository holds it. Says nothing of whether it is stored.
    fn held(&self, owner: Owner, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError>;

    /// For each id the repositories that hold it, in the order of their numbers; no more than `most`.
    fn holders(&self, ids: &[ChunkId], most: usize) -> Result<Vec<Vec<Owner>>, StoreError>;

    /// Whether the index has a row for all that names need. Not so in a store that was made before there
    /// was an index, and while it is built anew.
    fn index_complete(&self) -> Result<bool, StoreError>;

    /// Forgets all rows, and notes, durably, that the index is not complete.
    fn clear_index(&self) -> Result<(), StoreError>;

    /// Makes all rows durable, then the note that the index is complete.
    fn finish_index(&self) -> Result<(), StoreError>;
}
