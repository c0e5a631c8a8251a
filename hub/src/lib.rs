//! The hub: users upload trees of files, everybody downloads them.
//!
//! Three layers, each using only the next: `routes` (HTTP: extract, call one action, wrap) → `actions`
//! (the rules; no HTTP, no SQL) → `catalog` (all the SQL) beside the chunk store of `flisthub_storage`.
//! `error` is the one place that knows which error is which status, `auth` the one that knows who may
//! do what.

// What unit tests share with the suite names this crate as the suite does.
#[cfg(test)]
extern crate self as flisthub_hub;

pub mod actions;
pub mod auth;
pub mod backup;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod control;
pub mod cursors;
pub mod data;
mod descriptors;
pub mod door;
pub mod ending;
pub mod error;
pub mod gate;
pub mod images;
pub mod jobs;
pub mod limits;
pub mod listening;
pub mod metrics;
pub mod name;
pub mod newest;
pub mod objects;
pub mod place;
mod recovery;
pub mod reindex;
mod remembered;
pub mod routes;
pub mod server;
pub mod signatures;
pub mod state;
pub mod thumbnails;
pub mod unpublished;
mod write_limit;

/// What an item of the catalogue is.
pub use flisthub_stac as stac;
