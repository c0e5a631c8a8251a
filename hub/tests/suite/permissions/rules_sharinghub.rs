//! Rules of what SharingHub's companions call, and of stars.

use flisthub_hub::auth::Right;

use super::ask::Ask;
use super::prepare::{Before, Case};
use super::rules::{Needs, Rule};

const READ: Needs = Needs::On(Right::Read);
const CHECK: &str = "/api/check/{*path}";
const STAR: &str = "/api/v1/flists/{repository}/{name}/star";
const FILE: &str = "/api/download/{repository}/{name}/repository/{*path}";
const ARCHIVE: &str = "/api/download/{repository}/{name}/{archive}";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::get("/api/config", Needs::Valid, |_, _| Ask::new("GET", "/api/config")),
        Rule::get("/api/auth/info", Needs::Valid, |_, _| Ask::new("GET", "/api/auth/info")),
        Rule::get("/api/proxy/tags", Needs::Valid, |_, _| Ask::new("GET", "/api/proxy/tags")),
        Rule::get(CHECK, Needs::On(Right::See), |_, case| check(case, "/", "")),
        Rule::get(CHECK, Needs::On(Right::See), |_, case| check(case, "%2F", "?info=true")),
        Rule::get(FILE, READ, |_, case| download(case, "repository/dir/note?ref=main")),
        Rule::get(ARCHIVE, READ, |_, case| download(case, "archive.tar")),
        Rule::new(("PUT", STAR), Needs::OwnAnd(Right::Read), Before::Nothing, |_, case| {
            star("PUT", case)
        }),
        Rule::new(("DELETE", STAR), Needs::OwnAnd(Right::Read), Before::Nothing, |_, case| {
            star("DELETE", case)
        }),
    ]
}

fn check(case: &Case, slash: &str, query: &str) -> Ask {
    Ask::new("GET", format!("/api/check/{}{slash}base{query}", case.repository))
}

fn download(case: &Case, rest: &str) -> Ask {
    Ask::new("GET", format!("/api/download/{}/base/{rest}", case.repository))
}

fn star(method: &'static str, case: &Case) -> Ask {
    Ask::new(method, format!("/api/v1/flists/{}/base/star", case.repository))
}
