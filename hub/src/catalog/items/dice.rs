//! Random items, and searches of them: the same in each run. What members their documents have is for `value_tests`.

use std::sync::Arc;

use flisthub_cql2::Filter;
use geo::{BoundingRect as _, Coord, Geometry, LineString, Polygon};
use serde_json::json;

use super::stage::{Stage, draft, query};
use super::value_tests::SAID;
use super::{ItemQuery, Readable};
use crate::auth::Visibility;
use crate::stac::aggregations::{Wanted, of_query};
use crate::stac::{Bounds, COLUMNS, Direction, Draft, Interval, ItemFilter, Place, SortKey, Words};

const COLLECTIONS: [&str; 3] = ["a", "b", "c"];
const WORDS: [&str; 6] = ["flood", "model", "sea", "ice", "中", "v2"];
const TAGS: [&str; 3] = ["x", "Y z", "é"];

/// The key of a property whose values are kept.
fn property(name: &str) -> SortKey {
    SortKey::Property(COLUMNS.iter().position(|column| column.property == name).unwrap())
}

/// Numbers that are the same in each run.
pub(super) struct Dice(pub(super) u64);

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

    pub(super) fn draft(&mut self) -> Draft {
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
        if !self.once_in(4) {
            properties.insert("said".to_owned(), self.one(&SAID).into());
        }
        properties.insert("long".to_owned(), long.into());
        let document = json!({ "properties": properties }).to_string();
        // Whoever wrote it may have written escapes.
        match self.below(3) {
            0 => document.replace('é', r"\u00e9"),
            1 => document.replace('/', r"\/"),
            _ => document,
        }
    }

    /// Some aggregations that need no places, and at least one.
    pub(super) fn wanted(&mut self) -> Wanted {
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
            property("eo:cloud_cover"),
            property("platform"),
            property("created"),
        ];
        let directions = [Direction::Ascending, Direction::Descending];
        if self.once_in(3) {
            return vec![(SortKey::Datetime, Direction::Descending)];
        }
        (0..self.below(4)).map(|_| (self.one(&keys), self.one(&directions))).collect()
    }

    pub(super) fn query(&mut self, stage: &Stage, ids: &[String]) -> ItemQuery {
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
