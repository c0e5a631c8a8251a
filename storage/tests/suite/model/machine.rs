//! A real store and a list of names, driven by the steps and compared with the model after each.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::Arc;

use flisthub_storage::{
    Chunk, ChunkId, Frame, Maintain, MemoryStore, RocksOptions, RocksStore, Roots, ScrubReport,
    Session, SessionId, Silent, StoreError, SweepError, SweepOptions, WritePath, scrub, sweep,
};
use proptest_state_machine::StateMachineTest;

use super::reference::{Answer, GRACE, Model, Swept};
use super::step::Step;
use crate::support::Hand;
use crate::world::{Number, WORLD, lacking, references};

/// A store that a sequence runs on.
pub(super) trait Kept {
    fn new(clock: &Arc<Hand>) -> Self;
    fn store(&self) -> &dyn Maintain;
    /// Closes it and opens it again.
    fn reopened(self, clock: &Arc<Hand>) -> Self;
}

/// In memory.
pub(super) struct Memory(MemoryStore);

impl Kept for Memory {
    fn new(clock: &Arc<Hand>) -> Self {
        Self(MemoryStore::with_clock(clock.clone(), GRACE))
    }

    fn store(&self) -> &dyn Maintain {
        &self.0
    }

    fn reopened(self, _: &Arc<Hand>) -> Self {
        self
    }
}

/// How frames get to the disk.
pub(super) trait Path {
    const PATH: WritePath;
}

/// On disk.
pub(super) struct Disk<P> {
    store: RocksStore,
    directory: tempfile::TempDir,
    path: PhantomData<P>,
}

impl<P: Path> Disk<P> {
    fn open(directory: tempfile::TempDir, clock: &Arc<Hand>) -> Self {
        let options = RocksOptions { grace: GRACE, write_path: P::PATH, ..RocksOptions::default() };
        let store = RocksStore::open(directory.path(), &options, clock.clone()).unwrap();
        Self { store, directory, path: PhantomData }
    }
}

impl<P: Path> Kept for Disk<P> {
    fn new(clock: &Arc<Hand>) -> Self {
        Self::open(tempfile::tempdir().unwrap(), clock)
    }

    fn store(&self) -> &dyn Maintain {
        &self.store
    }

    fn reopened(self, clock: &Arc<Hand>) -> Self {
        drop(self.store);
        Self::open(self.directory, clock)
    }
}

/// The store, and what keeps names and sessions beside it.
pub(super) struct Machine<K> {
    kept: Option<K>,
    clock: Arc<Hand>,
    names: BTreeMap<u8, Number>,
    deleted: BTreeMap<u8, (Number, u64)>,
    sessions: BTreeMap<u8, SessionId>,
}

/// Nothing is published while a sweep runs here.
struct Fixed(Vec<ChunkId>);

impl Roots for Fixed {
    fn begin(&self) -> Result<Vec<ChunkId>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0.clone())
    }

    fn committed(&self) -> Vec<ChunkId> {
        Vec::new()
    }

    fn exclusively(
        &self,
        work: &mut dyn FnMut() -> Result<(), SweepError>,
    ) -> Result<(), SweepError> {
        work()
    }

    fn end(&self) {}
}

impl<K: Kept> Machine<K> {
    fn store(&self) -> &dyn Maintain {
        self.kept.as_ref().unwrap().store()
    }

    fn session(&self, slot: u8) -> SessionId {
        // One that nobody opened is a session that is not there.
        self.sessions.get(&slot).copied().unwrap_or(SessionId::from_slice(&[slot; 16]).unwrap())
    }

    fn put(&self, slot: Option<u8>, things: &[Number]) -> Answer {
        let frames = WORLD.frames(things);
        let put = match slot {
            None => self.store().put(&frames),
            Some(slot) => self.store().put_in(&self.session(slot), &frames),
        };
        match put {
            Ok(report) => Answer::Put(report.new, report.known),
            Err(StoreError::NoSession(_)) => Answer::NoSession,
            Err(other) => panic!("{other}"),
        }
    }

    fn publish(&mut self, name: u8, manifest: Number) -> Answer {
        let missing = lacking(self.store(), manifest).unwrap();
        if missing.is_empty() {
            self.store().flush().unwrap();
            self.names.insert(name, manifest);
            self.deleted.remove(&name);
        }
        Answer::Missing(missing)
    }

    fn push(&mut self, name: u8, manifest: Number, slot: Option<u8>) -> Answer {
        let all = WORLD.ids(&WORLD.flist(manifest));
        let missing = numbers(&self.store().claim(&all).unwrap());
        match self.put(slot, &missing) {
            Answer::NoSession => Answer::NoSession,
            _ => self.publish(name, manifest),
        }
    }

    fn sweep(&mut self, now: u64, dry_run: bool, grace: u64) -> Answer {
        let young = self.deleted.values().filter(|(_, when)| when + grace >= now);
        let roots: BTreeSet<Number> =
            self.names.values().chain(young.map(|(manifest, _)| manifest)).copied().collect();
        let options = SweepOptions { now, grace, dry_run };
        let follow = |object: &Chunk| Ok(references(object));
        let report =
            sweep(self.store(), &Fixed(WORLD.ids(&roots)), &follow, &options, &Silent).unwrap();
        assert_eq!(report.spared, 0, "nobody asked for anything meanwhile");
        assert_eq!(report.reclaimed.is_none(), dry_run);
        if !dry_run {
            // Whoever keeps names must remember what a sweep was not told to keep.
            let old = self.deleted.values_mut().filter(|(_, when)| *when + grace < now);
            old.for_each(|(_, when)| *when = 0);
        }
        let count = |count: u64| usize::try_from(count).unwrap();
        Answer::Swept(Swept {
            roots: count(report.roots),
            kept: count(report.kept.objects),
            young: count(report.young.objects),
            chunks: count(report.garbage_chunks.objects),
            objects: count(report.garbage_objects.objects),
            removed: count(report.removed.objects),
        })
    }

    fn read(&self, model: &Model, things: &[Number]) {
        let ids = WORLD.ids(things);
        let expected = |thing: &Number| model.objects.get(thing).map(|_| &WORLD.things[*thing]);
        for (thing, found) in things.iter().zip(self.store().get(&ids).unwrap()) {
            let expected = expected(thing).map(|thing| thing.chunk.bytes());
            assert_eq!(found.as_ref().map(Chunk::bytes), expected, "object {thing}");
        }
        for (thing, found) in things.iter().zip(self.store().get_frames(&ids).unwrap()) {
            let expected = expected(thing).map(|thing| thing.frame.bytes());
            assert_eq!(found.as_ref().map(Frame::bytes), expected, "frame {thing}");
        }
    }

    fn sent(&self, model: &Model, slot: u8, things: &[Number]) -> Answer {
        match self.store().sent(&self.session(slot), &WORLD.ids(things)) {
            Ok(found) => {
                let session = &model.sessions[&slot];
                let expected: Vec<bool> =
                    things.iter().map(|thing| session.sent.contains(thing)).collect();
                assert_eq!(found, expected);
                Answer::Nothing
            }
            Err(StoreError::NoSession(_)) => Answer::NoSession,
            Err(other) => panic!("{other}"),
        }
    }

    fn open(&mut self, slot: u8, expires: u64) {
        // Opening a slot again leaves the session that was in it before.
        if let Some(before) = self.sessions.get(&slot) {
            self.store().close_session(before).unwrap();
        }
        let id = SessionId::random().unwrap();
        let session = Session { id, owner: "bo".into(), repository: "bo".into(), expires };
        self.store().open_session(&session).unwrap();
        assert_eq!(self.store().session(&id).unwrap(), Some(session));
        self.sessions.insert(slot, id);
    }

    fn step(&mut self, model: &Model, step: Step) -> Answer {
        match step {
            Step::Put(things) => return self.put(None, &things),
            Step::PutIn(slot, things) => return self.put(Some(slot), &things),
            Step::Get(things) | Step::GetFrames(things) => self.read(model, &things),
            Step::Missing(things) => {
                return Answer::Missing(numbers(
                    &self.store().missing(&WORLD.ids(&things)).unwrap(),
                ));
            }
            Step::Claim(things) => {
                return Answer::Missing(numbers(&self.store().claim(&WORLD.ids(&things)).unwrap()));
            }
            Step::Sent(slot, things) => return self.sent(model, slot, &things),
            Step::Open(slot, life) => self.open(slot, model.now + life),
            Step::Close(slot) => self.store().close_session(&self.session(slot)).unwrap(),
            Step::Expire => {
                return Answer::Expired(self.store().expire_sessions(model.now).unwrap());
            }
            Step::Publish(name, manifest) => return self.publish(name, manifest),
            Step::Push(name, manifest, slot) => return self.push(name, manifest, slot),
            Step::Delete(name) => {
                if let Some(manifest) = self.names.remove(&name) {
                    self.deleted.insert(name, (manifest, model.now));
                }
            }
            Step::Undelete(name) => {
                if let Some((manifest, _)) = self.deleted.get(&name).copied() {
                    return self.publish(name, manifest);
                }
            }
            Step::Advance(_) => self.clock.set(model.now),
            Step::Sweep { dry_run, grace } => return self.sweep(model.now, dry_run, grace),
            Step::Reclaim => {
                self.store().reclaim(&Silent).unwrap();
            }
            Step::Scrub => self.scrub(model),
            Step::Flush => self.store().flush().unwrap(),
            Step::Reopen => self.kept = self.kept.take().map(|kept| kept.reopened(&self.clock)),
        }
        Answer::Nothing
    }

    fn scrub(&self, model: &Model) {
        let ScrubReport { objects, damaged, .. } = scrub(self.store(), None, &Silent).unwrap();
        assert_eq!((objects, damaged), (model.objects.len() as u64, vec![]));
    }
}

fn numbers(ids: &[ChunkId]) -> Vec<Number> {
    ids.iter().map(|id| WORLD.number(id)).collect()
}

impl<K: Kept> StateMachineTest for Machine<K> {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(model: &Model) -> Self {
        let clock = Arc::new(Hand::default());
        clock.set(model.now);
        let kept = Some(K::new(&clock));
        let (names, deleted, sessions) = Default::default();
        Self { kept, clock, names, deleted, sessions }
    }

    fn apply(mut machine: Self, model: &Model, step: Step) -> Self {
        let answer = machine.step(model, step);
        assert_eq!(answer, model.answer);
        machine
    }

    fn check_invariants(machine: &Self, model: &Model) {
        let rows = machine.store().rows(None, usize::MAX).unwrap();
        let there: BTreeMap<Number, u64> =
            rows.iter().map(|row| (WORLD.number(&row.id), row.time_put)).collect();
        assert_eq!(there, model.objects, "what is there, and when it was put");
        let all: Vec<Number> = (0..WORLD.things.len()).collect();
        machine.read(model, &all);
        assert_eq!(machine.names, model.names);
        for manifest in machine.names.values() {
            assert_eq!(lacking(machine.store(), *manifest).unwrap(), Vec::<Number>::new());
        }
    }
}
