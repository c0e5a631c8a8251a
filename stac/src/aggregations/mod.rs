//! Aggregations: what a search finds, told not item by item but as numbers, ends and frequencies. How they are asked for,
//! what is counted by, and how the answer is written; going over the items is the catalog's.

mod buckets;
mod calendar;
mod grid;
#[cfg(test)]
mod grid_tests;
mod known;
mod parameters;
mod spread;
mod tally;

pub use calendar::Unit;
pub use known::{AGGREGATIONS, Aggregation, Bins, definitions};
pub use parameters::{Aggregate, ByProperty, Wanted, of_body, of_query};
pub use tally::{Item, Tally};

#[cfg(test)]
mod tests;

/// The greatest whole number that is not greater; of what is no number, or beyond all, the nearest there is.
#[expect(clippy::cast_possible_truncation, reason = "it ends at the ends of its range")]
fn whole(number: f64) -> i32 {
    number.floor() as i32
}
