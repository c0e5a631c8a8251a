//! How times lie to one another, against the definitions of OGC 21-065r2, 7.8: each function is a condition on the first
//! and the last instants of two times, an instant is both of its own, and an open end is before or after all else.

use serde_json::{Map, Value, json};

use super::data::{both_ways, object};

/// The first and the last instant of a time, as numbers of days.
type Time = (i32, i32);

/// Ends that are open.
const PAST: i32 = i32::MIN;
const FUTURE: i32 = i32::MAX;

type Definition = fn(Time, Time) -> bool;

/// The functions that take instants and intervals.
const OF_ALL: [(&str, Definition); 5] = [
    ("T_AFTER", |a, b| a.0 > b.1),
    ("T_BEFORE", |a, b| a.1 < b.0),
    ("T_DISJOINT", |a, b| a.1 < b.0 || a.0 > b.1),
    ("T_EQUALS", |a, b| a.0 == b.0 && a.1 == b.1),
    ("T_INTERSECTS", |a, b| !(a.1 < b.0 || a.0 > b.1)),
];

/// The functions that take intervals.
const OF_INTERVALS: [(&str, Definition); 10] = [
    ("T_CONTAINS", |a, b| a.0 < b.0 && a.1 > b.1),
    ("T_DURING", |a, b| a.0 > b.0 && a.1 < b.1),
    ("T_FINISHEDBY", |a, b| a.0 < b.0 && a.1 == b.1),
    ("T_FINISHES", |a, b| a.0 > b.0 && a.1 == b.1),
    ("T_MEETS", |a, b| a.1 == b.0),
    ("T_METBY", |a, b| a.0 == b.1),
    ("T_OVERLAPPEDBY", |a, b| a.0 > b.0 && a.0 < b.1 && a.1 > b.1),
    ("T_OVERLAPS", |a, b| a.0 < b.0 && a.1 > b.0 && a.1 < b.1),
    ("T_STARTEDBY", |a, b| a.0 == b.0 && a.1 > b.1),
    ("T_STARTS", |a, b| a.0 == b.0 && a.1 < b.1),
];

/// Days of January, in both ways that the standard writes instants.
const FORMS: [(&str, &str); 2] = [("DATE", ""), ("TIMESTAMP", "T06:30:00.5Z")];

fn intervals() -> Vec<Time> {
    let starts = [PAST, 1, 2, 3, 4];
    let ends = [1, 2, 3, 4, FUTURE];
    let all = starts.into_iter().flat_map(|start| ends.map(|end| (start, end)));
    all.filter(|(start, end)| start <= end).collect()
}

fn instants() -> Vec<Time> {
    (1..=4).map(|day| (day, day)).collect()
}

fn text_of(day: i32, clock: &str) -> String {
    if day == PAST || day == FUTURE { "..".to_owned() } else { format!("2020-01-{day:02}{clock}") }
}

fn interval((start, end): Time, clock: &str) -> String {
    format!("INTERVAL('{}','{}')", text_of(start, clock), text_of(end, clock))
}

/// Literals, and properties that say the same.
fn holds(function: &str, first: &str, second: &str, item: &Map<String, Value>, expected: bool) {
    let text = format!("{function}({first}, {second})");
    for filter in both_ways(&text) {
        assert_eq!(filter.evaluate(item), Ok(Some(expected)), "{text} of {item:?}");
    }
}

#[test]
fn intervals_lie_as_the_standard_defines() {
    for (name, definition) in OF_ALL.into_iter().chain(OF_INTERVALS) {
        for first in intervals() {
            for second in intervals() {
                let expected = definition(first, second);
                for (_, clock) in FORMS {
                    let (one, other) = (interval(first, clock), interval(second, clock));
                    let said = format!("{}/{}", text_of(first.0, clock), text_of(first.1, clock));
                    let item = object(json!({ "said": said }));
                    holds(name, &one, &other, &item, expected);
                    holds(name, "said", &other, &item, expected);
                }
            }
        }
    }
}

#[test]
fn instants_lie_as_the_standard_defines() {
    for (name, definition) in OF_ALL {
        for first in instants() {
            for second in instants().into_iter().chain(intervals()) {
                let (expected, turned) = (definition(first, second), definition(second, first));
                for (word, clock) in FORMS {
                    let one = format!("{word}('{}')", text_of(first.0, clock));
                    let other = interval(second, clock);
                    let item = object(json!({ "at": text_of(first.0, clock) }));
                    for one in [one.as_str(), "at"] {
                        holds(name, one, &other, &item, expected);
                        holds(name, &other, one, &item, turned);
                    }
                }
            }
        }
    }
}

/// `INTERVAL` of two properties, where the end is missing, and where it is before the start.
#[test]
fn an_interval_of_properties_is_as_good_as_its_ends() {
    let item = object(json!({ "start": "2020-01-02", "end": "2020-01-03", "late": "2020-01-09" }));
    for (text, expected) in [
        ("T_DURING(INTERVAL(start, end), INTERVAL('2020-01-01', '2020-01-04'))", Some(true)),
        ("T_DURING(INTERVAL(start, '..'), INTERVAL('2020-01-01', '2020-01-04'))", Some(false)),
        ("T_FINISHES(INTERVAL(start, '2020-01-04'), INTERVAL('..', '2020-01-04'))", Some(true)),
        ("T_DURING(INTERVAL(start, missing), INTERVAL('2020-01-01', '2020-01-04'))", None),
        ("T_AFTER(INTERVAL(late, end), DATE('2019-01-01'))", None),
    ] {
        for filter in both_ways(text) {
            assert_eq!(filter.evaluate(&item), Ok(expected), "{text}");
        }
    }
}
