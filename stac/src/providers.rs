//! Who made an item and who has it: the providers that are said, and those that follow where nobody says any. What
//! else an item says is in `properties`.

use serde_json::{Value, json};

use super::compose::Inputs;
use super::hrefs;
use super::markers::{BASE, NAME};
use super::members::{self, Members};
use super::said::Said;
use super::warnings::Warnings;

/// What a provider may be.
const ROLES: [&str; 4] = ["licensor", "producer", "processor", "host"];

/// Who made it and who has it: the repository and the hub, unless somebody is said to.
pub(super) fn providers(
    made: &mut Members,
    said: &Said,
    inputs: &Inputs<'_>,
    warnings: &mut Warnings,
) {
    let object = |value: &Value| match value {
        Value::String(name) => Some(json!({ "name": name })),
        Value::Object(provider) if provider.get("name").is_some_and(Value::is_string) => {
            Some(value.clone())
        }
        _ => None,
    };
    if let Some(asked) = said.key("providers") {
        let asked = asked.as_array().map_or(std::slice::from_ref(asked), Vec::as_slice);
        let kept: Vec<Value> = asked.iter().filter_map(object).collect();
        if kept.len() < asked.len() {
            warnings.add("providers", "each is an object with a `name`");
        }
        made.set("providers", &json!(kept));
    }
    let raw = made.raw("providers").filter(|raw| *raw != "null").unwrap_or("[]");
    let raw = members::list(raw).ok_or_else(|| "it is no list".to_owned());
    let raw = warnings.hear("providers", raw).unwrap_or_default();
    let raw: Vec<String> = raw.into_iter().filter_map(|one| provider(one, warnings)).collect();
    let has = |role: &str| {
        raw.iter().any(|provider| {
            let value: Value = serde_json::from_str(provider).unwrap_or_default();
            let roles = value.get("roles").and_then(Value::as_array);
            roles.is_some_and(|roles| roles.iter().any(|one| one == role))
        })
    };
    let mut all = raw.clone();
    if !has("host") {
        all.push(format!(
            r#"{{"name":"Flisthub","roles":["host"],"url":"{BASE}api/v1/flists/{NAME}"}}"#
        ));
    }
    if !has("producer") {
        let name = inputs.repository;
        all.push(format!(
            r#"{{"name":"{name}","roles":["producer"],"url":"{BASE}api/v1/repositories/{name}"}}"#
        ));
    }
    made.made("providers", format!("[{}]", all.join(",")));
}

/// A provider as it was written, but for members that STAC has otherwise, and an address that readers may not be given.
/// `None`: it is none.
fn provider(raw: String, warnings: &mut Warnings) -> Option<String> {
    let mut members = Members::read(&raw).unwrap_or_default();
    let name = members.value("name");
    if name.as_ref().and_then(Value::as_str).is_none_or(str::is_empty) {
        warnings.add("providers", "each is an object with a `name`");
        return None;
    }
    let is_role = |role: &Value| role.as_str().is_some_and(|role| ROLES.contains(&role));
    let fits = |key: &str, value: &Value| match key {
        "roles" => value.as_array().is_some_and(|roles| roles.iter().all(is_role)),
        "url" => value.as_str().is_some_and(hrefs::is_passed_on),
        _ => value.is_string(),
    };
    let mut as_written = true;
    for (key, otherwise) in [
        ("url", "a `url` of that kind is not passed on"),
        ("roles", "`roles` are a list of licensor, producer, processor and host"),
        ("description", "a `description` is text"),
    ] {
        if members.value(key).is_some_and(|value| !fits(key, &value)) {
            members.take(key);
            warnings.add("providers", otherwise);
            as_written = false;
        }
    }
    Some(if as_written { raw } else { members.object("") })
}
