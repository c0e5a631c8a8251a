//! Items of names: they are composed here, from a flist and what else is said of a name, and the catalog writes them in
//! the transaction of whatever changes the name.
//!
//! What an item depends on may change while it is composed. Then the catalog refuses it, and it is composed again.

mod compose;
mod job;
mod recompose;
pub mod settings;
mod sums;
mod walk;

pub use compose::of_revision;
pub(crate) use compose::{AGAIN, Made, Set, Subject, made};
pub(crate) use job::{all, if_needed, soon, work};
pub(crate) use recompose::{How, Seen, one};
pub(crate) use sums::Stop;
