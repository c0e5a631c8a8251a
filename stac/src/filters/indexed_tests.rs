//! What is known of filters for an index of values.

use std::collections::BTreeSet;

use flisthub_cql2::{Comparison, Filter};

use crate::parameters::{OF_SEARCH, of_query};

use super::{COLUMNS, Field, Index, ItemFilter, Known, Scalar};

fn index(text: &str) -> Index {
    ItemFilter::of_conditions(Filter::from_text(text).unwrap()).index().clone()
}

fn column(property: &str) -> Field {
    Field::Column(COLUMNS.iter().position(|column| column.property == property).unwrap())
}

#[test]
fn what_an_index_answers_alone_is_exact() {
    for text in [
        "eo:cloud_cover < 10",
        "10 > \"properties.eo:cloud_cover\"",
        "platform = 'a' AND NOT (gsd BETWEEN 5 AND 20 OR license IN ('x', 'y', 5))",
        "gsd = eo:cloud_cover AND platform <> constellation",
        "platform LIKE 'a%' OR platform NOT LIKE 'b' OR grid:code LIKE '%'",
        "datetime >= DATE('2024-05-01') AND updated < TIMESTAMP('2024-05-01T00:00:00.000001Z')",
        "created = '2024-05-01' AND datetime IN (DATE('2024-05-01'), DATE('2024-05-03'))",
        "id LIKE 'a/%' AND collection = 'dataset' AND gsd IS NULL AND TRUE",
        "platform = 5",
        "gsd < 5 OR A_OVERLAPS(platform, ('a', 5)) OR A_CONTAINEDBY((DATE('2024-05-01')), id)",
        "NOT A_EQUALS(datetime, (TRUE)) AND gsd = 1",
    ] {
        assert!(index(text).exact, "{text}");
    }
    // Something is known, but not all.
    for text in [
        "gsd < 5 AND own = 1",
        "gsd < 5 AND CASEI(platform) = 'a'",
        "NOT (gsd >= 5 OR own = 1)",
        "platform LIKE 'a_'",
        "gsd < 5 AND datetime < TIMESTAMP('2024-05-01T00:00:00.0000001Z')",
        "gsd < 5 AND gsd = 9007199254740993",
    ] {
        let index = index(text);
        assert!(!index.exact && index.known.is_some(), "{text}");
    }
    for text in [
        "own = 1",
        "gsd < 5 OR own = 1",
        "NOT (gsd < 5 AND own = 1)",
        "platform NOT LIKE 'a_'",
        "gsd + 1 < 5",
        "datetime < created",
        "datetime > '2024'",
        "properties.id = 'a'",
        "gsd < 5 OR A_CONTAINS(own, ('a'))",
        "gsd < 5 OR A_CONTAINS(platform, own)",
        "gsd < 5 OR A_CONTAINS(platform, (own, 'a'))",
        "gsd < 5 OR A_CONTAINS(('b'), ('a'))",
        "platform = 'a\0'",
    ] {
        assert_eq!(index(text), Index::default(), "{text}");
    }
}

/// What the query extension asks, which asks of each property whether it is a list, too.
#[test]
fn conditions_of_the_query_extension_are_known() {
    let of = |query: &str| {
        let pairs = [("query".to_owned(), query.to_owned())];
        let search = of_query(&pairs, OF_SEARCH).unwrap();
        search.filter.unwrap().index().clone()
    };
    for query in [
        r#"{"platform": {"in": ["a", "b", "5", 5]}}"#,
        r#"{"gsd": {"in": [10, "20"]}, "eo:cloud_cover": {"lt": 5}}"#,
        r#"{"created": {"in": ["2024-05-01"]}}"#,
        r#"{"gsd": {"contains": 5}}"#,
    ] {
        assert!(of(query).exact, "{query}");
    }
    let some = of(r#"{"platform": {"contains": "a"}}"#);
    assert!(!some.exact && some.known.is_some());
    assert_eq!(of(r#"{"own": {"in": ["a"]}}"#), Index::default());
}

#[test]
fn a_filter_with_very_many_conditions_is_not_known() {
    let all = |number| vec!["gsd = 1"; number].join(" OR ");
    assert!(index(&all(200)).exact);
    assert_eq!(index(&all(201)), Index::default());
    let list = vec!["1"; 900].join(", ");
    assert!(index(&format!("gsd IN ({list})")).exact);
}

#[test]
fn what_must_be_true_of_one_property_is_a_range() {
    let text = "proj:code LIKE 'a%' AND (gsd = 1 OR gsd = 2) AND eo:cloud_cover > 5 AND own = 1 \
                AND eo:cloud_cover <= 7 AND eo:cloud_cover <> 6 AND platform = 'x'";
    let mut ranges = index(text).ranges();
    let place = |range: &Known| range.fields();
    ranges.sort_by_key(place);
    let compare = |property, operator, value| Known::Compare(column(property), operator, value);
    let number = |operator, value| compare("eo:cloud_cover", operator, Scalar::Number(value));
    let text =
        |operator, value: &str| compare("proj:code", operator, Scalar::Text(value.to_owned()));
    let all = |range: &Known| match range {
        Known::All(parts) => parts.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ranges.len(), 2);
    let (clouds, code) = (all(&ranges[0]), all(&ranges[1]));
    assert_eq!(clouds.len(), 2);
    assert!(clouds.contains(&number(Comparison::Greater, 5.0)));
    assert!(clouds.contains(&number(Comparison::LessOrEqual, 7.0)));
    assert_eq!(code.len(), 2);
    assert!(code.contains(&text(Comparison::GreaterOrEqual, "a")));
    assert!(code.contains(&text(Comparison::Less, "b")));
    assert_eq!(index("eo:cloud_cover < 5 OR gsd = 1").ranges(), []);
}

#[test]
fn what_is_needed_to_be_true_is_known() {
    let clouds = BTreeSet::from([column("eo:cloud_cover")]);
    for (text, expected) in [
        ("eo:cloud_cover < 5", false),
        ("NOT eo:cloud_cover < 5", false),
        ("eo:cloud_cover IN (1, 2)", false),
        ("eo:cloud_cover IS NULL", true),
        ("NOT (eo:cloud_cover IS NULL)", false),
        ("eo:cloud_cover = 'x'", false),
        ("eo:cloud_cover < 5 OR gsd = 1", true),
        ("eo:cloud_cover < 5 AND gsd = 1", false),
        ("NOT (eo:cloud_cover < 5 AND gsd = 1)", true),
        ("NOT (eo:cloud_cover < 5 OR gsd = 1)", false),
        ("gsd = eo:cloud_cover", false),
        ("gsd = view:azimuth", true),
        ("eo:cloud_cover < 5 OR TRUE", true),
        ("collection = 'a'", true),
    ] {
        assert_eq!(index(text).known.unwrap().may_hold_without(&clouds), expected, "{text}");
    }
}
