//! The document as a page for people: plain HTML without scripts, made once when the hub starts. It needs
//! nothing from elsewhere.

mod schema;
mod text;

use serde_json::{Map, Value};

use self::schema::{name_of, schemas, type_of};
use self::text::{Html, escaped, prose, string};

/// The methods in the order in which they are shown.
const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// How the page looks.
pub(super) const STYLE: &str = include_str!("style.css");

/// The page of the document that is served at `at`.
pub(super) fn page(document: &Value, at: &str) -> String {
    let info = &document["info"];
    let title = format!("{} API {}", string(&info["title"]), string(&info["version"]));
    let mut html = Html::default();
    html.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.raw("<meta name=\"viewport\" content=\"width=device-width\">");
    html.raw("<link rel=\"stylesheet\" href=\"/api/docs/style.css\">");
    html.element("title", &escaped(&title));
    html.raw("</head><body><header>");
    html.element("h1", &escaped(&title));
    html.raw(&prose(string(&info["description"])));
    html.raw(&format!("<p>The same for programs: <a href=\"{at}\">{at}</a></p>"));
    html.raw("</header><main>");
    for tag in document["tags"].as_array().into_iter().flatten() {
        section(&mut html, document, tag);
    }
    html.raw("<section id=\"schemas\"><h2>Bodies</h2>");
    if let Some(described) = document.pointer("/components/schemas") {
        schemas(&mut html, described);
    }
    html.raw("</section></main></body></html>\n");
    html.finished()
}

/// The operations of a tag.
fn section(html: &mut Html, document: &Value, tag: &Value) {
    html.raw("<section>");
    html.element("h2", &escaped(string(&tag["description"])));
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            if operation["tags"].as_array().is_some_and(|tags| tags.contains(&tag["name"])) {
                one(html, (path, method), operation);
            }
        }
    }
    html.raw("</section>");
}

/// An operation.
fn one(html: &mut Html, (path, method): (&str, &str), operation: &Value) {
    let id = escaped(string(&operation["operationId"]));
    html.raw(&format!("<details id=\"{id}\"><summary><b>{}</b> ", method.to_uppercase()));
    html.element("code", &escaped(path));
    html.raw(&format!(" {}</summary>", prose_line(operation)));
    html.raw(&prose(string(&operation["description"])));
    let needs_token = operation["security"].as_array().is_some_and(|one| !one.is_empty());
    if needs_token {
        html.raw("<p>Needs a token.</p>");
    }
    parameters(html, &operation["parameters"]);
    if let Some(content) = operation.pointer("/requestBody/content").and_then(Value::as_object) {
        html.raw("<h3>Request</h3>");
        bodies(html, content);
    }
    html.raw("<h3>Answers</h3><table>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        html.raw("<tr>");
        html.element("th", &escaped(status));
        html.raw("<td>");
        html.raw(&prose(string(&response["description"])));
        headers(html, &response["headers"]);
        // Problems are all alike: their codes are in the description.
        if let Some(content) = response["content"].as_object()
            && !content.contains_key(flisthub_flist::wire::PROBLEM_TYPE)
        {
            bodies(html, content);
        }
        html.raw("</td></tr>");
    }
    html.raw("</table></details>");
}

fn prose_line(operation: &Value) -> String {
    text::inline(string(&operation["summary"]))
}

fn parameters(html: &mut Html, parameters: &Value) {
    let Some(parameters) = parameters.as_array() else { return };
    html.raw("<h3>Parameters</h3><table>");
    for parameter in parameters {
        html.raw("<tr><th>");
        html.element("code", &escaped(string(&parameter["name"])));
        let must = if parameter["required"] == true { ", required" } else { "" };
        html.raw(&format!("</th><td>{}{must}</td><td>", escaped(string(&parameter["in"]))));
        html.raw(&prose(string(&parameter["description"])));
        html.raw(&format!("{}</td></tr>", type_of(&parameter["schema"])));
    }
    html.raw("</table>");
}

/// The headers of an answer that are its own. Those of all answers are described once, at the top.
fn headers(html: &mut Html, headers: &Value) {
    for (name, header) in headers.as_object().into_iter().flatten() {
        if header.get("$ref").is_some() {
            continue;
        }
        html.raw("<p>");
        html.element("code", &escaped(name));
        html.raw(&format!(": {}</p>", text::inline(string(&header["description"]))));
    }
}

/// Bodies by media type, with examples.
fn bodies(html: &mut Html, content: &Map<String, Value>) {
    for (media_type, body) in content {
        html.raw("<p>");
        html.element("code", &escaped(media_type));
        let schema = &body["schema"];
        // What is no JSON has no schema that says anything.
        if name_of(schema).is_some() || media_type == "application/json" {
            html.raw(&format!(": {}", type_of(schema)));
        }
        html.raw("</p>");
        example(html, body.get("example"));
        for example_of in body["examples"].as_object().into_iter().flat_map(Map::values) {
            example(html, example_of.get("value"));
        }
    }
}

fn example(html: &mut Html, example: Option<&Value>) {
    let Some(example) = example else { return };
    let shown = match example {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    html.element("pre", &escaped(&shown));
}
