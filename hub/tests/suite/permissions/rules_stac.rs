//! Rules of the STAC API.

use flisthub_hub::auth::Right;
use serde_json::{Value, json};

use super::ask::Ask;
use super::prepare::{Before, Case};
use super::rules::{Needs, Rule};
use super::stage::Stage;

const READ: Needs = Needs::On(Right::Read);
const LISTS: Needs = Needs::Lists(Right::Read);
const WRITE: Needs = Needs::On(Right::Write);
const ITEM: &str = "/api/stac/collections/{collection}/items/{*item}";

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = configured();
    rules.extend(collections());
    rules.extend(items());
    rules.extend(aggregations());
    rules.extend(written());
    rules.extend(gone());
    rules
}

/// What follows from the configuration alone.
fn configured() -> Vec<Rule> {
    vec![
        Rule::get("/api/stac", Needs::Valid, |_, _| Ask::new("GET", "/api/stac")),
        Rule::get("/api/stac/", Needs::Valid, |_, _| Ask::new("GET", "/api/stac/")),
        Rule::get("/api/stac/api", Needs::Nothing, |_, _| Ask::new("GET", "/api/stac/api")),
        Rule::get("/api/stac/api.html", Needs::Nothing, |_, _| {
            Ask::new("GET", "/api/stac/api.html")
        }),
        Rule::get("/api/stac/conformance", Needs::Valid, |_, _| {
            Ask::new("GET", "/api/stac/conformance")
        }),
        Rule::get("/api/stac/sortables", Needs::Valid, |_, _| {
            Ask::new("GET", "/api/stac/sortables")
        }),
        Rule::get("/api/stac/collections/{collection}/sortables", Needs::Valid, |_, _| {
            Ask::new("GET", "/api/stac/collections/dataset/sortables")
        }),
        Rule::get("/api/stac/queryables", Needs::Valid, |_, _| {
            Ask::new("GET", "/api/stac/queryables")
        }),
        Rule::get("/api/stac/collections/{collection}/queryables", Needs::Valid, |_, _| {
            Ask::new("GET", "/api/stac/collections/dataset/queryables")
        }),
        Rule::get("/api/stac/collection-sortables", Needs::Valid, |_, _| {
            Ask::new("GET", "/api/stac/collection-sortables")
        }),
        Rule::get("/api/stac/collection-queryables", Needs::Valid, |_, _| {
            Ask::new("GET", "/api/stac/collection-queryables")
        }),
    ]
}

fn collections() -> Vec<Rule> {
    vec![
        Rule::get("/api/stac/collections", Needs::Valid, |_, _| {
            Ask::new("GET", "/api/stac/collections")
        }),
        Rule::get("/api/stac/children", Needs::Valid, |_, _| Ask::new("GET", "/api/stac/children")),
        Rule::get("/api/stac/collections/{collection}", Needs::Valid, |_, _| {
            Ask::new("GET", "/api/stac/collections/dataset")
        }),
    ]
}

fn items() -> Vec<Rule> {
    vec![
        Rule::get("/api/stac/collections/{collection}/items", LISTS, |_, _| {
            Ask::new("GET", "/api/stac/collections/dataset/items?limit=500")
        }),
        Rule::get("/api/stac/collections/{collection}/browse", LISTS, |_, _| {
            Ask::new("GET", "/api/stac/collections/dataset/browse")
        }),
        Rule::get("/api/stac/search", LISTS, |_, _| Ask::new("GET", "/api/stac/search?limit=500")),
        Rule::new(("POST", "/api/stac/search"), LISTS, Before::Nothing, |_, _| {
            Ask::new("POST", "/api/stac/search").json(&json!({ "limit": 500 }))
        }),
        Rule::get("/api/stac/collections/{collection}/items/{*item}", READ, |_, case| {
            Ask::new("GET", format!("/api/stac/collections/dataset/items/{}/base", case.repository))
        }),
        Rule::get("/api/stac/collections/{collection}/items/{*item}", READ, |_, case| {
            let path = "/api/stac/collections/dataset/items";
            Ask::new("GET", format!("{path}/{}%2Fbase@1", case.repository))
        }),
    ]
}

/// Of the target's item alone: what it says of it is in no answer for who may not read it.
fn aggregations() -> Vec<Rule> {
    vec![
        Rule::get("/api/stac/aggregations", Needs::Valid, |_, _| {
            Ask::new("GET", "/api/stac/aggregations")
        }),
        Rule::get("/api/stac/collections/{collection}/aggregations", Needs::Valid, |_, _| {
            Ask::new("GET", "/api/stac/collections/dataset/aggregations")
        }),
        Rule::get("/api/stac/aggregate", Needs::Valid, |_, _| {
            Ask::new("GET", "/api/stac/aggregate?aggregations=total_count")
        }),
        Rule::new(("POST", "/api/stac/aggregate"), Needs::Valid, Before::Nothing, |_, _| {
            Ask::new("POST", "/api/stac/aggregate")
                .json(&json!({ "aggregations": ["total_count"] }))
        }),
        Rule::get("/api/stac/collections/{collection}/aggregate", Needs::Valid, |_, _| {
            let path = "/api/stac/collections/dataset/aggregate";
            Ask::new("GET", format!("{path}?aggregations=total_count,datetime_max"))
        }),
        Rule::new(
            ("POST", "/api/stac/collections/{collection}/aggregate"),
            Needs::Valid,
            Before::Nothing,
            |_, _| {
                let path = "/api/stac/collections/dataset/aggregate";
                Ask::new("POST", path).json(&json!({ "aggregations": ["platform_frequency"] }))
            },
        ),
    ]
}

/// Items that are written.
fn written() -> Vec<Rule> {
    let of_item = |method: &'static str, ask: fn(&Stage, &Case) -> Ask| {
        Rule::new((method, ITEM), WRITE, Before::Name, ask)
    };
    vec![
        Rule::new(
            ("POST", "/api/stac/collections/{collection}/items"),
            WRITE,
            Before::Nothing,
            |_, case| {
                let id = format!("{}/{}", case.repository, case.name);
                Ask::new("POST", "/api/stac/collections/dataset/items").json(&item(&json!(id)))
            },
        ),
        of_item("PUT", |_, case| at("PUT", case).json(&item(&json!(null)))),
        of_item("PATCH", |_, case| {
            at("PATCH", case).json(&json!({ "properties": { "title": "Other" } }))
        }),
        of_item("DELETE", |_, case| at("DELETE", case)),
    ]
}

fn at(method: &'static str, case: &Case) -> Ask {
    let path = "/api/stac/collections/dataset/items";
    Ask::new(method, format!("{path}/{}/{}", case.repository, case.name))
}

fn item(id: &Value) -> Value {
    json!({
        "type": "Feature", "stac_version": "1.1.0", "id": id, "geometry": null, "links": [], "assets": {},
        "properties": { "datetime": "2024-05-01T00:00:00Z" },
    })
}

/// What a name was that is deleted is nobody's to read, whatever they may do in its repository.
fn gone() -> Vec<Rule> {
    vec![
        of_deleted("/api/stac/collections/{collection}/items/{*item}", |_, case| {
            let path = "/api/stac/collections/dataset/items";
            Ask::new("GET", format!("{path}/{}/{}@1", case.repository, case.name))
        }),
        of_deleted("/api/v1/flists/{repository}/{name}/files/{*path}", |_, case| {
            let path = format!("/api/v1/flists/{}/{}/files", case.repository, case.name);
            Ask::new("GET", format!("{path}/dir/note?revision=1"))
        }),
    ]
}

fn of_deleted(pattern: &'static str, ask: fn(&Stage, &Case) -> Ask) -> Rule {
    Rule { succeeds: &[404], ..Rule::new(("GET", pattern), READ, Before::Deleted, ask) }
}
