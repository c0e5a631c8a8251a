//! The runs: with every rule kept all properties hold, and with any one rule left out the named property
//! fails. The bounds of each run are here.

use std::collections::BTreeSet;

use stateright::{Checker, DiscoveryClassification, HasDiscoveries, Model};

use super::model::Protocol;
use super::objects::Set;
use super::properties::{NAMED, RESTORABLE, SENT, SOMETIMES, TOLD, UNBLOCKED, WHOLE};
use super::rules::{Rule, Rules};
use super::state::Left;

/// One sweep, and nothing else happens.
const ONE_SWEEP: Left = Left { ticks: 0, sweeps: 1, deletes: 0, cuts: 0, faults: 0 };

/// A run with all rules.
fn run(
    left: Left,
    pushing: &'static [usize],
    stored: Vec<Set>,
    named: &'static [usize],
) -> Protocol {
    Protocol { rules: Rules::ALL, pushing, left, stored, named }
}

/// Two push at once what is stored, old and without a name.
fn two() -> Protocol {
    run(ONE_SWEEP, &[0, 1], vec![Set::ALL], &[])
}

/// One pushes beside a name, slowly: two graces may pass anywhere.
fn slow() -> Protocol {
    let stored = vec![Set::ALL, Set::of(&[2, 4, 5]), Set::of(&[4]), Set::NONE];
    run(Left { ticks: 4, ..ONE_SWEEP }, &[0], stored, &[1])
}

/// One sends its manifest first, slowly, while two sweeps run.
fn parents_first() -> Protocol {
    run(Left { ticks: 4, sweeps: 2, ..ONE_SWEEP }, &[1], vec![Set::ALL, Set::NONE], &[])
}

/// One pushes while a name is deleted and perhaps undeleted.
fn names() -> Protocol {
    run(Left { ticks: 3, deletes: 1, ..ONE_SWEEP }, &[0], vec![Set::NONE], &[1])
}

/// One pushes, and what is not synced is lost once, by a restart or by opening the store again.
fn cut() -> Protocol {
    run(Left { ticks: 1, sweeps: 2, cuts: 1, ..ONE_SWEEP }, &[0], vec![Set::ALL], &[])
}

/// One pushes beside a name; one read of the sweep fails, or the request is dropped.
fn fault() -> Protocol {
    run(Left { ticks: 1, faults: 1, ..ONE_SWEEP }, &[0], vec![Set::ALL], &[1])
}

/// One pushes what is stored, slowly; its request may be dropped at any step of publish.
fn dropped() -> Protocol {
    run(Left { ticks: 3, faults: 1, ..ONE_SWEEP }, &[1], vec![Set::ALL], &[])
}

/// Explores all; panics at a counterexample; gives the examples that were found.
fn holds(protocol: Protocol) -> BTreeSet<&'static str> {
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    assert!(checker.is_done(), "not all states were explored");
    let mut examples = BTreeSet::new();
    for (name, path) in checker.discoveries() {
        match checker.discovery_classification(name) {
            DiscoveryClassification::Example => examples.insert(name),
            DiscoveryClassification::Counterexample => panic!("{name}: {:?}", path.into_actions()),
        };
    }
    println!("{} states, depth {}", checker.unique_state_count(), checker.max_depth());
    examples
}

#[test]
fn every_property_holds_when_every_rule_is_kept() {
    let runs = [two(), slow(), parents_first(), names(), cut(), fault(), dropped()];
    let found: BTreeSet<_> = runs.into_iter().flat_map(holds).collect();
    assert_eq!(found, BTreeSet::from(SOMETIMES), "what must be possible is not");
}

/// Some ten million states and more: minutes.
#[test]
#[ignore = "a gigabyte and half a minute; `make soak-model` runs it"]
fn every_property_holds_within_wider_bounds() {
    let two = two();
    holds(Protocol { left: Left { ticks: 1, ..two.left }, ..two });
    let names = names();
    holds(Protocol { left: Left { ticks: 4, faults: 1, ..names.left }, ..names });
}

/// Leaves one rule out and expects the shortest way to a state in which the property fails.
fn needed(rule: Rule, protocol: Protocol, property: &'static str) {
    let protocol = Protocol { rules: Rules::without(rule), ..protocol };
    let until = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let checker = protocol.checker().threads(1).finish_when(until).spawn_bfs().join();
    let path = checker.assert_any_discovery(property).into_actions();
    println!("{rule:?}: {property} fails after {} steps: {path:?}", path.len());
}

/// A test for each rule: without it, in that run, that property fails.
macro_rules! each_rule_is_needed {
    ($($test:ident: $rule:ident, $run:ident, $property:ident;)*) => {
        $(
            #[test]
            fn $test() {
                needed(Rule::$rule, $run(), $property);
            }
        )*
    };
}

each_rule_is_needed! {
    publish_checks: PublishChecks, parents_first, NAMED;
    checks_inside_the_gate: ChecksInsideTheGate, parents_first, NAMED;
    holds_until_committed: HoldsUntilCommitted, parents_first, NAMED;
    barrier_before_commit: BarrierBeforeCommit, cut, NAMED;
    publish_registers: PublishRegisters, parents_first, NAMED;
    register_before_commit: RegisterBeforeCommit, dropped, NAMED;
    undelete_holds_the_gate: UndeleteHoldsTheGate, names, NAMED;
    begin_exclusive: BeginExclusive, names, NAMED;
    begin_anew: BeginAnew, cut, WHOLE;
    roots_in_one_snapshot: RootsInOneSnapshot, names, NAMED;
    roots_whole_or_abort: RootsWholeOrAbort, fault, NAMED;
    deleted_names_are_roots: DeletedNamesAreRoots, names, RESTORABLE;
    sessions_are_roots: SessionsAreRoots, parents_first, SENT;
    sessions_are_tolerant: SessionsAreTolerant, parents_first, UNBLOCKED;
    mark_whole_or_abort: MarkWholeOrAbort, fault, NAMED;
    cutoff_fixed_at_begin: CutoffFixedAtBegin, parents_first, SENT;
    young_keep_below: YoungKeepBelow, two, WHOLE;
    one_pass_decides: OnePassDecides, two, WHOLE;
    topological_order: TopologicalOrder, parents_first, WHOLE;
    batch_is_one_level: BatchIsOneLevel, slow, WHOLE;
    batch_exclusive: BatchExclusive, parents_first, NAMED;
    batch_marks_committed: BatchMarksCommitted, parents_first, NAMED;
    reread_time_put: RereadTimePut, two, TOLD;
    spared_keep_below: SparedKeepBelow, two, WHOLE;
    claim_refreshes: ClaimRefreshes, two, TOLD;
    put_refreshes: PutRefreshes, two, SENT;
    reopen_exclusive: ReopenExclusive, cut, NAMED;
    reopen_ends_sweep: ReopenEndsSweep, cut, WHOLE;
}
