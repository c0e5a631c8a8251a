//! Filters of items: what the Common Query Language says, with the names that STAC has for what is asked for. The
//! language itself is `flisthub_cql2`'s; how a request brings a filter is `parameters::filter`'s.

mod boxes;
mod casts;
mod columns;
mod implied;
mod indexed;
mod kinds;
mod known;
mod literals;
mod observed;
mod patterns;
mod spelled;
mod subject;

#[cfg(test)]
mod indexed_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use flisthub_cql2::{EvaluateError, Filter};
use serde_json::{Map, Value};

pub use columns::{COLUMNS, Column, Scalar, Stored, UNREAD, Values, values};
pub use implied::Implied;
pub use indexed::{Field, Index, Known};
pub use known::{COLLECTION_QUERYABLES, QUERYABLES, Queryable};
pub use observed::Observed;
pub use spelled::Spelled;
pub use subject::Subject;

/// Begins the name of a property where a filter calls it by its path in the item.
const PREFIX: &str = "properties.";

/// A filter that items can be asked by.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemFilter {
    /// All of them have to find it.
    filters: Vec<Filter>,
    /// The properties that they ask for.
    wanted: BTreeSet<String>,
    implied: Implied,
    index: Index,
    spelled: Vec<Spelled>,
    /// What is wrong with polygons in them.
    broken: Vec<String>,
}

/// Why there is no answer to whether an item is found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// The item's document is no object of JSON.
    #[error("the document of {0} cannot be read")]
    Unreadable(String),
    /// See [`EvaluateError`].
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

impl ItemFilter {
    /// Takes a filter, unless it asks for what no item can answer. The message says what that is.
    pub fn new(filter: Filter) -> Result<Self, String> {
        if let Some(name) = filter.functions().first() {
            return Err(format!("there is no function called {name}"));
        }
        kinds::check(filter.root())?;
        kinds::check_times(filter.root())?;
        let broken = filter.broken_geometry().into_iter().collect();
        Ok(Self { broken, ..Self::of_conditions(filter) })
    }

    /// The same, of conditions that may compare anything with anything, but a time with a text that is none.
    pub fn of_query(filter: Filter) -> Result<Self, String> {
        kinds::check_times(filter.root())?;
        Ok(Self::of_conditions(filter))
    }

    /// The same, of conditions that may compare anything with anything, and have no functions.
    pub fn of_conditions(filter: Filter) -> Self {
        let filter = casts::cast(filter);
        let wanted = filter.properties().into_iter().map(str::to_owned).collect();
        let (implied, index) = (Implied::by(filter.root()), Index::of(filter.root()));
        let spelled = spelled::spelled(filter.root());
        Self { filters: vec![filter], wanted, implied, index, spelled, broken: Vec::new() }
    }

    /// What both find.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.filters.extend(other.filters);
        self.wanted.extend(other.wanted);
        self.implied = self.implied.and(other.implied);
        self.index = self.index.and(other.index);
        self.spelled.extend(other.spelled);
        self.spelled = spelled::fewest(self.spelled);
        self.broken.extend(other.broken);
        self
    }

    /// What is true of each item that the filter finds.
    pub fn implied(&self) -> &Implied {
        &self.implied
    }

    /// What an index that keeps values of properties knows of it.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// What stands in the document of each item that it finds.
    pub fn spelled(&self) -> &[Spelled] {
        &self.spelled
    }

    /// The properties that it asks for and that are not among [`QUERYABLES`]: an item may have them all the same.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.wanted().filter(|name| !kinds::is_known(name))
    }

    /// What is wrong with its polygons: with such ones, what is found may be wrong.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// Whether a search asks for how many users starred an item.
    pub fn asks_for_stars(&self) -> bool {
        self.wanted.iter().any(|name| bare(name) == "sharinghub:stars")
    }

    /// Whether an item is found: a filter that is neither true nor false of it does not find it, nor one that takes
    /// more steps than it may.
    pub fn finds(&self, item: &Subject<'_>) -> Result<bool, FilterError> {
        self.holds(&item.read(&self.wanted)?)
    }

    /// The names of the properties that are asked for.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &str> {
        self.wanted.iter().map(String::as_str)
    }

    /// The same of something with these properties.
    pub(super) fn holds(&self, properties: &Map<String, Value>) -> Result<bool, FilterError> {
        for filter in &self.filters {
            match filter.evaluate(properties) {
                Ok(Some(true)) => {}
                // One item that takes too much must not end the search of all others.
                Ok(_) | Err(EvaluateError::TooMuch) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

/// The name of a property without the path that may be before it.
fn bare(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}
