//! The abstract tests of the standard, annex A: predicates with the numbers of items that they find, and what must hold
//! of the items that two predicates find.

use std::collections::BTreeSet;

use flisthub_cql2::Filter;
use serde_json::{Map, Value, json};

use super::data::{both_ways, object, objects, read, text};

type Items = Vec<Map<String, Value>>;

fn countries() -> Items {
    objects("countries.json")
}

/// The places. The standard's data has times and booleans at three of them; which ones it does not say, and the numbers
/// leave no choice but of the last two of `end`, and of which booleans are true.
fn places() -> Items {
    let timed = [
        ("2021-04-16", "2021-04-16T10:15:59Z", "2022-04-16T10:16:06Z", true),
        ("2022-04-16", "2022-04-16T10:13:19Z", "2023-04-16T10:16:06Z", true),
        ("2023-04-16", "2022-04-16T10:15:10Z", "2022-04-16T10:17:00Z", false),
    ];
    let mut places = objects("places.json");
    for (place, (date, start, end, boolean)) in places.iter_mut().zip(timed) {
        let more = json!({ "date": date, "start": start, "end": end, "boolean": boolean });
        place.append(&mut object(more));
    }
    places
}

/// Which items a filter finds.
fn found(filter: &Filter, items: &Items) -> BTreeSet<usize> {
    let each = items.iter().enumerate();
    each.filter(|(_, item)| filter.evaluate(*item).unwrap() == Some(true))
        .map(|(index, _)| index)
        .collect()
}

#[test]
fn predicates_find_as_many_items_as_the_standard_says() {
    let (countries, places) = (countries(), places());
    let mut wrong = Vec::new();
    let mut classes = BTreeSet::new();
    let cases = text("abstract_tests.txt");
    for line in cases.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let [class, data, number, predicate] =
            line.splitn(4, '|').map(str::trim).collect::<Vec<_>>()[..]
        else {
            panic!("{line}");
        };
        classes.insert(class.to_owned());
        let items = if data == "countries" { &countries } else { &places };
        for filter in both_ways(predicate) {
            let count = found(&filter, items).len();
            if count.to_string() != number {
                wrong.push(format!("{predicate}: {count} and not {number}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(classes.len(), 9);
}

/// `/conf/basic-cql2/comparison` and those of property-property: what operators find of one property.
#[test]
fn opposite_comparisons_find_nothing_in_common() {
    let (countries, places) = (countries(), places());
    for (items, property, value) in [
        (&places, "name", "'foo'"),
        (&places, "boolean", "true"),
        (&countries, "POP_EST", "3.14"),
        (&countries, "POP_EST", "1"),
        (&places, "start", "TIMESTAMP('2022-04-14T14:48:46Z')"),
        (&places, "\"date\"", "DATE('2022-04-14')"),
    ] {
        let find = |left: &str, operator: &str, right: &str| {
            found(&read(&format!("{left} {operator} {right}")), items)
        };
        for (left, right) in [(property, value), (value, property)] {
            for (one, other) in [("=", "<>"), (">", "<="), ("<", ">=")] {
                let (one, other) = (find(left, one, right), find(left, other, right));
                assert!(one.is_disjoint(&other), "{left} {right}");
                // What is null is in neither.
                let known = find(property, "=", property).len();
                assert_eq!(one.len() + other.len(), known, "{left} {right}");
            }
        }
        for same in [property, value] {
            for operator in ["<>", "<", ">"] {
                assert_eq!(find(same, operator, same), BTreeSet::new(), "{same} {operator}");
            }
            let equal = find(same, "=", same);
            assert!(!equal.is_empty(), "{same}");
            assert_eq!(find(same, ">=", same), equal);
            assert_eq!(find(same, "<=", same), equal);
        }
    }
}

/// Predicates of which annex A says that one finds what another does, or nothing that another does.
#[test]
fn what_two_predicates_find_is_related_as_the_standard_says() {
    const WORLD: &str = "BBOX(-180,-90,180,90)";
    const WORLD_RING: &str = "POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))";
    let (countries, places) = (countries(), places());
    let find = |items: &Items, filter: &str| found(&read(filter), items);
    for (one, other) in [
        ("name LIKE '%'", "name LIKE '%%'"),
        ("CASEI(name) LIKE casei('foo%')", "CASEI(name) LIKE casei('FOO%')"),
        ("ACCENTI(name) LIKE accenti('Ä%')", "ACCENTI(name) LIKE accenti('A%')"),
        (
            "ACCENTI(CASEI(name)) = accenti(casei('ÄÉ'))",
            "ACCENTI(CASEI(name)) = accenti(casei('ae'))",
        ),
        (
            "ACCENTI(CASEI(name)) LIKE accenti(casei('Ä%'))",
            "ACCENTI(CASEI(name)) LIKE accenti(casei('a%'))",
        ),
    ] {
        assert_eq!(find(&places, one), find(&places, other), "{one}");
    }
    for (one, other) in [
        ("name like '_%'", "name like ''"),
        ("CASEI(name) = casei('foo')", "CASEI(name) <> casei('FOO')"),
        ("ACCENTI(name) = accenti('äöüéáí')", "ACCENTI(name) <> accenti('aoueai')"),
        ("S_INTERSECTS(geom,POINT(7.02 49.92))", "S_DISJOINT(geom,POINT(7.02 49.92))"),
    ] {
        assert!(find(&places, one).is_disjoint(&find(&places, other)), "{one}");
    }
    for items in [&countries, &places] {
        for function in ["S_INTERSECTS", "S_DISJOINT", "S_WITHIN", "S_CONTAINS", "S_TOUCHES"] {
            let with = |place: &str| find(items, &format!("{function}(geom,{place})"));
            assert_eq!(with(WORLD), with(WORLD_RING), "{function}");
        }
        assert_eq!(find(items, &format!("S_DISJOINT(geom,{WORLD})")), BTreeSet::new());
        let line = "LINESTRING(7 50, 10 51)";
        let (meets, apart) =
            (format!("S_INTERSECTS(geom,{line})"), format!("S_DISJOINT(geom,{line})"));
        assert!(find(items, &meets).is_disjoint(&find(items, &apart)));
    }
}

/// `invalid coordinate` in annex A.
#[test]
fn places_that_are_not_on_the_earth_are_refused() {
    for filter in [
        "S_INTERSECTS(geom,POINT(90 180))",
        "S_DISJOINT(geom,POINT(90 180))",
        "S_INTERSECTS(geom,MULTIPOINT(7.02 49.92, 90 180))",
    ] {
        let error = Filter::from_text(filter).unwrap_err().to_string();
        assert!(error.contains("latitude is from -90 to 90"), "{error}");
    }
}

/// `/conf/*/logical`: predicates in the words that annex A combines them with, against what each one says alone.
#[test]
fn predicates_are_combined_as_the_standard_combines_them() {
    let places = places();
    let predicates = [
        "name LIKE 'B_r%'",
        "\"date\" > DATE('2022-04-16')",
        "boolean = true",
        "S_INTERSECTS(geom,BBOX(0,40,10,50))",
        "T_DURING(interval(start,end),interval('2022-01-01T00:00:00Z','2022-12-31T23:59:59Z'))",
    ];
    let and = |one: Option<bool>, other: Option<bool>| match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    };
    let not = |one: Option<bool>| one.map(|holds| !holds);
    let or = |one, other| not(and(not(one), not(other)));
    for at in 0..predicates.len() {
        let chosen: Vec<&str> = predicates.iter().cycle().skip(at).take(4).copied().collect();
        let [p1, p2, p3, p4] = chosen[..] else { panic!("four") };
        let filter =
            read(&format!("((NOT {p1} AND {p2}) OR ({p3} and NOT {p4}) or not ({p1} AND {p4}))"));
        for place in &places {
            let say = |predicate: &str| read(predicate).evaluate(place).unwrap();
            let (s1, s2, s3, s4) = (say(p1), say(p2), say(p3), say(p4));
            let first = and(not(s1), s2);
            let expected = or(or(first, and(s3, not(s4))), not(and(s1, s4)));
            assert_eq!(filter.evaluate(place), Ok(expected), "{}", filter.to_text());
        }
    }
}
