//! Filters of the Common Query Language.

use flisthub_cql2::{EvaluateError, Filter};
use serde_json::{Map, Value, json};

use crate::Outcome;

/// The bytes are a filter in text.
pub(crate) fn text(bytes: &[u8]) -> Outcome {
    let Ok(text) = std::str::from_utf8(bytes) else { return Outcome::Refused };
    let Ok(filter) = Filter::from_text(text) else { return Outcome::Refused };
    written(&filter);
    Outcome::Accepted
}

/// The bytes are a filter in JSON.
pub(crate) fn json(bytes: &[u8]) -> Outcome {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return Outcome::Refused };
    let Ok(filter) = Filter::from_json(&value) else { return Outcome::Refused };
    written(&filter);
    Outcome::Accepted
}

/// What is read of either encoding is the same filter, and no properties make it panic.
fn written(filter: &Filter) {
    let (text, json) = (filter.to_text(), filter.to_json());
    assert_eq!(Filter::from_json(&json).as_ref(), Ok(filter), "{json}");
    if text.len() <= flisthub_cql2::limits::TEXT_BYTES {
        assert_eq!(Filter::from_text(&text).as_ref(), Ok(filter), "{text}");
    }
    for properties in [Map::new(), properties()] {
        let truth = filter.evaluate(&properties);
        assert_eq!(truth, filter.evaluate(&properties), "the same each time");
        let has_functions = !filter.functions().is_empty();
        assert!(truth.is_err() || !has_functions, "a function that there is not has no value");
        assert!(has_functions || matches!(truth, Ok(_) | Err(EvaluateError::TooMuch)));
    }
}

fn properties() -> Map<String, Value> {
    let ring = json!([[0, 0], [10, 0], [10, 10], [0, 0]]);
    let all = json!({
        "a": 1, "b": 2.5, "t": "text", "c": true, "n": null, "l": ["x", 1, null], "o": {"p": [1]},
        "datetime": "2024-05-01T12:00:00Z", "day": "2024-05-01",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    });
    all.as_object().cloned().unwrap_or_default()
}
