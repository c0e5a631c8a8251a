//! How geometries lie to one another, against the answers of shapely, which `scripts/cql2_spatial_cases.py` wrote.

use flisthub_cql2::Filter;
use serde_json::{Map, Value, json};

use super::data::{json, object, read};

/// What differs from shapely of one place with all geometries: as literals, and with one of them as a property.
/// `answers` has two hexadecimal digits for each geometry, whose bits are those of the predicates.
fn differences(data: &Value, first: &Value, answers: &str) -> Vec<String> {
    let mut differences = Vec::new();
    let answers = answers.as_bytes().chunks(2).map(|digits| std::str::from_utf8(digits).unwrap());
    for (second, answer) in data["geometries"].as_array().unwrap().iter().zip(answers) {
        let bits = u8::from_str_radix(answer, 16).unwrap();
        let item: Map<String, Value> = object(json!({ "geometry": second }));
        for (bit, predicate) in data["predicates"].as_array().unwrap().iter().enumerate() {
            let expected = Some(bits >> bit & 1 == 1);
            let operator = format!("s_{}", predicate.as_str().unwrap());
            let with = |other: &Value| {
                let document = json!({ "op": operator, "args": [first, other] });
                Filter::from_json(&document).unwrap()
            };
            // Once by way of its text.
            let literal = read(&with(second).to_text());
            for filter in [literal, with(&json!({ "property": "geometry" }))] {
                if filter.evaluate(&item) != Ok(expected) {
                    differences.push(format!("{} is {expected:?} of {second}", filter.to_text()));
                }
            }
        }
    }
    differences
}

fn all_differences(firsts: &Value, answers: &Value) -> Vec<String> {
    let data = json("spatial.json");
    let each = firsts.as_array().unwrap().iter().zip(answers.as_array().unwrap());
    each.flat_map(|(first, answers)| differences(&data, first, answers.as_str().unwrap())).collect()
}

#[test]
fn geometries_lie_as_shapely_says() {
    let data = json("spatial.json");
    assert_eq!(all_differences(&data["geometries"], &data["answers"]), [""; 0]);
}

#[test]
fn boxes_lie_as_shapely_says() {
    let data = json("spatial.json");
    let boxes = data["boxes"].as_array().unwrap().iter().map(|bbox| json!({ "bbox": bbox }));
    assert_eq!(all_differences(&boxes.collect(), &data["box_answers"]), [""; 0]);
}

/// A hole that touches the border where that has no vertex: GEOS takes the border for a part of the inside.
#[test]
fn a_hole_may_touch_the_border() {
    const HOLE: &str = "POLYGON((0 0,10 0,10 10,0 10,0 0),(0 5,5 3,5 7,0 5))";
    for (text, expected) in [
        ("S_WITHIN(geometry, POLYGON((0 0,10 0,10 10,0 10,0 0)))", true),
        ("S_OVERLAPS(geometry, POLYGON((0 0,10 0,10 10,0 10,0 0)))", false),
        ("S_TOUCHES(geometry, LINESTRING(0 0,10 0,10 10,0 10,0 0))", true),
        ("S_CONTAINS(geometry, LINESTRING(0 0,10 0,10 10,0 10,0 0))", false),
        ("S_TOUCHES(geometry, BBOX(10,0,0,10))", true),
        ("S_TOUCHES(geometry, POINT(0 5))", true),
        ("S_DISJOINT(geometry, POINT(3 5))", true),
        ("S_TOUCHES(geometry, POLYGON((0 5,5 3,5 7,0 5)))", true),
    ] {
        let filter = read(&text.replace("geometry", HOLE));
        assert_eq!(filter.evaluate(&Map::new()), Ok(Some(expected)), "{text}");
    }
}
