//! What items of a collection really have: the names of their properties, and of which kind the values are. Of a property
//! that is known, what is known counts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::known::{Kind, OF_ALL, QUERYABLES, described};
use crate::markers::is_marker;
use crate::rfc3339::microseconds;

/// Properties that are told of, beside those that are known.
const MOST: usize = 500;

/// Bytes of a name that is told of.
const LONGEST: usize = 128;

/// Bytes of a value that is looked at.
const LONGEST_VALUE: usize = 4_096;

/// What was seen of items. `None`: values of several kinds, or of none that a filter compares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed(BTreeMap<String, Option<Kind>>);

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    properties: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

impl Observed {
    /// Looks at an item's document. One that cannot be read says nothing.
    pub fn add(&mut self, document: &str) {
        let Ok(read) = serde_json::from_str::<Document<'_>>(document) else { return };
        for (name, raw) in read.properties {
            let is_new = !self.0.contains_key(name.as_ref());
            let is_left_out = is_marker(&name) || name.len() > LONGEST || name == HIDDEN;
            if is_left_out || (is_new && self.0.len() >= MOST) || raw.get() == "null" {
                continue;
            }
            let kind = kind(raw.get());
            let known = self.0.entry(name.into_owned()).or_insert(kind);
            *known = both(*known, kind);
        }
    }

    /// What a collection with such items can be asked by: what items have whatever they are of, and what was seen.
    pub fn schemas(&self) -> Map<String, Value> {
        let seen = |name: &str| self.0.contains_key(name);
        let known = QUERYABLES.iter().enumerate();
        let known = known.filter(|(place, one)| *place < OF_ALL || seen(one.name));
        let mut schemas: Map<String, Value> =
            known.map(|(_, one)| (one.name.to_owned(), one.schema())).collect();
        for (name, kind) in &self.0 {
            if !schemas.contains_key(name) {
                let schema = kind.map_or_else(|| json!({}), Kind::schema);
                let schema = described(schema, name, "As items of this collection have it");
                schemas.insert(name.clone(), schema);
            }
        }
        schemas
    }
}

/// What a filter cannot ask for: it depends on who asks.
const HIDDEN: &str = "sharinghub:access-level";

fn kind(raw: &str) -> Option<Kind> {
    if raw.len() > LONGEST_VALUE && !raw.starts_with('"') {
        return None;
    }
    match serde_json::from_str::<Value>(raw).ok()? {
        Value::String(text) if microseconds(&text).is_some() => Some(Kind::Time),
        Value::String(_) => Some(Kind::Text),
        Value::Bool(_) => Some(Kind::Boolean),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(Kind::Integer),
        Value::Number(_) => Some(Kind::Number),
        Value::Array(list) => {
            (!list.is_empty() && list.iter().all(Value::is_string)).then_some(Kind::Texts)
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// The kind of values that are of either one.
fn both(one: Option<Kind>, other: Option<Kind>) -> Option<Kind> {
    match (one?, other?) {
        (one, other) if one == other => Some(one),
        (Kind::Integer | Kind::Number, Kind::Integer | Kind::Number) => Some(Kind::Number),
        (Kind::Time | Kind::Text, Kind::Time | Kind::Text) => Some(Kind::Text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_items_have_is_what_they_can_be_asked_by() {
        let mut observed = Observed::default();
        for properties in [
            json!({"gsd": "ten", "own:n": 1, "own:t": "2024-05-01T00:00:00Z", "own:l": ["a"], "own:o": {},
                   "sharinghub:access-level": 4, "own:null": null}),
            json!({"own:n": 1.5, "own:t": "soon", "own:l": ["b"], "own:m": true, "own:at": "2024-05-01T00:00:00Z"}),
            json!({"own:m": "yes", "own:i": 7, "own:i2": 18_446_744_073_709_551_615_u64}),
        ] {
            observed.add(&json!({ "type": "Feature", "properties": properties }).to_string());
        }
        observed.add("{");
        let schemas = observed.schemas();
        let kind = |name: &str| {
            let schema = schemas.get(name)?;
            Some((schema.get("type").cloned(), schema.get("format").cloned()))
        };
        let typed = |name: &str| Some((Some(json!(name)), None));
        assert_eq!(kind("gsd"), typed("number"), "what is known counts");
        assert_eq!(kind("own:n"), typed("number"));
        assert_eq!((kind("own:i"), kind("own:i2")), (typed("integer"), typed("integer")));
        assert_eq!((kind("own:t"), kind("own:l")), (typed("string"), typed("array")));
        assert_eq!(kind("own:at"), Some((Some(json!("string")), Some(json!("date-time")))));
        assert_eq!((kind("own:m"), kind("own:o")), (Some((None, None)), Some((None, None))));
        for absent in ["eo:cloud_cover", "sharinghub:access-level", "own:null"] {
            assert_eq!(kind(absent), None, "{absent}");
        }
        for everywhere in ["id", "geometry", "datetime", "sharinghub:stars", "license"] {
            assert!(kind(everywhere).is_some(), "{everywhere}");
        }
        assert!(
            schemas
                .values()
                .all(|schema| schema["title"].is_string() && schema["description"].is_string())
        );
    }

    #[test]
    fn there_is_an_end_to_it() {
        let mut observed = Observed::default();
        let many: Map<String, Value> =
            (0..2 * MOST).map(|number| (format!("p{number}"), json!(1))).collect();
        observed.add(&json!({ "properties": many }).to_string());
        observed.add(&json!({ "properties": { "x".repeat(LONGEST + 1): 1 } }).to_string());
        assert_eq!(observed.0.len(), MOST);
    }
}
