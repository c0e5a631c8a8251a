//! Members of a JSON object as text: what a publisher wrote stays as it is, to the last digit, and what the hub adds
//! may hold markers.

use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::RawValue;

use super::markers;

/// Members in their order, each value as JSON text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Members(IndexMap<String, String>);

impl Members {
    /// The members of an object that a publisher wrote. `None` if it is no object.
    pub(super) fn read(json: &str) -> Option<Self> {
        let members: IndexMap<String, Box<RawValue>> = serde_json::from_str(json).ok()?;
        let own = |(key, raw): (String, Box<RawValue>)| (key, markers::own_text(raw.get()));
        Some(Self(members.into_iter().map(own).collect()))
    }

    /// Sets what a publisher says.
    pub(super) fn set(&mut self, key: &str, value: &Value) {
        self.made(key, markers::own_text(&value.to_string()));
    }

    /// Sets JSON text that the hub made.
    pub(super) fn made(&mut self, key: &str, json: String) {
        self.0.insert(key.to_owned(), json);
    }

    /// Sets what nobody says otherwise.
    pub(super) fn unless_set(&mut self, key: &str, value: &Value) {
        if !self.has(key) {
            self.set(key, value);
        }
    }

    /// Whether it is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The JSON text of a member.
    pub(super) fn raw(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// A member as a value, where it is none too large to be one.
    pub(super) fn value(&self, key: &str) -> Option<Value> {
        serde_json::from_str(self.raw(key)?).ok()
    }

    /// Takes a member out, and leaves the order of the others.
    pub(super) fn take(&mut self, key: &str) -> Option<String> {
        self.0.shift_remove(key)
    }

    /// Key by key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The object, with `first` before all other members: one or more of them as text, or nothing.
    pub(super) fn object(&self, first: &str) -> String {
        let member =
            |(key, json): (&String, &String)| format!("\"{}\":{json}", markers::own_string(key));
        let head = (!first.is_empty()).then(|| first.to_owned());
        let members: Vec<String> = head.into_iter().chain(self.0.iter().map(member)).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// The values of a list as JSON text, as a publisher wrote them.
pub(super) fn list(json: &str) -> Option<Vec<String>> {
    let values: Vec<Box<RawValue>> = serde_json::from_str(json).ok()?;
    Some(values.into_iter().map(|raw| markers::own_text(raw.get())).collect())
}

/// Text as a JSON string.
pub(super) fn quoted(inside: &str) -> String {
    format!("\"{inside}\"")
}

/// Objects laid over one another, key by key, as deep as both are objects. What is not an object is replaced.
pub(super) fn lay_over(
    under: &mut serde_json::Map<String, Value>,
    over: serde_json::Map<String, Value>,
) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Object(under)), Value::Object(over)) => lay_over(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_lost_of_what_was_written() {
        let written = r#"{"b":123456789012345678901234567890,"a":null,"c":[],"d":1.10,"flisthub:/":"flisthub:./"}"#;
        let members = Members::read(written).unwrap();
        assert_eq!(
            members.object(""),
            r#"{"b":123456789012345678901234567890,"a":null,"c":[],"d":1.10,"flisthub:\u002f":"flisthub:\u002e/"}"#
        );
        assert_eq!(Members::read("[]"), None);
        assert_eq!(Members::read("{"), None);
        assert_eq!(list("[1.0, {\"a\" : 1}]").unwrap(), ["1.0", "{\"a\" : 1}"]);
    }

    #[test]
    fn members_are_set_and_taken() {
        let mut members = Members::default();
        members.set("a", &json!(1));
        members.unless_set("a", &json!(2));
        members.unless_set("b", &json!("x"));
        assert_eq!(members.object("\"id\":0"), r#"{"id":0,"a":1,"b":"x"}"#);
        assert_eq!(members.take("a"), Some("1".to_owned()));
        assert_eq!(
            (members.len(), members.has("a"), members.value("b")),
            (1, false, Some(json!("x")))
        );
        assert_eq!(Members::default().object(""), "{}");
    }

    #[test]
    fn objects_merge_and_all_else_replaces() {
        let map = |value: Value| value.as_object().unwrap().clone();
        let mut under = map(json!({ "a": { "x": 1, "y": [1] }, "b": 1, "c": { "z": 1 } }));
        lay_over(&mut under, map(json!({ "a": { "y": [2] }, "b": { "w": 1 }, "c": null, "d": 4 })));
        assert_eq!(
            Value::Object(under),
            json!({ "a": { "x": 1, "y": [2] }, "b": { "w": 1 }, "c": null, "d": 4 })
        );
    }
}
