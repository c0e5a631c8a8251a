//! What must hold in every state, and what must be reached in some.

use stateright::{Model, Property};

use super::client::{Client, Step};
use super::model::Protocol;
use super::objects::Set;
use super::state::State;
use super::sweeper;

/// No name refers to an absent object, directly or through others.
pub(super) const NAMED: &str = "a name refers to present objects only";
/// A name that was deleted within the grace can be undeleted.
pub(super) const RESTORABLE: &str = "a name deleted within the grace can be undeleted";
/// A directory is deleted no later than anything only it keeps.
pub(super) const WHOLE: &str = "the sweep leaves no directory without what is below it";
/// What a client was told is present stays for half a grace.
pub(super) const TOLD: &str = "what was told present stays for half a grace";
/// What was sent in a live session stays.
pub(super) const SENT: &str = "what was sent in a live session stays";
/// A sweep that comes to its end has deleted all that was garbage when it began.
pub(super) const RECLAIMED: &str = "a sweep leaves nothing that was garbage when it began";
/// Only a read that fails aborts a sweep.
pub(super) const UNBLOCKED: &str = "a sweep is aborted by failing reads only";
/// Nobody waits for somebody who waits.
pub(super) const MOVING: &str = "nobody waits for ever";

/// What must be possible.
pub(super) const SOMETIMES: [&str; 3] = [
    "a publish succeeds",
    "a publish succeeds after a 409",
    "a sweep deletes and comes to its end",
];

/// All of them.
pub(super) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(NAMED, |_, state: &State| present(state, state.live().closure())),
        Property::always(RESTORABLE, |_, state: &State| present(state, state.deleted().closure())),
        Property::always(WHOLE, |_, state: &State| {
            let all = state.store.all();
            present(state, state.sweep.whole.common(all).closure())
        }),
        Property::always(TOLD, |_, state: &State| {
            let told = |client: &Client| client.told[0].and(client.told[1]);
            present(state, state.clients.iter().map(told).fold(Set::NONE, Set::and))
        }),
        Property::always(SENT, |_, state: &State| present(state, state.sent())),
        Property::always(RECLAIMED, |_, state: &State| state.sweep.leftover.is_empty()),
        Property::always(UNBLOCKED, |_, state: &State| !state.sweep.blocked),
        Property::always(MOVING, moving),
        Property::sometimes(SOMETIMES[0], |_, state: &State| any_step(state, Step::Done, 0)),
        Property::sometimes(SOMETIMES[1], |_, state: &State| any_step(state, Step::Done, 1)),
        Property::sometimes(SOMETIMES[2], |_, state: &State| {
            state.sweep.reclaimed && state.sweep.step == sweeper::Step::Idle
        }),
    ]
}

fn present(state: &State, objects: Set) -> bool {
    state.store.all().holds(objects)
}

fn any_step(state: &State, step: Step, refused: u8) -> bool {
    state.clients.iter().any(|client| client.step == step && client.refused == refused)
}

fn moving(model: &Protocol, state: &State) -> bool {
    let mut actions = Vec::new();
    model.actions(state, &mut actions);
    let resting = |client: &Client| matches!(client.step, Step::Rest | Step::Done);
    let idle = state.sweep.step == sweeper::Step::Idle && state.undeleting.is_none();
    !actions.is_empty() || (idle && state.clients.iter().all(resting))
}
