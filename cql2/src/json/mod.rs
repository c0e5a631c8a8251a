//! The JSON encoding: the schema of the standard (its annex C). What a tree may be is `kinds.rs`.

#[cfg(test)]
mod hostile_tests;
mod places;
mod read;
mod reader;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use places::read_geometry;
pub(crate) use read::{number, read};
pub(crate) use write::write;
