//! Rules of the native API, but for names and accounts, and of what is at the root.

use flisthub_hub::auth::Right;
use flisthub_storage::Frame;
use flisthub_storage::wire::{CHUNKS_TYPE, IDS_TYPE, write_ids};
use serde_json::json;

use super::ask::Ask;
use super::prepare::{Before, Case};
use super::rules::{Needs, Rule};
use crate::push::records;

const READ: Needs = Needs::On(Right::Read);
const WRITE: Needs = Needs::On(Right::Write);
const SESSION: Needs = Needs::Session(Right::Write);

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = root();
    rules.extend(content());
    rules.extend(push());
    rules.extend(jobs());
    rules
}

/// `/api/v1/flists/{repository}` and what follows.
fn base(case: &Case, rest: &str) -> String {
    format!("/api/v1/flists/{}/base{rest}", case.repository)
}

fn root() -> Vec<Rule> {
    vec![
        Rule::get("/healthz", Needs::Nothing, |_, _| Ask::new("GET", "/healthz")),
        Rule::get("/readyz", Needs::Nothing, |_, _| Ask::new("GET", "/readyz")),
        Rule::get("/metrics", Needs::Operate, |_, _| Ask::new("GET", "/metrics")),
        Rule::get("/api/openapi.json", Needs::Nothing, |_, _| Ask::new("GET", "/api/openapi.json")),
        Rule::get("/api/docs", Needs::Nothing, |_, _| Ask::new("GET", "/api/docs")),
        Rule::get("/api/docs/style.css", Needs::Nothing, |_, _| {
            Ask::new("GET", "/api/docs/style.css")
        }),
        Rule::get("/api/v1/me", Needs::SignedIn, |_, _| Ask::new("GET", "/api/v1/me")),
        Rule::get("/api/v1/repositories", Needs::Lists(Right::See), |_, _| {
            Ask::new("GET", "/api/v1/repositories?limit=500")
        }),
        Rule::get("/api/v1/flists/{repository}", Needs::On(Right::See), |_, case| {
            Ask::new("GET", format!("/api/v1/flists/{}", case.repository))
        }),
    ]
}

fn content() -> Vec<Rule> {
    vec![
        Rule::get("/api/v1/flists/{repository}/{name}/files", READ, |_, case| {
            Ask::new("GET", base(case, "/files"))
        }),
        Rule::get("/api/v1/flists/{repository}/{name}/files/{*path}", READ, |_, case| {
            Ask::new("GET", base(case, "/files/dir/note"))
        }),
        Rule::get("/api/v1/flists/{repository}/{name}/files/{*path}", READ, |_, case| {
            Ask::new("GET", base(case, "/files/dir"))
        }),
        Rule::new(
            ("POST", "/api/v1/flists/{repository}/{name}/signed-urls"),
            Needs::Sign(Right::Read),
            Before::Nothing,
            |_, case| {
                Ask::new("POST", base(case, "/signed-urls")).json(&json!({"paths": ["dir/note"]}))
            },
        ),
        Rule::get("/api/v1/flists/{repository}/{name}/thumbnail/{*path}", READ, |_, case| {
            Ask::new("GET", base(case, "/thumbnail/dir/scene.tif"))
        }),
        Rule::get("/api/v1/flists/{repository}/{name}/image", READ, |_, case| {
            Ask::new("GET", base(case, "/image"))
        }),
        Rule::get("/api/v1/flists/{repository}/{name}/export", READ, |_, case| {
            Ask::new("GET", base(case, "/export?format=tar"))
        }),
        Rule::get("/api/v1/diff", READ, |_, case| {
            let (from, to) = (&case.repository, &case.repository);
            Ask::new("GET", format!("/api/v1/diff?from={from}/base&to={to}/other"))
        }),
        Rule::get("/api/v1/diff", READ, |_, case| {
            let to = &case.repository;
            Ask::new("GET", format!("/api/v1/diff?from=elsewhere/base&to={to}/base@1"))
        }),
        Rule::new(
            ("POST", "/api/v1/repositories/{repository}/chunks"),
            READ,
            Before::Nothing,
            |stage, case| {
                let path = format!("/api/v1/repositories/{}/chunks", case.repository);
                let ids: Vec<_> = stage.frames.iter().map(Frame::id).collect();
                Ask::new("POST", path).bytes(IDS_TYPE, write_ids(&ids).to_vec())
            },
        ),
    ]
}

fn push() -> Vec<Rule> {
    vec![
        Rule::new(("POST", "/api/v1/sessions"), WRITE, Before::Nothing, |_, case| {
            Ask::new("POST", "/api/v1/sessions").json(&json!({ "repository": case.repository }))
        }),
        Rule::new(
            ("POST", "/api/v1/sessions/{session}/missing"),
            SESSION,
            Before::Session,
            |stage, case| {
                let path = format!("/api/v1/sessions/{}/missing", case.session);
                Ask::new("POST", path).bytes(IDS_TYPE, write_ids(&[stage.flist]).to_vec())
            },
        ),
        Rule::new(
            ("POST", "/api/v1/sessions/{session}/chunks"),
            SESSION,
            Before::Session,
            |stage, case| {
                let path = format!("/api/v1/sessions/{}/chunks", case.session);
                Ask::new("POST", path).bytes(CHUNKS_TYPE, records(&stage.frames))
            },
        ),
        Rule::new(("DELETE", "/api/v1/sessions/{session}"), SESSION, Before::Session, |_, case| {
            Ask::new("DELETE", format!("/api/v1/sessions/{}", case.session))
        }),
        Rule::new(
            ("PUT", "/api/v1/flists/{repository}/{name}"),
            WRITE,
            Before::Session,
            |stage, case| {
                let path = format!("/api/v1/flists/{}/{}", case.repository, case.name);
                let flist = stage.flist.to_string();
                Ask::new("PUT", path).json(&json!({ "session": case.session, "flist": flist }))
            },
        ),
        Rule::new(
            ("POST", "/api/v1/flists/{repository}/{name}/flist-file"),
            WRITE,
            Before::Nothing,
            |stage, case| {
                let path = format!("/api/v1/flists/{}/{}/flist-file", case.repository, case.name);
                Ask::new("POST", path).bytes("application/octet-stream", stage.flist_file.clone())
            },
        ),
        Rule::new(
            ("POST", "/api/v1/flists/{repository}/{name}/image"),
            WRITE,
            Before::Nothing,
            |stage, case| {
                let path = format!("/api/v1/flists/{}/{}/image", case.repository, case.name);
                Ask::new("POST", path).bytes("application/x-tar", stage.image.clone())
            },
        ),
        // Nothing runs jobs here, so it is not converted.
        Rule::new(("POST", "/api/v1/conversions"), WRITE, Before::Nothing, |_, case| {
            let (repository, name) = (&case.repository, &case.name);
            Ask::new("POST", "/api/v1/conversions").json(&json!({
                "image": "127.0.0.1:9/app:1", "repository": repository, "name": name,
            }))
        }),
    ]
}

fn jobs() -> Vec<Rule> {
    vec![
        Rule::get("/api/v1/jobs", Needs::SignedIn, |_, _| Ask::new("GET", "/api/v1/jobs")),
        Rule::new(("POST", "/api/v1/jobs"), Needs::Operate, Before::Nothing, |_, case| {
            // No two are the same.
            let id = flisthub_storage::Kind::Content.id_of(case.name.as_bytes()).to_string();
            Ask::new("POST", "/api/v1/jobs").json(&json!({ "kind": "why", "id": id }))
        }),
        Rule::new(
            ("GET", "/api/v1/jobs/{job}"),
            Needs::Job(Right::Read),
            Before::Ended,
            |_, case| Ask::new("GET", format!("/api/v1/jobs/{}", case.job)),
        ),
        Rule::new(
            ("GET", "/api/v1/jobs/{job}/events"),
            Needs::Job(Right::Read),
            Before::Ended,
            |_, case| Ask::new("GET", format!("/api/v1/jobs/{}/events", case.job)),
        ),
        Rule::new(
            ("DELETE", "/api/v1/jobs/{job}"),
            Needs::Job(Right::Write),
            Before::Waiting,
            |_, case| Ask::new("DELETE", format!("/api/v1/jobs/{}", case.job)),
        ),
    ]
}
