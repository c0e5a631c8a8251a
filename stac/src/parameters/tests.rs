//! Whole searches, from queries and from bodies.

use serde_json::{Value, json};

use super::*;
use crate::{Direction, SortKey};

fn get(pairs: &[(&str, &str)]) -> Result<Search, ParameterError> {
    let owned = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    of_query(&owned.collect::<Vec<_>>(), OF_SEARCH)
}

fn post(body: &Value) -> Result<Search, ParameterError> {
    of_body(body.as_object().unwrap(), OF_SEARCH)
}

const POINT: &str = r#"{"type": "Point", "coordinates": [1, 2]}"#;

#[test]
fn who_includes_nothing_gets_the_default_members_but_for_what_is_left_out() {
    let fields = |fields: Value| {
        let body = json!({ "fields": fields });
        of_body(body.as_object().unwrap(), OF_SEARCH).unwrap().fields.unwrap()
    };
    for include in [json!(null), json!([])] {
        let read = fields(json!({ "include": include, "exclude": ["geometry"] }));
        assert_eq!(read.include.len(), 7);
        assert!(!read.include.iter().any(|name| name == "geometry"));
        assert!(read.include.iter().any(|name| name == "properties.datetime"));
        assert_eq!(fields(json!({ "include": include, "exclude": [] })), Fields::default());
    }
    assert!(fields(json!({ "exclude": ["geometry"] })).include.is_empty());
}

#[test]
fn a_query_and_a_body_ask_the_same() {
    let point: Value = serde_json::from_str(POINT).unwrap();
    for (pairs, body) in [
        (vec![], json!({})),
        (vec![("collections", "b,a,b")], json!({"collections": ["a", "b"]})),
        (vec![("collections", "a")], json!({"collections": "a"})),
        (vec![("collections", "")], json!({"collections": []})),
        (vec![("ids", "x/y, z/w")], json!({"ids": ["z/w", "x/y"]})),
        (vec![("bbox", "1,2,3,4")], json!({"bbox": [1, 2, 3, 4.0]})),
        (vec![("intersects", POINT)], json!({"intersects": point})),
        (
            vec![("datetime", "2024-05-01T00:00:00 01:00/..")],
            json!({"datetime": "2024-04-30T23:00:00Z/.."}),
        ),
        (vec![("q", "flood map,[wine]")], json!({"q": ["flood map", "[wine]"]})),
        (vec![("q", "flood map,[wine]")], json!({"q": "flood map,[wine]"})),
        (
            vec![("sortby", "-datetime,id")],
            json!({"sortby": [{"field": "properties.datetime", "direction": "desc"}, {"field": "id"}]}),
        ),
        (
            vec![("fields", "id,-geometry")],
            json!({"fields": {"include": ["id"], "exclude": ["geometry"]}}),
        ),
        (vec![("fields", "")], json!({"fields": {"include": null, "exclude": null}})),
        (vec![("mode", "preview")], json!({"mode": "preview"})),
        (vec![("limit", "1000000")], json!({"limit": 10_000})),
        (vec![("limit", "99999999999999999999999")], json!({"limit": u64::MAX})),
        (vec![("after", "x")], json!({"after": "x"})),
        (vec![("mode", "full")], json!({"ids": null, "bbox": null})),
    ] {
        assert_eq!(get(&pairs).unwrap(), post(&body).unwrap(), "{body}");
    }
}

#[test]
fn what_is_read_is_what_was_asked() {
    let read = get(&[("limit", "7"), ("sortby", "-stars"), ("q", ":starred")]).unwrap();
    assert_eq!(read.limit, Some(7));
    assert_eq!(read.sort, [(SortKey::Stars, Direction::Descending)]);
    assert!(read.text.starred && read.text.words.is_none());
}

#[test]
fn queries_that_cannot_be_taken_are_refused_by_name() {
    let many = vec!["a/b"; MOST_IDS + 1].join(",");
    let long = "x".repeat(MOST_CURSOR + 1);
    for (name, value) in [
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "1.5"),
        ("limit", "ten"),
        ("limit", ""),
        ("bbox", "1,2,3"),
        ("bbox", "[1,2,3,4]"),
        ("datetime", "2024-05-01"),
        ("intersects", "{"),
        ("intersects", "[1,2]"),
        ("ids", &many),
        ("ids", "a,,b"),
        ("collections", ","),
        ("sortby", "nope"),
        ("mode", "all"),
        ("after", ""),
        ("after", &long),
        ("before", "x"),
        ("filter", "a="),
        ("filter-lang", "sql"),
        ("filter-crs", ""),
        ("query", "{"),
        ("where", "a=1"),
        ("gitlab_token", "x"),
        ("", ""),
    ] {
        assert_eq!(get(&[(name, value)]).unwrap_err().parameter, name, "{value}");
    }
    assert!(get(&[("bbox", "1,2,3,4"), ("intersects", POINT)]).is_err());
    assert!(get(&[("limit", "1"), ("limit", "2")]).is_err());
}

#[test]
fn bodies_that_cannot_be_taken_are_refused_by_name() {
    for (name, value) in [
        ("limit", json!(0)),
        ("limit", json!(-1)),
        ("limit", json!(1.5)),
        ("limit", json!("10")),
        ("bbox", json!("1,2,3,4")),
        ("bbox", json!([1, 2, 3])),
        ("bbox", json!([1, 2, 3, "4"])),
        ("bbox", json!([1, 4, 3, 2])),
        ("datetime", json!(["2024-05-01T00:00:00Z"])),
        ("intersects", json!(POINT)),
        ("intersects", json!({"type": "Point", "coordinates": [1]})),
        ("ids", json!([1])),
        ("ids", json!({"a": 1})),
        ("q", json!(7)),
        ("sortby", json!("-datetime")),
        ("sortby", json!([{"direction": "asc"}])),
        ("sortby", json!([{"field": "id", "direction": "up"}])),
        ("sortby", json!([{"field": "id", "direction": null}])),
        ("fields", json!(null)),
        ("fields", json!(["id"])),
        ("fields", json!({"include": "id"})),
        ("fields", json!({"include": [1]})),
        ("fields", json!({"only": []})),
        ("mode", json!("")),
        ("filter", json!({})),
        ("filter-lang", json!(1)),
        ("filter-crs", json!("EPSG:3857")),
        ("query", json!([])),
        ("where", json!(null)),
    ] {
        assert_eq!(post(&json!({ name: value })).unwrap_err().parameter, name, "{value}");
    }
    let both =
        json!({"bbox": [1, 2, 3, 4], "intersects": {"type": "Point", "coordinates": [1, 2]}});
    assert!(post(&both).is_err());
}

#[test]
fn a_list_has_its_own_parameters() {
    let pair = |name: &str| [(name.to_owned(), "a".to_owned())];
    assert!(of_query(&pair("intersects"), OF_ITEMS).is_err());
    assert!(of_query(&pair("collections"), OF_ITEMS).is_ok());
    assert!(of_query(&pair("ids"), OF_ITEMS).is_ok());
}
