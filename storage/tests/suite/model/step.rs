//! What can be asked of a store and of those who keep names.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::reference::GRACE;
use crate::world::{Number, WORLD};

/// One step of a sequence.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Put(Vec<Number>),
    PutIn(u8, Vec<Number>),
    Get(Vec<Number>),
    GetFrames(Vec<Number>),
    Missing(Vec<Number>),
    Claim(Vec<Number>),
    Sent(u8, Vec<Number>),
    Open(u8, u64),
    Close(u8),
    Expire,
    /// Publishes if everything is there.
    Publish(u8, Number),
    /// Claims, sends what is missing in a session or without, publishes.
    Push(u8, Number, Option<u8>),
    Delete(u8),
    Undelete(u8),
    Advance(u64),
    Sweep {
        dry_run: bool,
        grace: u64,
    },
    Reclaim,
    Scrub,
    Flush,
    Reopen,
}

/// Any step.
pub(super) fn any_step() -> BoxedStrategy<Step> {
    let things = || vec(0..WORLD.things.len(), 0..12);
    let manifest = || select(WORLD.manifests.clone());
    let (name, slot) = (|| 0..3_u8, || 0..3_u8);
    let grace = || prop_oneof![6 => Just(GRACE), 1 => Just(0), 1 => Just(GRACE / 2)];
    prop_oneof![
        6 => things().prop_map(Step::Put),
        3 => (slot(), things()).prop_map(|(slot, things)| Step::PutIn(slot, things)),
        1 => things().prop_map(Step::Get),
        1 => things().prop_map(Step::GetFrames),
        1 => things().prop_map(Step::Missing),
        3 => things().prop_map(Step::Claim),
        1 => (slot(), things()).prop_map(|(slot, things)| Step::Sent(slot, things)),
        2 => (slot(), 1..2 * GRACE).prop_map(|(slot, life)| Step::Open(slot, life)),
        1 => slot().prop_map(Step::Close),
        1 => Just(Step::Expire),
        2 => (name(), manifest()).prop_map(|(name, manifest)| Step::Publish(name, manifest)),
        8 => (name(), manifest(), proptest::option::of(slot()))
            .prop_map(|(name, manifest, slot)| Step::Push(name, manifest, slot)),
        4 => name().prop_map(Step::Delete),
        3 => name().prop_map(Step::Undelete),
        8 => select(vec![1, GRACE / 4, GRACE / 2 + 1, GRACE - 1, GRACE, GRACE + 1])
            .prop_map(Step::Advance),
        8 => (proptest::bool::weighted(0.2), grace())
            .prop_map(|(dry_run, grace)| Step::Sweep { dry_run, grace }),
        1 => Just(Step::Reclaim),
        1 => Just(Step::Scrub),
        1 => Just(Step::Flush),
        2 => Just(Step::Reopen),
    ]
    .boxed()
}
