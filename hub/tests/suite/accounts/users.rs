//! Users, as admins see and change them.

use flisthub_hub::auth::{Expiry, Scope};
use serde_json::{Value, json};

use super::{PASSWORD, admin, call, logged_in, login, refusal, refused, with_password};
use crate::support::{START, TestHub};

#[tokio::test]
async fn users_are_for_admins() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    let alice = hub.user("alice").await;
    let narrow = hub.token("root", Scope::Write, Expiry::Never).await;
    for (method, path, body) in [
        ("GET", "users", Value::Null),
        ("POST", "users", json!({ "name": "carol" })),
        ("PATCH", "users/alice", json!({ "admin": true })),
        ("GET", "audit", Value::Null),
    ] {
        for (token, expected) in [
            ("", refused(401, "unauthorized")),
            (&*alice, refused(403, "forbidden")),
            (&*narrow, refused(403, "forbidden")),
        ] {
            assert_eq!(refusal(&hub, token, method, path, body.clone()).await, expected, "{path}");
        }
        assert!(call(&hub, &admin, method, path, body).await.0 < 300, "{path}");
    }
}

#[tokio::test]
async fn users_are_made_and_listed() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    let alice = hub.user("alice").await;
    let wanted = json!({ "name": "bob", "admin": true, "password": PASSWORD });
    let (status, made) = call(&hub, &admin, "POST", "users", wanted).await;
    let expected = json!({
        "name": "bob", "admin": true, "disabled": null, "password": true, "created": START,
    });
    assert_eq!((status, &made), (201, &expected));
    assert!(login(&hub, "bob", PASSWORD).await.1["scope"] == "admin");
    assert_eq!(call(&hub, &alice, "POST", "repositories", json!({ "name": "squat" })).await.0, 201);
    for (body, expected) in [
        (json!({ "name": "bob" }), refused(409, "conflict")),
        (json!({ "name": "squat" }), refused(409, "conflict")),
        (json!({ "name": "me" }), refused(400, "bad_name")),
        (json!({ "name": "carol", "password": "short" }), refused(400, "bad_password")),
        (json!({ "name": "carol", "scope": "x" }), refused(400, "bad_request")),
    ] {
        assert_eq!(refusal(&hub, &admin, "POST", "users", body.clone()).await, expected, "{body}");
    }
    // None is half made.
    let (_, page) = call(&hub, &admin, "GET", "users?limit=2", Value::Null).await;
    let names: Vec<&str> = page["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["name"].as_str().unwrap())
        .collect();
    assert_eq!((names, &page["next"]), (vec!["alice", "bob"], &json!("bob")));
    let (_, page) = call(&hub, &admin, "GET", "users?limit=2&cursor=bob", Value::Null).await;
    assert_eq!((&page["users"][0]["name"], &page["next"]), (&json!("root"), &Value::Null));
    assert!(!page.to_string().contains("argon2"));
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    with_password(&hub, &admin, "alice").await;
    let login_token = logged_in(&hub, "alice").await;
    let api = hub.token("alice", Scope::Write, Expiry::Never).await;
    hub.clock.forward(7);
    let disable = json!({ "disabled": true });
    let (_, changed) = call(&hub, &admin, "PATCH", "users/alice", disable).await;
    assert_eq!(changed["disabled"], json!(START + 7));
    for token in [&login_token, &api] {
        let out = refusal(&hub, token, "GET", "me", Value::Null).await;
        assert_eq!(out, refused(401, "invalid_token"));
    }
    assert_eq!(login(&hub, "alice", PASSWORD).await.0, 401);
    let enable = json!({ "disabled": false });
    assert_eq!(call(&hub, &admin, "PATCH", "users/alice", enable).await.1["disabled"], Value::Null);
    assert_eq!(call(&hub, &api, "GET", "me", Value::Null).await.0, 200);
}

#[tokio::test]
async fn an_admin_changes_others_and_never_locks_themselves_out() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    with_password(&hub, &admin, "alice").await;
    let token = logged_in(&hub, "alice").await;
    for body in [json!({ "disabled": true }), json!({ "admin": false })] {
        let refusal = refusal(&hub, &admin, "PATCH", "users/root", body).await;
        assert_eq!(refusal, refused(409, "conflict"));
    }
    let all = json!({ "admin": true, "password": "staple of another kind" });
    let (status, changed) = call(&hub, &admin, "PATCH", "users/alice", all).await;
    assert_eq!((status, &changed["admin"]), (200, &json!(true)));
    assert_eq!(call(&hub, &token, "GET", "me", Value::Null).await.0, 401, "the login has ended");
    assert_eq!(login(&hub, "alice", PASSWORD).await.0, 401);
    assert_eq!(login(&hub, "alice", "staple of another kind").await.1["scope"], json!("admin"));
    for (path, body, expected) in [
        ("users/nobody", json!({ "admin": true }), refused(404, "not_found")),
        ("users/alice", json!({ "password": "short" }), refused(400, "bad_password")),
        ("users/alice", json!({ "name": "x" }), refused(400, "bad_request")),
    ] {
        assert_eq!(refusal(&hub, &admin, "PATCH", path, body).await, expected, "{path}");
    }
}
