//! Schemas of the document in words.

use serde_json::{Map, Value};

use super::text::{Html, escaped, prose, string};

/// What a schema's bounds are called.
const BOUNDS: [(&str, &str); 7] = [
    ("minimum", "from"),
    ("maximum", "to"),
    ("minItems", "items from"),
    ("maxItems", "items to"),
    ("maxLength", "at most, in characters"),
    ("pattern", "like"),
    ("default", "unless given"),
];

/// The name of the schema that is referred to.
pub(super) fn name_of(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.rsplit('/').next()
}

/// All schemas that have names, with their fields.
pub(super) fn schemas(html: &mut Html, schemas: &Value) {
    for (name, schema) in schemas.as_object().into_iter().flatten() {
        html.raw(&format!("<article id=\"schema-{0}\"><h3>{0}</h3>", escaped(name)));
        html.raw(&prose(string(&schema["description"])));
        let described = whole(schema);
        if !described.is_empty() {
            html.raw(&format!("<p>{described}</p>"));
        }
        fields(html, schema);
        for part in parts(schema) {
            fields(html, part);
        }
        html.raw("</article>");
    }
}

/// The schemas that this one is put together from.
fn parts(schema: &Value) -> impl Iterator<Item = &Value> {
    ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten()
}

/// What is to be said of a named schema before its fields.
fn whole(schema: &Value) -> String {
    if let Some(all) = schema["allOf"].as_array() {
        let named: Vec<_> =
            all.iter().filter(|part| name_of(part).is_some()).map(type_of).collect();
        return if named.is_empty() {
            String::new()
        } else {
            format!("{} and:", named.join(" and "))
        };
    }
    if schema["oneOf"].is_array() {
        return "One of:".to_owned();
    }
    if schema["type"] == "object" { String::new() } else { type_of(schema) }
}

fn fields(html: &mut Html, schema: &Value) {
    let Some(fields) = schema["properties"].as_object() else { return };
    let required = schema["required"].as_array();
    html.raw("<table>");
    for (name, field) in fields {
        let must = required.is_some_and(|names| names.iter().any(|one| one == name));
        html.raw("<tr><th>");
        html.element("code", &escaped(name));
        let optional = if must { "" } else { ", may be left out" };
        html.raw(&format!("</th><td>{}{optional}</td><td>", type_of(field)));
        html.raw(&prose(string(&field["description"])));
        html.raw("</td></tr>");
    }
    html.raw("</table>");
}

/// A schema in a few words.
pub(super) fn type_of(schema: &Value) -> String {
    if let Some(name) = name_of(schema) {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(code).collect::<Vec<_>>().join(", ");
    }
    let alternatives: Vec<String> = parts(schema).map(type_of).collect();
    if !alternatives.is_empty() {
        return alternatives.join(" or ");
    }
    let of_items = || schema.get("items").map(type_of).unwrap_or_default();
    let one = |name: &Value| match name.as_str() {
        Some("array") => format!("list of {}", of_items()),
        Some(name) => escaped(name),
        None => String::new(),
    };
    let mut said = match &schema["type"] {
        Value::Array(types) => types.iter().map(one).collect::<Vec<_>>().join(" or "),
        Value::Null => "anything".to_owned(),
        name => one(name),
    };
    if let Some(schema) = schema.as_object() {
        said.push_str(&bounds(schema));
    }
    said
}

fn bounds(schema: &Map<String, Value>) -> String {
    let told = BOUNDS.iter().filter_map(|(key, word)| {
        let value = schema.get(*key)?;
        // Every number here is at least 0.
        (*key != "minimum" || value != 0).then(|| format!("; {word} {}", code(value)))
    });
    told.collect()
}

fn code(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    format!("<code>{}</code>", escaped(&text))
}
