//! The times among an item's properties: what the metadata says of them, and those of the name where it says nothing.
//! How a time is read is in `times`, all other properties are in `properties`.

use serde_json::{Value, json};

use super::compose::Inputs;
use super::members::Members;
use super::said::Said;
use super::times::{self, Moment, Side};
use super::warnings::Warnings;

/// Properties that are times.
pub(super) const TIMES: &[&str] =
    &["datetime", "start_datetime", "end_datetime", "created", "updated", "published", "expires"];

/// When: what the keys say, what the publisher's item says, and the times of the name.
pub(super) fn times_of(
    made: &mut Members,
    said: &Said,
    inputs: &Inputs<'_>,
    warnings: &mut Warnings,
) {
    // A publisher's own stay as they are written, where they are times as STAC has them.
    for key in TIMES {
        // Beside a span STAC wants that null.
        let beside_a_span = |value: &Value| *key == "datetime" && value.is_null();
        let Some(value) = made.value(key).filter(|value| !beside_a_span(value)) else { continue };
        match warnings.hear(key, times::of_value(&value, side(key))) {
            Some(_) if value.as_str().is_some_and(times::is_full) => {}
            Some(at) => made.set(key, &json!(at.text)),
            None => {
                made.take(key);
            }
        }
    }
    let of_seconds = |seconds: u64| times::of_seconds(seconds).unwrap_or_else(epoch);
    let (created, published) = (of_seconds(inputs.created), of_seconds(inputs.published));
    if let Some(span) =
        said.key("extent").and_then(|extent| extent.get("temporal")).filter(|span| !span.is_null())
        && let Some((start, end)) =
            warnings.hear("extent.temporal", times::of_span(span, &published))
    {
        for (key, at) in [
            ("start_datetime", &start),
            ("created", &start),
            ("end_datetime", &end),
            ("updated", &end),
        ] {
            made.set(key, &json!(at.text));
        }
    }
    for key in TIMES {
        if let Some(value) = said.key(key)
            && let Some(at) = warnings.hear(key, times::of_value(value, side(key)))
        {
            made.set(key, &json!(at.text));
        }
    }
    if said.given.is_open && made.has("start_datetime") {
        made.unless_set("end_datetime", &json!(published.text));
    }
    span_of_both(made, warnings);
    let spans = made.has("start_datetime") && made.raw("datetime") == Some("null");
    if !spans {
        if made.raw("datetime") == Some("null") {
            made.take("datetime");
        }
        made.unless_set("datetime", &json!(published.text));
    }
    made.unless_set("created", &json!(created.text));
    made.unless_set("updated", &json!(published.text));
}

/// Which end of a day is meant where a property is a date.
fn side(key: &str) -> Side {
    if key == "end_datetime" { Side::End } else { Side::Begin }
}

fn epoch() -> Moment {
    Moment { micros: 0, text: "1970-01-01T00:00:00Z".to_owned() }
}

/// A span has both ends, in their order, or there is none.
fn span_of_both(made: &mut Members, warnings: &mut Warnings) {
    let micros =
        |key: &str| times::of_value(&made.value(key)?, Side::Begin).ok().map(|at| at.micros);
    match (micros("start_datetime"), micros("end_datetime")) {
        (Some(start), Some(end)) if start <= end => {}
        (start, end) => {
            if start.is_some() || end.is_some() {
                warnings.add("start_datetime", "it needs an `end_datetime` that is no earlier");
            }
            made.take("start_datetime");
            made.take("end_datetime");
        }
    }
}
