//! What a search asks for, read from the query of a `GET` or the body of a `POST`. Everything here comes from strangers
//! and is counted; what cannot be taken is refused by the parameter's name, and nothing is ignored in silence. What it
//! finds is the catalog's.

mod bbox;
mod body;
mod collections;
mod conditions;
mod datetime;
mod error;
mod fields;
mod filter;
mod format;
mod query;
mod sort;
mod terms;
mod text;

use geo::Geometry;

pub use self::body::of_body;
pub use self::collections::{
    COLLECTION_SORTABLES, CollectionKey, CollectionSearch, OF_COLLECTIONS, of_collections,
};
pub use self::error::ParameterError;
pub use self::fields::{Fields, Mode};
pub use self::format::Format;
pub use self::query::of_query;
pub use self::sort::{USUAL as USUAL_ORDER, sortables};
pub use self::text::FreeText;
use super::{Bounds, Direction, Interval, ItemFilter, SortKey};

/// The most items of a page: who asks for more gets that many.
pub(super) const MOST_ITEMS: u32 = 10_000;

/// Ids that are asked for at once.
const MOST_IDS: usize = 1_000;

/// Collections that are asked for at once.
const MOST_COLLECTIONS: usize = 200;

/// Bytes of an id: two names and what is between them.
const MOST_NAME: usize = 300;

/// Positions of a geometry that items are to meet: each item is compared with each of them.
const MOST_POSITIONS: usize = 2_000;

/// Bytes of a cursor.
const MOST_CURSOR: usize = 4_096;

/// The parameters of a search.
pub const OF_SEARCH: &[&str] = &[
    "collections",
    "ids",
    "bbox",
    "intersects",
    "datetime",
    "q",
    "filter",
    "filter-lang",
    "filter-crs",
    "query",
    "sortby",
    "fields",
    "mode",
    "f",
    "limit",
    "after",
];

/// The parameters of a list of a collection's items.
pub const OF_ITEMS: &[&str] = &[
    "collections",
    "ids",
    "bbox",
    "datetime",
    "q",
    "filter",
    "filter-lang",
    "filter-crs",
    "query",
    "sortby",
    "fields",
    "mode",
    "f",
    "limit",
    "after",
];

/// A search as it was asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Search {
    /// Only these collections.
    pub collections: Option<Vec<String>>,
    /// Only these items.
    pub ids: Option<Vec<String>>,
    /// Only what meets that box.
    pub bbox: Option<Bounds>,
    /// Only what meets that geometry.
    pub intersects: Option<Geometry<f64>>,
    /// Only what is of that time.
    pub interval: Option<Interval>,
    /// Free text.
    pub text: FreeText,
    /// What else is asked of them.
    pub filter: Option<ItemFilter>,
    /// The order; empty: the usual one.
    pub sort: Vec<(SortKey, Direction)>,
    /// Which members are written out.
    pub fields: Option<Fields>,
    /// How much is written out.
    pub mode: Mode,
    /// As what it is written out; `None`: nobody said.
    pub format: Option<Format>,
    /// How many items at most; `None`: as many as the configuration says.
    pub limit: Option<u32>,
    /// Where the page begins.
    pub after: Option<String>,
}

impl Search {
    /// Refuses what does not go together.
    fn checked(self) -> Result<Self, ParameterError> {
        if self.bbox.is_some() && self.intersects.is_some() {
            return Err(ParameterError::new("bbox", "it does not go together with intersects"));
        }
        Ok(self)
    }
}

/// A list of ids, each once. An empty one asks for nothing in particular.
fn names<'a>(
    parameter: &str,
    most: usize,
    names: impl Iterator<Item = &'a str>,
) -> Result<Option<Vec<String>>, ParameterError> {
    let mut list: Vec<String> = Vec::new();
    for (count, name) in names.enumerate() {
        if count >= most || name.is_empty() || name.len() > MOST_NAME {
            let message = format!("at most {most}, each of 1 to {MOST_NAME} bytes");
            return Err(ParameterError::new(parameter, message));
        }
        list.push(name.to_owned());
    }
    list.sort_unstable();
    list.dedup();
    Ok((!list.is_empty()).then_some(list))
}

/// As many items as a page may have.
fn limit(asked: u64) -> Result<u32, ParameterError> {
    if asked == 0 {
        return Err(ParameterError::new("limit", "it must be 1 or more"));
    }
    Ok(u32::try_from(asked).unwrap_or(MOST_ITEMS).min(MOST_ITEMS))
}

/// The cursor of a page.
fn cursor(parameter: &str, text: &str) -> Result<String, ParameterError> {
    if text.is_empty() || text.len() > MOST_CURSOR {
        return Err(ParameterError::new(parameter, "it must be what a page before gave"));
    }
    Ok(text.to_owned())
}

/// What is told of a parameter that there is not.
fn unknown(name: &str, known: &[&str]) -> ParameterError {
    let name: String = name.chars().take(40).collect();
    let message = format!("there is no such parameter here; there are: {}", known.join(", "));
    ParameterError { parameter: name, message }
}

#[cfg(test)]
mod terms_tests;
#[cfg(test)]
mod tests;
