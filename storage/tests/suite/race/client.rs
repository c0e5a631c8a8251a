//! What those do that use the store while it is swept. Each has a flist of its own, whose top directory
//! nobody else brings, and asserts what it was promised.

use std::collections::BTreeMap;
use std::sync::Mutex;

use flisthub_storage::{
    ChunkStore as _, Clock as _, Maintain as _, SessionId, Sessions as _, StoreError,
};

use super::names::Names;
use super::round::GRACE;
use super::turns::Turns;
use super::yielding::Yielding;
use crate::support::Hand;
use crate::world::{Number, WORLD};

/// How often each thing happened, to see that the races are run.
pub(super) type Seen = Mutex<BTreeMap<&'static str, u64>>;

/// What a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// Publishes an old flist that nothing refers to any more, without asking.
    Republish,
    /// Was told "present" long ago; sends what is missing and tries again.
    Late,
    /// Asks for what the manifest names only: the top directory, all below which is old, and links.
    ClaimTop,
    /// Sends only that.
    PutTop,
    /// Asks for everything, sends what is missing, publishes.
    Push,
    /// Brings back a name that was deleted within the grace.
    UndeleteYoung,
    /// Brings back a name that was deleted long ago.
    UndeleteOld,
    /// Deletes a name and brings it back.
    DeleteAndBack,
    /// Publishes what a session sent that expires meanwhile.
    OfSession,
    /// Ends sessions whose time is over.
    Expire,
}

/// All scripts.
pub(super) const SCRIPTS: [Script; 10] = [
    Script::Republish,
    Script::Late,
    Script::ClaimTop,
    Script::PutTop,
    Script::Push,
    Script::UndeleteYoung,
    Script::UndeleteOld,
    Script::DeleteAndBack,
    Script::OfSession,
    Script::Expire,
];

/// Someone who uses the store.
pub(super) struct Client<'a> {
    pub(super) store: Yielding<'a>,
    pub(super) turns: &'a Turns,
    pub(super) names: &'a Names,
    pub(super) clock: &'a Hand,
    pub(super) seen: &'a Seen,
    pub(super) manifest: Number,
    /// Which names its own and the prepared one are.
    pub(super) name: u8,
    pub(super) session: SessionId,
}

impl Client<'_> {
    fn saw(&self, what: &'static str) {
        *self.seen.lock().unwrap().entry(what).or_default() += 1;
    }

    /// Lets the sweep get ahead.
    fn dawdle(&self) {
        for _ in 0..self.turns.below(60) {
            self.turns.pass();
        }
    }

    fn publish(&self) -> Vec<Number> {
        self.names.publish(&self.store, self.turns, self.name, self.manifest)
    }

    fn publish_at_once(&self, promise: &str) {
        assert_eq!(self.publish(), Vec::<Number>::new(), "{promise}");
    }

    /// In any order: nobody has to send what is below first.
    fn shuffled(&self, mut things: Vec<Number>) -> Vec<Number> {
        for at in (1..things.len()).rev() {
            things.swap(at, self.turns.below(at + 1));
        }
        things
    }

    fn push(&self) {
        let mut missing = Vec::new();
        let all = self.shuffled(WORLD.flist(self.manifest).into_iter().collect());
        for part in all.chunks(5) {
            let absent = self.store.claim(&WORLD.ids(part)).unwrap();
            missing.extend(absent.iter().map(|id| WORLD.number(id)));
        }
        self.dawdle();
        for part in self.shuffled(missing).chunks(4) {
            self.store.put(&WORLD.frames(part)).unwrap();
        }
        self.publish_at_once("who asked for everything may use it for half the grace");
    }

    /// Sends what the answers say is missing until there is no more of it.
    fn send_until_published(&self, session: Option<&SessionId>) {
        for _ in 0..WORLD.things.len() {
            let missing = self.publish();
            if missing.is_empty() {
                return;
            }
            self.saw("told that something is missing");
            let frames = WORLD.frames(&missing);
            match session.map(|session| self.store.put_in(session, &frames)) {
                Some(Ok(_)) => {}
                Some(Err(StoreError::NoSession(_))) | None => {
                    self.store.put(&frames).unwrap();
                }
                Some(Err(error)) => panic!("{error}"),
            }
        }
        panic!("sent what was missing again and again, and could never publish");
    }

    /// The top directory was found there: all below it must stay.
    fn top_found(&self) {
        self.saw("top directory found");
        self.dawdle();
        self.store.put(&WORLD.frames(&[self.manifest])).unwrap();
        self.publish_at_once("what is below an object that was asked for stays");
    }

    /// Does what the script says.
    pub(super) fn run(&self, script: Script) {
        self.dawdle();
        let below = &WORLD.things[self.manifest].below;
        match script {
            Script::Republish => {
                if !self.publish().is_empty() {
                    self.saw("republished too late");
                    self.push();
                }
            }
            Script::Late => self.send_until_published(None),
            Script::OfSession => self.send_until_published(Some(&self.session)),
            Script::ClaimTop => match self.store.claim(&WORLD.ids(below)).unwrap().as_slice() {
                [] => self.top_found(),
                _ => self.push(),
            },
            Script::PutTop => match self.store.put(&WORLD.frames(below)).unwrap().new {
                0 => self.top_found(),
                _ => self.push(),
            },
            Script::Push => self.push(),
            Script::UndeleteYoung => self.publish_at_once("deleted within the grace"),
            Script::UndeleteOld => {
                if !self.publish().is_empty() {
                    self.saw("undeleted too late");
                }
            }
            Script::DeleteAndBack => {
                self.names.delete(self.name, self.clock.now());
                self.turns.pass();
                self.publish_at_once("deleted a moment ago");
            }
            Script::Expire => {
                self.dawdle();
                self.clock.set(self.clock.now() + GRACE / 8);
                self.store.expire_sessions(self.clock.now()).unwrap();
            }
        }
        assert!(!self.store.failing());
    }
}
