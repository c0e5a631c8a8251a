//! What is to be aggregated, and over which items: read like the parameters of a search, of which it has all that say
//! which items are meant.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::calendar::{Unit, WORDS};
use super::known::{AGGREGATIONS, Aggregation, Bins, Of};
use crate::Search;
use crate::parameters::{self, ParameterError};

/// Names what is to be aggregated.
const LIST: &str = "aggregations";

/// Says how long the parts of time are.
const UNIT: &str = "datetime_frequency_interval";

/// Ends the name of a parameter that says how fine a grid is; the aggregation's is before it.
const PRECISION: &str = "_precision";

/// Parameters of a search that say which items are meant.
const OF_SEARCH: [&str; 11] = [
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
    LIST,
];

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Over which items.
    pub search: Search,
    /// What of them.
    pub wanted: Wanted,
}

/// Aggregations that are asked for, each once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    pub(super) list: Vec<Aggregation>,
}

/// An aggregation by a property.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ByProperty {
    /// Its place among those that are asked for.
    pub place: usize,
    /// The property.
    pub property: &'static str,
    /// Between which numbers it counts. `None`: by texts.
    pub bins: Option<Bins>,
}

impl Wanted {
    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The properties that must be known of each item.
    pub fn properties(&self) -> BTreeSet<String> {
        self.by_property().map(|one| one.property.to_owned()).collect()
    }

    /// Those that count by a property.
    pub fn by_property(&self) -> impl Iterator<Item = ByProperty> {
        self.list.iter().enumerate().filter_map(|(place, one)| match one.of {
            Of::Terms(property) => Some(ByProperty { place, property, bins: None }),
            Of::Numbers(property, bins) => Some(ByProperty { place, property, bins: Some(bins) }),
            _ => None,
        })
    }

    /// Whether it must be known where each item is.
    pub fn asks_for_places(&self) -> bool {
        self.list
            .iter()
            .any(|one| matches!(one.of, Of::Middles(_) | Of::Shapes(_) | Of::Hexagons(_)))
    }

    /// Whether their geometries must be known.
    pub fn asks_for_geometries(&self) -> bool {
        self.list.iter().any(|one| matches!(one.of, Of::Shapes(_)))
    }

    /// Whether something is counted that each collection has: how many, from when to when.
    pub fn asks_for_collections(&self) -> bool {
        let is = |of: &Of| matches!(of, Of::Total | Of::First | Of::Last | Of::Collections);
        self.list.iter().any(|one| is(&one.of))
    }

    /// The parts of time in which items are to be counted.
    pub fn unit(&self) -> Option<Unit> {
        self.list.iter().find_map(|one| match one.of {
            Of::Times(unit) => Some(unit),
            _ => None,
        })
    }
}

fn wrong(parameter: &str, message: impl Into<String>) -> ParameterError {
    ParameterError { parameter: parameter.to_owned(), message: message.into() }
}

/// Whether a parameter says how fine the grid of an aggregation is.
fn is_precision(name: &str) -> bool {
    let of = name.strip_suffix(PRECISION);
    of.is_some_and(|of| {
        AGGREGATIONS.iter().any(|one| one.name == of && { one.of }.precision().is_some())
    })
}

/// All parameters that there are.
fn known() -> Vec<String> {
    let grids = AGGREGATIONS.iter().map(|one| format!("{}{PRECISION}", one.name));
    let own = [UNIT.to_owned()].into_iter().chain(grids.filter(|name| is_precision(name)));
    OF_SEARCH.iter().map(|name| (*name).to_owned()).chain(own).collect()
}

/// Reads the query of a `GET`.
pub fn of_query(pairs: &[(String, String)]) -> Result<Aggregate, ParameterError> {
    let mut wishes = Wishes::default();
    let mut others = Vec::new();
    for (at, (name, value)) in pairs.iter().enumerate() {
        if pairs.iter().take(at).any(|(before, _)| before == name) {
            return Err(wrong(name, "it stands there twice"));
        }
        if !wishes.take(name, &value.as_str().into())? {
            others.push((name.clone(), value.clone()));
        }
    }
    let known = known();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    Ok(Aggregate { search: parameters::of_query(&others, &known)?, wanted: wishes.wanted() })
}

/// Reads the body of a `POST`. A member that is null is as if it were not there.
pub fn of_body(body: &Map<String, Value>) -> Result<Aggregate, ParameterError> {
    let mut wishes = Wishes::default();
    let mut others = Map::new();
    for (name, value) in body {
        if !wishes.take(name, value)? {
            others.insert(name.clone(), value.clone());
        }
    }
    let known = known();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    Ok(Aggregate { search: parameters::of_body(&others, &known)?, wanted: wishes.wanted() })
}

/// What was said, before all of it is known.
#[derive(Default)]
struct Wishes {
    list: Vec<Aggregation>,
    unit: Option<Unit>,
    precisions: Vec<(&'static str, u8)>,
}

impl Wishes {
    /// Takes one of the parameters. `false`: it is one of the search.
    fn take(&mut self, name: &str, value: &Value) -> Result<bool, ParameterError> {
        let is_own = matches!(name, LIST | UNIT) || is_precision(name);
        if !is_own || value.is_null() {
            return Ok(is_own);
        }
        match name {
            LIST => self.list = list(value)?,
            UNIT => self.unit = Some(unit(value)?),
            _ => self.precisions.push(precision(name, value)?),
        }
        Ok(true)
    }

    fn wanted(self) -> Wanted {
        let Self { mut list, unit, precisions } = self;
        for one in &mut list {
            if let (Of::Times(of), Some(unit)) = (&mut one.of, unit) {
                *of = unit;
            }
            let said = precisions.iter().find(|(name, _)| *name == one.name);
            if let (Some((precision, _)), Some((_, said))) = (one.of.precision(), said) {
                *precision = *said;
            }
        }
        Wanted { list }
    }
}

/// The aggregations: a list of texts, or one with commas.
fn list(value: &Value) -> Result<Vec<Aggregation>, ParameterError> {
    let form = || wrong(LIST, "it must be a list of names");
    let texts = match value {
        Value::String(text) => {
            text.split(',').map(str::trim).filter(|_| !text.is_empty()).collect()
        }
        Value::Array(values) => {
            let texts = values.iter().map(Value::as_str).collect::<Option<Vec<&str>>>();
            texts.ok_or_else(form)?
        }
        _ => return Err(form()),
    };
    let mut list: Vec<Aggregation> = Vec::new();
    for text in texts {
        let Some(found) = AGGREGATIONS.iter().find(|one| one.name == text) else {
            let names: Vec<&str> = AGGREGATIONS.iter().map(|one| one.name).collect();
            let text: String = text.chars().take(40).collect();
            let there_are = names.join(", ");
            return Err(wrong(LIST, format!("there is no `{text}`; there are: {there_are}")));
        };
        if !list.contains(found) {
            list.push(*found);
        }
    }
    Ok(list)
}

fn unit(value: &Value) -> Result<Unit, ParameterError> {
    let found = WORDS.iter().find(|(word, _)| value.as_str() == Some(word));
    found.map(|(_, unit)| *unit).ok_or_else(|| {
        let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        wrong(UNIT, format!("it must be one of: {}", words.join(", ")))
    })
}

/// How fine the grid of an aggregation is to be.
fn precision(name: &str, value: &Value) -> Result<(&'static str, u8), ParameterError> {
    let of = AGGREGATIONS.iter().find(|one| name.strip_suffix(PRECISION) == Some(one.name));
    let grid = of.and_then(|one| { one.of }.precision().map(|(_, ends)| (one.name, ends)));
    let (of, (least, greatest)) = grid.ok_or_else(|| wrong(name, "there is no such grid"))?;
    let said = match value {
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        other => other.as_u64().and_then(|number| u8::try_from(number).ok()),
    };
    let fits = said.filter(|precision| (least..=greatest).contains(precision));
    let message = || format!("it must be a whole number from {least} to {greatest}");
    fits.map(|precision| (of, precision)).ok_or_else(|| wrong(name, message()))
}
