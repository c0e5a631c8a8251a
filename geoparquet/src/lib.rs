//! STAC items as a table: GeoParquet 1.1 by the specification stac-geoparquet 1.1. The columns are found out from the
//! items, so that whatever publishers write is in the table: what has no type of its own is there as JSON text.
//!
//! Pure: JSON in, bytes out. No disk, no network, no clock, no async. Time and memory grow with the items' text; how many
//! columns there are, how deep, and how many places lists take in them, is bounded.

mod bounds;
mod column;
mod error;
mod file;
mod geo;
mod json;
mod kind;
mod leaf;
mod learn;
mod moment;
mod number;
mod places;
mod row;
mod schema;
mod shred;
mod table;
mod wkb;

#[cfg(test)]
mod bounds_tests;
#[cfg(test)]
mod chance_tests;
#[cfg(test)]
mod tests;

pub use error::WriteError;
pub use file::write;

/// What the file is sent as.
pub const MEDIA_TYPE: &str = "application/vnd.apache.parquet";
