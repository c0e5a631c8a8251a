//! Filters of items: what they find, what they imply, and that what they imply is true of all that they find.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{Bounds, Interval};

fn filter(text: &str) -> ItemFilter {
    ItemFilter::new(Filter::from_text(text).unwrap()).unwrap()
}

fn finds(text: &str) -> bool {
    finds_by(&filter(text))
}

/// The item that is asked, as it is stored.
fn document() -> String {
    let document = json!({
        "flisthub:.identity": 0,
        "geometry": {"type": "Point", "coordinates": [7.5, 46.5]},
        "properties": {
            "flisthub:.properties": 0,
            "flisthub:.features": {"dataset": {"sharinghub:store-s3": true}, "ai-model": {}},
            "datetime": "2024-05-01T12:00:00Z", "eo:cloud_cover": 12.5, "title": "Été",
            "keywords": ["a", "b"], "id": "inner",
        },
    });
    document.to_string().replace("inn", r"\u0069nn")
}

fn finds_by(filter: &ItemFilter) -> bool {
    let document = document();
    let subject = Subject {
        collection: "dataset",
        repository: "alice",
        name: "scene",
        stars: 3,
        document: &document,
    };
    filter.finds(&subject).unwrap()
}

#[test]
fn a_filter_sees_what_an_answer_shows() {
    for text in [
        "id = 'alice/scene' AND collection = 'dataset'",
        "properties.id = 'inner'",
        "eo:cloud_cover < 13 AND \"properties.eo:cloud_cover\" > 12",
        "datetime > TIMESTAMP('2024-05-01T11:59:59Z')",
        "datetime = DATE('2024-05-01')",
        "datetime = '2024-05-01T14:00:00.000+02:00'",
        "S_INTERSECTS(geometry, BBOX(7, 46, 8, 47))",
        "CASEI(ACCENTI(title)) = CASEI(ACCENTI('ETE'))",
        "A_CONTAINS(keywords, ('a', 'b'))",
        "sharinghub:stars = 3 AND sharinghub:name = 'alice / scene'",
        "\"sharinghub:store-s3\" = TRUE",
        "nowhere IS NULL",
        "NOT (eo:cloud_cover > 50)",
    ] {
        assert!(finds(text), "{text}");
    }
    for text in [
        "collection = 'ai-model'",
        "eo:cloud_cover > 13",
        "nowhere = 1",
        "NOT (nowhere = 1)",
        "S_INTERSECTS(geometry, BBOX(8, 46, 9, 47))",
        "\"flisthub:.properties\" = 0",
    ] {
        assert!(!finds(text), "{text}");
    }
}

#[test]
fn both_of_two_filters_have_to_find_an_item() {
    let both = |one, other| finds_by(&filter(one).and(filter(other)));
    assert!(both("eo:cloud_cover > 12", "id = 'alice/scene'"));
    assert!(!both("eo:cloud_cover > 12", "id = 'alice/other'"));
    assert!(!both("eo:cloud_cover > 13", "id = 'alice/scene'"));
}

#[test]
fn what_cannot_be_answered_is_refused() {
    for (text, expected) in [
        ("nearest(geometry) = 1", "there is no function called nearest"),
        ("eo:cloud_cover = 'low'", "eo:cloud_cover is a number, and does not compare to a text"),
        ("12 < title", "title is a text, and does not compare to a number"),
        ("datetime > 5", "datetime is a time, and does not compare to a number"),
        ("gsd BETWEEN DATE('2024-01-01') AND 4", "gsd is a number, and does not compare to a time"),
        ("license IN ('mit', 4)", "license is a text, and does not compare to a number"),
        (
            "S_INTERSECTS(title, POINT(1 2))",
            "title is a text, and a spatial function takes geometries",
        ),
        (
            "T_BEFORE(gsd, DATE('2024-01-01'))",
            "gsd is a number, and a temporal function takes times",
        ),
        ("A_CONTAINS(gsd, (1, 2))", "gsd is a number, and an array function takes lists"),
        ("gsd LIKE '1%'", "gsd is a number, and a pattern is compared to texts"),
        ("title + 1 = 2", "title is a text, and arithmetic takes numbers"),
        ("NOT (a = 1 OR properties.gsd = 'x')", "gsd is a number, and does not compare to a text"),
        ("datetime < '2024-02-30'", "datetime is a time, and '2024-02-30' is none"),
        ("geometry = geometry", "geometry is a geometry, and does not compare to a geometry"),
    ] {
        let refused = ItemFilter::new(Filter::from_text(text).unwrap());
        assert_eq!(refused.unwrap_err(), expected, "{text}");
    }
    for text in ["datetime > '2024'", "gsd = sat:relative_orbit", "own = 1 AND own = 'a'"] {
        filter(text);
    }
}

#[test]
fn a_document_that_cannot_be_read_is_no_answer() {
    let subject = Subject { collection: "c", repository: "r", name: "n", stars: 0, document: "[" };
    let told = filter("id = 'x'").finds(&subject).unwrap_err();
    assert_eq!(told.to_string(), "the document of r/n cannot be read");
}

const DAY: i64 = 86_400_000_000;

fn span(start: Option<i64>, end: Option<i64>) -> Interval {
    Interval { start, end }
}

#[test]
fn what_a_filter_implies_bounds_the_search() {
    let implied = |text: &str| filter(text).implied().clone();
    let when = |text: &str| implied(text).datetime;
    assert_eq!(when("datetime >= DATE('1970-01-02')"), Some(span(Some(DAY - 1), None)));
    assert_eq!(when("DATE('1970-01-02') > datetime"), Some(span(None, Some(2 * DAY + 1))));
    assert_eq!(
        when("datetime BETWEEN TIMESTAMP('1970-01-01T00:00:01Z') AND DATE('1970-01-01') AND a = 1"),
        Some(span(Some(999_999), Some(DAY + 1)))
    );
    assert_eq!(
        when("T_DURING(datetime, INTERVAL('1970-01-02', '..'))"),
        Some(span(Some(DAY - 2), None))
    );
    assert_eq!(when("datetime >= '1970-01-02'"), Some(span(Some(DAY - 1), None)));
    assert_eq!(when("datetime <> DATE('1970-01-02')"), None);
    assert_eq!(when("NOT datetime = DATE('1970-01-02')"), None);
    assert_eq!(when("datetime = DATE('1970-01-02') OR a = 1"), None);
    let place = |text: &str| implied(text).bounds.map(|b| [b.west, b.south, b.east, b.north]);
    let triangle = "S_WITHIN(geometry, POLYGON((1 2, 5 2, 3 9, 1 2)))";
    assert_eq!(place(triangle), Some([1.0, 2.0, 5.0, 9.0]));
    assert_eq!(
        place(&format!("{triangle} AND S_INTERSECTS(BBOX(0, 0, 2, 3), geometry)")),
        Some([0.0, 0.0, 2.0, 3.0])
    );
    assert_eq!(
        place(&format!("{triangle} OR S_INTERSECTS(geometry, POINT(9 0))")),
        Some([1.0, 0.0, 9.0, 9.0])
    );
    assert_eq!(place("S_DISJOINT(geometry, POINT(9 0))"), None);
    assert_eq!(place("S_INTERSECTS(other, POINT(9 0))"), None);
    assert_eq!(
        place("S_INTERSECTS(geometry, BBOX(170, 0, -170, 1))"),
        Some([170.0, 0.0, -170.0, 1.0])
    );
    let both = implied(
        "(id = 'a' OR id = 'b' OR id = 'a') AND collection IN ('x', 'y') AND collection = 'y'",
    );
    assert_eq!(both.ids.unwrap(), ["a", "b"]);
    assert_eq!(both.collections.unwrap(), ["y"]);
    assert_eq!(implied("id <> 'a'"), Implied::default());
}

const SIGNS: [&str; 6] = ["=", "<>", "<", ">", "<=", ">="];
const MOMENTS: [&str; 5] = [
    "DATE('2024-05-01')",
    "DATE('2024-05-02')",
    "TIMESTAMP('2024-05-01T12:00:00Z')",
    "TIMESTAMP('2024-05-01T12:00:00.0000004Z')",
    "TIMESTAMP('2024-04-30T23:59:59Z')",
];
const SPANS: [&str; 5] = [
    "INTERVAL('2024-05-01', '2024-05-02')",
    "INTERVAL('..', '2024-05-01T12:00:00Z')",
    "INTERVAL('2024-05-01T12:00:00Z', '..')",
    "INTERVAL('2024-05-02', '2024-05-03')",
    "INTERVAL('2024-04-01', '2024-04-30')",
];
const PLACES: [&str; 6] = [
    "POINT(7.5 46.5)",
    "POINT(8 47)",
    "BBOX(7, 46, 8, 47)",
    "BBOX(170, 46, -170, 47)",
    "POLYGON((7 46, 7.5 46.5, 8 46, 7 46))",
    "MULTIPOINT(7.5 46.5, 100 0)",
];
const TEMPORAL: [&str; 15] = [
    "AFTER",
    "BEFORE",
    "CONTAINS",
    "DISJOINT",
    "DURING",
    "EQUALS",
    "FINISHEDBY",
    "FINISHES",
    "INTERSECTS",
    "MEETS",
    "METBY",
    "OVERLAPPEDBY",
    "OVERLAPS",
    "STARTEDBY",
    "STARTS",
];
const SPATIAL: [&str; 8] =
    ["INTERSECTS", "WITHIN", "CONTAINS", "TOUCHES", "EQUALS", "OVERLAPS", "CROSSES", "DISJOINT"];

/// Conditions of what is read from documents, and of what might be but is not.
const READ: [&str; 9] = [
    "title = 'Été'",
    "'Été' = properties.title",
    "title LIKE '%t%'",
    "properties.id = 'inner'",
    "title BETWEEN 'E' AND 'z'",
    "title IN ('a', 'Été')",
    "title <> 'text'",
    "\"sharinghub:store-s3\" = TRUE",
    "\"sharinghub:name\" LIKE 'alice%'",
];

/// A predicate of one property, its sides in either order.
fn simple() -> impl Strategy<Value = String> {
    let one = |of: &'static [&'static str]| prop::sample::select(of);
    let function = |prefix: &'static str, property: &'static str| {
        move |(name, with, turned): (&str, &str, bool)| {
            let (left, right) = if turned { (with, property) } else { (property, with) };
            format!("{prefix}_{name}({left}, {right})")
        }
    };
    let compared = |(sign, when, turned): (&str, &str, bool)| {
        let (left, right) = if turned { (when, "datetime") } else { ("datetime", when) };
        format!("{left} {sign} {right}")
    };
    prop_oneof![
        (one(&SIGNS), one(&MOMENTS), any::<bool>()).prop_map(compared),
        (one(&TEMPORAL), one(&SPANS), any::<bool>()).prop_map(function("T", "datetime")),
        (one(&SPATIAL), one(&PLACES), any::<bool>()).prop_map(function("S", "geometry")),
        Just("id IN ('alice/scene', 'c')".to_owned()),
        Just("id IN ('b', 'c')".to_owned()),
        Just("collection = 'dataset'".to_owned()),
        Just("collection = 'other'".to_owned()),
        Just("eo:cloud_cover < 13".to_owned()),
        one(&READ).prop_map(str::to_owned),
    ]
}

fn predicate() -> impl Strategy<Value = String> {
    simple().prop_recursive(3, 12, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(one, two)| format!("({one} AND {two})")),
            two.prop_map(|(one, two)| format!("({one} OR {two})")),
            inner.prop_map(|one| format!("NOT ({one})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_implied_is_true_of_what_is_found(text in predicate()) {
        // Literal intervals in functions that are for intervals alone may be refused with an instant.
        let Ok(read) = Filter::from_text(&text) else { return Ok(()) };
        let filter = ItemFilter::new(read).unwrap();
        let Implied { bounds, datetime, ids, collections } = filter.implied.clone();
        if finds(&text) {
            let document = document();
            for one in filter.spelled() {
                let mut there = std::iter::once(one.text()).chain(one.escapes());
                prop_assert!(there.any(|text| document.contains(text)), "{:?}", one);
            }
            let at = 1_714_564_800_000_000;
            let Interval { start, end } = datetime.unwrap_or_default();
            prop_assert!(start.is_none_or(|start| start <= at) && end.is_none_or(|end| at <= end));
            let meets = |b: &Bounds| b.south <= 46.5 && 46.5 <= b.north
                && if b.west <= b.east { b.west <= 7.5 && 7.5 <= b.east } else { b.west <= 7.5 || 7.5 <= b.east };
            prop_assert!(bounds.is_none_or(|bounds| meets(&bounds)));
            prop_assert!(ids.is_none_or(|ids| ids.contains(&"alice/scene".to_owned())));
            prop_assert!(collections.is_none_or(|all| all.contains(&"dataset".to_owned())));
        }
    }
}
