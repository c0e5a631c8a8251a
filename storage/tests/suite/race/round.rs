//! One round: a store with something old in it, a sweep and some clients beside each other, and what
//! must hold afterwards.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use flisthub_storage::{
    Clock as _, Maintain, Session, SessionId, Silent, SweepOptions, SweepReport, sweep,
};

use super::client::{Client, SCRIPTS, Script, Seen as Counts};
use super::names::{Names, Seen};
use super::turns::{Random, Turns};
use super::yielding::Yielding;
use crate::support::Hand;
use crate::world::{Number, WORLD, lacking, references};

/// The store's grace in seconds.
pub(super) const GRACE: u64 = 1_000;

/// Sweeps, as of the clock's time.
fn sweep_now(store: &dyn Maintain, names: &Names, turns: &Turns, clock: &Hand) -> SweepReport {
    let now = clock.now();
    let roots = Seen { names, turns, deleted_before: now - GRACE };
    let options = SweepOptions { now, grace: GRACE, dry_run: false };
    let follow = |object: &flisthub_storage::Chunk| Ok(references(object));
    sweep(store, &roots, &follow, &options, &Silent).expect("nothing in use is missing")
}

/// What a round starts with.
struct Prepared {
    names: Names,
    session: SessionId,
    /// For each client what it does, on which flist, under which name.
    clients: Vec<(Script, Number, u8)>,
}

/// Puts old flists, names and a session into an empty store.
fn prepare(store: &dyn Maintain, clock: &Hand, random: &mut Random) -> Prepared {
    let began = clock.now();
    let names = Names::default();
    let mut manifests = WORLD.manifests.clone();
    random.shuffle(&mut manifests);
    let mut scripts = SCRIPTS;
    random.shuffle(&mut scripts);
    let many = 1 + random.below(4);
    let mut clients: Vec<_> = scripts.into_iter().zip(manifests.clone()).take(many).collect();
    if clients.iter().any(|(script, _)| *script == Script::OfSession) {
        clients.push((Script::Expire, manifests[many]));
    }
    let session = SessionId::random().unwrap();
    let (owner, repository) = ("bo".to_owned(), "bo".to_owned());
    let expires = began + 2 * GRACE + GRACE / 16;
    store.open_session(&Session { id: session, owner, repository, expires }).unwrap();
    let mut placed = Vec::new();
    for (name, (script, manifest)) in (0..).zip(clients) {
        let all: Vec<Number> = WORLD.flist(manifest).into_iter().collect();
        match script {
            Script::OfSession => {
                store.put_in(&session, &WORLD.frames(&all)).unwrap();
            }
            // Some of what is pushed is new.
            Script::Push if random.below(2) == 0 => {}
            _ => {
                store.put(&WORLD.frames(&all)).unwrap();
            }
        }
        let mut state = names.state();
        match script {
            Script::UndeleteYoung => {
                state.deleted.insert(name, (manifest, began + 2 * GRACE - GRACE / 4));
            }
            Script::UndeleteOld => {
                state.deleted.insert(name, (manifest, began));
            }
            Script::DeleteAndBack => {
                state.names.insert(name, manifest);
            }
            _ => {}
        }
        placed.push((script, manifest, name));
    }
    // Another name that nobody touches, and garbage that nobody asks for.
    let lone = manifests[manifests.len() - 1];
    store.put(&WORLD.frames(&WORLD.flist(lone))).unwrap();
    if random.below(2) == 0 {
        names.state().names.insert(100, lone);
    }
    clock.set(began + 2 * GRACE);
    Prepared { names, session, clients: placed }
}

/// Runs one round on an empty store, and leaves it empty. `seed` decides all, if `in_turns`.
pub(super) fn round(
    store: &dyn Maintain,
    clock: &Hand,
    seed: u64,
    in_turns: bool,
    counts: &Counts,
) {
    let mut random = Random(seed);
    clock.set(clock.now() + 10 * GRACE);
    let Prepared { names, session, clients } = prepare(store, clock, &mut random);
    let turns = Turns::new(seed ^ 0x5EED, clients.len() + 1, in_turns);
    let scripts: Vec<Script> = clients.iter().map(|(script, _, _)| *script).collect();
    let sweeps = 1 + random.below(2);
    let done = catch_unwind(AssertUnwindSafe(|| {
        std::thread::scope(|scope| {
            let (turns, names) = (&turns, &names);
            scope.spawn(move || {
                let _running = turns.begin(0);
                for _ in 0..sweeps {
                    let store = Yielding { inner: store, turns };
                    let report = sweep_now(&store, names, turns, clock);
                    if report.spared > 0 {
                        *counts.lock().unwrap().entry("spared").or_default() += 1;
                    }
                }
            });
            for (me, (script, manifest, name)) in (1..).zip(clients) {
                let store = Yielding { inner: store, turns };
                let client =
                    Client { store, turns, names, clock, seen: counts, manifest, name, session };
                scope.spawn(move || {
                    let _running = turns.begin(me);
                    client.run(script);
                });
            }
        });
        check(&Yielding { inner: store, turns: &turns }, clock, &names, &turns);
    }));
    assert!(done.is_ok(), "seed {seed}, in turns: {in_turns}: {scripts:?} beside {sweeps} sweeps");
}

/// Nothing published is missing; once all is quiet exactly that is left; without names nothing.
fn check(store: &dyn Maintain, clock: &Hand, names: &Names, turns: &Turns) {
    let published: BTreeSet<Number> = names.state().names.values().copied().collect();
    for manifest in &published {
        let missing = lacking(store, *manifest).unwrap();
        assert!(missing.is_empty(), "{manifest} is published and lacks {missing:?}");
    }
    clock.set(clock.now() + 2 * GRACE);
    sweep_now(store, names, turns, clock);
    let left: BTreeSet<Number> = there(store);
    assert_eq!(left, WORLD.reach(published, |_| true), "exactly what names reach");
    *names.state() = super::names::State::default();
    sweep_now(store, names, turns, clock);
    assert_eq!(there(store), BTreeSet::new());
    store.expire_sessions(clock.now()).unwrap();
}

fn there(store: &dyn Maintain) -> BTreeSet<Number> {
    let rows = store.rows(None, usize::MAX).unwrap();
    rows.iter().map(|row| WORLD.number(&row.id)).collect()
}
