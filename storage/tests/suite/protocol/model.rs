//! The model: which actions there are in a state, and what each of them does. Clients and the sweep
//! have their own modules; the clock, the names and power cuts are here.

use stateright::{Model, Property};

use super::client::{self, Client};
use super::objects::{Set, flist};
use super::properties;
use super::rules::{Rule, Rules};
use super::state::{Durable, GRACE, Left, Name, Presence, State};
use super::sweeper::{self, Sweep};

/// One step of somebody. A number is that of a client, or of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Action {
    /// Half a grace passes.
    Tick,
    /// A client opens its session.
    Open(usize),
    /// A client asks for its next object, and is told "present".
    Claim(usize),
    /// A client sends its next object.
    Put(usize),
    /// Publish begins.
    Publish(usize),
    /// Publish looks for one id.
    Look(usize),
    /// Publish has looked for all ids.
    Checked(usize),
    /// The barrier of a publish.
    Barrier(usize),
    /// Publish tells the sweep.
    Register(usize),
    /// The row of a publish.
    Commit(usize),
    /// The request of a publish is dropped.
    Drop(usize),
    /// A name is deleted.
    Delete(usize),
    /// Undelete sees that the grace has not passed.
    Undelete(usize),
    /// The row of an undelete.
    Undeleted(usize),
    /// A sweep begins.
    Begin,
    /// The sweep takes its next step.
    Sweep,
    /// What the sweep reads cannot be read.
    SweepFault,
    /// What was written so far happens to reach the disk.
    Sync,
    /// The power is cut, or the process killed, and the hub starts again.
    Restart,
    /// The store is opened again in a running hub, after its disk was full.
    Reopen,
}

/// What is checked: rules, bounds, and the states to begin with.
#[derive(Clone, Debug)]
pub(super) struct Protocol {
    /// The rules that are kept.
    pub(super) rules: Rules,
    /// Which clients push.
    pub(super) pushing: &'static [usize],
    /// The bounds.
    pub(super) left: Left,
    /// What is stored at first, all of it old: one beginning for each.
    pub(super) stored: Vec<Set>,
    /// Which names there are at first; what they need is added to what is stored.
    pub(super) named: &'static [usize],
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut names = [Name::Absent; 2];
        self.named.iter().for_each(|name| names[*name] = Name::Live);
        let needed = self.named.iter().map(|name| flist(*name)).fold(Set::NONE, Set::and);
        let mut clients = [Client::default(); 2];
        self.pushing.iter().for_each(|who| clients[*who].step = client::Step::Ensure(Set::NONE));
        let begin = |stored: &Set| {
            let mut state = State {
                store: Presence::old(stored.and(needed)),
                durable: Durable::default(),
                names,
                undeleting: None,
                clients,
                sweep: Sweep::default(),
                left: self.left,
            };
            state.sync();
            state
        };
        self.stored.iter().map(begin).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.left.ticks > 0 {
            actions.push(Action::Tick);
        }
        sweeper::actions(state, self.rules, actions);
        client::actions(state, 0, self.rules, actions);
        client::actions(state, 1, self.rules, actions);
        self.name_actions(state, actions);
        if state.left.cuts > 0 {
            actions.extend([Action::Sync, Action::Restart]);
            let free = !state.gate_shared(self.rules) && !state.sweep.is_removing();
            if free || !self.rules.keep(Rule::ReopenExclusive) {
                actions.push(Action::Reopen);
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        let rules = self.rules;
        match action {
            Action::Tick => tick(&mut state),
            Action::Open(who) => client::open(&mut state, who),
            Action::Claim(who) => client::claim(&mut state, who, rules),
            Action::Put(who) => client::put(&mut state, who, rules),
            Action::Publish(who) => client::publish(&mut state, who, rules),
            Action::Look(who) => client::look(&mut state, who),
            Action::Checked(who) => client::checked(&mut state, who),
            Action::Barrier(who) => client::barrier(&mut state, who, rules),
            Action::Register(who) => client::register(&mut state, who, rules),
            Action::Commit(who) => client::commit(&mut state, who, rules),
            Action::Drop(who) => client::drop_request(&mut state, who),
            Action::Delete(name) => {
                state.left.deletes -= 1;
                state.names[name] = Name::Deleted(0);
            }
            Action::Undelete(name) => state.undeleting = Some(name),
            Action::Undeleted(name) => {
                state.undeleting = None;
                state.names[name] = Name::Live;
            }
            Action::Begin => sweeper::begin(&mut state),
            Action::Sweep => sweeper::advance(&mut state, rules),
            Action::SweepFault => sweeper::fault(&mut state, rules),
            Action::Sync => state.sync(),
            Action::Restart => restart(&mut state, rules),
            Action::Reopen => reopen(&mut state, rules),
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl Protocol {
    fn name_actions(&self, state: &State, actions: &mut Vec<Action>) {
        if let Some(name) = state.undeleting {
            actions.push(Action::Undeleted(name));
            return;
        }
        let open = client::may_enter(state, self.rules);
        for name in 0..2 {
            match state.names[name] {
                Name::Live if state.left.deletes > 0 => actions.push(Action::Delete(name)),
                Name::Deleted(_) if open || !self.rules.keep(Rule::UndeleteHoldsTheGate) => {
                    actions.push(Action::Undelete(name));
                }
                _ => {}
            }
        }
    }
}

fn tick(state: &mut State) {
    state.left.ticks -= 1;
    state.store.tick();
    state.durable.store.tick();
    state.clients.iter_mut().for_each(Client::tick);
    for name in &mut state.names {
        *name = match *name {
            Name::Deleted(age) if age < GRACE => Name::Deleted(age + 1),
            Name::Deleted(_) => Name::Absent,
            other => other,
        };
    }
}

/// All that is in memory is gone: publishes, the gate, the sweep with its marks and its record.
fn restart(state: &mut State, rules: Rules) {
    lose(state);
    state.undeleting = None;
    state.clients.iter_mut().for_each(Client::restart);
    if rules.keep(Rule::BeginAnew) {
        state.sweep.end();
    } else {
        state.sweep.forget_committed();
    }
    state.spend_cut();
}

/// What no barrier covered is gone, and all that is in memory is still there.
fn reopen(state: &mut State, rules: Rules) {
    lose(state);
    if rules.keep(Rule::ReopenEndsSweep) {
        state.sweep.end();
    }
    state.spend_cut();
}

/// The store is again as it was at the last sync.
fn lose(state: &mut State) {
    state.store = state.durable.store;
    for who in 0..2 {
        let client = &mut state.clients[who];
        client.told = [Set::NONE; 2];
        client.sent = if client.session.is_some() { state.durable.sent[who] } else { Set::NONE };
    }
    state.sweep.lost(&state.store);
}
