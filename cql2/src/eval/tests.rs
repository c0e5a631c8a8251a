//! What filters mean, of one item with properties of all kinds.

use serde_json::{Map, Value, json};

use super::{EvaluateError, Properties};
use crate::Filter;
use crate::limits::PROPERTY_POSITIONS;

pub(super) fn item(document: Value) -> Map<String, Value> {
    match document {
        Value::Object(members) => members,
        _ => panic!("an item is an object"),
    }
}

pub(super) fn evaluate(filter: &str, item: &Map<String, Value>) -> Option<bool> {
    let read = Filter::from_text(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    read.evaluate(item).unwrap_or_else(|error| panic!("{filter}: {error}"))
}

pub(super) fn fixture() -> Map<String, Value> {
    item(json!({
        "n": 5, "f": 2.5, "big": 9_007_199_254_740_993_i64, "s": "Straße", "b": true, "none": null,
        "day": "2020-02-29", "t": "2020-02-29T12:00:00+02:00", "range": "2020-01-01/..",
        "bad": "yesterday", "tags": ["a", "b", "b", 1, null], "nested": [[1, 2], "x"],
        "object": { "a": 1 }, "objects": [{ "a": 1 }, { "type": "Point", "coordinates": [1, 2] }],
        "point": { "type": "Point", "coordinates": [5.5, 50.5, 7] },
        "square": { "type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]] },
        "fiji": { "type": "Point", "coordinates": [-179.0, -17.0] },
        "open": { "type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2]]] },
    }))
}

const T: Option<bool> = Some(true);
const F: Option<bool> = Some(false);
const U: Option<bool> = None;

fn all_hold(cases: &[(&str, Option<bool>)]) {
    let item = fixture();
    for (filter, expected) in cases {
        assert_eq!(evaluate(filter, &item), *expected, "{filter}");
    }
}

#[test]
fn unknown_is_as_in_sql() {
    all_hold(&[
        ("none = 1", U),
        ("none <> 1", U),
        ("missing = missing", U),
        ("NOT none = 1", U),
        ("none = 1 AND n = 5", U),
        ("none = 1 AND n = 6", F),
        ("none = 1 OR n = 5", T),
        ("none = 1 OR n = 6", U),
        ("none IS NULL", T),
        ("missing IS NOT NULL", F),
        ("n IS NULL", F),
        ("object IS NULL", F),
        ("(none = 1) IS NULL", T),
        ("(n + none) IS NULL", T),
        ("CASEI(none) IS NULL", T),
        ("INTERVAL(none, '..') IS NULL", T),
        ("POINT(1 2) IS NULL", F),
        ("n IN (1, 5)", T),
        ("n IN (1, none)", U),
        ("n IN (5, none)", T),
        ("n NOT IN (1, none)", U),
        ("none IN (1)", U),
        ("n BETWEEN 1 AND 5", T),
        ("n BETWEEN 5 AND 1", F),
        ("n BETWEEN none AND 4", F),
        ("n BETWEEN none AND 6", U),
        ("none LIKE '%'", U),
        ("S_INTERSECTS(missing, POINT(0 0))", U),
        ("T_AFTER(missing, DATE('2020-01-01'))", U),
        ("A_CONTAINS(missing, ('a'))", U),
        ("b = TRUE AND FALSE", F),
    ]);
}

#[test]
fn values_compare_within_their_kind() {
    all_hold(&[
        ("n = 5.0", T),
        ("n < 5.5", T),
        ("big = 9007199254740993", T),
        ("big = 9007199254740992.0", F),
        ("big > 9007199254740992.0", T),
        ("n = '5'", U),
        ("s = 1", U),
        ("b = 1", U),
        ("'5' > 4", U),
        ("object = object", U),
        ("tags = 'a'", U),
        ("b >= TRUE", T),
        ("b > FALSE", T),
        ("'b' > 'a'", T),
        ("'a' > 'B'", T),
        ("s LIKE 'Str%'", T),
        ("s LIKE 'str%'", F),
        ("s LIKE '%ß_'", T),
        ("n LIKE '5'", U),
        ("CASEI(s) = CASEI('STRASSE')", T),
        ("CASEI(s) LIKE CASEI('STRASS_')", T),
        ("CASEI(s) IN (CASEI('x'), CASEI('straSSe'))", T),
        ("ACCENTI(CASEI('KØBENHAVN')) = ACCENTI(CASEI('kobenhavn'))", T),
        ("ACCENTI('Kö\\%') LIKE ACCENTI('Ko\\\\%')", F),
        // A day is equal to each of its instants.
        ("t = DATE('2020-02-29')", T),
        ("t > DATE('2020-02-28')", T),
        ("t < DATE('2020-02-29')", F),
        ("t <= DATE('2020-02-29')", T),
        ("t <> DATE('2020-02-29')", F),
        ("t = TIMESTAMP('2020-02-29T10:00:00Z')", T),
        ("t > TIMESTAMP('2020-02-29T09:59:59.999999999Z')", T),
        ("day = TIMESTAMP('2020-02-29T23:59:59.5Z')", T),
        ("day < TIMESTAMP('2020-03-01T00:00:00Z')", T),
        ("t BETWEEN DATE('2020-02-01') AND DATE('2020-02-29')", T),
        ("bad = DATE('2020-02-29')", U),
        ("n = DATE('2020-02-29')", U),
        ("t = '2020-02-29T12:00:00+02:00'", T),
    ]);
}

#[test]
fn arithmetic_is_exact_where_it_can_be() {
    all_hold(&[
        ("n + 1 = 6", T),
        ("big + 1 = 9007199254740994", T),
        ("big - 2 = 9007199254740991", T),
        ("3037000501 * 3037000501 = 9223372043074251001", T),
        ("big * 3 / 3 = 9007199254740993", T),
        ("big div 1 = 9007199254740993", T),
        ("big % 9007199254740992 = 1", T),
        ("3 ^ 40 = 12157665459056928801", T),
        ("0 / 0 = 1", U),
        ("1.5 % 0 = 1", U),
        ("18446744073709551615 + 1 = 18446744073709551616.0", T),
        ("20 / 10 = 2", T),
        ("n / 2 = f", T),
        ("21 div 10 = 2", T),
        ("-21 div 10 = -2", T),
        ("7.5 div 2 = 3", T),
        ("5 % 2 = 1", T),
        ("-5 % 2 = -1", T),
        ("2 ^ 10 = 1024", T),
        ("2 ^ 3 ^ 2 = 512", T),
        ("-2 ^ 2 = 4", T),
        ("2 ^ -1 = 0.5", T),
        ("-n = 0 - 5", T),
        ("n / 0 = 1", U),
        ("n div 0 = 1", U),
        ("n % 0 = 1", U),
        ("n / 0.0 = 1", U),
        ("0 ^ -1 = 1", U),
        ("-8 ^ 0.5 = 1", U),
        ("10.0 ^ 308 * 100 = 1", U),
        ("9 ^ 999999999999 = 1", U),
        ("s + 1 = 1", U),
        ("1038290-2*2^0 = 1038288", T),
        ("1038290-21 div 10 = 1038288", T),
    ]);
}

#[test]
fn intervals_and_arrays() {
    all_hold(&[
        ("T_AFTER(t, range)", F),
        ("T_INTERSECTS(t, range)", T),
        ("T_BEFORE(DATE('2019-12-31'), range)", T),
        ("T_INTERSECTS(bad, range)", U),
        ("T_INTERSECTS(n, range)", U),
        ("T_DURING(t, INTERVAL('2020-02-01', '..'))", T),
        ("T_EQUALS(t, DATE('2020-02-29'))", T),
        ("T_EQUALS(INTERVAL('..', '..'), INTERVAL('..', '..'))", T),
        ("T_AFTER(INTERVAL(t, '..'), INTERVAL('..', bad))", U),
        ("T_INTERSECTS(INTERVAL(t, '2020-01-01'), range)", U),
        ("T_FINISHES(INTERVAL('2020-01-02', '..'), range)", T),
        ("A_CONTAINS(tags, ('b', 'a'))", T),
        ("A_CONTAINS(tags, ('b', 2))", F),
        ("A_CONTAINS(tags, ())", T),
        ("A_CONTAINEDBY(('a', 1.0), tags)", T),
        ("A_EQUALS(tags, ('a', 'b', 1, none))", T),
        ("A_EQUALS(tags, ('a', 'b', 1))", F),
        ("A_OVERLAPS(tags, ('x', 'b'))", T),
        ("A_OVERLAPS(tags, ('x'))", F),
        ("A_CONTAINS(nested, ((2, 1)))", T),
        ("A_EQUALS(s, ('a'))", U),
        ("A_OVERLAPS((DATE('2020-02-29')), (t, day))", T),
        ("A_CONTAINS(objects, objects)", F),
        ("A_CONTAINS(objects, (POINT(1 2)))", T),
    ]);
}

#[test]
fn places_lie_as_they_do_on_a_plane() {
    all_hold(&[
        ("S_INTERSECTS(point, BBOX(5, 50, 6, 51))", T),
        ("S_INTERSECTS(point, BBOX(5, 50, 100, 6, 51, 200))", T),
        ("S_DISJOINT(point, BBOX(6, 50, 7, 51))", T),
        ("S_EQUALS(point, POINT(5.5 50.5))", T),
        ("S_EQUALS(square, BBOX(0, 0, 2, 2))", T),
        ("S_WITHIN(POINT(1 1), square)", T),
        ("S_WITHIN(POINT(0 1), square)", F),
        ("S_CONTAINS(square, LINESTRING(0.5 0.5, 1 1))", T),
        ("S_TOUCHES(square, POINT(0 1))", T),
        ("S_TOUCHES(square, BBOX(2, 0, 3, 2))", T),
        ("S_OVERLAPS(square, BBOX(1, 1, 3, 3))", T),
        ("S_CROSSES(LINESTRING(-1 1, 3 1), square)", T),
        ("S_CROSSES(LINESTRING(0 0, 2 2), LINESTRING(0 2, 2 0))", T),
        ("S_INTERSECTS(square, GEOMETRYCOLLECTION(POINT(9 9), POLYGON((1 1, 3 1, 3 3, 1 1))))", T),
        ("S_INTERSECTS(fiji, BBOX(170, -20, -170, -10))", T),
        ("S_INTERSECTS(point, BBOX(170, 50, -170, 51))", F),
        ("S_INTERSECTS(point, BBOX(170, 50, 6, 51))", T),
        ("S_INTERSECTS(POINT(180 0), BBOX(180, -1, -170, 1))", T),
        ("S_INTERSECTS(square, BBOX(1, 1, 1, 1))", T),
        ("S_INTERSECTS(square, BBOX(1, -5, 1, 5))", T),
        ("S_INTERSECTS(open, square)", U),
        ("S_INTERSECTS(s, square)", U),
        ("S_INTERSECTS(object, square)", U),
    ]);
}

#[test]
fn what_cannot_be_evaluated_is_named() {
    let item = fixture();
    for filter in [
        "Buffer(n) = 1",
        "n = 6 AND Buffer(n) = 1",
        "n = 5 OR S_WITHIN(square, Buffer(n))",
        "n IN (5, Buffer())",
        "A_EQUALS((1), (Buffer()))",
        "T_AFTER(INTERVAL(Buffer(), '..'), t)",
    ] {
        assert_eq!(
            Filter::from_text(filter).unwrap().evaluate(&item),
            Err(EvaluateError::UnknownFunction("Buffer".to_owned())),
            "{filter}"
        );
    }
    let positions = vec![[0, 0]; PROPERTY_POSITIONS + 1];
    let item = item_with_points(&positions);
    let filter = Filter::from_text("S_DISJOINT(POINT(1 1), large)").unwrap();
    assert_eq!(filter.evaluate(&item), Ok(U), "what is too large is unknown");
    let item = item_with_points(&positions[1..]);
    assert_eq!(filter.evaluate(&item), Ok(T));
}

fn item_with_points(positions: &[[i32; 2]]) -> Map<String, Value> {
    item(json!({ "large": { "type": "MultiPoint", "coordinates": positions } }))
}

#[test]
fn properties_may_be_made_as_they_are_asked_for() {
    struct Made;
    impl Properties for Made {
        fn property(&self, name: &str) -> Option<std::borrow::Cow<'_, Value>> {
            Some(std::borrow::Cow::Owned(json!([name, [name]])))
        }
    }
    let filter = Filter::from_text("A_EQUALS(x, ('x', ('x')))").unwrap();
    assert_eq!(filter.evaluate(&Made), Ok(T));
}
