//! The model: maps, and the rules of the sweep as one would write them down if nothing ran beside it.

use std::collections::{BTreeMap, BTreeSet};

use flisthub_storage::Kind;
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::step::{Step, any_step};
use crate::world::{Number, WORLD};

/// The store's grace in seconds.
pub(super) const GRACE: u64 = 100;
/// When a sequence begins.
const START: u64 = 10_000;

/// What must be there.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) now: u64,
    /// Objects with their time put.
    pub(super) objects: BTreeMap<Number, u64>,
    pub(super) sessions: BTreeMap<u8, Open>,
    pub(super) names: BTreeMap<u8, Number>,
    /// Deleted names: what they pointed at, and when they were deleted.
    pub(super) deleted: BTreeMap<u8, (Number, u64)>,
    /// What the last step must have answered.
    pub(super) answer: Answer,
}

/// An upload session.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) expires: u64,
    pub(super) sent: BTreeSet<Number>,
}

/// What a step answers, as far as it says more than the state does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Answer {
    #[default]
    Nothing,
    NoSession,
    /// New and known objects of a put.
    Put(u64, u64),
    Missing(Vec<Number>),
    Expired(u64),
    Swept(Swept),
}

/// What a sweep must report, in objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Swept {
    pub(super) roots: usize,
    pub(super) kept: usize,
    pub(super) young: usize,
    pub(super) chunks: usize,
    pub(super) objects: usize,
    pub(super) removed: usize,
}

impl Model {
    fn put(&mut self, things: &[Number]) -> Answer {
        let (mut new, mut known) = (0, 0);
        for thing in things {
            if self.objects.contains_key(thing) {
                known += 1;
            } else {
                new += 1;
                self.objects.insert(*thing, self.now);
            }
        }
        self.refresh(things);
        Answer::Put(new, known)
    }

    fn put_in(&mut self, slot: u8, things: &[Number]) -> Answer {
        let Some(session) = self.sessions.get_mut(&slot) else { return Answer::NoSession };
        session.sent.extend(things);
        self.put(things)
    }

    fn refresh(&mut self, things: &[Number]) {
        for thing in things {
            if let Some(time_put) = self.objects.get_mut(thing)
                && *time_put + GRACE / 2 < self.now
            {
                *time_put = self.now;
            }
        }
    }

    fn missing(&self, things: impl IntoIterator<Item = Number>) -> Vec<Number> {
        things.into_iter().filter(|thing| !self.objects.contains_key(thing)).collect()
    }

    /// What the check of a publish finds: it cannot look below what is missing.
    fn publish(&mut self, name: u8, manifest: Number) -> Answer {
        let reached = WORLD.reach([manifest], |thing| self.objects.contains_key(&thing));
        let missing = self.missing(reached);
        if missing.is_empty() {
            self.names.insert(name, manifest);
            self.deleted.remove(&name);
        }
        Answer::Missing(missing)
    }

    fn push(&mut self, name: u8, manifest: Number, slot: Option<u8>) -> Answer {
        let all: Vec<Number> = WORLD.flist(manifest).into_iter().collect();
        self.refresh(&all);
        let missing = self.missing(all);
        let put = match slot {
            None => self.put(&missing),
            Some(slot) => self.put_in(slot, &missing),
        };
        if put == Answer::NoSession { put } else { self.publish(name, manifest) }
    }

    fn sweep(&mut self, dry_run: bool, grace: u64) -> Answer {
        let put_before = self.now - grace;
        let young_deleted = self.deleted.values().filter(|(_, when)| *when >= put_before);
        let roots: BTreeSet<Number> = self
            .names
            .values()
            .chain(young_deleted.map(|(manifest, _)| manifest))
            .copied()
            .collect();
        let there = |thing| self.objects.contains_key(&thing);
        let kept = WORLD.reach(roots.iter().copied(), there);
        let live = self.sessions.values().filter(|session| session.expires > self.now);
        let young = self.objects.iter().filter(|(thing, time_put)| {
            **time_put >= put_before && WORLD.kind(**thing) != Kind::Content
        });
        let spared = live.flat_map(|session| &session.sent).chain(young.map(|(thing, _)| thing));
        let spared = WORLD.reach(spared.copied().filter(|thing| there(*thing)), there);
        let mut swept = Swept { roots: roots.len(), ..Swept::default() };
        let mut garbage = Vec::new();
        for (thing, time_put) in &self.objects {
            if kept.contains(thing) {
                swept.kept += 1;
            } else if spared.contains(thing) || *time_put >= put_before {
                swept.young += 1;
            } else {
                let chunk = WORLD.kind(*thing) == Kind::Content;
                *(if chunk { &mut swept.chunks } else { &mut swept.objects }) += 1;
                garbage.push(*thing);
            }
        }
        if !dry_run {
            swept.removed = garbage.len();
            self.objects.retain(|thing, _| !garbage.contains(thing));
            self.forget_deleted(put_before);
        }
        Answer::Swept(swept)
    }

    /// What a sweep did not keep is never a root again, however long the grace of the next one.
    fn forget_deleted(&mut self, before: u64) {
        let old = self.deleted.values_mut().filter(|(_, when)| *when < before);
        old.for_each(|(_, when)| *when = 0);
    }

    fn expire(&mut self) -> Answer {
        let before = self.sessions.len();
        self.sessions.retain(|_, session| session.expires > self.now);
        Answer::Expired((before - self.sessions.len()) as u64)
    }

    fn step(&mut self, step: &Step) -> Answer {
        match step {
            Step::Put(things) => return self.put(things),
            Step::PutIn(slot, things) => return self.put_in(*slot, things),
            Step::Missing(things) => return Answer::Missing(self.missing(things.clone())),
            Step::Claim(things) => {
                self.refresh(things);
                return Answer::Missing(self.missing(things.clone()));
            }
            Step::Open(slot, life) => {
                let expires = self.now + life;
                self.sessions.insert(*slot, Open { expires, sent: BTreeSet::new() });
            }
            Step::Close(slot) => drop(self.sessions.remove(slot)),
            Step::Expire => return self.expire(),
            Step::Publish(name, manifest) => return self.publish(*name, *manifest),
            Step::Push(name, manifest, slot) => return self.push(*name, *manifest, *slot),
            Step::Delete(name) => {
                if let Some(manifest) = self.names.remove(name) {
                    self.deleted.insert(*name, (manifest, self.now));
                }
            }
            Step::Undelete(name) => {
                if let Some((manifest, _)) = self.deleted.get(name).copied() {
                    return self.publish(*name, manifest);
                }
            }
            Step::Advance(seconds) => self.now += seconds,
            Step::Sweep { dry_run, grace } => return self.sweep(*dry_run, *grace),
            Step::Sent(slot, _) if !self.sessions.contains_key(slot) => return Answer::NoSession,
            _ => {}
        }
        Answer::Nothing
    }
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self { now: START, ..Self::default() }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        any_step()
    }

    fn apply(mut model: Self, step: &Step) -> Self {
        model.answer = model.step(step);
        model
    }
}
