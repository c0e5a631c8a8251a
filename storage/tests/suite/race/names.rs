//! Names and the gate, as the protocol asks for them: publishing on the shared side, deleting on the
//! exclusive one. The hub's own are tested with the program that is killed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use flisthub_storage::{ChunkId, Maintain, Roots, SweepError};

use super::turns::Turns;
use crate::world::{Number, WORLD, lacking};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Names, and who is inside the gate.
#[derive(Default)]
pub(super) struct Names(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    pub(super) names: BTreeMap<u8, Number>,
    /// What deleted names pointed at, and when they were deleted.
    pub(super) deleted: BTreeMap<u8, (Number, u64)>,
    registered: Option<Vec<ChunkId>>,
    inside: usize,
    alone: bool,
}

impl Names {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Publishes, or says what is missing.
    pub(super) fn publish(
        &self,
        store: &dyn Maintain,
        turns: &Turns,
        name: u8,
        manifest: Number,
    ) -> Vec<Number> {
        self.enter(turns);
        let missing = lacking(store, manifest).unwrap();
        if missing.is_empty() {
            store.flush().unwrap();
            if let Some(registered) = &mut self.state().registered {
                registered.push(WORLD.things[manifest].id());
            }
            turns.pass();
            let mut state = self.state();
            state.names.insert(name, manifest);
            state.deleted.remove(&name);
            drop(state);
            turns.pass();
        }
        self.state().inside -= 1;
        missing
    }

    pub(super) fn delete(&self, name: u8, now: u64) {
        let mut state = self.state();
        if let Some(manifest) = state.names.remove(&name) {
            state.deleted.insert(name, (manifest, now));
        }
    }

    fn enter(&self, turns: &Turns) {
        loop {
            let mut state = self.state();
            if !state.alone {
                state.inside += 1;
                return;
            }
            drop(state);
            turns.pass();
        }
    }

    fn be_alone(&self, turns: &Turns) {
        loop {
            let mut state = self.state();
            if state.inside == 0 {
                state.alone = true;
                return;
            }
            drop(state);
            turns.pass();
        }
    }
}

/// What one sweep sees of them.
pub(super) struct Seen<'a> {
    pub(super) names: &'a Names,
    pub(super) turns: &'a Turns,
    pub(super) deleted_before: u64,
}

impl Roots for Seen<'_> {
    fn begin(&self) -> Result<Vec<ChunkId>, Cause> {
        self.names.be_alone(self.turns);
        self.names.state().registered = Some(Vec::new());
        self.names.state().alone = false;
        self.turns.pass();
        let state = self.names.state();
        let young = state.deleted.values().filter(|(_, when)| *when >= self.deleted_before);
        let roots = state.names.values().chain(young.map(|(manifest, _)| manifest));
        Ok(WORLD.ids(roots))
    }

    fn committed(&self) -> Vec<ChunkId> {
        self.turns.pass();
        self.names.state().registered.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn exclusively(
        &self,
        work: &mut dyn FnMut() -> Result<(), SweepError>,
    ) -> Result<(), SweepError> {
        self.turns.pass();
        self.names.be_alone(self.turns);
        let done = work();
        self.names.state().alone = false;
        done
    }

    fn end(&self) {
        self.names.state().registered = None;
    }
}
