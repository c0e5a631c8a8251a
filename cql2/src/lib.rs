//! Filters of OGC's Common Query Language (CQL2, OGC 21-065r2), all of its conformance classes: read from text and
//! JSON, written out again, and evaluated.
//!
//! Whatever comes in, reading it takes a bounded stack and bounded work ([`limits`]). It knows neither what properties
//! there are nor where they are kept: no network, no disk, no clock and no async. The choices that the standard leaves
//! open are in `docs/cql2.md`.

mod error;
mod eval;
mod filter;
#[cfg(test)]
mod generated;
pub mod geometry;
mod json;
mod kinds;
pub mod limits;
mod moments;
mod number;
mod operators;
mod planar;
mod text;
mod tree;
mod words;

pub use error::{Place, ReadError};
pub use eval::{EvaluateError, Properties};
pub use filter::Filter;
pub use moments::{Date, Timestamp};
pub use number::Number;
pub use operators::{Arithmetic, ArrayRelation, Comparison, Spatial, Temporal};
pub use tree::{End, Expr};
