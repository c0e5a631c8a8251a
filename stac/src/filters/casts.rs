//! Times that are written as texts: where a property is known to be a time, a text beside it is read as one. Texts of
//! one instant differ, by offset and fraction, and compare as texts.

use flisthub_cql2::{Date, Filter, Timestamp};
use serde_json::{Value, json};

use super::kinds;

/// Operators that compare scalars.
const COMPARING: [&str; 8] = ["=", "<>", "<", ">", "<=", ">=", "between", "in"];

/// The filter with its times as times. Where nothing is to be read so it is the same.
pub(super) fn cast(filter: Filter) -> Filter {
    if !filter.properties().iter().any(|name| kinds::is_time(name)) {
        return filter;
    }
    let mut value = filter.to_json();
    within(&mut value);
    Filter::from_json(&value).unwrap_or(filter)
}

/// Goes as deep as a filter may be.
fn within(expression: &mut Value) {
    let Some(members) = expression.as_object_mut() else { return };
    let compares =
        members.get("op").and_then(Value::as_str).is_some_and(|name| COMPARING.contains(&name));
    let Some(Value::Array(parts)) = members.get_mut("args") else { return };
    let property =
        |part: &Value| part.get("property").and_then(Value::as_str).is_some_and(kinds::is_time);
    let of_time = |part: &Value| {
        property(part) || part.as_array().is_some_and(|list| list.iter().any(property))
    };
    if compares && parts.iter().any(of_time) {
        for part in parts.iter_mut() {
            match part {
                Value::Array(list) => list.iter_mut().for_each(to_time),
                scalar => to_time(scalar),
            }
        }
    }
    parts.iter_mut().for_each(within);
}

/// Makes a time of a text that is one.
fn to_time(part: &mut Value) {
    if let Some(made) = part.as_str().and_then(time) {
        *part = made;
    }
}

/// Whether a text is a time, or a year or a month, which compare as texts do.
pub(super) fn says_time(text: &str) -> bool {
    let begun = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => return time(text).is_some(),
    };
    Date::parse(&begun).is_some()
}

/// The time that a text is, in the language.
fn time(text: &str) -> Option<Value> {
    if Timestamp::parse(text).is_some() {
        Some(json!({ "timestamp": text }))
    } else {
        Date::parse(text).map(|_| json!({ "date": text }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_years_and_months_are_times() {
        for text in ["2024", "2024-02", "2024-02-29", "2024-02-29T00:00:00Z"] {
            assert!(says_time(text), "{text}");
        }
        for text in [
            "foo",
            "",
            "2024-13",
            "2024-02-30",
            "10000-01-01",
            "202",
            "2024-5",
            "2024-06-01T25:00:00Z",
        ] {
            assert!(!says_time(text), "{text}");
        }
    }

    #[test]
    fn texts_beside_times_are_times() {
        for (text, expected) in [
            (
                "datetime >= '2024-05-01T02:00:00+02:00'",
                "datetime >= TIMESTAMP('2024-05-01T00:00:00Z')",
            ),
            ("'2024-05-01' = properties.created", "DATE('2024-05-01') = properties.created"),
            (
                "NOT (a = 1 OR datetime BETWEEN '2024-05-01' AND '2024-05-02T00:00:00Z')",
                "NOT (a = 1 OR datetime BETWEEN DATE('2024-05-01') AND TIMESTAMP('2024-05-02T00:00:00Z'))",
            ),
            (
                "updated IN ('2024-05-01', 'x') AND t = '2024-05-01'",
                "updated IN (DATE('2024-05-01'), 'x') AND t = '2024-05-01'",
            ),
            ("'2024-05-01' IN (datetime, 'x')", "DATE('2024-05-01') IN (datetime, 'x')"),
            ("datetime LIKE '2024-05-01'", "datetime LIKE '2024-05-01'"),
            ("datetime > '2024'", "datetime > '2024'"),
        ] {
            let read = |text| Filter::from_text(text).unwrap();
            assert_eq!(cast(read(text)), read(expected), "{text}");
        }
    }
}
