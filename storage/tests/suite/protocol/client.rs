//! A client that pushes one flist, and publish on the hub's side of it, as one step machine.
//!
//! Open a session; for each object either ask for it (`claim`, told "present") or send it (`put`);
//! publish: take the gate, look for each id, barrier, register, commit, let go; when something is
//! missing: 409, send that, try again.

use super::model::Action;
use super::objects::{Set, flist};
use super::rules::{Rule, Rules};
use super::state::{GRACE, Name, SESSION, State};

/// How often a client publishes before it gives up.
const ATTEMPTS: u8 = 2;

/// Where a client is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) enum Step {
    /// It does nothing (any more).
    #[default]
    Rest,
    /// It has a session; these objects are not yet asked for or sent.
    Ensure(Set),
    /// Publish looks for its ids: still to look for, and missing.
    Check(Set, Set),
    /// All were found; the barrier is next.
    Barrier,
    /// Telling the sweep is next.
    Register,
    /// The commit is next.
    Commit,
    /// Committed; the sweep is told only now. Where registering comes first, this is not used.
    LateRegister,
    /// Published.
    Done,
}

/// A client.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Client {
    /// Where it is.
    pub(super) step: Step,
    /// The age of its session, in ticks, while that lives.
    pub(super) session: Option<u8>,
    /// What was sent in it.
    pub(super) sent: Set,
    /// What it was told is present: in this tick, and in the one before.
    pub(super) told: [Set; 2],
    /// How often publish answered 409.
    pub(super) refused: u8,
}

impl Client {
    /// What was sent in its session, if that lives.
    pub(super) fn sent_alive(&self) -> Set {
        if self.session.is_some() { self.sent } else { Set::NONE }
    }

    /// Whether its publish is under way.
    pub(super) fn publishes(&self) -> bool {
        !matches!(self.step, Step::Rest | Step::Ensure(_) | Step::Done)
    }

    /// Whether its publish has the shared side of the gate.
    pub(super) fn holds_gate(&self, rules: Rules) -> bool {
        match self.step {
            Step::Check(..) => rules.keep(Rule::ChecksInsideTheGate),
            Step::Barrier | Step::Register => true,
            Step::Commit | Step::LateRegister => rules.keep(Rule::HoldsUntilCommitted),
            Step::Rest | Step::Ensure(_) | Step::Done => false,
        }
    }

    /// Half a grace passes.
    pub(super) fn tick(&mut self) {
        self.told = [Set::NONE, self.told[0]];
        self.session = self.session.map(|age| age + 1).filter(|age| *age <= SESSION);
        if self.session.is_none() {
            self.sent = Set::NONE;
        }
    }

    /// The hub starts again: a publish under way is lost.
    pub(super) fn restart(&mut self) {
        if self.publishes() {
            self.step = Step::Ensure(Set::NONE);
        }
    }
}

/// The object that a client takes on next. Client 0 begins at the chunks, client 1 at the manifest:
/// the hub cannot rely on an order.
fn next(who: usize, todo: Set) -> Option<usize> {
    if who == 0 { todo.each().next_back() } else { todo.each().next() }
}

/// What a client can do.
pub(super) fn actions(state: &State, who: usize, rules: Rules, actions: &mut Vec<Action>) {
    let client = &state.clients[who];
    match client.step {
        Step::Rest | Step::Done => {}
        Step::Ensure(_) if client.session.is_none() => actions.push(Action::Open(who)),
        Step::Ensure(todo) => match next(who, todo) {
            Some(object) => {
                actions.push(Action::Put(who));
                if state.store.age(object).is_some() {
                    actions.push(Action::Claim(who));
                }
            }
            None if may_enter(state, rules) => actions.push(Action::Publish(who)),
            None => {}
        },
        Step::Check(todo, missing) if todo.is_empty() && missing.is_empty() => {
            // Only where the check is outside is there still a gate to be taken here.
            if rules.keep(Rule::ChecksInsideTheGate) || may_enter(state, rules) {
                actions.push(Action::Checked(who));
            }
        }
        Step::Check(todo, _) if todo.is_empty() => actions.push(Action::Checked(who)),
        Step::Check(..) => actions.push(Action::Look(who)),
        Step::Barrier => actions.push(Action::Barrier(who)),
        Step::Register | Step::LateRegister => actions.push(Action::Register(who)),
        Step::Commit => actions.push(Action::Commit(who)),
    }
    if client.publishes() && state.left.faults > 0 {
        actions.push(Action::Drop(who));
    }
}

/// Whether the shared side of the gate can be had.
pub(super) fn may_enter(state: &State, rules: Rules) -> bool {
    !(state.sweep.is_removing() && rules.keep(Rule::BatchExclusive))
}

/// A session is opened; what it needs is asked for or sent from the start.
pub(super) fn open(state: &mut State, who: usize) {
    let client = &mut state.clients[who];
    client.session = Some(0);
    client.step = Step::Ensure(flist(who));
}

/// Sends the next object, known or not.
pub(super) fn put(state: &mut State, who: usize, rules: Rules) {
    let Some(object) = take_next(state, who) else { return };
    if state.store.age(object).is_none() || rules.keep(Rule::PutRefreshes) {
        state.touch(object);
    }
    let client = &mut state.clients[who];
    client.sent = client.sent.and(Set::one(object));
}

/// Asks for the next object and is told "present".
pub(super) fn claim(state: &mut State, who: usize, rules: Rules) {
    let Some(object) = take_next(state, who) else { return };
    let ageing = state.store.age(object).is_some_and(|age| age > GRACE / 2);
    if ageing && rules.keep(Rule::ClaimRefreshes) {
        state.touch(object);
    }
    let client = &mut state.clients[who];
    client.told[0] = client.told[0].and(Set::one(object));
}

fn take_next(state: &mut State, who: usize) -> Option<usize> {
    let Step::Ensure(todo) = state.clients[who].step else { return None };
    let object = next(who, todo)?;
    state.clients[who].step = Step::Ensure(todo.without(Set::one(object)));
    Some(object)
}

/// Publish takes the shared side and begins to look.
pub(super) fn publish(state: &mut State, who: usize, rules: Rules) {
    let todo = if rules.keep(Rule::PublishChecks) { flist(who) } else { Set::NONE };
    state.clients[who].step = Step::Check(todo, Set::NONE);
}

/// Publish looks for one id.
pub(super) fn look(state: &mut State, who: usize) {
    let Step::Check(todo, missing) = state.clients[who].step else { return };
    let Some(object) = todo.each().next() else { return };
    let one = Set::one(object);
    let missing = if state.store.age(object).is_some() { missing } else { missing.and(one) };
    state.clients[who].step = Step::Check(todo.without(one), missing);
}

/// Publish goes on, or answers 409.
pub(super) fn checked(state: &mut State, who: usize) {
    let client = &mut state.clients[who];
    let Step::Check(_, missing) = client.step else { return };
    if missing.is_empty() {
        client.step = Step::Barrier;
        return;
    }
    client.refused += 1;
    client.step = if client.refused < ATTEMPTS { Step::Ensure(missing) } else { Step::Rest };
}

/// The barrier.
pub(super) fn barrier(state: &mut State, who: usize, rules: Rules) {
    if rules.keep(Rule::BarrierBeforeCommit) {
        state.sync();
    }
    let early = rules.keep(Rule::RegisterBeforeCommit);
    state.clients[who].step = if early { Step::Register } else { Step::Commit };
}

/// Publish tells the running sweep of its manifest.
pub(super) fn register(state: &mut State, who: usize, rules: Rules) {
    if rules.keep(Rule::PublishRegisters) {
        state.sweep.registered(who);
    }
    if state.clients[who].step == Step::LateRegister {
        finish(state, who);
    } else {
        state.clients[who].step = Step::Commit;
    }
}

/// The catalog's row; then the gate is let go and the session closed.
pub(super) fn commit(state: &mut State, who: usize, rules: Rules) {
    state.names[who] = Name::Live;
    state.sweep.in_use(flist(who));
    if rules.keep(Rule::RegisterBeforeCommit) {
        finish(state, who);
    } else {
        state.clients[who].step = Step::LateRegister;
    }
}

/// The request is dropped where publish stands, and with it the gate.
pub(super) fn drop_request(state: &mut State, who: usize) {
    state.left.faults -= 1;
    if state.clients[who].step == Step::LateRegister {
        finish(state, who);
    } else {
        state.clients[who].step = Step::Rest;
    }
}

fn finish(state: &mut State, who: usize) {
    let client = &mut state.clients[who];
    *client = Client {
        step: Step::Done,
        refused: client.refused,
        told: client.told,
        ..Client::default()
    };
}
