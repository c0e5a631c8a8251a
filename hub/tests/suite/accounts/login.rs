//! Logging in and out, and one's own password.

use flisthub_hub::config::Config;
use serde_json::{Value, json};

use super::{PASSWORD, admin, call, logged_in, login, refusal, refused, with_password};
use crate::support::{START, TestHub};

#[tokio::test]
async fn a_password_opens_for_some_hours() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    with_password(&hub, &admin, "alice").await;
    let (status, made) = login(&hub, "alice", PASSWORD).await;
    assert_eq!(status, 201);
    for (field, value) in [
        ("user", json!("alice")),
        ("kind", json!("login")),
        ("scope", json!("write")),
        ("created", json!(START)),
        ("expires", json!(START + 43_200)),
        ("revoked", Value::Null),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    let token = made["token"].as_str().unwrap();
    let (status, me) = call(&hub, token, "GET", "me", Value::Null).await;
    assert_eq!((status, &me["credential"]), (200, &json!("login")));
    assert_eq!((&me["repositories"], &me["admin"]), (&json!(["alice"]), &json!(false)));
    hub.clock.forward(43_200);
    let expired = refusal(&hub, token, "GET", "me", Value::Null).await;
    assert_eq!(expired, refused(401, "token_expired"));
}

#[tokio::test]
async fn every_wrong_login_is_answered_alike() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    with_password(&hub, &admin, "alice").await;
    with_password(&hub, &admin, "carol").await;
    hub.user("bob").await;
    let disable = json!({ "disabled": true });
    assert_eq!(call(&hub, &admin, "PATCH", "users/carol", disable).await.0, 200);
    let (status, first) = login(&hub, "alice", "wrong").await;
    assert_eq!((status, first["code"].as_str()), (401, Some("login_refused")));
    // A wrong password, nobody, no password, disabled, no name, a reserved name, nothing.
    for (user, password) in [
        ("alice", ""),
        ("alice", "correct horse batterY"),
        ("nobody", PASSWORD),
        ("bob", PASSWORD),
        ("carol", PASSWORD),
        ("a/b\0", PASSWORD),
        ("me", PASSWORD),
        ("", ""),
    ] {
        assert_eq!(login(&hub, user, password).await, (401, first.clone()), "{user:?}");
    }
    // A bad token beside the right password is not looked at.
    let right = json!({ "user": "alice", "password": PASSWORD });
    assert_eq!(call(&hub, "fh_bad", "POST", "login", right).await.0, 201);
}

#[tokio::test]
async fn passwords_are_not_tried_for_ever() {
    let mut config = Config::default();
    config.limits.failed_logins_per_user = 2;
    let hub = TestHub::with(config).await;
    let admin = admin(&hub).await;
    with_password(&hub, &admin, "alice").await;
    for _ in 0..2 {
        assert_eq!(login(&hub, "alice", "wrong").await.0, 401);
    }
    let (status, refused) = login(&hub, "alice", PASSWORD).await;
    assert_eq!((status, refused["code"].as_str()), (429, Some("too_many_attempts")));
    with_password(&hub, &admin, "bob").await;
    // Right ones do not count.
    for _ in 0..5 {
        logged_in(&hub, "bob").await;
    }
}

#[tokio::test]
async fn logging_out_ends_the_token_that_came() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    with_password(&hub, &admin, "alice").await;
    let (one, other) = (logged_in(&hub, "alice").await, logged_in(&hub, "alice").await);
    assert_eq!(call(&hub, &one, "POST", "logout", Value::Null).await.0, 204);
    let gone = refusal(&hub, &one, "GET", "me", Value::Null).await;
    assert_eq!(gone, refused(401, "invalid_token"));
    assert_eq!(call(&hub, &other, "GET", "me", Value::Null).await.0, 200);
    let nobody = refusal(&hub, "", "POST", "logout", Value::Null).await;
    assert_eq!(nobody, refused(401, "unauthorized"));
}

#[tokio::test]
async fn a_new_password_takes_the_old_one_and_ends_logins() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    with_password(&hub, &admin, "alice").await;
    let token = logged_in(&hub, "alice").await;
    let api = json!({ "label": "ci", "scope": "write" });
    let api =
        call(&hub, &token, "POST", "tokens", api).await.1["token"].as_str().unwrap().to_owned();
    let read = json!({ "label": "r", "scope": "read" });
    let read =
        call(&hub, &token, "POST", "tokens", read).await.1["token"].as_str().unwrap().to_owned();
    let change = |current: &str, new: &str| json!({ "current": current, "new": new });
    let new = "staple of another kind";
    for (token, body, expected) in [
        (&token, change("wrong", new), refused(403, "login_refused")),
        (&token, change(PASSWORD, "short"), refused(400, "bad_password")),
        (&token, change(PASSWORD, &"x".repeat(1_025)), refused(400, "bad_password")),
        (&read, change(PASSWORD, new), refused(403, "forbidden")),
    ] {
        assert_eq!(refusal(&hub, token, "PUT", "me/password", body).await, expected);
    }
    let changed = call(&hub, &token, "PUT", "me/password", change(PASSWORD, new)).await;
    assert_eq!(changed.0, 204);
    assert_eq!(call(&hub, &token, "GET", "me", Value::Null).await.0, 401);
    assert_eq!(call(&hub, &api, "GET", "me", Value::Null).await.0, 200, "an API token stays");
    assert_eq!(login(&hub, "alice", PASSWORD).await.0, 401);
    assert_eq!(login(&hub, "alice", new).await.0, 201);
}

#[tokio::test]
async fn a_login_is_one_json_object_of_two_texts() {
    let hub = TestHub::start().await;
    for body in [json!({}), json!([]), json!({ "user": "a" }), json!({ "user": 1, "password": "" })]
    {
        let refusal = refusal(&hub, "", "POST", "login", body).await;
        assert_eq!(refusal, refused(400, "bad_request"));
    }
}
