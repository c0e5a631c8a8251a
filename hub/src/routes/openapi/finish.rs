//! What is alike in all of the document and stands at no handler: errors by status with their codes, the
//! headers of every answer, `HEAD` beside `GET`.

use std::collections::BTreeMap;

use flisthub_flist::wire::PROBLEM_TYPE;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use super::errors;
use crate::error::Code;
use crate::error::codes::CODES;

/// Who a route is for, which decides what its errors look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    /// Problems.
    Native,
    /// STAC's errors.
    Stac,
    /// 0-hub's envelope.
    ZeroHub,
    /// A line of text.
    Plain,
}

impl Face {
    fn of(path: &str) -> Self {
        if path.starts_with("/api/v1/") {
            Self::Native
        } else if path.starts_with("/api/stac/") {
            Self::Stac
        } else if path.starts_with("/api/") {
            Self::ZeroHub
        } else {
            Self::Plain
        }
    }

    fn error_body(self, status: &str, codes: &[String]) -> Value {
        match self {
            Self::Native => json!({ PROBLEM_TYPE: { "schema": { "allOf": [
                { "$ref": "#/components/schemas/Problem" },
                { "properties": {
                    "status": { "const": status.parse::<u16>().unwrap_or_default() },
                    "code": { "enum": codes },
                } },
            ] } } }),
            Self::Stac => json!({ "application/json": { "schema": {
                "type": "object",
                "properties": {
                    "code": { "enum": codes },
                    "description": { "type": "string" },
                    "detail": { "type": "string" },
                },
                "required": ["code", "description"],
            } } }),
            Self::ZeroHub => json!({ "application/json": { "schema": {
                "type": "object",
                "properties": { "status": { "const": "error" }, "message": { "type": "string" } },
                "required": ["status", "message"],
            } } }),
            Self::Plain => {
                json!({ "text/plain": { "schema": { "type": "string" } } })
            }
        }
    }
}

/// The document as it is served.
pub(in crate::routes) fn finish(api: &OpenApi) -> Value {
    // Its types have string keys only, so that it is always JSON.
    let mut document = serde_json::to_value(api).unwrap_or_default();
    unsigned(&mut document);
    // Reading needs no token; who needs one says so.
    set(&mut document, "security", json!([{}, { "bearer": [] }]));
    if let Some(components) = document.get_mut("components") {
        set(components, "headers", headers());
    }
    if let Some(Value::Object(paths)) = document.get_mut("paths") {
        *paths = std::mem::take(paths).into_iter().map(finish_path).collect();
    }
    document
}

fn set(value: &mut Value, key: &str, to: Value) {
    if let Value::Object(map) = value {
        map.insert(key.to_owned(), to);
    }
}

/// Numbers from 0 on go further than the format that the derived schemas name.
fn unsigned(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("minimum").is_some_and(|least| least == 0)
                && let Some(Value::String(format)) = map.get_mut("format")
                && format.starts_with("int")
            {
                format.insert(0, 'u');
            }
            map.values_mut().for_each(unsigned);
        }
        Value::Array(items) => items.iter_mut().for_each(unsigned),
        _ => {}
    }
}

/// Headers that answers have whatever was asked for.
fn headers() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "RequestId": { "description": "The id that the request has in the hub's log.", "schema": text },
        "Challenge": {
            "description": "`Bearer`.", "schema": { "type": "string", "const": "Bearer" },
        },
        "RetryAfter": {
            "description": "Seconds after which to try again.",
            "schema": { "type": "integer", "minimum": 0 },
        },
    })
}

/// A path as OpenAPI writes it: the router's `{*path}`, which takes slashes too, is `{path}`.
fn finish_path((path, mut item): (String, Value)) -> (String, Value) {
    let face = Face::of(&path);
    if let Value::Object(operations) = &mut item {
        for (method, operation) in operations {
            finish_operation(face, method, operation);
        }
    }
    (path.replace("{*", "{"), item)
}

fn finish_operation(face: Face, method: &str, operation: &mut Value) {
    if method == "head"
        && let Some(Value::String(id)) = operation.get_mut("operationId")
    {
        id.push_str("_head");
    }
    for parameter in
        operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten()
    {
        if let Some(schema) = parameter.get_mut("schema") {
            without_null(schema);
        }
    }
    if let Some(body) = operation.get_mut("requestBody") {
        finish_request(body);
    }
    let Some(Value::Object(responses)) = operation.get_mut("responses") else { return };
    if face == Face::Native {
        responses.extend(errors::keys(&[(400, Code::BAD_QUERY)]).map(|key| (key, Value::Null)));
    }
    fold_errors(face, responses);
    for (status, response) in responses {
        finish_response(method, status, response);
    }
}

/// A parameter is there or it is not: there is no null in a query or a header.
fn without_null(schema: &mut Value) {
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            set(schema, "type", one);
        }
    }
}

/// A body of records or of ids may have none of them, and is then no body.
fn finish_request(body: &mut Value) {
    let content = body.get_mut("content").and_then(Value::as_object_mut);
    let mut needed = true;
    for (media_type, content) in content.into_iter().flatten() {
        without_shape(media_type, content);
        needed &= !media_type.starts_with("application/vnd.flisthub.");
    }
    set(body, "required", needed.into());
}

/// Where a body may be of any type, JSON too is what the schema says or anything else.
fn finish_content(content: &mut Map<String, Value>) {
    let any = content.contains_key("*/*");
    for (media_type, body) in content {
        without_shape(media_type, body);
        if any && media_type == "application/json" {
            let schema = body.get("schema").cloned().unwrap_or_default();
            set(body, "schema", json!({ "anyOf": [schema, {}] }));
        }
    }
}

/// Bytes, of which a schema can say nothing more. What stands at the handler would be a list of numbers.
fn without_shape(media_type: &str, content: &mut Value) {
    let bytes = media_type.starts_with("application/") && !media_type.ends_with("json");
    if bytes || media_type == "*/*" {
        set(content, "schema", json!({ "type": "string", "format": "binary" }));
    }
    // A stream of events is no one text; this version of OpenAPI cannot say of what it is one.
    if media_type == "text/event-stream"
        && let Value::Object(content) = content
    {
        content.remove("schema");
    }
}

/// Makes one response of all that were said of one status.
fn fold_errors(face: Face, responses: &mut Map<String, Value>) {
    let mut by_status: BTreeMap<String, Vec<String>> = BTreeMap::new();
    responses.retain(|key, _| {
        let Some((status, code)) = key.split_once(' ') else { return true };
        by_status.entry(status.to_owned()).or_default().push(code.to_owned());
        false
    });
    for (status, codes) in by_status {
        let error = error(face, &status, &codes);
        responses.insert(status, error);
    }
}

/// An error with its codes, on the faces that say them.
fn error(face: Face, status: &str, codes: &[String]) -> Value {
    let meanings = codes.iter().map(|code| {
        let listed = CODES
            .iter()
            .find(|listed| listed.code == code.as_str() && listed.status.to_string() == status);
        let meaning = listed.map_or("", |listed| listed.meaning);
        let says = matches!(face, Face::Native | Face::Stac);
        if says { format!("`{code}`: {meaning}.") } else { format!("{meaning}.") }
    });
    json!({
        "description": meanings.collect::<Vec<_>>().join("\n\n"),
        "content": face.error_body(status, codes),
    })
}

/// What every answer has. An answer to `HEAD` has no body.
fn finish_response(method: &str, status: &str, response: &mut Value) {
    let Value::Object(response) = response else { return };
    if method == "head" {
        response.remove("content");
    }
    if let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) {
        finish_content(content);
    }
    let headers = response.entry("headers").or_insert_with(|| json!({}));
    let reference = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    set(headers, "X-Request-Id", reference("RequestId"));
    match status {
        "401" => set(headers, "WWW-Authenticate", reference("Challenge")),
        "429" | "503" => set(headers, "Retry-After", reference("RetryAfter")),
        _ => {}
    }
}
