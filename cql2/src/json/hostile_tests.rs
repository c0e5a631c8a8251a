//! Documents that are too large, and any that can be written.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::limits::{DEPTH, Limit, NODES, POSITIONS};
use crate::{Filter, Place, ReadError, generated};

fn limit(document: &Value) -> Option<Limit> {
    match Filter::from_json(document) {
        Err(ReadError::TooMuch { limit, .. }) => Some(limit),
        _ => None,
    }
}

#[test]
fn what_is_too_large_is_refused() {
    let nested = |times: usize| {
        let mut document = json!(true);
        for _ in 0..times {
            document = json!({ "op": "not", "args": [document] });
        }
        document
    };
    assert_eq!(limit(&nested(200)), Some(Limit::Depth));
    assert_eq!(limit(&nested(DEPTH)), Some(Limit::Depth));
    let deepest = Filter::from_json(&nested(DEPTH - 1)).unwrap();
    assert_eq!(Filter::from_text(&deepest.to_text()), Ok(deepest));

    let mut array = json!([]);
    for _ in 0..200 {
        array = json!([array]);
    }
    assert_eq!(limit(&json!({ "op": "f", "args": [array] })), Some(Limit::Depth));
    let mut collection = json!({ "type": "Point", "coordinates": [0, 0] });
    for _ in 0..200 {
        collection = json!({ "type": "GeometryCollection", "geometries": [collection] });
    }
    assert_eq!(limit(&json!({ "op": "isNull", "args": [collection] })), Some(Limit::Depth));

    let wide = json!({ "op": "and", "args": vec![true; NODES] });
    assert_eq!(limit(&wide), Some(Limit::Nodes));
    let widest = json!({ "op": "and", "args": vec![true; NODES - 1] });
    assert!(Filter::from_json(&widest).is_ok());
    let points = json!({ "type": "MultiPoint", "coordinates": vec![[0, 0]; POSITIONS + 1] });
    assert_eq!(limit(&json!({ "op": "isNull", "args": [points] })), Some(Limit::Positions));
}

/// JSON that is read from bytes is 127 levels deep at most. So deep a filter may be in the body of a search, whatever is at
/// the bottom of it.
#[test]
fn sixty_one_levels_can_be_read_from_bytes() {
    let ring = json!([[0, 0], [1, 0], [1, 1], [0, 0]]);
    let place = json!({ "type": "MultiPolygon", "coordinates": [[ring]] });
    let mut document = json!({ "op": "s_within", "args": [{ "property": "geometry" }, place] });
    for _ in 0..59 {
        document = json!({ "op": "not", "args": [document] });
    }
    let body: Value = serde_json::from_str(&json!({ "filter": document }).to_string()).unwrap();
    assert_eq!(Filter::from_json(&body["filter"]).unwrap().root().height(), 61);
}

proptest! {
    /// Both encodings are read as what was written, and so say the same.
    #[test]
    fn every_filter_survives_both_encodings(tree in generated::filter()) {
        let document = super::write(&tree);
        let filter = Filter::from_json(&document);
        prop_assert!(filter.is_ok(), "{:?}: {document}", filter);
        let filter = filter.unwrap();
        prop_assert_eq!(filter.root(), &tree);
        let text = filter.to_text();
        let again = Filter::from_text(&text);
        prop_assert!(again == Ok(filter), "{:?}: {text}", again);
    }
}

/// Any JSON, made of what the encoding is made of.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["..", "2020-01-01", "2020-01-01T00:00:00Z", "Point", "x", ""])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 4, |inner| {
        let operators = vec![
            "and", "not", "=", "like", "between", "in", "isNull", "casei", "s_within", "t_meets",
            "t_after", "a_equals", "+", "div", "f", "AND", "",
        ];
        let names =
            vec!["property", "date", "timestamp", "interval", "bbox", "type", "coordinates"];
        let args = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            args.clone().prop_map(Value::from),
            (prop::sample::select(operators), args)
                .prop_map(|(operator, args)| json!({ "op": operator, "args": args })),
            prop::collection::hash_map(prop::sample::select(names), inner, 1..3)
                .prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    /// Whatever is read can be written in both encodings; an error points to something that is there, or is missing
    /// from something that is.
    #[test]
    fn any_document_is_read_or_refused(document in document()) {
        match Filter::from_json(&document) {
            Ok(filter) => {
                prop_assert_eq!(Filter::from_json(&filter.to_json()), Ok(filter.clone()));
                prop_assert_eq!(Filter::from_text(&filter.to_text()), Ok(filter));
            }
            Err(ReadError::Unexpected { place: Place::Pointer(pointer), .. }
                | ReadError::Wrong { place: Place::Pointer(pointer), .. }) => {
                let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
                prop_assert!(document.pointer(parent).is_some(), "{pointer} of {document}");
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}
