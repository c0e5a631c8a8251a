//! Files of `tests/data`.

use std::path::Path;

use flisthub_cql2::Filter;
use serde_json::{Map, Value};

pub(crate) fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap()
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}

/// A file that is a list of objects.
pub(crate) fn objects(name: &str) -> Vec<Map<String, Value>> {
    serde_json::from_value(json(name)).unwrap()
}

pub(crate) fn read(text: &str) -> Filter {
    Filter::from_text(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The same filter, each way that it can come in.
pub(crate) fn both_ways(text: &str) -> [Filter; 2] {
    let filter = read(text);
    let other = Filter::from_json(&filter.to_json()).unwrap();
    [filter, other]
}
