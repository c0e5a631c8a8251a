//! Rules of accounts: logins, tokens, users, repositories and their members, the log of changes.

use flisthub_hub::auth::Right;
use serde_json::json;

use super::ask::Ask;
use super::prepare::{Before, Case};
use super::rules::{Needs, Rule};
use super::stage::{NEWCOMER, PASSWORD};

const MANAGE: Needs = Needs::On(Right::Manage);

const REPOSITORY: &str = "/api/v1/repositories/{repository}";
const MEMBERS: &str = "/api/v1/repositories/{repository}/members";
const MEMBER: &str = "/api/v1/repositories/{repository}/members/{user}";
const AUDIT: &str = "/api/v1/repositories/{repository}/audit";

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = repositories();
    rules.extend(own());
    rules.extend(users());
    rules
}

fn repository(method: &'static str, case: &Case, rest: &str) -> Ask {
    Ask::new(method, format!("/api/v1/repositories/{}{rest}", case.repository))
}

fn repositories() -> Vec<Rule> {
    let create = ("POST", "/api/v1/repositories");
    vec![
        Rule::new(create, Needs::Create, Before::Nothing, |stage, case| {
            let name = format!("{}-{}", case.name, stage.target.visibility);
            Ask::new("POST", "/api/v1/repositories").json(&json!({ "name": name }))
        }),
        Rule::get(REPOSITORY, Needs::On(Right::See), |_, case| repository("GET", case, "")),
        Rule::new(("PATCH", REPOSITORY), MANAGE, Before::Nothing, |stage, case| {
            let visibility = stage.target.visibility.word();
            repository("PATCH", case, "").json(&json!({ "visibility": visibility }))
        }),
        Rule::get(MEMBERS, MANAGE, |_, case| repository("GET", case, "/members")),
        Rule::new(("PUT", MEMBER), MANAGE, Before::Nothing, |_, case| {
            let rest = format!("/members/{NEWCOMER}");
            repository("PUT", case, &rest).json(&json!({ "level": "contributor" }))
        }),
        Rule::new(("DELETE", MEMBER), MANAGE, Before::Member, |_, case| {
            repository("DELETE", case, &format!("/members/{NEWCOMER}"))
        }),
        Rule::get(AUDIT, MANAGE, |_, case| repository("GET", case, "/audit")),
    ]
}

fn own() -> Vec<Rule> {
    let (login, logout) = ("/api/v1/login", "/api/v1/logout");
    vec![
        Rule {
            slow: true,
            // Another password ends the logins that came of the old one.
            spends: true,
            ..Rule::new(("POST", login), Needs::Nothing, Before::Password, |_, _| {
                let login = json!({ "user": "olga", "password": PASSWORD });
                Ask::new("POST", "/api/v1/login").json(&login)
            })
        },
        Rule {
            spends: true,
            ..Rule::new(("POST", logout), Needs::HubToken, Before::Nothing, |_, _| {
                Ask::new("POST", "/api/v1/logout")
            })
        },
        Rule {
            spends: true,
            slow: true,
            ..Rule::new(("PUT", "/api/v1/me/password"), Needs::Own, Before::Password, |_, _| {
                let change = json!({ "current": PASSWORD, "new": "another good one" });
                Ask::new("PUT", "/api/v1/me/password").json(&change)
            })
        },
        Rule::get("/api/v1/tokens", Needs::OwnTokens, |_, _| Ask::new("GET", "/api/v1/tokens")),
        Rule::new(("POST", "/api/v1/tokens"), Needs::MakeToken, Before::Nothing, |_, _| {
            let asked = json!({ "label": "matrix", "scope": "read", "expires_in": 60 });
            Ask::new("POST", "/api/v1/tokens").json(&asked)
        }),
        Rule::new(
            ("DELETE", "/api/v1/tokens/{token}"),
            Needs::Tokens(Right::Write),
            Before::Token,
            |_, case| Ask::new("DELETE", format!("/api/v1/tokens/{}", case.token)),
        ),
    ]
}

fn users() -> Vec<Rule> {
    let user = ("PATCH", "/api/v1/users/{user}");
    vec![
        Rule::get("/api/v1/users", Needs::Operate, |_, _| Ask::new("GET", "/api/v1/users")),
        Rule::new(("POST", "/api/v1/users"), Needs::Operate, Before::Nothing, |_, case| {
            Ask::new("POST", "/api/v1/users").json(&json!({ "name": format!("u-{}", case.name) }))
        }),
        Rule::new(user, Needs::Operate, Before::Nothing, |_, _| {
            let path = format!("/api/v1/users/{NEWCOMER}");
            Ask::new("PATCH", path).json(&json!({ "admin": false }))
        }),
        Rule::get("/api/v1/audit", Needs::Operate, |_, _| Ask::new("GET", "/api/v1/audit")),
        Rule::get("/api/v1/audit", Needs::Operate, |_, case| {
            Ask::new("GET", format!("/api/v1/audit?repository={}", case.repository))
        }),
    ]
}
