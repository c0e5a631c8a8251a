//! The text encoding: the grammar of the standard (its annex B). What a tree may be is `kinds.rs`.

mod arithmetic;
#[cfg(test)]
mod hostile_tests;
mod lexer;
mod parser;
mod places;
mod values;
mod write;
mod write_places;

#[cfg(test)]
mod tests;

pub(crate) use parser::parse;
pub(crate) use write::write;
