//! Searching collections: there are few, so each is looked at as it is composed for the caller, with the extent of what
//! the caller may see.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use crate::parameters::{CollectionKey, CollectionSearch, ParameterError};
use crate::words::words;
use crate::{Bounds, Direction, Extent, FilterError, Interval};

/// The box of what is nowhere in particular.
const EVERYWHERE: Bounds = Bounds { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };

/// A collection that may be found.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectionBody {
    /// The collection as it is shown.
    pub body: Map<String, Value>,
    /// Where and when its items are.
    pub extent: Extent,
}

/// A page of collections.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectionPage {
    /// The collections.
    pub collections: Vec<Map<String, Value>>,
    /// How many there are on all pages.
    pub matched: usize,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
    /// Where the page before begins, if there is one; the first one begins nowhere.
    pub previous: Option<Option<String>>,
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectionSearchError {
    /// A parameter cannot be taken.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// See [`FilterError`].
    #[error(transparent)]
    Filter(#[from] FilterError),
}

impl CollectionSearch {
    /// The page that is asked for, of all collections in the order of the configuration. Without a limit all are on it.
    pub fn page(
        &self,
        mut all: Vec<CollectionBody>,
    ) -> Result<CollectionPage, CollectionSearchError> {
        all.sort_by(|one, other| self.order(one, other));
        let begin = match &self.asked.after {
            None => 0,
            Some(after) => {
                let last = all.iter().position(|one| one.body.get("id") == Some(&json!(after)));
                let unknown = || ParameterError::new("after", "it must be what a page before gave");
                last.ok_or_else(unknown)?.saturating_add(1)
            }
        };
        let limit = self.asked.limit.and_then(|limit| usize::try_from(limit).ok());
        let limit = limit.unwrap_or(usize::MAX);
        let (mut before, mut page, mut more) = (Vec::new(), Vec::new(), 0_usize);
        for (place, one) in all.into_iter().enumerate() {
            if !self.finds(&one)? {
                continue;
            }
            if place < begin {
                before.push(one.body);
            } else if page.len() < limit {
                page.push(one.body);
            } else {
                more = more.saturating_add(1);
            }
        }
        let id = |body: &Map<String, Value>| Some(body.get("id")?.as_str()?.to_owned());
        Ok(CollectionPage {
            matched: before.len().saturating_add(page.len()).saturating_add(more),
            next: page.last().filter(|_| more > 0).and_then(id),
            previous: (!before.is_empty()).then(|| {
                let first = before.len().saturating_sub(limit);
                first.checked_sub(1).and_then(|last| before.get(last)).and_then(id)
            }),
            collections: page,
        })
    }

    fn finds(&self, one: &CollectionBody) -> Result<bool, FilterError> {
        let asked = &self.asked;
        let is_there = |bbox| meet(bbox, &one.extent.bounds.unwrap_or(EVERYWHERE));
        let is_then = |span| overlap(span, &one.extent.interval.unwrap_or_default());
        let is_tagged = asked.text.tags.iter().all(|tag| one.keywords().any(|word| word == tag));
        let says = || asked.text.words.as_ref().is_none_or(|words| words.are_in(&one.texts()));
        if !asked.bbox.as_ref().is_none_or(is_there)
            || !asked.interval.as_ref().is_none_or(is_then)
            || !is_tagged
            || !says()
        {
            return Ok(false);
        }
        match &asked.filter {
            None => Ok(true),
            Some(filter) => filter.holds(&one.values(filter.wanted())),
        }
    }

    fn order(&self, one: &CollectionBody, other: &CollectionBody) -> Ordering {
        let by = |(key, direction): &(CollectionKey, Direction)| match (
            one.sorted_by(*key),
            other.sorted_by(*key),
        ) {
            (Some(one), Some(other)) if *direction == Direction::Descending => other.cmp(&one),
            (Some(one), Some(other)) => one.cmp(&other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        };
        self.sort.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl CollectionBody {
    fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }

    fn keywords(&self) -> impl Iterator<Item = &str> {
        let list = self.body.get("keywords").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The words of all texts in which they are looked for.
    fn texts(&self) -> Vec<Vec<String>> {
        let texts = ["title", "description", "id"].into_iter().filter_map(|name| self.text(name));
        texts.chain(self.keywords()).map(words).collect()
    }

    /// What stands before what: texts by themselves, times by their numbers.
    fn sorted_by(&self, key: CollectionKey) -> Option<(i64, &str)> {
        let text = |name| self.text(name).map(|text| (0, text));
        let span = self.extent.interval.unwrap_or_default();
        match key {
            CollectionKey::Id => text("id"),
            CollectionKey::Title => text("title"),
            CollectionKey::License => text("license"),
            CollectionKey::Start => span.start.map(|at| (at, "")),
            CollectionKey::End => span.end.map(|at| (at, "")),
        }
    }

    /// The values that a filter asks for, by the names under which it does.
    fn values<'n>(&self, wanted: impl Iterator<Item = &'n str>) -> Map<String, Value> {
        let value = |name: &'n str| {
            let bare = name.strip_prefix("properties.").unwrap_or(name);
            let value = match bare {
                "geometry" => Some(place(&self.extent.bounds.unwrap_or(EVERYWHERE))),
                "start_datetime" => {
                    self.body.get("extent")?.pointer("/temporal/interval/0/0").cloned()
                }
                "end_datetime" => {
                    self.body.get("extent")?.pointer("/temporal/interval/0/1").cloned()
                }
                _ => self.member(bare).cloned(),
            };
            Some((name.to_owned(), value?))
        };
        wanted.filter_map(value).collect()
    }

    /// A member, or one within another by the names of both with a dot between them.
    fn member(&self, name: &str) -> Option<&Value> {
        if let Some(value) = self.body.get(name) {
            return Some(value);
        }
        let mut parts = name.split('.');
        let first = self.body.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }
}

/// Whether two boxes have a point in common; either may be over the antimeridian.
fn meet(one: &Bounds, other: &Bounds) -> bool {
    let spans = |bounds: &Bounds| {
        let Bounds { west, east, .. } = *bounds;
        if west <= east { vec![(west, east)] } else { vec![(west, 180.0), (-180.0, east)] }
    };
    let others = spans(other);
    let beside = |(west, east): &(f64, f64)| {
        others.iter().any(|(other_west, other_east)| west <= other_east && other_west <= east)
    };
    one.south <= other.north && other.south <= one.north && spans(one).iter().any(beside)
}

/// Whether two spans have an instant in common. An end that is not there is open.
fn overlap(one: &Interval, other: &Interval) -> bool {
    let begins = |start: Option<i64>, end: Option<i64>| {
        start.zip(end).is_none_or(|(start, end)| start <= end)
    };
    begins(one.start, other.end) && begins(other.start, one.end)
}

/// A box as a geometry.
fn place(bounds: &Bounds) -> Value {
    let Bounds { west, south, east, north } = *bounds;
    let ring = |west: f64, east: f64| {
        json!([[west, south], [east, south], [east, north], [west, north], [west, south]])
    };
    if west > east {
        let parts = json!([[ring(west, 180.0)], [ring(-180.0, east)]]);
        return json!({"type": "MultiPolygon", "coordinates": parts});
    }
    match (west < east, south < north) {
        (true, true) => json!({"type": "Polygon", "coordinates": [ring(west, east)]}),
        (false, false) => json!({"type": "Point", "coordinates": [west, south]}),
        _ => json!({"type": "LineString", "coordinates": [[west, south], [east, north]]}),
    }
}
