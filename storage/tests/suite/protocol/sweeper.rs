//! The sweep as a step machine: begin, read the roots, mark them one by one, look at the rows and
//! plan. It may be cut short at any step and begun again. The batches are in `batch`.

use super::batch;
use super::model::Action;
use super::objects::{Set, flist};
use super::rules::{Rule, Rules};
use super::state::{Presence, State};

/// Where the sweep is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) enum Step {
    /// There is none.
    #[default]
    Idle,
    /// It records what is committed; the roots are not read.
    Begun,
    /// The names are read, and what was deleted is not. Not used where one snapshot has both.
    NamesRead(Set),
    /// These manifests are to be marked, and then what sessions sent.
    Mark(Set, Set),
    /// All roots are marked; the rows are to be looked at.
    Rows,
    /// The young ones are marked, and the plan is not made. Not used where one pass does both.
    YoungMarked,
    /// Between two batches.
    Between,
    /// In a batch, with the exclusive side of the gate: this is about to be removed.
    Removing(Set),
}

/// The sweep.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Sweep {
    /// Where it is.
    pub(super) step: Step,
    /// What was older than the grace when it began and was not touched since.
    pub(super) old: Set,
    /// Names that were there, or could be undeleted, when it began: a deletion of any of these is
    /// later than the cutoff.
    restorable: Set,
    /// What is marked.
    pub(super) marked: Set,
    /// What is to be deleted.
    pub(super) plan: Set,
    /// Flists that publish told of, and that are not marked yet.
    pub(super) committed: Set,
    /// For the properties: directories that were whole when it began and were not put anew since.
    pub(super) whole: Set,
    /// For the properties: what was garbage when it began and was not touched or named since.
    pub(super) garbage: Set,
    /// For the properties: what of that a sweep left when it came to its end.
    pub(super) leftover: Set,
    /// For the properties: a sweep that came to its end removed something.
    pub(super) reclaimed: bool,
    /// For the properties: a sweep was aborted although every read succeeded.
    pub(super) blocked: bool,
}

impl Sweep {
    /// Whether it holds the exclusive side.
    pub(super) fn is_removing(&self) -> bool {
        matches!(self.step, Step::Removing(_))
    }

    /// An object was put or refreshed.
    pub(super) fn touched(&mut self, object: usize, known: bool) {
        let one = Set::one(object);
        if !known {
            self.whole = self.whole.without(one);
        }
        self.old = self.old.without(one);
        self.in_use(one.closure());
    }

    /// These are not garbage any more.
    pub(super) fn in_use(&mut self, objects: Set) {
        self.garbage = self.garbage.without(objects);
    }

    /// Publish tells of its manifest.
    pub(super) fn registered(&mut self, manifest: usize) {
        if self.step != Step::Idle {
            self.committed = self.committed.and(Set::one(manifest));
            self.in_use(flist(manifest));
        }
    }

    /// Marks these.
    pub(super) fn mark(&mut self, objects: Set) {
        self.marked = self.marked.and(objects);
    }

    /// What was committed is not known any more.
    pub(super) fn forget_committed(&mut self) {
        self.committed = Set::NONE;
    }

    /// Puts, refreshes and removals were lost: what is stored now is this.
    pub(super) fn lost(&mut self, store: &Presence) {
        let present = store.all();
        let broken = |one: &Set| !present.holds(one.closure());
        let broken = self.whole.each().map(Set::one).filter(broken).fold(Set::NONE, Set::and);
        self.whole = self.whole.without(broken);
        self.old = self.old.and(store.past_grace());
        self.garbage = Set::NONE;
    }

    /// Ends, with all that it kept in memory.
    pub(super) fn end(&mut self) {
        let Self { leftover, reclaimed, blocked, .. } = *self;
        *self = Self { leftover, reclaimed, blocked, ..Self::default() };
    }
}

/// What the sweep can do.
pub(super) fn actions(state: &State, rules: Rules, actions: &mut Vec<Action>) {
    let shared = state.gate_shared(rules);
    match state.sweep.step {
        Step::Idle => {
            if state.left.sweeps > 0 && !(shared && rules.keep(Rule::BeginExclusive)) {
                actions.push(Action::Begin);
            }
        }
        Step::Begun | Step::Mark(..) => {
            actions.push(Action::Sweep);
            if state.left.faults > 0 {
                actions.push(Action::SweepFault);
            }
        }
        Step::Between => {
            if !(shared && rules.keep(Rule::BatchExclusive)) {
                actions.push(Action::Sweep);
            }
        }
        Step::NamesRead(_) | Step::Rows | Step::YoungMarked | Step::Removing(_) => {
            actions.push(Action::Sweep);
        }
    }
}

/// The sweep begins, in the moment in which it has the exclusive side.
pub(super) fn begin(state: &mut State) {
    state.left.sweeps -= 1;
    let present = state.store.all();
    let old = state.store.past_grace();
    let named = state.live().and(state.deleted()).closure();
    let kept = state.sent().and(present.without(old)).closure_within(present);
    let whole = Set::DIRECTORIES.common(present).each().map(Set::one);
    let whole = whole.filter(|one| present.holds(one.closure())).fold(Set::NONE, Set::and);
    state.sweep = Sweep {
        step: Step::Begun,
        old,
        restorable: state.live().and(state.deleted()),
        whole,
        garbage: old.without(named).without(kept),
        blocked: state.sweep.blocked,
        ..Sweep::default()
    };
}

/// The next step.
pub(super) fn advance(state: &mut State, rules: Rules) {
    match state.sweep.step {
        Step::Idle => {}
        Step::Begun if rules.keep(Rule::RootsInOneSnapshot) => {
            let deleted = deleted_roots(state, rules);
            roots_read(state, state.live().and(deleted), rules);
        }
        Step::Begun => state.sweep.step = Step::NamesRead(state.live()),
        Step::NamesRead(live) => {
            // Read later, so by itself: not with what was restorable when the sweep began.
            let deleted = state.deleted();
            roots_read(state, live.and(deleted), rules);
        }
        Step::Mark(manifests, sent) => mark(state, manifests, sent, rules),
        Step::Rows => look_at_rows(state, rules),
        Step::YoungMarked => plan(state),
        Step::Between => batch::next(state, rules),
        Step::Removing(batch) => batch::remove(state, batch, rules),
    }
}

/// Something cannot be read: a part of the catalog, or an object below a name.
pub(super) fn fault(state: &mut State, rules: Rules) {
    state.left.faults -= 1;
    match state.sweep.step {
        Step::Begun if !rules.keep(Rule::RootsWholeOrAbort) => roots_read(state, Set::NONE, rules),
        Step::Mark(manifests, sent) if !rules.keep(Rule::MarkWholeOrAbort) => {
            state.sweep.mark(manifests);
            state.sweep.step = Step::Mark(Set::NONE, sent);
        }
        _ => state.sweep.end(),
    }
}

fn deleted_roots(state: &State, rules: Rules) -> Set {
    if !rules.keep(Rule::DeletedNamesAreRoots) {
        return Set::NONE;
    }
    let fixed = rules.keep(Rule::CutoffFixedAtBegin);
    state.deleted().and(if fixed { state.sweep.restorable } else { Set::NONE })
}

fn roots_read(state: &mut State, manifests: Set, rules: Rules) {
    let sent = if rules.keep(Rule::SessionsAreRoots) { state.sent() } else { Set::NONE };
    state.sweep.step = Step::Mark(manifests, sent);
}

/// Marks one flist, or at last what sessions sent.
fn mark(state: &mut State, manifests: Set, sent: Set, rules: Rules) {
    let present = state.store.all();
    let one = manifests.each().next().map(Set::one);
    let roots = one.unwrap_or(sent);
    let tolerant = one.is_none() && rules.keep(Rule::SessionsAreTolerant);
    if !tolerant && !present.holds(roots.closure()) {
        state.sweep.blocked = true;
        return state.sweep.end();
    }
    state.sweep.mark(roots.closure_within(present));
    state.sweep.step = one.map_or(Step::Rows, |one| Step::Mark(manifests.without(one), sent));
}

/// Looks at every row: what is young keeps what is below it, what is old and unmarked is planned.
fn look_at_rows(state: &mut State, rules: Rules) {
    let present = state.store.all();
    if rules.keep(Rule::YoungKeepBelow) {
        let young = present.without(state.sweep.old);
        state.sweep.mark(young.closure_within(present));
    }
    if rules.keep(Rule::OnePassDecides) {
        plan(state);
    } else {
        state.sweep.step = Step::YoungMarked;
    }
}

fn plan(state: &mut State) {
    let sweep = &mut state.sweep;
    sweep.plan = state.store.all().common(sweep.old).without(sweep.marked);
    sweep.step = Step::Between;
}
