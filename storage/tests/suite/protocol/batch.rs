//! A batch of the sweep: mark what was committed, choose, and remove what is still old. It owns the
//! order in which objects go.

use super::objects::Set;
use super::rules::{Rule, Rules};
use super::state::State;
use super::sweeper::Step;

/// Takes the exclusive side, marks what was committed, and chooses at most two objects. When there is
/// nothing left, the sweep is at its end.
pub(super) fn next(state: &mut State, rules: Rules) {
    let present = state.store.all();
    let sweep = &mut state.sweep;
    if rules.keep(Rule::BatchMarksCommitted) {
        sweep.mark(sweep.committed.closure());
        sweep.committed = Set::NONE;
    }
    sweep.plan = sweep.plan.without(sweep.marked);
    if sweep.plan.is_empty() {
        sweep.leftover = sweep.garbage.common(present);
        return sweep.end();
    }
    let batch = choose(sweep.plan, rules);
    sweep.plan = sweep.plan.without(batch);
    sweep.step = Step::Removing(batch.common(sweep.old));
    if rules.keep(Rule::RereadTimePut) {
        sweep.step = Step::Removing(batch);
    }
}

fn choose(plan: Set, rules: Rules) -> Set {
    let mut order: Vec<usize> = plan.each().collect();
    if !rules.keep(Rule::TopologicalOrder) {
        order.reverse();
    }
    let Some(first) = order.first().copied() else { return Set::NONE };
    let related = |other: usize| {
        Set::one(first).closure().holds(Set::one(other))
            || Set::one(other).closure().holds(Set::one(first))
    };
    let second = order
        .into_iter()
        .skip(1)
        .find(|other| !rules.keep(Rule::BatchIsOneLevel) || !related(*other));
    Set::one(first).and(second.map_or(Set::NONE, Set::one))
}

/// The one step against put and claim in which the store removes what is still old; then the
/// exclusive side is let go.
pub(super) fn remove(state: &mut State, batch: Set, rules: Rules) {
    let young = if rules.keep(Rule::RereadTimePut) {
        let old = if rules.keep(Rule::CutoffFixedAtBegin) {
            state.sweep.old
        } else {
            state.store.past_grace()
        };
        batch.without(old)
    } else {
        Set::NONE
    };
    for object in batch.without(young).each() {
        state.store.remove(object);
        state.sweep.reclaimed = true;
    }
    if rules.keep(Rule::SparedKeepBelow) {
        state.sweep.mark(young.closure_within(state.store.all()));
    }
    state.sweep.step = Step::Between;
}
