//! Searches of random items against a filter that looks at every one of them, on both ways through the index.

use std::collections::BTreeMap;

use geo::{Coord, Geometry, Intersects as _, Rect};
use serde_json::{Value, json};

use super::ItemQuery;
use super::dice::Dice;
use super::stage::{Stage, composed};
use crate::stac::aggregations::{Item, Tally, Wanted};
use crate::stac::{Bounds, Direction, Draft, Place, Scalar, SortKey, Subject, Words, values};

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
            SortKey::Property(place) => match &values(&self.draft.document).each[place] {
                None => None,
                Some(Scalar::Number(real)) => number(in_order(*real)),
                Some(Scalar::Text(kept)) => text(kept),
                Some(Scalar::Time(micros)) => number(*micros),
            },
        }
    }
}

/// A number for each, with the same order.
fn in_order(real: f64) -> i64 {
    let bits = (real + 0.0).to_bits().cast_signed();
    if bits < 0 { i64::MIN - bits } else { bits }
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
