//! The log of changes: every one is in it, and it is read by those whom it concerns.

use reqwest::Method;
use serde_json::{Value, json};

use super::{admin, call, logged_in, refusal, refused, with_password};
use crate::archives::files;
use crate::support::{START, TestHub};

/// Action and subject of each change, the oldest first.
async fn log(hub: &TestHub, token: &str, path: &str) -> Vec<(String, String)> {
    let (status, page) = call(hub, token, "GET", path, Value::Null).await;
    assert_eq!(status, 200, "{page}");
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let entries = page["entries"].as_array().unwrap().iter().rev();
    entries.map(|entry| (text(entry, "action"), text(entry, "subject"))).collect()
}

fn rows(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let row = |(action, subject): &(&str, &str)| ((*action).to_owned(), (*subject).to_owned());
    expected.iter().map(row).collect()
}

#[tokio::test]
async fn every_change_is_in_the_log_with_who_and_from_where() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    with_password(&hub, &admin, "alice").await;
    let alice = logged_in(&hub, "alice").await;
    hub.user("bob").await;
    let last = call(&hub, &admin, "GET", "audit?limit=1", Value::Null).await.1;
    let before = last["entries"][0].clone();
    assert_eq!(
        (&before["actor"], &before["credential"]),
        (&json!("operator"), &json!("command line"))
    );
    let (_, made) =
        call(&hub, &alice, "POST", "tokens", json!({ "label": "ci", "scope": "write" })).await;
    let (token, id) = (made["token"].as_str().unwrap(), made["id"].as_str().unwrap());
    for (method, path, body) in [
        ("POST", "repositories".to_owned(), json!({ "name": "team" })),
        ("PATCH", "repositories/team".to_owned(), json!({ "visibility": "private" })),
        ("PATCH", "repositories/team".to_owned(), json!({ "visibility": "private" })),
        ("PUT", "repositories/team/members/bob".to_owned(), json!({ "level": "reader" })),
        ("PUT", "repositories/team/members/bob".to_owned(), json!({ "level": "reader" })),
        ("DELETE", "repositories/team/members/bob".to_owned(), Value::Null),
        ("DELETE", format!("tokens/{id}"), Value::Null),
    ] {
        assert!(call(&hub, &alice, method, &path, body).await.0 < 300, "{path}");
    }
    hub.upload(&alice, "base.tar", &files(&[("a", b"b")])).await;
    for change in
        [json!({ "admin": true }), json!({ "disabled": true }), json!({ "disabled": false })]
    {
        assert_eq!(call(&hub, &admin, "PATCH", "users/bob", change).await.0, 200);
    }
    assert_eq!(call(&hub, &alice, "POST", "logout", Value::Null).await.0, 204);

    let token_subject = format!("token {id}");
    let all = log(&hub, &admin, "audit?limit=500").await;
    let mine: Vec<_> = all.into_iter().skip_while(|row| row.1 != token_subject).collect();
    // What changes nothing is not in it.
    assert_eq!(
        mine[..mine.len() - 1],
        rows(&[
            ("token-create", &token_subject),
            ("repository-create", "team"),
            ("repository-visibility", "team"),
            ("member-set", "team"),
            ("member-remove", "team"),
            ("token-revoke", &token_subject),
            ("upload", "alice/base"),
            ("user-admin", "user bob"),
            ("user-disable", "user bob"),
            ("user-enable", "user bob"),
        ])[..]
    );
    assert_eq!(mine.last().unwrap().0, "token-revoke");
    let of_team = call(&hub, &admin, "GET", "audit?repository=team&limit=1", Value::Null).await.1;
    let entry = &of_team["entries"][0];
    assert_eq!((&entry["actor"], &entry["at"]), (&json!("alice"), &json!(START)));
    assert!(entry["credential"].as_str().unwrap().starts_with("login "), "{entry}");
    assert_eq!(entry["address"], json!("127.0.0.1"), "{entry}");
    assert!(entry["request"].as_str().is_some_and(|id| !id.is_empty()), "{entry}");
    // No secret is in it.
    let all = call(&hub, &admin, "GET", "audit?limit=500", Value::Null).await.1.to_string();
    assert!(!all.contains(&token[3..]) && !all.contains("argon2") && !all.contains("horse"));
}

#[tokio::test]
async fn jobs_are_in_the_log_with_who_asked_for_them() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    let (status, job) = call(&hub, &admin, "POST", "jobs", json!({ "kind": "space" })).await;
    assert_eq!(status, 202);
    let id = job["id"].as_str().unwrap();
    let subject = format!("job {id}");
    let of_jobs = async |action: &str| {
        let path = format!("audit?action={action}");
        let page = call(&hub, &admin, "GET", &path, Value::Null).await.1;
        page["entries"].as_array().unwrap().clone()
    };
    let started = of_jobs("job-start").await;
    assert_eq!((started.len(), &started[0]["subject"]), (1, &json!(subject)));
    assert_eq!((&started[0]["detail"], &started[0]["actor"]), (&json!("space"), &json!("root")));
    assert!(started[0]["credential"].as_str().unwrap().starts_with("token "));
    assert_eq!(started[0]["address"], json!("127.0.0.1"));
    // Only what was there to end.
    let path = format!("/api/v1/jobs/{id}");
    let cancelled = hub.request(Method::DELETE, &path).bearer_auth(&admin).send().await.unwrap();
    let status = cancelled.status().as_u16();
    assert_eq!(of_jobs("job-cancel").await.len(), usize::from(status == 202));
    assert_eq!(call(&hub, &admin, "DELETE", "jobs/0", Value::Null).await.0, 404);
    assert_eq!(of_jobs("job-cancel").await.len(), usize::from(status == 202));
}

#[tokio::test]
async fn owners_read_the_log_of_their_repository_alone() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let bob = hub.user("bob").await;
    let wanted = json!({ "name": "team", "visibility": "private" });
    assert_eq!(call(&hub, &alice, "POST", "repositories", wanted).await.0, 201);
    let of_team = "repositories/team/audit";
    assert_eq!(log(&hub, &alice, of_team).await, rows(&[("repository-create", "team")]));
    let level = json!({ "level": "contributor" });
    for (token, expected) in
        [("", refused(401, "unauthorized")), (&*bob, refused(404, "not_found"))]
    {
        assert_eq!(refusal(&hub, token, "GET", of_team, Value::Null).await, expected);
    }
    assert_eq!(call(&hub, &alice, "PUT", "repositories/team/members/bob", level).await.0, 200);
    let refusal = refusal(&hub, &bob, "GET", of_team, Value::Null).await;
    assert_eq!(refusal, refused(403, "forbidden"));
}

#[tokio::test]
async fn the_log_is_paged_and_filtered() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    let alice = hub.user("alice").await;
    for name in ["one", "two", "three"] {
        assert_eq!(
            call(&hub, &alice, "POST", "repositories", json!({ "name": name })).await.0,
            201
        );
    }
    let by_alice = "audit?user=alice&action=repository-create&limit=2";
    let (_, page) = call(&hub, &admin, "GET", by_alice, Value::Null).await;
    let next = page["next"].as_str().unwrap();
    assert_eq!(
        log(&hub, &admin, by_alice).await,
        rows(&[("repository-create", "two"), ("repository-create", "three"),])
    );
    let (rest, of) = (format!("{by_alice}&cursor={next}"), "audit?repository=two");
    assert_eq!(log(&hub, &admin, &rest).await, rows(&[("repository-create", "one")]));
    assert_eq!(log(&hub, &admin, of).await, rows(&[("repository-create", "two")]));
    assert_eq!(log(&hub, &admin, "audit?action=nothing").await, []);
    for (path, expected) in [
        ("audit?user=nobody", refused(404, "not_found")),
        ("audit?repository=nobody", refused(404, "not_found")),
        ("audit?cursor=0", refused(400, "bad_page")),
        ("audit?cursor=x", refused(400, "bad_page")),
        ("audit?who=alice", refused(400, "bad_query")),
    ] {
        assert_eq!(refusal(&hub, &admin, "GET", path, Value::Null).await, expected, "{path}");
    }
}
