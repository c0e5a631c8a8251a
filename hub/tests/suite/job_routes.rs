//! Jobs over HTTP: who may, what is answered, and what bad input gets.

use flisthub_hub::auth::{Expiry, Scope};
use flisthub_hub::jobs::{ConvertSpec, JobSpec};
use reqwest::Method;
use serde_json::{Value, json};

use crate::job_lanes::{convert, shared, user};
use crate::jobs::{doing, ended, running, until_told};
use crate::support::{START, TestHub, answer};

pub(crate) async fn admin(hub: &TestHub) -> String {
    hub.user("alice").await;
    hub.token("alice", Scope::Admin, Expiry::Never).await
}

pub(crate) async fn call(
    hub: &TestHub,
    token: &str,
    method: Method,
    path: &str,
    body: &str,
) -> (u16, Value) {
    let request = hub.request(method, path).bearer_auth(token);
    let request = request.header("content-type", "application/json").body(body.to_owned());
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    if text.is_empty() {
        return (status, Value::Null);
    }
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text:?}")))
}

pub(crate) const JOBS: &str = "/api/v1/jobs";

#[tokio::test]
async fn a_job_from_first_to_last() {
    let hub = doing(|_, monitor| {
        for line in 1..=150 {
            monitor.note(format!("line {line}"));
        }
        Ok(json!({ "removed": 3 }))
    })
    .await;
    let token = admin(&hub).await;
    let request = hub.request(Method::POST, JOBS).bearer_auth(&token);
    let spec = json!({ "kind": "sweep", "dry_run": true, "grace_seconds": 60 });
    let response = request.json(&spec).send().await.unwrap();
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let (status, job) = answer(response).await;
    assert_eq!(status, 202, "{job}");
    let id = job["id"].as_str().unwrap().to_owned();
    assert_eq!(location, format!("/api/v1/jobs/{id}"));
    assert_eq!((&job["kind"], &job["state"]), (&json!("sweep"), &json!("queued")));
    assert_eq!((&job["arguments"], &job["user"]), (&spec, &json!("alice")));
    assert_eq!((&job["created"], &job["result"]), (&json!(START), &Value::Null));

    ended(&hub.hub, &id).await;
    let (status, job) = call(&hub, &token, Method::GET, &location, "").await;
    assert_eq!(status, 200);
    assert_eq!((&job["state"], &job["result"]), (&json!("succeeded"), &json!({ "removed": 3 })));
    let log = job["log"].as_array().unwrap();
    assert_eq!(log.len(), 100, "the end of the log");
    assert_eq!(log[0], json!({ "line": 51, "at": START, "text": "line 51" }));
    assert_eq!(log[99]["text"], "line 150");
    let (_, page) = call(&hub, &token, Method::GET, JOBS, "").await;
    assert_eq!((&page["jobs"][0]["id"], &page["jobs"][0]["result"]), (&json!(id), &Value::Null));
    // It is over.
    let (status, problem) = call(&hub, &token, Method::DELETE, &location, "").await;
    assert_eq!((status, &problem["code"]), (409, &json!("conflict")));
}

#[tokio::test]
async fn jobs_come_in_pages_and_are_cancelled() {
    let hub = doing(until_told).await;
    let token = admin(&hub).await;
    let mut ids = Vec::new();
    for rate in 1..=5 {
        let spec = format!(r#"{{"kind":"scrub","rate_bytes_per_second":{rate}}}"#);
        let (_, job) = call(&hub, &token, Method::POST, JOBS, &spec).await;
        ids.push(job["id"].as_str().unwrap().to_owned());
        running(&hub.hub, &ids[0]).await;
        if rate > 1 {
            let (status, problem) = call(&hub, &token, Method::POST, JOBS, &spec).await;
            assert_eq!((status, &problem["code"]), (409, &json!("conflict")), "it waits already");
        }
    }
    ids.reverse();
    let mut found = Vec::new();
    let mut path = format!("{JOBS}?limit=2");
    loop {
        let (status, page) = call(&hub, &token, Method::GET, &path, "").await;
        assert_eq!(status, 200, "{page}");
        let jobs = page["jobs"].as_array().unwrap();
        assert!((1..=2).contains(&jobs.len()));
        found.extend(jobs.iter().map(|job| job["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{JOBS}?limit=2&cursor={next}");
    }
    assert_eq!(found, ids);
    running(&hub.hub, &ids[4]).await;
    for id in &ids {
        let path = format!("{JOBS}/{id}");
        assert_eq!(call(&hub, &token, Method::DELETE, &path, "").await, (202, Value::Null));
        ended(&hub.hub, id).await;
        let (_, job) = call(&hub, &token, Method::GET, &path, "").await;
        assert_eq!((&job["state"], &job["cancel_asked"]), (&json!("cancelled"), &json!(true)));
    }
}

#[tokio::test]
async fn upkeep_is_the_admins() {
    let hub = doing(until_told).await;
    let token = admin(&hub).await;
    let (_, job) = call(&hub, &token, Method::POST, JOBS, r#"{"kind":"space"}"#).await;
    let one = format!("{JOBS}/{}", job["id"].as_str().unwrap());
    let mallory = hub.user("mallory").await;
    let reader = hub.token("mallory", Scope::Read, Expiry::Never).await;
    let own = hub.token("alice", Scope::Write, Expiry::Never).await;
    let events = format!("{one}/events");
    for (method, path, body, status) in [
        (Method::POST, JOBS, r#"{"kind":"space"}"#, 403),
        (Method::POST, JOBS, r#"{"kind":"backup","directory":"/b"}"#, 403),
        (Method::POST, JOBS, "{", 403),
        (Method::GET, &one, "", 404),
        (Method::GET, &events, "", 404),
        (Method::GET, "/api/v1/jobs/nothing", "", 404),
        (Method::DELETE, &one, "", 404),
    ] {
        let code = if status == 403 { "forbidden" } else { "not_found" };
        for token in [&mallory, &reader] {
            let (found, problem) = call(&hub, token, method.clone(), path, body).await;
            assert_eq!((found, &problem["code"]), (status, &json!(code)), "{method} {path}");
        }
        let request = hub.request(method.clone(), path);
        let request = request.header("content-type", "application/json").body(body);
        let (status, _) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, 401, "{method} {path}");
    }
    let empty = json!({ "jobs": [], "next": null });
    assert_eq!(call(&hub, &mallory, Method::GET, JOBS, "").await, (200, empty));
    assert_eq!(hub.get(JOBS).await.status(), 401);
    // What somebody started as an admin is theirs also with a lesser token.
    let (status, page) = call(&hub, &own, Method::GET, JOBS, "").await;
    assert_eq!((status, page["jobs"].as_array().unwrap().len()), (200, 1));
    let (_, page) = call(&hub, &token, Method::GET, JOBS, "").await;
    assert_eq!(page["jobs"].as_array().unwrap().len(), 1, "nothing was started");
    assert_eq!(page["jobs"][0]["cancel_asked"], false, "nothing was cancelled");
}

#[tokio::test]
async fn conversions_are_their_users() {
    let hub = doing(until_told).await;
    let token = admin(&hub).await;
    let (bob, mallory) = (user(&hub, "bob").await, user(&hub, "mallory").await);
    let spec = ConvertSpec { credentials: Some("0123".into()), ..convert("a") };
    let (id, _) = shared(&hub.hub, &spec, bob).await;
    let (foreign, _) = shared(&hub.hub, &spec, mallory).await;
    running(&hub.hub, &id).await;
    let (one, other) = (format!("{JOBS}/{id}"), format!("{JOBS}/{foreign}"));
    let reader = hub.token("bob", Scope::Read, Expiry::Never).await;
    let writer = hub.token("bob", Scope::Write, Expiry::Never).await;
    let (status, job) = call(&hub, &reader, Method::GET, &one, "").await;
    assert_eq!((status, &job["arguments"]["credentials"]), (200, &json!(true)), "{job}");
    assert!(!job.to_string().contains("0123"));
    assert_eq!(call(&hub, &reader, Method::GET, &other, "").await.0, 404);
    assert_eq!(call(&hub, &writer, Method::DELETE, &other, "").await.0, 404);
    let ids = |page: &Value| -> Vec<Value> {
        page["jobs"].as_array().unwrap().iter().map(|job| job["id"].clone()).collect()
    };
    let (_, page) = call(&hub, &reader, Method::GET, JOBS, "").await;
    assert_eq!(ids(&page), [json!(id)]);
    assert!(!page.to_string().contains("0123"));
    let (_, page) = call(&hub, &token, Method::GET, JOBS, "").await;
    assert_eq!(ids(&page), [json!(foreign), json!(id)], "the admin sees all");
    // A page of one's own: others' jobs neither fill it nor end it.
    for name in ["b", "c"] {
        shared(&hub.hub, &convert(name), bob).await;
    }
    let (_, page) = call(&hub, &reader, Method::GET, &format!("{JOBS}?limit=2"), "").await;
    let path = format!("{JOBS}?limit=2&cursor={}", page["next"].as_str().unwrap());
    assert_eq!(ids(&call(&hub, &reader, Method::GET, &path, "").await.1), [json!(id)]);

    let (status, problem) = call(&hub, &reader, Method::DELETE, &one, "").await;
    assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "only to read");
    assert_eq!(call(&hub, &writer, Method::DELETE, &one, "").await.0, 202);
    ended(&hub.hub, &id).await;
    assert_eq!(call(&hub, &writer, Method::DELETE, &one, "").await.0, 409);
    assert_eq!(call(&hub, &token, Method::DELETE, &other, "").await.0, 202, "the admin may");
    ended(&hub.hub, &foreign).await;
}

#[tokio::test]
async fn conversions_are_asked_for_elsewhere() {
    let hub = doing(until_told).await;
    let token = admin(&hub).await;
    let body = serde_json::to_string(&JobSpec::Convert(Box::new(convert("a")))).unwrap();
    let (status, problem) = call(&hub, &token, Method::POST, JOBS, &body).await;
    assert_eq!((status, &problem["code"]), (400, &json!("bad_job")));
    assert!(problem["detail"].as_str().unwrap().contains("POST /api/v1/conversions"), "{problem}");
    assert!(hub.hub.catalog.jobs(None, None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn bad_input_is_told_so() {
    let hub = doing(until_told).await;
    let token = admin(&hub).await;
    for (method, path, body, status, code) in [
        (Method::POST, JOBS, "", 400, "bad_request"),
        (Method::POST, JOBS, "{", 400, "bad_request"),
        (Method::POST, JOBS, "[]", 400, "bad_job"),
        (Method::POST, JOBS, "{}", 400, "bad_job"),
        (Method::POST, JOBS, r#"{"kind":"dance"}"#, 400, "bad_job"),
        (Method::POST, JOBS, r#"{"kind":"space","loud":1}"#, 400, "bad_job"),
        (Method::POST, JOBS, r#"{"kind":"sweep","grace_seconds":-1}"#, 400, "bad_job"),
        (Method::POST, JOBS, r#"{"kind":"scrub","rate_bytes_per_second":0}"#, 400, "bad_job"),
        (Method::POST, JOBS, r#"{"kind":"backup","directory":"/b"}"#, 422, "only_at_the_machine"),
        (Method::GET, "/api/v1/jobs?limit=0", "", 400, "bad_page"),
        (Method::GET, "/api/v1/jobs?limit=501", "", 400, "bad_page"),
        (Method::GET, "/api/v1/jobs?limit=x", "", 400, "bad_page"),
        (Method::GET, "/api/v1/jobs?cursor=-1", "", 400, "bad_page"),
        (Method::GET, "/api/v1/jobs?page=1", "", 400, "bad_query"),
        (Method::GET, "/api/v1/jobs/nothing", "", 404, "not_found"),
        (Method::DELETE, "/api/v1/jobs/nothing", "", 404, "not_found"),
        (Method::PUT, "/api/v1/jobs", "", 405, "method_not_allowed"),
    ] {
        let (found, problem) = call(&hub, &token, method, path, body).await;
        let found = (found, problem["code"].as_str().unwrap());
        assert_eq!(found, (status, code), "{path} {body} {problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    let plain = hub.request(Method::POST, JOBS).bearer_auth(&token).body(r#"{"kind":"space"}"#);
    assert_eq!(answer(plain.send().await.unwrap()).await.0, 415);
    let (_, page) = call(&hub, &token, Method::GET, JOBS, "").await;
    assert_eq!(page, json!({ "jobs": [], "next": null }));
}
