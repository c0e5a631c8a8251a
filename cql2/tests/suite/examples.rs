//! Each example of the standard is read in both encodings, and both say the same.

use flisthub_cql2::Filter;
use serde_json::Value;

use super::data::{json, read};

/// Numbers as numbers: 1 and 1.0 are the same.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(parts) => parts.iter().map(plain).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
        }
        other => other.clone(),
    }
}

/// Those with a polygon that is none, which is no reason not to read them.
const BROKEN: [&str; 2] = ["example46", "example49"];

#[test]
fn examples_are_the_same_in_text_and_json() {
    let mut read_texts = 0;
    for example in json("examples.json").as_array().unwrap() {
        let (name, document) = (&example["name"], &example["json"]);
        let filter = Filter::from_json(document).unwrap_or_else(|error| panic!("{name}: {error}"));
        let is_broken = BROKEN.contains(&name.as_str().unwrap());
        assert_eq!(filter.broken_geometry().is_some(), is_broken, "{name}");
        for text in example["texts"].as_array().unwrap() {
            let text = text.as_str().unwrap();
            assert_eq!(read(text), filter, "{name}: {text}");
            read_texts += 1;
        }
        assert_eq!(read(&filter.to_text()), filter, "{name}: {}", filter.to_text());
        assert_eq!(plain(&filter.to_json()), plain(document), "{name}");
    }
    assert_eq!(read_texts, 120);
}
