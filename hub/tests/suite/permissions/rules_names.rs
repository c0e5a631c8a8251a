//! Rules of the native API's names, links and tags, and of merges.

use flisthub_hub::auth::Right;
use serde_json::json;

use super::ask::Ask;
use super::prepare::{Before, Case};
use super::rules::{Needs, Rule};

const READ: Needs = Needs::On(Right::Read);
const WRITE: Needs = Needs::On(Right::Write);
const FROM: Needs = Needs::OwnThen(Right::Read);

const NAME: &str = "/api/v1/flists/{repository}/{name}";
const TAG: &str = "/api/v1/tags/{repository}/{tag}";
const MEMBER: &str = "/api/v1/tags/{repository}/{tag}/{member}";
const PROMOTE: &str = "/api/v1/flists/{repository}/{name}/promote";
const LINK: &str = "/api/v1/flists/{repository}/{name}/link";
const RENAME: &str = "/api/v1/flists/{repository}/{name}/rename";
const ROLLBACK: &str = "/api/v1/flists/{repository}/{name}/rollback";
const UNDELETE: &str = "/api/v1/flists/{repository}/{name}/undelete";
const HISTORY: &str = "/api/v1/flists/{repository}/{name}/history";
const METADATA: &str = "/api/v1/flists/{repository}/{name}/metadata";
const MERGE: &str = "/api/v1/flists/{repository}/{name}/merge";

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = looking();
    rules.extend(changing());
    rules.extend(from_elsewhere());
    rules.extend(tags());
    rules
}

/// The case's name in the repository under test.
fn named(method: &'static str, case: &Case, rest: &str) -> Ask {
    Ask::new(method, format!("/api/v1/flists/{}/{}{rest}", case.repository, case.name))
}

/// The case's name in the caller's own repository.
fn own(method: &'static str, case: &Case, rest: &str) -> Ask {
    Ask::new(method, format!("/api/v1/flists/{}/{}{rest}", case.own, case.name))
}

fn looking() -> Vec<Rule> {
    vec![
        Rule::get(NAME, READ, |_, case| {
            Ask::new("GET", format!("/api/v1/flists/{}/base", case.repository))
        }),
        Rule::get(NAME, READ, |_, case| {
            Ask::new("GET", format!("/api/v1/flists/{}/alias", case.repository))
        }),
        Rule::get(HISTORY, READ, |_, case| {
            Ask::new("GET", format!("/api/v1/flists/{}/base/history", case.repository))
        }),
        Rule::get(METADATA, READ, |_, case| {
            Ask::new("GET", format!("/api/v1/flists/{}/base/metadata", case.repository))
        }),
        Rule::get(TAG, READ, |_, case| {
            Ask::new("GET", format!("/api/v1/tags/{}/set", case.repository))
        }),
        Rule::get(TAG, READ, |_, case| {
            Ask::new("GET", format!("/api/v1/tags/{}/toset", case.repository))
        }),
    ]
}

fn changing() -> Vec<Rule> {
    vec![
        Rule::new(("DELETE", NAME), WRITE, Before::Name, |_, case| named("DELETE", case, "")),
        Rule::new(("POST", UNDELETE), WRITE, Before::Deleted, |_, case| {
            named("POST", case, "/undelete")
        }),
        Rule::new(("POST", PROMOTE), WRITE, Before::Nothing, |_, case| {
            named("POST", case, "/promote").json(&json!({ "from": "elsewhere/base" }))
        }),
        Rule::new(("PUT", LINK), WRITE, Before::Nothing, |_, case| {
            named("PUT", case, "/link").json(&json!({ "target": "elsewhere/base" }))
        }),
        Rule::new(("POST", RENAME), WRITE, Before::Name, |_, case| {
            named("POST", case, "/rename").json(&json!({ "to": format!("{}-new", case.name) }))
        }),
        Rule::new(("POST", ROLLBACK), WRITE, Before::Name, |_, case| {
            named("POST", case, "/rollback").json(&json!({ "revision": 1 }))
        }),
        Rule::new(("PUT", METADATA), WRITE, Before::Name, |_, case| {
            named("PUT", case, "/metadata").json(&json!({ "categories": ["dataset"] }))
        }),
        Rule::new(("DELETE", METADATA), WRITE, Before::Name, |_, case| {
            named("DELETE", case, "/metadata")
        }),
        Rule::new(("POST", MERGE), WRITE, Before::Nothing, |_, case| {
            let sources = json!({ "sources": ["elsewhere/base", "otto/second"] });
            named("POST", case, "/merge").json(&sources)
        }),
    ]
}

/// Into the caller's own, from the repository under test.
fn from_elsewhere() -> Vec<Rule> {
    vec![
        Rule::new(("POST", PROMOTE), FROM, Before::Nothing, |_, case| {
            let from = format!("{}/base", case.repository);
            own("POST", case, "/promote").json(&json!({ "from": from }))
        }),
        Rule::new(("PUT", LINK), FROM, Before::Nothing, |_, case| {
            let target = format!("{}/base", case.repository);
            own("PUT", case, "/link").json(&json!({ "target": target }))
        }),
        Rule::new(("PUT", LINK), FROM, Before::Nothing, |_, case| {
            let target = format!("{}/set", case.repository);
            own("PUT", case, "/link").json(&json!({ "target": target }))
        }),
        Rule::new(("POST", MERGE), FROM, Before::Nothing, |_, case| {
            let from = format!("{}/base", case.repository);
            own("POST", case, "/merge").json(&json!({ "sources": ["elsewhere/base", from] }))
        }),
        Rule::new(("PUT", MEMBER), FROM, Before::Nothing, |_, case| {
            let target = format!("{}/base", case.repository);
            let path = format!("/api/v1/tags/{}/{}/one", case.own, case.name);
            Ask::new("PUT", path).json(&json!({ "target": target }))
        }),
    ]
}

fn tags() -> Vec<Rule> {
    vec![
        Rule::new(("PUT", MEMBER), WRITE, Before::Nothing, |_, case| {
            let path = format!("/api/v1/tags/{}/{}/one", case.repository, case.name);
            Ask::new("PUT", path).json(&json!({ "target": "elsewhere/base" }))
        }),
        Rule::new(("DELETE", MEMBER), WRITE, Before::Tag, |_, case| {
            Ask::new("DELETE", format!("/api/v1/tags/{}/{}/one", case.repository, case.name))
        }),
    ]
}
