//! The document of the API, the page that is made of it, and the table of codes in `docs/http-api.md`.

use std::collections::BTreeSet;

use flisthub_hub::error::codes::CODES;
use serde_json::Value;

use crate::support::TestHub;

const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// Every operation, with its path and method.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| {
            assert!(METHODS.contains(&method.as_str()), "{path}: {method}");
            (format!("{method} {path}"), operation)
        })
    });
    operations.collect()
}

/// Every value of a key, at any depth.
fn all<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get(key));
            map.values().for_each(|value| all(value, key, found));
        }
        Value::Array(items) => items.iter().for_each(|value| all(value, key, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_whole() {
    let hub = TestHub::start().await;
    let document = hub.json("/api/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut references = Vec::new();
    all(&document, "$ref", &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let tags: Vec<&Value> =
        document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap()),
            "{name}: its id is not its own"
        );
        assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 5), "{name}");
        assert!(
            operation["tags"].as_array().unwrap().iter().all(|tag| tags.contains(&tag)),
            "{name}"
        );
        described_answers(&name, operation);
        described_parameters(&name, operation);
    }
}

fn described_answers(name: &str, operation: &Value) {
    let responses = operation["responses"].as_object().unwrap();
    assert!(responses.keys().any(|status| status.starts_with('2')), "{name}: nothing succeeds");
    for (status, response) in responses {
        let number: u16 = status.parse().unwrap_or_else(|_| panic!("{name}: {status}"));
        assert!(!response["description"].as_str().unwrap().is_empty(), "{name}: {status}");
        assert!(response["headers"]["X-Request-Id"].is_object(), "{name}: {status}");
        if number < 400 || !name.contains("/api/v1/") || name.starts_with("head") {
            continue;
        }
        let codes = &response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]
            ["code"]["enum"];
        for code in codes.as_array().unwrap_or_else(|| panic!("{name}: {status}")) {
            let listed = CODES.iter().any(|one| one.status == number && code == one.code.word());
            assert!(listed, "{name}: {status} {code} is not in the list of codes");
        }
    }
}

/// All that stands in the path is described, and nothing else is.
fn described_parameters(name: &str, operation: &Value) {
    let in_path: BTreeSet<&str> =
        name.split('{').skip(1).map(|part| part.split('}').next().unwrap()).collect();
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let described: BTreeSet<&str> = parameters
        .filter(|parameter| parameter["in"] == "path")
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert_eq!(in_path, described, "{name}");
}

/// `OpenApiRouter::routes` brings a route into the document; `route` would not.
#[test]
fn no_native_route_is_left_out() {
    let source = include_str!("../../src/routes/mod.rs");
    let start = source.find("fn native_face(").unwrap();
    let native = &source[start..start + source[start..].find("\n}\n").unwrap()];
    assert!(native.contains(".routes(routes!("));
    let bare: Vec<&str> = native.lines().filter(|line| line.contains(".route(")).collect();
    assert!(bare.is_empty(), "{bare:?}");
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let hub = TestHub::start().await;
    let document = hub.json("/api/openapi.json").await;
    let response = hub.get("/api/docs").await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let page = response.text().await.unwrap();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(page.contains(&format!("<details id=\"{id}\">")), "{name}");
    }
    for schema in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("<article id=\"schema-{schema}\">")), "{schema}");
    }
    for outside in ["<script", "<img", "<iframe", "style=", "href=\"http", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
    let links = page
        .match_indices("href=\"")
        .map(|(at, text)| page[at + text.len()..].split('"').next().unwrap());
    for link in links {
        match link.strip_prefix('#') {
            Some(id) => assert!(page.contains(&format!("id=\"{id}\"")), "{link}"),
            None => assert_eq!(hub.get(link).await.status(), 200, "{link}"),
        }
    }
}

/// The statuses and codes of every table in the guide whose first column is a status.
fn written() -> BTreeSet<(u16, &'static str)> {
    let guide = include_str!("../../../docs/http-api.md");
    let mut written = BTreeSet::new();
    for line in guide.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let (Some(statuses), Some(codes)) = (cells.get(1), cells.get(2)) else { continue };
        let statuses: Vec<u16> = statuses.split(", ").filter_map(|one| one.parse().ok()).collect();
        // Where a row has several statuses, a `;` stands between their codes.
        let groups: Vec<&str> = codes.split(';').collect();
        for (at, status) in statuses.iter().enumerate() {
            let group = groups.get(at).unwrap_or(&groups[0]);
            let words = group.split('`').skip(1).step_by(2);
            let codes =
                words.filter(|word| word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_')));
            written.extend(codes.map(|code| (*status, code)));
        }
    }
    written
}

#[test]
fn the_guide_has_every_code() {
    let listed: BTreeSet<(u16, &str)> =
        CODES.iter().map(|listed| (listed.status, listed.code.word())).collect();
    let written = written();
    let unwritten: Vec<_> = listed.difference(&written).collect();
    let unknown: Vec<_> = written.difference(&listed).collect();
    assert!(unwritten.is_empty(), "not in docs/http-api.md: {unwritten:?}");
    assert!(unknown.is_empty(), "only in docs/http-api.md: {unknown:?}");
}
