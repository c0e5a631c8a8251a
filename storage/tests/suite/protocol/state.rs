//! One state of the model: the store, the catalog, the clock, the clients and the sweep. It owns what
//! can be asked of a state and the few changes that several actors make; each actor's steps are its own.
//!
//! Time is not counted but aged: each tick is half a grace, and everything that has a time grows
//! older by one, up to the age at which nothing more changes.

use super::client::Client;
use super::objects::{COUNT, Set};
use super::rules::{Rule, Rules};
use super::sweeper::Sweep;

/// The grace, in ticks.
pub(super) const GRACE: u8 = 2;
/// An age that is past the grace; no object and no deletion grows older.
pub(super) const OLD: u8 = GRACE + 1;
/// A session lives as long as it is not older than this, in ticks: longer than the grace.
pub(super) const SESSION: u8 = 3;

/// The ages of the objects that are present, in ticks since their time put.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Presence([Option<u8>; COUNT]);

impl Presence {
    /// These objects, all old.
    pub(super) fn old(objects: Set) -> Self {
        let mut all = Self::default();
        objects.each().for_each(|object| all.0[object] = Some(OLD));
        all
    }

    /// The age of an object; `None` when it is absent.
    pub(super) fn age(&self, object: usize) -> Option<u8> {
        self.0[object]
    }

    /// Makes an object present, as of now.
    pub(super) fn put(&mut self, object: usize) {
        self.0[object] = Some(0);
    }

    /// Makes an object absent.
    pub(super) fn remove(&mut self, object: usize) {
        self.0[object] = None;
    }

    /// What is present.
    pub(super) fn all(&self) -> Set {
        (0..COUNT)
            .filter(|object| self.0[*object].is_some())
            .map(Set::one)
            .fold(Set::NONE, Set::and)
    }

    /// What is present and older than the grace.
    pub(super) fn past_grace(&self) -> Set {
        (0..COUNT)
            .filter(|object| self.0[*object] == Some(OLD))
            .map(Set::one)
            .fold(Set::NONE, Set::and)
    }

    /// Half a grace passes.
    pub(super) fn tick(&mut self) {
        self.0.iter_mut().flatten().for_each(|age| *age = OLD.min(*age + 1));
    }
}

/// What the catalog says of a name. Name 0 is for flist 0, name 1 for flist 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) enum Name {
    /// There is none, or it was deleted longer than the grace ago.
    #[default]
    Absent,
    /// It points at its flist.
    Live,
    /// Deleted so many ticks ago, and may be undeleted.
    Deleted(u8),
}

/// What is left of the bounds of a run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Left {
    /// Half graces that may pass.
    pub(super) ticks: u8,
    /// Sweeps that may begin.
    pub(super) sweeps: u8,
    /// Names that may be deleted.
    pub(super) deletes: u8,
    /// Power cuts.
    pub(super) cuts: u8,
    /// Reads of the sweep that may fail, and publishes whose request may be dropped.
    pub(super) faults: u8,
}

/// What a power cut leaves: the store and what sessions say was sent, as of the last sync.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Durable {
    /// The objects, ageing like the others.
    pub(super) store: Presence,
    /// What was sent in each client's session.
    pub(super) sent: [Set; 2],
}

/// A state.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct State {
    /// The objects.
    pub(super) store: Presence,
    /// What of them survives a power cut; not kept up when none can come any more.
    pub(super) durable: Durable,
    /// The names.
    pub(super) names: [Name; 2],
    /// A name whose undelete has looked at the clock and not committed.
    pub(super) undeleting: Option<usize>,
    /// Those who push; client 0 pushes flist 0, client 1 flist 1.
    pub(super) clients: [Client; 2],
    /// The sweep.
    pub(super) sweep: Sweep,
    /// What may still happen.
    pub(super) left: Left,
}

impl State {
    /// What an action that reads the names finds as roots: manifests.
    pub(super) fn live(&self) -> Set {
        self.manifests(|name| name == Name::Live)
    }

    /// The manifests of names that were deleted within the grace.
    pub(super) fn deleted(&self) -> Set {
        self.manifests(|name| matches!(name, Name::Deleted(_)))
    }

    fn manifests(&self, wanted: impl Fn(Name) -> bool) -> Set {
        (0..2).filter(|name| wanted(self.names[*name])).map(Set::one).fold(Set::NONE, Set::and)
    }

    /// What was sent in sessions that live.
    pub(super) fn sent(&self) -> Set {
        self.clients.iter().map(Client::sent_alive).fold(Set::NONE, Set::and)
    }

    /// Whether someone has the shared side of the gate.
    pub(super) fn gate_shared(&self, rules: Rules) -> bool {
        let undelete = self.undeleting.is_some() && rules.keep(Rule::UndeleteHoldsTheGate);
        undelete || self.clients.iter().any(|client| client.holds_gate(rules))
    }

    /// An object is put, or found and refreshed: as of now it is young, for a running sweep too.
    pub(super) fn touch(&mut self, object: usize) {
        let known = self.store.age(object).is_some();
        self.store.put(object);
        self.sweep.touched(object, known);
    }

    /// All that was written becomes durable.
    pub(super) fn sync(&mut self) {
        if self.left.cuts > 0 {
            let sent = [self.clients[0].sent, self.clients[1].sent];
            self.durable = Durable { store: self.store, sent };
        }
    }

    /// One power cut less may come; without any, what is durable need not be known.
    pub(super) fn spend_cut(&mut self) {
        self.left.cuts -= 1;
        if self.left.cuts == 0 {
            self.durable = Durable::default();
        }
    }
}
