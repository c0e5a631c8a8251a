//! Searches of random items against a filter that looks at every one of them, on both ways through the index.

use std::collections::BTreeMap;
use std::sync::Arc;

use flisthub_cql2::Filter;
use geo::{BoundingRect as _, Coord, Geometry, Intersects as _, LineString, Polygon, Rect};
use serde_json::{Value, json};

use super::stage::{Stage, composed, draft, query};
use super::{ItemQuery, Readable};
use crate::auth::Visibility;
use crate::stac::aggregations::{Item, Tally, Wanted, of_query};
use crate::stac::{Bounds, Direction, Draft, Interval, ItemFilter, Place, SortKey, Subject, Words};

const COLLECTIONS: [&str; 3] = ["a", "b", "c"];
const WORDS: [&str; 6] = ["flood", "model", "sea", "ice", "中", "v2"];
const TAGS: [&str; 3] = ["x", "Y z", "é"];

/// Numbers that are the same in each run.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn below(&mut self, end: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(end)).unwrap()
    }

    pub(super) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        let place = self.below(u32::try_from(of.len()).unwrap());
        of[usize::try_from(place).unwrap()].clone()
    }

    pub(super) fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    fn degrees(&mut self, most: u32) -> f64 {
        f64::from(self.below(2 * most + 1)) - f64::from(most)
    }

    fn words(&mut self, most: u32) -> Vec<String> {
        (0..self.below(most)).map(|_| self.one(&WORDS).to_owned()).collect()
    }

    /// What words are to be like.
    fn wording(&mut self, depth: u32) -> Words {
        let parts = |dice: &mut Self| (0..dice.below(4)).map(|_| dice.wording(depth - 1)).collect();
        match self.below(if depth == 0 { 2 } else { 6 }) {
            0 | 1 => Words::Phrase(self.words(4)),
            2 => Words::All(parts(self)),
            3 => Words::Not(Box::new(self.wording(depth - 1))),
            _ => Words::Any(parts(self)),
        }
    }

    fn bounds(&mut self) -> Bounds {
        let (west, south) = (self.degrees(180), self.degrees(90));
        let width = f64::from(self.below(60));
        let east = if west + width > 180.0 { west + width - 360.0 } else { west + width };
        Bounds { west, south, east, north: (south + f64::from(self.below(40))).min(90.0) }
    }

    fn triangle(&mut self) -> Polygon<f64> {
        let (x, y) = (self.degrees(150), self.degrees(60));
        let mut corner =
            || Coord { x: x + f64::from(self.below(30)), y: y + f64::from(self.below(30)) };
        let corners = vec![corner(), corner(), corner()];
        Polygon::new(LineString(corners), Vec::new())
    }

    fn place(&mut self) -> Option<Place> {
        match self.below(4) {
            0 => None,
            1 => {
                let Bounds { west, south, .. } = self.bounds();
                let bounds = Bounds { west, south, east: west, north: south };
                Some(Place { bounds, is_box: true, geometry: String::new() })
            }
            2 => Some(Place { bounds: self.bounds(), is_box: true, geometry: String::new() }),
            _ => {
                let triangle = self.triangle();
                let around = triangle.bounding_rect().unwrap();
                let (min, max) = (around.min(), around.max());
                let ring: Vec<_> =
                    triangle.exterior().coords().map(|corner| [corner.x, corner.y]).collect();
                let geometry = json!({ "type": "Polygon", "coordinates": [ring] }).to_string();
                let bounds = Bounds { west: min.x, south: min.y, east: max.x, north: max.y };
                Some(Place { bounds, is_box: false, geometry })
            }
        }
    }

    fn interval(&mut self) -> Option<Interval> {
        let start = i64::from(self.below(50));
        let end = start + i64::from(self.below(20));
        match self.below(6) {
            0 => None,
            1 => Some(Interval { start: Some(start), end: Some(end) }),
            2 => Some(Interval { start: None, end: Some(end) }),
            3 => Some(Interval { start: Some(start), end: None }),
            _ => Some(Interval { start: Some(start), end: Some(start) }),
        }
    }

    fn draft(&mut self) -> Draft {
        let mut categories: Vec<&str> =
            COLLECTIONS.into_iter().filter(|_| self.once_in(2)).collect();
        if categories.is_empty() {
            categories.push("a");
        }
        let interval = self.interval();
        Draft {
            title: format!("title {}", self.below(20)),
            text: self.words(8).join(" "),
            tags: TAGS.into_iter().filter(|_| self.once_in(3)).map(str::to_owned).collect(),
            datetime: interval.and_then(|span| span.start),
            interval,
            created: Some(i64::from(self.below(10))),
            place: self.place(),
            document: self.document(),
            ..draft(&categories)
        }
    }

    /// One that has values or none, and may be too long to come with its row.
    fn document(&mut self) -> String {
        let long = "x".repeat(if self.once_in(10) { 70_000 } else { 0 });
        let mut properties = self.members();
        if !self.once_in(4) {
            properties.insert("own".to_owned(), self.below(10).into());
        }
        properties.insert("long".to_owned(), long.into());
        json!({ "properties": properties }).to_string()
    }

    /// Some aggregations that need no places, and at least one.
    fn wanted(&mut self) -> Wanted {
        let all = [
            "total_count",
            "datetime_min",
            "datetime_max",
            "datetime_frequency",
            "collection_frequency",
            "cloud_cover_frequency",
            "platform_frequency",
            "grid_code_frequency",
            "off_nadir_frequency",
        ];
        let some: Vec<&str> = all.into_iter().filter(|_| self.once_in(3)).collect();
        let names = if some.is_empty() { self.one(&all).to_owned() } else { some.join(",") };
        of_query(&[("aggregations".to_owned(), names)]).unwrap().wanted
    }

    fn sort(&mut self) -> Vec<(SortKey, Direction)> {
        let keys = [
            SortKey::Id,
            SortKey::Collection,
            SortKey::Title,
            SortKey::Datetime,
            SortKey::Created,
            SortKey::Updated,
            SortKey::Start,
            SortKey::End,
            SortKey::Stars,
        ];
        let directions = [Direction::Ascending, Direction::Descending];
        if self.once_in(3) {
            return vec![(SortKey::Datetime, Direction::Descending)];
        }
        (0..self.below(4)).map(|_| (self.one(&keys), self.one(&directions))).collect()
    }

    fn query(&mut self, stage: &Stage, ids: &[String]) -> ItemQuery {
        let all = query(&COLLECTIONS);
        let up_to = self.one(&[Visibility::Public, Visibility::Internal, Visibility::Private]);
        let also = if self.once_in(3) { vec![stage.repositories[2].id] } else { Vec::new() };
        let collections =
            COLLECTIONS.into_iter().filter(|_| !self.once_in(3)).map(str::to_owned).collect();
        let some = (0..self.below(40)).map(|_| self.one(ids));
        let mut query = ItemQuery {
            readable: Readable { up_to, also },
            collections,
            ids: None,
            sort: Vec::new(),
            limit: 1,
            ..all
        };
        let some = some.collect();
        query.ids = self.once_in(8).then_some(some);
        match self.below(4) {
            0 => query.bbox = Some(self.bounds()),
            1 => query.intersects = Some(Geometry::Polygon(self.triangle())),
            _ => {}
        }
        query.interval = if self.once_in(3) { self.interval() } else { None };
        query.dated = if self.once_in(4) { self.interval() } else { None };
        if !self.once_in(3) {
            let predicate = self.predicate(3, ids);
            let filter = |text: &str| ItemFilter::of_conditions(Filter::from_text(text).unwrap());
            let mut all = filter(&predicate);
            if self.once_in(4) {
                all = all.and(filter(&self.predicate(1, ids)));
            }
            query.filter = Some(Arc::new(all));
        }
        if self.once_in(3) {
            query.words = Some(self.wording(3));
        }
        query.tags = TAGS.into_iter().filter(|_| self.once_in(6)).map(str::to_owned).collect();
        query.starred_by = self.once_in(10).then_some(stage.user.id);
        query.sort = self.sort();
        query.limit = 1 + self.below(60);
        query
    }
}

/// An item as it was published.
struct Known {
    repository: usize,
    name: String,
    draft: Draft,
    starred: bool,
    /// Its rows' numbers by collection.
    numbers: BTreeMap<String, i64>,
}

fn rectangles(bounds: &Bounds) -> Vec<Rect<f64>> {
    let rect = |west, east| {
        Rect::new(Coord { x: west, y: bounds.south }, Coord { x: east, y: bounds.north })
    };
    if bounds.west <= bounds.east {
        return vec![rect(bounds.west, bounds.east)];
    }
    vec![rect(bounds.west, 180.0), rect(-180.0, bounds.east)]
}

fn shapes(place: &Place) -> Vec<Geometry<f64>> {
    if place.is_box {
        return rectangles(&place.bounds).into_iter().map(Geometry::Rect).collect();
    }
    let geometry: geojson::Geometry = place.geometry.parse().unwrap();
    vec![Geometry::try_from(geometry).unwrap()]
}

impl Known {
    fn id(&self) -> String {
        let repository = ["public", "internal", "private"][self.repository];
        format!("{repository}/{}", self.name)
    }

    fn matches(&self, stage: &Stage, query: &ItemQuery) -> bool {
        let repository = &stage.repositories[self.repository];
        let readable = repository.visibility <= query.readable.up_to
            || query.readable.also.contains(&repository.id);
        let named = query.ids.as_ref().is_none_or(|ids| ids.contains(&self.id()));
        let starred = query.starred_by.is_none() || self.starred;
        let tagged = query.tags.iter().all(|tag| self.draft.tags.contains(tag));
        readable
            && named
            && starred
            && tagged
            && self.is_then(query)
            && self.is_dated(query)
            && self.is_there(query)
            && self.says(query)
    }

    fn is_then(&self, query: &ItemQuery) -> bool {
        let Some(asked) = query.interval else { return true };
        self.draft.interval.is_some_and(|own| {
            let begins = own.start.is_none_or(|start| asked.end.is_none_or(|end| start <= end));
            let ends = own.end.is_none_or(|end| asked.start.is_none_or(|start| end >= start));
            begins && ends
        })
    }

    fn is_dated(&self, query: &ItemQuery) -> bool {
        let Some(asked) = query.dated else { return true };
        self.draft.datetime.is_some_and(|at| {
            asked.start.is_none_or(|start| start <= at) && asked.end.is_none_or(|end| at <= end)
        })
    }

    /// Whether the filter finds it in a collection.
    fn is_found(&self, query: &ItemQuery, collection: &str) -> bool {
        let repository = ["public", "internal", "private"][self.repository];
        let (name, document) = (self.name.as_str(), self.draft.document.as_str());
        let stars = u64::from(self.starred);
        let subject = Subject { collection, repository, name, stars, document };
        query.filter.as_ref().is_none_or(|filter| filter.finds(&subject).unwrap())
    }

    fn is_there(&self, query: &ItemQuery) -> bool {
        let asked: Vec<Geometry<f64>> = match (&query.bbox, &query.intersects) {
            (None, None) => return true,
            (Some(bounds), _) => rectangles(bounds).into_iter().map(Geometry::Rect).collect(),
            (None, Some(geometry)) => vec![geometry.clone()],
        };
        self.draft.place.as_ref().is_some_and(|place| {
            shapes(place).iter().any(|own| asked.iter().any(|asked| asked.intersects(own)))
        })
    }

    fn says(&self, query: &ItemQuery) -> bool {
        fn like(own: &str, words: &Words) -> bool {
            match words {
                Words::Phrase(words) if words.is_empty() => false,
                Words::Phrase(words) => own.contains(&format!(" {} ", words.join(" "))),
                Words::All(parts) => parts.iter().all(|part| like(own, part)),
                Words::Any(parts) => parts.iter().any(|part| like(own, part)),
                Words::Not(part) => !like(own, part),
            }
        }
        let own = format!(" {} ", self.draft.text);
        query.words.as_ref().is_none_or(|words| like(&own, words))
    }

    /// The value of a key as something that is in order; `None`: it has none.
    fn value(&self, collection: &str, key: SortKey) -> Option<(i64, String)> {
        let number = |number| Some((number, String::new()));
        let text = |text: &str| Some((0, text.to_owned()));
        let span = self.draft.interval.unwrap_or_default();
        match key {
            SortKey::Id => text(&self.id()),
            SortKey::Collection => text(collection),
            SortKey::Title => text(&self.draft.title),
            SortKey::Datetime => self.draft.datetime.and_then(number),
            SortKey::Created => number(self.draft.created.unwrap()),
            SortKey::Updated => number(10),
            SortKey::Start => span.start.and_then(number),
            SortKey::End => span.end.and_then(number),
            SortKey::Stars => number(i64::from(self.starred)),
        }
    }
}

fn expected(stage: &Stage, known: &[Known], query: &ItemQuery) -> Vec<String> {
    let matching = known.iter().filter(|item| item.matches(stage, query));
    let mut rows: Vec<(&Known, &String, i64)> = matching
        .flat_map(|item| item.numbers.iter().map(move |(place, number)| (item, place, *number)))
        .filter(|(_, collection, _)| query.collections.contains(collection))
        .filter(|(item, collection, _)| item.is_found(query, collection))
        .collect();
    rows.sort_by(|one, other| {
        for (key, direction) in &query.sort {
            let (left, right) = (one.0.value(one.1, *key), other.0.value(other.1, *key));
            let order = match (left, right) {
                (None, None) => continue,
                (None, Some(_)) => return std::cmp::Ordering::Greater,
                (Some(_), None) => return std::cmp::Ordering::Less,
                (Some(left), Some(right)) => left.cmp(&right),
            };
            let backwards = *direction == Direction::Descending;
            let order = if backwards { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        let order = one.2.cmp(&other.2);
        let mut keys: Vec<(SortKey, Direction)> = Vec::new();
        for (key, direction) in &query.sort {
            if keys.iter().all(|known| known.0 != *key) {
                keys.push((*key, *direction));
            }
        }
        let backwards = keys.last().is_some_and(|last| last.1 == Direction::Descending);
        if backwards { order.reverse() } else { order }
    });
    rows.iter().map(|(item, collection, _)| format!("{collection}/{}", item.id())).collect()
}

/// Counts those that are expected by their documents.
fn tally(known: &[Known], expected: &[String], wanted: &Wanted) -> Tally {
    let mut tally = Tally::new(wanted);
    for found in expected {
        let (collection, id) = found.split_once('/').unwrap();
        let item = known.iter().find(|item| item.id() == id).unwrap();
        let document: Value = serde_json::from_str(&item.draft.document).unwrap();
        tally.add(&Item {
            collection,
            datetime: item.draft.datetime,
            bounds: None,
            geometry: None,
            properties: document["properties"].as_object().unwrap(),
        });
    }
    tally
}

/// Publishes random items, some of them twice.
async fn published(stage: &Stage, dice: &mut Dice, items: usize) -> Vec<Known> {
    let mut known = Vec::new();
    for number in 0..items {
        let (repository, name) = (dice.one(&[0, 1, 2]), format!("n{number}"));
        let mut draft = dice.draft();
        stage.publish((repository, &name), "one", &composed(draft)).await.unwrap();
        draft = dice.draft();
        stage.publish((repository, &name), "two", &composed(draft.clone())).await.unwrap();
        let starred = dice.once_in(4);
        if starred {
            let id = stage.repositories[repository].id;
            stage.catalog.star((id, &name), stage.user.id, true).await.unwrap();
        }
        let rows: Vec<(String, i64)> =
            sqlx::query_as("select collection, number from items where name = $1")
                .bind(&name)
                .fetch_all(&stage.catalog.pool)
                .await
                .unwrap();
        known.push(Known { repository, name, draft, starred, numbers: rows.into_iter().collect() });
    }
    known
}

#[tokio::test]
async fn a_search_finds_what_a_look_at_every_item_finds() {
    let (stage, mut dice) = (Stage::new().await, Dice(7));
    let known = published(&stage, &mut dice, 150).await;
    let ids: Vec<String> = known.iter().map(Known::id).chain(["nobody/none".to_owned()]).collect();
    // Of some the values were not read yet.
    let sql = "update _item_values set odd = -1 where document % 10 = 3";
    sqlx::query(sql).execute(&stage.catalog.pool).await.unwrap();
    let mut found_any = 0;
    for round in 0..1_000 {
        let query = dice.query(&stage, &ids);
        let expected = expected(&stage, &known, &query);
        let (found, matched) = stage.all(&query).await;
        assert_eq!(found, expected, "{round}: {query:?}");
        assert_eq!(matched, expected.len() as u64, "{round}: {query:?}");
        found_any += usize::from(!found.is_empty());
        if round % 4 == 0 {
            let wanted = dice.wanted();
            let told = stage.catalog.aggregate_items(&query, &wanted).await.unwrap();
            let tally = tally(&known, &expected, &wanted);
            assert_eq!(*told, json!(tally.aggregations()).to_string(), "{round}: {query:?}");
        }
    }
    assert!(found_any > 250, "{found_any} searches found anything");
}
