//! Times as the standard's own test suite has them (annex A): its filters, and of how many items they are true. The
//! items are ours, such that the numbers hold.

use serde_json::{Map, Value, json};

use super::tests::{evaluate, item};
use crate::Temporal;

fn places() -> [Map<String, Value>; 4] {
    [
        item(json!({
            "date": "2021-04-16", "start": "2021-04-16T10:15:59Z", "end": "2022-04-16T10:16:06Z",
        })),
        item(json!({
            "date": "2022-04-16", "start": "2022-04-16T10:13:19Z", "end": "2023-04-16T10:16:06Z",
        })),
        item(json!({
            "date": "2023-04-16", "start": "2022-04-16T10:15:10Z", "end": "2022-04-16T10:16:06Z",
        })),
        item(json!({ "date": null })),
    ]
}

/// A filter, and of how many of these items it is true.
const TIMES: &[(&str, usize)] = &[
    ("\"date\" IS NOT NULL", 3),
    ("\"date\"=DATE('2022-04-16')", 1),
    ("\"date\">=DATE('2022-04-16')", 2),
    ("\"date\"<DATE('2022-04-16')", 1),
    ("\"date\"<>DATE('2022-04-16')", 2),
    ("start<=TIMESTAMP('2022-04-16T10:13:19Z')", 2),
    ("start>TIMESTAMP('2022-04-16T10:13:19Z')", 1),
    ("start<end", 3),
    ("\"date\" not in (DATE('2021-04-16'),DATE('2022-04-16'),DATE('2022-04-18'))", 1),
    ("t_after(\"date\",date('2022-04-16'))", 1),
    ("t_before(\"date\",interval('2022-01-01','2022-12-31'))", 1),
    ("t_disjoint(\"date\",interval('2022-01-01','2022-12-31'))", 2),
    ("t_equals(\"date\",interval('2022-01-01','2022-12-31'))", 0),
    ("t_equals(\"date\",interval('2022-04-16','2022-04-16'))", 1),
    ("t_intersects(\"date\",interval('2022-01-01','2022-12-31'))", 1),
    ("t_intersects(start,interval('2022-01-01T00:00:00Z','2022-12-31T23:59:59Z'))", 2),
    ("t_after(interval(start,end),interval('..','2022-04-16T10:13:19Z'))", 1),
    ("t_before(interval(start,end),interval('2023-01-01T00:00:00Z','..'))", 2),
    ("t_disjoint(interval(start,end),interval('2022-04-16T10:13:19Z','2022-04-16T10:15:09Z'))", 1),
    ("t_equals(interval(start,end),interval('2021-04-16T10:15:59Z','2022-04-16T10:16:06Z'))", 1),
    (
        "t_intersects(interval(start,end),interval('2022-04-16T10:13:19Z','2022-04-16T10:15:09Z'))",
        2,
    ),
    ("T_CONTAINS(interval(start,end),interval('2022-04-16T10:13:19Z','2022-04-16T10:15:10Z'))", 1),
    ("T_DURING(interval(start,end),interval('2022-01-01T00:00:00Z','2022-12-31T23:59:59Z'))", 1),
    ("T_FINISHES(interval(start,end),interval('2022-04-16T10:13:19Z','2022-04-16T10:16:06Z'))", 1),
    (
        "T_FINISHEDBY(interval(start,end),interval('2022-04-16T10:13:19Z','2022-04-16T10:16:06Z'))",
        1,
    ),
    ("T_MEETS(interval(start,end),interval('2022-04-16T10:13:19Z','2022-04-16T10:15:10Z'))", 0),
    ("T_METBY(interval(start,end),interval('2022-04-16T10:13:19Z','2022-04-16T10:15:10Z'))", 1),
    (
        "T_OVERLAPPEDBY(interval(start,end),interval('2020-04-16T10:13:19Z','2022-04-16T10:15:10Z'))",
        2,
    ),
    ("T_OVERLAPS(interval(start,end),interval('2022-04-16T10:13:19Z','2023-04-16T10:15:10Z'))", 1),
    ("T_STARTEDBY(interval(start,end),interval('2022-04-16T10:13:19Z','2022-04-16T10:15:10Z'))", 1),
    ("T_STARTS(interval(start,end),interval('2022-04-16T10:13:19Z','2022-04-16T10:15:10Z'))", 0),
    ("T_STARTS(interval('2022-04-16T10:13:19Z','2022-04-16T10:15:10Z'),interval(start,end))", 1),
    ("T_MEETS(interval('2022-04-16T10:13:19Z','2022-04-16T10:15:10Z'),interval(start,end))", 1),
    ("T_DURING(interval('2022-07-01T00:00:00Z','2022-12-31T23:59:59Z'),interval(start,end))", 1),
];

#[test]
fn times_are_as_the_standard_has_them() {
    for (filter, count) in TIMES {
        let found = places().iter().filter(|item| evaluate(filter, item) == Some(true)).count();
        assert_eq!(found, *count, "{filter}");
    }
}

/// The thirteen ways in which two intervals can lie, by the days of January on which the first begins and ends; the
/// second is from the 10th to the 20th. Beside its own name, each has one of `intersects` and `disjoint`.
const WAYS: &[(u8, u8, &str, &str)] = &[
    (1, 5, "before", "disjoint"),
    (1, 10, "meets", "intersects"),
    (5, 15, "overlaps", "intersects"),
    (10, 15, "starts", "intersects"),
    (12, 15, "during", "intersects"),
    (15, 20, "finishes", "intersects"),
    (10, 20, "equals", "intersects"),
    (5, 20, "finishedBy", "intersects"),
    (5, 25, "contains", "intersects"),
    (10, 25, "startedBy", "intersects"),
    (15, 25, "overlappedBy", "intersects"),
    (20, 25, "metBy", "intersects"),
    (22, 25, "after", "disjoint"),
];

#[test]
fn two_intervals_lie_in_one_way_alone() {
    let empty = item(json!({}));
    for (start, end, own, also) in WAYS {
        for clock in ["", "T12:00:00Z"] {
            let interval = |start: u8, end: u8| {
                format!("INTERVAL('2020-01-{start:02}{clock}', '2020-01-{end:02}{clock}')")
            };
            let (first, second) = (interval(*start, *end), interval(10, 20));
            for operator in Temporal::ALL {
                let name = operator.name();
                let expected = [own, also].iter().any(|way| name == format!("t_{way}"));
                let filter = format!("{name}({first}, {second})");
                assert_eq!(evaluate(&filter, &empty), Some(expected), "{filter}");
            }
        }
    }
}
