//! The rules of the protocol as switches, so that a test can leave one out and see what breaks.

/// A rule of the sweep protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rule {
    /// Publish looks for every id itself, whatever the client was told.
    PublishChecks,
    /// Publish looks for the ids after it has taken the gate, not before.
    ChecksInsideTheGate,
    /// Publish keeps the shared side of the gate until its row is committed.
    HoldsUntilCommitted,
    /// The barrier comes before the commit.
    BarrierBeforeCommit,
    /// Publish tells the running sweep of its manifest.
    PublishRegisters,
    /// It does so before it commits. (The other order is tried, too.)
    RegisterBeforeCommit,
    /// Undelete looks at the clock and commits under the shared side of the gate.
    UndeleteHoldsTheGate,
    /// The sweep begins under the exclusive side of the gate.
    BeginExclusive,
    /// A sweep that was cut short is begun again, not gone on with.
    BeginAnew,
    /// All roots are read from one snapshot of the catalog.
    RootsInOneSnapshot,
    /// A catalog that cannot be read whole aborts the sweep.
    RootsWholeOrAbort,
    /// Names deleted less than the grace ago are roots.
    DeletedNamesAreRoots,
    /// What was sent in a live session is a root.
    SessionsAreRoots,
    /// Below what was sent in a session things may be absent.
    SessionsAreTolerant,
    /// An object below a name that cannot be read aborts the sweep.
    MarkWholeOrAbort,
    /// What "old" means is fixed when the sweep begins.
    CutoffFixedAtBegin,
    /// Young objects keep what is below them.
    YoungKeepBelow,
    /// One look at a row decides whether it is young and keeps, or old and is planned.
    OnePassDecides,
    /// Who refers is deleted before who is referred to.
    TopologicalOrder,
    /// No batch holds an object and something below it.
    BatchIsOneLevel,
    /// A batch takes the exclusive side of the gate.
    BatchExclusive,
    /// A batch first marks the flists that were committed since the last one.
    BatchMarksCommitted,
    /// The store reads a time put again in the step that removes.
    RereadTimePut,
    /// What turns out young spares what is below it.
    SparedKeepBelow,
    /// Answering "present" refreshes an ageing time put.
    ClaimRefreshes,
    /// A put of a known object refreshes it.
    PutRefreshes,
    /// The store is opened again only under the exclusive side of the gate.
    ReopenExclusive,
    /// When the store is opened again, a running sweep ends.
    ReopenEndsSweep,
}

/// Which rules are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules(Option<Rule>);

impl Rules {
    /// All of them.
    pub(super) const ALL: Self = Self(None);

    /// All but one.
    pub(super) fn without(rule: Rule) -> Self {
        Self(Some(rule))
    }

    /// Whether this one is kept.
    pub(super) fn keep(self, rule: Rule) -> bool {
        self.0 != Some(rule)
    }
}
