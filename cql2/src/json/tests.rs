//! Filters in JSON: the same as in text, what is refused and with which pointer. Most pairs are the examples of
//! OGC 21-065r2.

use serde_json::{Value, json};

use crate::Filter;

fn pairs() -> Vec<(&'static str, Value)> {
    let mut pairs = scalar_pairs();
    pairs.extend(other_pairs());
    let large = json!({ "op": "=", "args": [{ "property": "a" }, u64::MAX] });
    pairs.extend([("a = 18446744073709551615", large), ("true", json!(true))]);
    pairs
}

fn scalar_pairs() -> Vec<(&'static str, Value)> {
    let p = |name: &str| json!({ "property": name });
    vec![
        ("city='Toronto'", json!({ "op": "=", "args": [p("city"), "Toronto"] })),
        (
            "avg(windSpeed) < 4",
            json!({ "op": "<", "args": [{ "op": "avg", "args": [p("windSpeed")] }, 4] }),
        ),
        (
            "balance-150.0 > 0",
            json!({ "op": ">", "args": [{ "op": "-", "args": [p("balance"), 150.0] }, 0] }),
        ),
        (
            "updated >= date('1970-01-01')",
            json!({ "op": ">=", "args": [p("updated"), { "date": "1970-01-01" }] }),
        ),
        (
            "t <> TIMESTAMP('1969-07-20T20:17:40.5Z')",
            json!({ "op": "<>", "args": [p("t"), { "timestamp": "1969-07-20T20:17:40.5Z" }] }),
        ),
        (
            "geometry IS NOT NULL",
            json!({ "op": "not", "args": [{ "op": "isNull", "args": [p("geometry")] }] }),
        ),
        ("name LIKE 'Smith%'", json!({ "op": "like", "args": [p("name"), "Smith%"] })),
        (
            "depth BETWEEN 100.0 and 150.0",
            json!({ "op": "between", "args": [p("depth"), 100.0, 150.0] }),
        ),
        (
            "category NOT IN (1,2,3,4)",
            json!({ "op": "not", "args": [{ "op": "in", "args": [p("category"), [1, 2, 3, 4]] }] }),
        ),
        (
            "CASEI(road_class) IN (CASEI('Οδος'),CASEI('Straße'))",
            json!({ "op": "in", "args": [
                { "op": "casei", "args": [p("road_class")] },
                [{ "op": "casei", "args": ["Οδος"] }, { "op": "casei", "args": ["Straße"] }],
            ] }),
        ),
        (
            "ACCENTI(etat_vol) LIKE ACCENTI('débárquér')",
            json!({ "op": "like", "args": [
                { "op": "accenti", "args": [p("etat_vol")] },
                { "op": "accenti", "args": ["débárquér"] },
            ] }),
        ),
        (
            "a = 1 AND (b = true OR c <= -2 div 3 % 4 ^ 5)",
            json!({ "op": "and", "args": [
                { "op": "=", "args": [p("a"), 1] },
                { "op": "or", "args": [
                    { "op": "=", "args": [p("b"), true] },
                    { "op": "<=", "args": [p("c"), { "op": "%", "args": [
                        { "op": "div", "args": [-2, 3] },
                        { "op": "^", "args": [4, 5] },
                    ] }] },
                ] },
            ] }),
        ),
    ]
}

fn other_pairs() -> Vec<(&'static str, Value)> {
    let p = |name: &str| json!({ "property": name });
    let ring = json!([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]]);
    let crossing = [160.6, -55.95, -170.0, -25.89];
    vec![
        (
            "S_INTERSECTS(geometry, POINT(36.319836 32.288087))",
            json!({ "op": "s_intersects", "args": [
                p("geometry"), { "type": "Point", "coordinates": [36.319_836, 32.288_087] },
            ] }),
        ),
        (
            "S_CROSSES(LINESTRING Z(1 2 3, 4 5 6), POLYGON((0 0, 1 0, 1 1, 0 0)))",
            json!({ "op": "s_crosses", "args": [
                { "type": "LineString", "coordinates": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]] },
                { "type": "Polygon", "coordinates": ring },
            ] }),
        ),
        (
            "S_EQUALS(MULTIPOINT((180.0 -0.5), (179.0 -47.121701)), \"geometry\")",
            json!({ "op": "s_equals", "args": [
                { "type": "MultiPoint", "coordinates": [[180.0, -0.5], [179.0, -47.121_701]] },
                p("geometry"),
            ] }),
        ),
        (
            "S_WITHIN(GEOMETRYCOLLECTION(POINT(1 2), MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))), BBOX(160.6,-55.95,-170,-25.89))",
            json!({ "op": "s_within", "args": [
                { "type": "GeometryCollection", "geometries": [
                    { "type": "Point", "coordinates": [1.0, 2.0] },
                    { "type": "MultiPolygon", "coordinates": [ring] },
                ] },
                { "bbox": crossing },
            ] }),
        ),
        (
            "T_STARTS(INTERVAL(starts_at, ends_at), INTERVAL('1991-10-07T08:21:06.393262Z', '..'))",
            json!({ "op": "t_starts", "args": [
                { "interval": [p("starts_at"), p("ends_at")] },
                { "interval": ["1991-10-07T08:21:06.393262Z", ".."] },
            ] }),
        ),
        (
            "T_FINISHEDBY(a, INTERVAL(f(), '2010-02-10'))",
            json!({ "op": "t_finishedBy", "args": [
                p("a"), { "interval": [{ "op": "f", "args": [] }, "2010-02-10"] },
            ] }),
        ),
        (
            "A_CONTAINS(layer:ids, ('layers-ca', 1, (TRUE), DATE('1969-07-16')))",
            json!({ "op": "a_contains", "args": [
                p("layer:ids"), ["layers-ca", 1, [true], { "date": "1969-07-16" }],
            ] }),
        ),
        (
            "S_WITHIN(road, Buffer(geometry, 10, 'm'))",
            json!({ "op": "s_within", "args": [
                p("road"), { "op": "Buffer", "args": [p("geometry"), 10, "m"] },
            ] }),
        ),
    ]
}

/// Some tools write it as drafts of the standard had it.
#[test]
fn the_bounds_of_between_may_be_an_array() {
    let of_draft = json!({ "op": "between", "args": [{ "property": "depth" }, [100.0, 150.0]] });
    let filter = Filter::from_text("depth BETWEEN 100.0 AND 150.0").unwrap();
    assert_eq!(Filter::from_json(&of_draft), Ok(filter));
}

#[test]
fn both_encodings_say_the_same() {
    for (text, document) in pairs() {
        let filter = Filter::from_text(text).unwrap();
        assert_eq!(Filter::from_json(&document), Ok(filter.clone()), "{text}");
        assert_eq!(filter.to_json(), document, "{text}");
    }
}

/// A document, and what is wrong with it.
const WRONG: &[(&str, &str)] = &[
    (r"null", "at the root: expected a predicate, found null"),
    (r#"{"property":"a"}"#, "at the root: expected a predicate, found a property"),
    (r#"{"op":"="}"#, "at /args: expected an array, found null"),
    (r#"{"op":"=","args":[1]}"#, "at /args: expected two of \"args\", found 1"),
    (r#"{"op":"and","args":[true]}"#, "at /args: expected two or more of \"args\", found 1"),
    (
        r#"{"op":"and","args":[true,{"property":"a"}]}"#,
        "at /args/1: expected a predicate, found a property",
    ),
    (r#"{"op":"not","args":[true,true]}"#, "at /args: expected one of \"args\", found 2"),
    (r#"{"op":"between","args":[1,2]}"#, "at /args: expected three of \"args\", found 2"),
    (r#"{"op":"between","args":[1,[2]]}"#, "at /args/1: expected two of \"args\", found 1"),
    (
        r#"{"op":"between","args":[1,[2,null]]}"#,
        "at /args/1/1: expected a text, a number, a date, a timestamp, TRUE, FALSE, a property or a function, found null",
    ),
    (
        r#"{"op":"in","args":[1,[]]}"#,
        "at /args/1: expected an array that is not empty, found an array",
    ),
    (
        r#"{"op":"in","args":[1,[2,null]]}"#,
        "at /args/1/1: expected a text, a number, a date, a timestamp, TRUE, FALSE, a property or a function, found null",
    ),
    (
        r#"{"op":"like","args":["a",{"property":"b"}]}"#,
        "at /args/1: expected a text, alone or in CASEI or ACCENTI, found a property",
    ),
    (
        r#"{"op":"AND","args":[true,true]}"#,
        "at /op: expected the name of an operator or of a function, found the text \"AND\"",
    ),
    (
        r#"{"op":"t_finishedby","args":[1,2]}"#,
        "at /op: expected the name of an operator or of a function, found the text \"t_finishedby\"",
    ),
    (
        r#"{"op":"a b","args":[]}"#,
        "at /op: expected the name of an operator or of a function, found the text \"a b\"",
    ),
    (
        r#"{"op":5,"args":[]}"#,
        "at /op: expected the name of an operator or of a function, found the number 5",
    ),
    (
        r#"{"op":"isNull","args":[{"property":""}]}"#,
        "at /args/0/property: expected the name of a property, found the text \"\"",
    ),
    (
        r#"{"op":"isNull","args":[{"date":"2023-02-29"}]}"#,
        "at /args/0/date: expected a date (YYYY-MM-DD), found the text \"2023-02-29\"",
    ),
    (
        r#"{"op":"isNull","args":[{"timestamp":5}]}"#,
        "at /args/0/timestamp: expected a timestamp (YYYY-MM-DDThh:mm:ssZ), found the number 5",
    ),
    (
        r#"{"op":"isNull","args":[{"interval":["..","x"]}]}"#,
        "at /args/0/interval/1: expected a date, a timestamp or \"..\", found the text \"x\"",
    ),
    (
        r#"{"op":"isNull","args":[{"interval":[".."]}]}"#,
        "at /args/0/interval: expected the two ends of an interval, found an array",
    ),
    (
        r#"{"op":"isNull","args":[{"interval":["2020-01-02","2020-01-01"]}]}"#,
        "at /args/0/interval: the interval begins after it ends",
    ),
    (
        r#"{"op":"isNull","args":[{"bbox":[0,0,1]}]}"#,
        "at /args/0/bbox: a box has four or six numbers",
    ),
    (
        r#"{"op":"isNull","args":[{"bbox":[0,0,1,"x"]}]}"#,
        "at /args/0/bbox/3: expected a number, found the text \"x\"",
    ),
    (
        r#"{"op":"isNull","args":[{"type":"Circle"}]}"#,
        "at /args/0/type: expected the type of a geometry, found the text \"Circle\"",
    ),
    (
        r#"{"op":"isNull","args":[{"type":"Point","coordinates":[90,180]}]}"#,
        "at /args/0/coordinates: a latitude is from -90 to 90 degrees",
    ),
    (
        r#"{"op":"isNull","args":[{"type":"LineString","coordinates":[[0,0],[1]]}]}"#,
        "at /args/0/coordinates/1: expected two numbers or three, found an array",
    ),
    (
        r#"{"op":"isNull","args":[{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[2,2]]]}]}"#,
        "at /args/0: a ring has four positions or more, and ends where it begins",
    ),
    (
        r#"{"op":"t_during","args":[{"date":"2020-01-01"},{"property":"a"}]}"#,
        "at /args/0: expected an interval, a property or a function, found a date",
    ),
    (
        r#"{"op":"isNull","args":[{"what":1}]}"#,
        "at /args/0: expected an object with \"op\", \"property\", \"date\", \"timestamp\", \"interval\", \"bbox\" or \"type\", found an object",
    ),
];

#[test]
fn what_is_wrong_is_said_with_its_pointer() {
    for (document, message) in WRONG {
        let document: Value = serde_json::from_str(document).unwrap();
        assert_eq!(Filter::from_json(&document).unwrap_err().to_string(), *message, "{document}");
    }
}
