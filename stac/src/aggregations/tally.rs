//! Counts items for the aggregations of one request, and writes down what was counted.

use serde_json::{Map, Value, json};

use super::buckets::{Buckets, Key};
use super::grid::hexagon;
use super::known::{Bins, Of};
use super::parameters::Wanted;
use super::{spread, whole};
use crate::Bounds;
use crate::catalog::moment;

/// An item, as far as it is counted by.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The collection in which it was found.
    pub collection: &'a str,
    /// Its `datetime`, or the begin of its span, in microseconds since the Unix epoch.
    pub datetime: Option<i64>,
    /// The box around it.
    pub bounds: Option<Bounds>,
    /// Its geometry, as GeoJSON, where that is not its box.
    pub geometry: Option<&'a str>,
    /// Those of its properties that [`Wanted::properties`] names.
    pub properties: &'a Map<String, Value>,
}

/// What was counted up to now.
#[derive(Debug, Clone)]
pub struct Tally {
    wanted: Wanted,
    counts: Vec<Count>,
}

#[derive(Debug, Clone)]
enum Count {
    Number(u64),
    Time(Option<i64>),
    Buckets(Buckets),
}

impl Tally {
    /// Nothing yet.
    pub fn new(wanted: &Wanted) -> Self {
        let count = |of: &Of| match of {
            Of::Total => Count::Number(0),
            Of::First | Of::Last => Count::Time(None),
            _ => Count::Buckets(Buckets::default()),
        };
        let counts = wanted.list.iter().map(|one| count(&one.of)).collect();
        Self { wanted: wanted.clone(), counts }
    }

    fn each(&mut self) -> impl Iterator<Item = (Of, &mut Count)> {
        self.wanted.list.iter().map(|one| one.of).zip(&mut self.counts)
    }

    /// Counts an item.
    pub fn add(&mut self, item: &Item<'_>) {
        self.add_collection(item.collection, 1, (item.datetime, item.datetime));
        self.add_times(item.datetime, 1);
        for (of, count) in self.each() {
            let Count::Buckets(buckets) = count else { continue };
            match of {
                Of::Terms(property) => {
                    let text = item.properties.get(property).and_then(Value::as_str);
                    buckets.add(text.map(|text| Key::Text(text.to_owned())), 1);
                }
                Of::Numbers(property, bins) => {
                    let number = item.properties.get(property).and_then(Value::as_f64);
                    buckets.add(number.map(|number| Key::Number(bins.place(number))), 1);
                }
                Of::Middles(grid) => {
                    let middle = item.bounds.as_ref().map(spread::middle);
                    buckets.add(middle.map(|(x, y)| Key::Cell(grid.cell(x, y))), 1);
                }
                Of::Hexagons(resolution) => {
                    let middle = item.bounds.as_ref().map(spread::middle);
                    let name = middle.and_then(|(x, y)| hexagon(x, y, resolution));
                    buckets.add(name.map(Key::Text), 1);
                }
                Of::Shapes(grid) => {
                    let bounds = item.bounds.as_ref();
                    let cells = bounds.map(|bounds| spread::cells(grid, bounds, item.geometry));
                    buckets.add(cells.into_iter().flatten().map(Key::Cell), 1);
                }
                Of::Total | Of::First | Of::Last | Of::Collections | Of::Times(_) => {}
            }
        }
    }

    /// Counts items of a collection that were counted by the database: how many, and their first and last `datetime`.
    pub fn add_collection(
        &mut self,
        collection: &str,
        items: u64,
        (first, last): (Option<i64>, Option<i64>),
    ) {
        for (of, count) in self.each() {
            match (of, count) {
                (Of::Total, Count::Number(number)) => *number = number.saturating_add(items),
                (Of::First, Count::Time(time)) => {
                    *time = time.iter().copied().chain(first).min();
                }
                (Of::Last, Count::Time(time)) => *time = (*time).max(last),
                (Of::Collections, Count::Buckets(buckets)) => {
                    buckets.add([Key::Text(collection.to_owned())], items);
                }
                _ => {}
            }
        }
    }

    /// Counts items that have a `datetime` in the same part of time.
    pub fn add_times(&mut self, datetime: Option<i64>, items: u64) {
        for (of, count) in self.each() {
            if let (Of::Times(unit), Count::Buckets(buckets)) = (of, count) {
                buckets.add(datetime.and_then(|time| unit.begin(time)).map(Key::Number), items);
            }
        }
    }

    /// Counts items that have the same text, or none, as the property of the aggregation at that place.
    pub fn add_text(&mut self, place: usize, text: Option<String>, items: u64) {
        if let Some(Count::Buckets(buckets)) = self.counts.get_mut(place) {
            buckets.add(text.map(Key::Text), items);
        }
    }

    /// Counts items whose numbers are in the same range of [`Bins`], or that have none.
    pub fn add_range(&mut self, place: usize, range: Option<i64>, items: u64) {
        if let Some(Count::Buckets(buckets)) = self.counts.get_mut(place) {
            buckets.add(range.map(Key::Number), items);
        }
    }

    /// The members `aggregations` of the answer.
    pub fn aggregations(&self) -> Vec<Value> {
        let each = self.wanted.list.iter().zip(&self.counts);
        let written = each.map(|(one, count)| {
            let mut body = Map::new();
            body.insert("name".to_owned(), one.name.into());
            body.insert("data_type".to_owned(), one.of.data_type().into());
            match count {
                Count::Number(number) => body.insert("value".to_owned(), (*number).into()),
                Count::Time(time) => body.insert("value".to_owned(), json!(time.and_then(moment))),
                Count::Buckets(buckets) => {
                    body.insert("overflow".to_owned(), buckets.overflow.into());
                    body.insert("buckets".to_owned(), one.of.written(buckets).into())
                }
            };
            body.into()
        });
        written.collect()
    }
}

impl Bins {
    /// The place of the range in which a number is, among all ranges.
    pub fn place(self, number: f64) -> i64 {
        match self {
            Self::Limits(limits) => {
                let below = limits.iter().filter(|limit| **limit <= number).count();
                i64::try_from(below).unwrap_or(i64::MAX)
            }
            Self::Steps(width) => whole(number / width).into(),
        }
    }

    /// From where to where a range goes; `None`: it is open.
    fn ends(self, place: i64) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Limits(limits) => {
                let limit = |place: i64| limits.get(usize::try_from(place).ok()?).copied();
                (limit(place - 1), limit(place))
            }
            Self::Steps(width) => {
                let end = |place: i64| i32::try_from(place).ok().map(|at| f64::from(at) * width);
                (end(place), end(place + 1))
            }
        }
    }

    fn written(self, place: i64, count: u64) -> Value {
        let (from, to) = self.ends(place);
        let end = |end: Option<f64>| end.map_or_else(|| "*".to_owned(), |end| format!("{end:.1}"));
        let mut bucket = bucket(format!("{}-{}", end(from), end(to)), "numeric", count);
        bucket.extend(from.map(|from| ("from".to_owned(), from.into())));
        bucket.extend(to.map(|to| ("to".to_owned(), to.into())));
        bucket.into()
    }
}

fn bucket(key: String, data_type: &str, count: u64) -> Map<String, Value> {
    let mut bucket = Map::new();
    bucket.insert("key".to_owned(), key.into());
    bucket.insert("data_type".to_owned(), data_type.into());
    bucket.insert("frequency".to_owned(), count.into());
    bucket
}

impl Of {
    /// Its buckets: those along a line in their order, others by how many items they have.
    fn written(&self, buckets: &Buckets) -> Vec<Value> {
        if let Self::Numbers(_, bins @ Bins::Limits(limits)) = self {
            let places = (0..=limits.len()).filter_map(|place| i64::try_from(place).ok());
            let written = |place| bins.written(place, buckets.count(&Key::Number(place)));
            return places.map(written).collect();
        }
        let all = match self {
            Self::Times(_) | Self::Numbers(..) => buckets.by_key(),
            _ => buckets.by_count(),
        };
        let written = |(key, count): (&Key, u64)| match (self, key) {
            (Self::Numbers(_, bins), Key::Number(place)) => Some(bins.written(*place, count)),
            (Self::Middles(grid) | Self::Shapes(grid), Key::Cell(cell)) => {
                Some(bucket(grid.name(*cell), "string", count).into())
            }
            (_, Key::Number(time)) => Some(bucket(moment(*time)?, "datetime", count).into()),
            (_, Key::Text(text)) => Some(bucket(text.clone(), "string", count).into()),
            (_, Key::Cell(_)) => None,
        };
        all.into_iter().filter_map(written).collect()
    }
}
