//! Values of properties beside the items: odd ones for the searches of random items, that no document is read where they
//! are all that is asked for, and that they are read of what was written without them.

use std::sync::Arc;

use flisthub_cql2::Filter;
use serde_json::{Map, Value, json};

use super::ItemQuery;
use super::dice::Dice;
use super::stage::{Stage, composed, draft, query};
use crate::stac::{Draft, ItemFilter};

const SIGNS: [&str; 6] = ["=", "<>", "<", ">", "<=", ">="];
const NUMBERS: [&str; 7] = ["0", "2", "2.5", "5", "-1", "9007199254740992", "9007199254740993"];
const TEXTS: [&str; 6] = ["a", "ab", "A", "é", "e\u{301}", "1e400"];
const MOMENTS: [&str; 6] = [
    "DATE('1970-01-01')",
    "TIMESTAMP('1970-01-01T00:00:05Z')",
    "TIMESTAMP('1970-01-01T00:00:05.0000001Z')",
    "DATE('1969-12-31')",
    "'1970'",
    "7",
];
/// What no column keeps, with characters that JSON may have as escapes.
pub(super) const SAID: [&str; 5] = ["near Lagos", "é/ü", "a\"b", r"c\d", "flisthub:/x"];
const SAYING: [&str; 8] = ["%Lagos%", "near%", "%é/%", "%é%", "%\"b", r"c\\\\%", "%/_", "_%"];
const PATTERNS: [&str; 7] = ["a%", "%", "_", "a%b", "é%", "a", "\\%%"];

/// Numbers, and what is none, or no exact one.
fn numbers() -> Vec<Value> {
    vec![
        json!(0),
        json!(2),
        json!(2.5),
        json!(-0.0),
        json!(5),
        json!(1e300),
        json!(-1e300),
        json!(-5.000_001),
        json!(5e-324),
        json!(-1e-323),
        json!(-1.5e-323),
        json!(14.999_999),
        json!("2"),
        json!(null),
        json!(9_007_199_254_740_991_u64),
        json!(9_007_199_254_740_992_u64),
        json!(9_007_199_254_740_993_u64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!([2]),
        json!(true),
    ]
}

/// Texts, and what is none, or none that is kept.
fn texts() -> Vec<Value> {
    vec![
        json!("a"),
        json!("ab"),
        json!("acb"),
        json!("A"),
        json!("é"),
        json!("e\u{301}"),
        json!(""),
        json!("1e400"),
        json!("NaN"),
        json!("a".repeat(300)),
        json!("a\u{0}"),
        json!("%"),
        json!(5),
        json!(null),
        json!(["a"]),
        json!({"a": 1}),
        json!("\u{10ffff}"),
    ]
}

/// Times, and what is none, or none that is kept.
fn times() -> Vec<Value> {
    vec![
        json!("1970-01-01T00:00:05Z"),
        json!("1970-01-01T01:00:05.000+01:00"),
        json!("1970-01-01T00:00:05.0000001Z"),
        json!("1970-01-01"),
        json!("1970-01-02T00:00:00Z"),
        json!("soon"),
        json!(7),
        json!(null),
        json!("1969-12-31T23:59:59.999999Z"),
    ]
}

impl Dice {
    /// Members that an item has or has not, of kinds that fit and others.
    pub(super) fn members(&mut self) -> Map<String, Value> {
        let mut members = Map::new();
        for (name, values) in [
            ("eo:cloud_cover", numbers()),
            ("gsd", numbers()),
            ("view:off_nadir", numbers()),
            ("platform", texts()),
            ("proj:code", texts()),
            ("datetime", times()),
            ("created", times()),
        ] {
            if !self.once_in(5) {
                // Mostly what fits.
                let some = if self.once_in(3) { &values[..] } else { &values[..4] };
                members.insert(name.to_owned(), self.one(some));
            }
        }
        members
    }

    /// A predicate over them.
    pub(super) fn predicate(&mut self, depth: u32, ids: &[String]) -> String {
        let more = depth.saturating_sub(1);
        match self.below(if depth == 0 { 1 } else { 5 }) {
            0 | 1 => self.condition(ids),
            2 => format!("({} AND {})", self.predicate(more, ids), self.predicate(more, ids)),
            3 => format!("({} OR {})", self.predicate(more, ids), self.predicate(more, ids)),
            _ => format!("NOT ({})", self.predicate(more, ids)),
        }
    }

    fn condition(&mut self, ids: &[String]) -> String {
        let (number, text) =
            (self.one(&["eo:cloud_cover", "gsd"]), self.one(&["platform", "proj:code"]));
        let time = self.one(&["datetime", "properties.created"]);
        let any = self.one(&[number, text, time]);
        let (sign, moment) = (self.one(&SIGNS), self.one(&MOMENTS));
        let (low, high) = (self.one(&NUMBERS), self.one(&NUMBERS));
        let (one, other) = (self.one(&TEXTS), self.one(&TEXTS));
        let id = self.one(ids);
        match self.below(20) {
            0 | 1 => format!("{number} {sign} {low}"),
            2 => format!("{low} {sign} \"properties.{number}\""),
            3 => format!("{number} BETWEEN {low} AND {high}"),
            4 => format!("{number} IN ({low}, {high}, 'x')"),
            5 => format!("eo:cloud_cover {sign} gsd"),
            6 | 7 => format!("{text} {sign} '{one}'"),
            8 => format!("{text} IN ('{one}', '{other}')"),
            9 => format!("{text} LIKE '{}'", self.one(&PATTERNS)),
            10 => format!("{any} IS NULL"),
            11 | 12 => format!("{time} {sign} {moment}"),
            13 => {
                format!("{any} {sign} {}", self.one(&["5", "'a'", "TRUE", "datetime", "platform"]))
            }
            14 => format!("CASEI({text}) = CASEI('{one}')"),
            15 => format!("own >= {}", self.below(12)),
            16 => format!("said {sign} '{}'", self.one(&SAID)),
            17 => format!("said LIKE '{}'", self.one(&SAYING)),
            18 => format!("(said LIKE '{}' AND {number} {sign} {low})", self.one(&SAYING)),
            _ => self.one(&[
                format!("id = '{id}'"),
                "collection = 'a'".to_owned(),
                "id LIKE 'public/%'".to_owned(),
                format!("platform {sign} proj:code"),
            ]),
        }
    }
}

/// A search of everything that a filter finds.
fn asked(filter: &str) -> ItemQuery {
    let filter = ItemFilter::new(Filter::from_text(filter).unwrap()).unwrap();
    ItemQuery { filter: Some(Arc::new(filter)), ..query(&["dataset"]) }
}

/// Items with clouds of 0 to 39 percent, every other one of another platform.
async fn published() -> Stage {
    let stage = Stage::new().await;
    for number in 0..40 {
        let platform = ["one", "two"][number % 2];
        let properties = json!({"eo:cloud_cover": number, "platform": platform});
        let document = json!({ "properties": properties }).to_string();
        let item = composed(Draft { document, ..draft(&["dataset"]) });
        let name = format!("n{number:02}");
        stage.publish((0, &name), &name, &item).await.unwrap();
    }
    stage
}

async fn execute(stage: &Stage, sql: &'static str) {
    sqlx::query(sql).execute(&stage.catalog.pool).await.unwrap();
}

#[tokio::test]
async fn what_is_known_of_items_is_not_read_of_their_documents() {
    let stage = published().await;
    // Documents that cannot be read, and nobody knows it but of one.
    execute(&stage, "update item_documents set document = '['").await;
    execute(&stage, "update _item_values set odd = 0").await;
    for (filter, expected) in [
        ("eo:cloud_cover < 5", 5),
        ("eo:cloud_cover >= 5", 35),
        ("platform = 'one' AND eo:cloud_cover BETWEEN 5 AND 20", 8),
        ("NOT (platform LIKE 'o%' OR eo:cloud_cover IN (1, 3)) AND gsd IS NULL", 18),
        ("datetime IS NULL AND collection = 'dataset' AND id LIKE 'public/n0%'", 10),
    ] {
        let (found, matched) = stage.all(&asked(filter)).await;
        assert_eq!((found.len() as u64, matched), (expected, expected), "{filter}");
    }
    assert!(stage.catalog.search_items(&asked("eo:cloud_cover + 1 < 5")).await.is_err());
    execute(&stage, "update _item_values set odd = 64 where eo_cloud_cover = 7").await;
    let (found, _) = stage.all(&asked("platform = 'one'")).await;
    assert_eq!(found.len(), 20);
    assert!(stage.catalog.search_items(&asked("eo:cloud_cover < 5")).await.is_err());
}

#[tokio::test]
async fn documents_that_lack_what_a_filter_needs_are_not_read() {
    let stage = published().await;
    // None of them can be read.
    execute(&stage, "update item_documents set document = '['").await;
    for filter in ["said = 'x'", "said LIKE '%x%'", "said > 5", "said LIKE '%y%' OR said = 'x'"] {
        let asked = asked(filter);
        let found = stage.catalog.search_items(&asked).await;
        assert_eq!(found.is_ok(), !filter.contains("OR"), "{filter}");
    }
    assert_eq!(stage.all(&asked("said = 'x'")).await, (Vec::new(), 0));
    for document in [r#"["said":"x""#, r#"["s\u0061id":"\u0078""#] {
        let sql = format!("update item_documents set document = '{document}'");
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&stage.catalog.pool).await.unwrap();
        for filter in ["said = 'x'", "said LIKE '%x%'", "said > 5"] {
            assert!(stage.catalog.search_items(&asked(filter)).await.is_err(), "{filter}");
        }
    }
}

#[tokio::test]
async fn what_is_written_without_values_is_found_and_read_later() {
    let stage = published().await;
    assert!(!stage.catalog.has_unread_items().await.unwrap());
    // As an older release writes them, which knows nothing of values.
    execute(&stage, "update item_documents set document = replace(document, ':3', ':4')").await;
    assert!(stage.catalog.has_unread_items().await.unwrap());
    let before = stage.all(&asked("eo:cloud_cover >= 40")).await;
    assert_eq!(before.1, 10);
    let mut after = 0;
    while let Some(last) = stage.catalog.read_items(after).await.unwrap() {
        after = last;
    }
    assert!(!stage.catalog.has_unread_items().await.unwrap());
    execute(&stage, "update item_documents set document = '['").await;
    execute(&stage, "update _item_values set odd = 0").await;
    assert_eq!(stage.all(&asked("eo:cloud_cover >= 40")).await, before);
}
