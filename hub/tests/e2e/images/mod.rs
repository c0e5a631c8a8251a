//! Images with the real parts: engines, registries, skopeo and umoci, all started by the tests.
//!
//! Here are the parts (`part`, `engine`, `podman`, `registry`, `token`), the images that are made with them
//! (`layers`, `stage`), the judge (`judge`) and the proofs. Nothing here knows how a hub converts.

mod chance;
pub(crate) mod engine;
mod engines;
mod exports;
mod hubs;
mod judge;
pub(crate) mod layers;
pub(crate) mod part;
mod podman;
mod proofs;
mod refusals;
mod registry;
mod sources;
mod stage;
mod token;
mod upgrade;
