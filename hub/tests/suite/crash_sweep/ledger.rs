//! What was asked of the hub for each name, and what it acknowledged. One client at a time asks for
//! each name, so that after a kill there are two states at most that a name may be in.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use flisthub_storage::ChunkId;

/// One name.
#[derive(Debug, Clone, Copy, Default)]
struct Name {
    /// What it points at, as the hub said last.
    points_at: Option<ChunkId>,
    /// The last flist it pointed at: what an undelete brings back.
    last: Option<ChunkId>,
    /// What the hub was asked to make of it, and has not answered yet.
    asked: Option<Asked>,
}

/// What a name is to point at; nothing once deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked(Option<ChunkId>);

/// All names.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    names: Mutex<BTreeMap<String, Name>>,
    acknowledged: AtomicU64,
}

impl Ledger {
    fn change<T>(&self, name: &str, change: impl FnOnce(&mut Name) -> T) -> T {
        change(self.names.lock().unwrap().entry(name.to_owned()).or_default())
    }

    /// Before the hub is asked to make a name point at a flist, or at nothing.
    pub(super) fn ask(&self, name: &str, for_what: Option<ChunkId>) {
        self.change(name, |name| name.asked = Some(Asked(for_what)));
    }

    /// The hub did what it was asked.
    pub(super) fn acknowledge(&self, name: &str) {
        self.change(name, |name| {
            if let Some(Asked(asked)) = name.asked.take() {
                name.set(asked);
            }
        });
        self.acknowledged.fetch_add(1, SeqCst);
    }

    /// The hub said no.
    pub(super) fn refused(&self, name: &str) {
        self.change(name, |name| name.asked = None);
    }

    pub(super) fn points_at(&self, name: &str) -> Option<ChunkId> {
        self.change(name, |name| name.points_at)
    }

    pub(super) fn last(&self, name: &str) -> Option<ChunkId> {
        self.change(name, |name| name.last)
    }

    /// Acknowledgements so far.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(SeqCst)
    }

    /// Compares with what a killed hub left, and takes that for granted from now on.
    pub(super) fn compare(&self, mut found: BTreeMap<String, ChunkId>) {
        for (text, name) in self.names.lock().unwrap().iter_mut() {
            let found = found.remove(text);
            let may_be = found == name.points_at || Some(Asked(found)) == name.asked;
            assert!(may_be, "{text} points at {found:?}, but was {name:?}");
            name.asked = None;
            name.set(found);
        }
        assert!(found.is_empty(), "nobody asked for {found:?}");
    }
}

impl Name {
    fn set(&mut self, flist: Option<ChunkId>) {
        self.points_at = flist;
        self.last = flist.or(self.last);
    }
}
