//! What is alike in all of the document and stands at no handler: errors by status with their codes, the
//! headers of every answer, `HEAD` beside `GET`.

use std::collections::BTreeMap;

use flisthub_flist::wire::PROBLEM_TYPE;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::error::codes::CODES;

/// The document as it is served.
pub(super) fn finish(api: &OpenApi) -> Value {
    // Its types have string keys only, so that it is always JSON.
    let mut document = serde_json::to_value(api).unwrap_or_default();
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
    if let Value::Object(operations) = &mut item {
        for (method, operation) in operations {
            finish_operation(method, operation);
        }
    }
    (path.replace("{*", "{"), item)
}

fn finish_operation(method: &str, operation: &mut Value) {
    if method == "head"
        && let Some(Value::String(id)) = operation.get_mut("operationId")
    {
        id.push_str("_head");
    }
    let Some(Value::Object(responses)) = operation.get_mut("responses") else { return };
    fold_errors(responses);
    for (status, response) in responses {
        finish_response(method, status, response);
    }
}

/// Makes one response of all that were said of one status.
fn fold_errors(responses: &mut Map<String, Value>) {
    let mut by_status: BTreeMap<String, Vec<String>> = BTreeMap::new();
    responses.retain(|key, _| {
        let Some((status, code)) = key.split_once(' ') else { return true };
        by_status.entry(status.to_owned()).or_default().push(code.to_owned());
        false
    });
    for (status, codes) in by_status {
        let problem = problem(&status, &codes);
        responses.insert(status, problem);
    }
}

/// An error with its codes.
fn problem(status: &str, codes: &[String]) -> Value {
    let meanings = codes.iter().map(|code| {
        let listed = CODES
            .iter()
            .find(|listed| listed.code == code.as_str() && listed.status.to_string() == status);
        format!("`{code}`: {}.", listed.map_or("", |listed| listed.meaning))
    });
    json!({
        "description": meanings.collect::<Vec<_>>().join("\n\n"),
        "content": { PROBLEM_TYPE: { "schema": {
            "allOf": [
                { "$ref": "#/components/schemas/Problem" },
                { "properties": {
                    "status": { "const": status.parse::<u16>().unwrap_or_default() },
                    "code": { "enum": codes },
                } },
            ],
        } } },
    })
}

/// What every answer has. An answer to `HEAD` has no body.
fn finish_response(method: &str, status: &str, response: &mut Value) {
    let Value::Object(response) = response else { return };
    if method == "head" {
        response.remove("content");
    }
    let headers = response.entry("headers").or_insert_with(|| json!({}));
    let reference = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    set(headers, "X-Request-Id", reference("RequestId"));
    match status {
        "401" => set(headers, "WWW-Authenticate", reference("Challenge")),
        "503" => set(headers, "Retry-After", reference("RetryAfter")),
        _ => {}
    }
}
