//! Tokens that their owners make, list and revoke.

use flisthub_hub::auth::{Expiry, Scope};
use flisthub_hub::config::Config;
use serde_json::{Value, json};

use super::{admin, call, logged_in, refusal, refused, with_password};
use crate::support::{START, TestHub};

async fn made(hub: &TestHub, by: &str, body: Value) -> (String, Value) {
    let (status, made) = call(hub, by, "POST", "tokens", body).await;
    assert_eq!(status, 201, "{made}");
    (made["token"].as_str().unwrap().to_owned(), made)
}

#[tokio::test]
async fn a_token_is_never_wider_than_what_makes_it() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    let write = hub.user("alice").await;
    let read = hub.token("alice", Scope::Read, Expiry::Never).await;
    let (limited, _) =
        made(&hub, &write, json!({ "label": "", "scope": "write", "repositories": ["alice"] }))
            .await;
    let wants = |scope: &str| json!({ "label": "", "scope": scope });
    for (by, scope, expected) in [
        (&read, "read", refused(403, "forbidden")),
        (&limited, "read", refused(403, "forbidden")),
        (&write, "admin", refused(403, "forbidden")),
    ] {
        assert_eq!(refusal(&hub, by, "POST", "tokens", wants(scope)).await, expected, "{scope}");
    }
    let nobody = refusal(&hub, "", "POST", "tokens", wants("read")).await;
    assert_eq!(nobody, refused(401, "unauthorized"));
    for scope in ["read", "write", "admin"] {
        let (token, _) = made(&hub, &admin, wants(scope)).await;
        let me = call(&hub, &token, "GET", "me", Value::Null).await.1;
        assert_eq!((&me["scope"], &me["admin"]), (&json!(scope), &json!(scope == "admin")));
    }
    // Who is an admin no longer makes no more of them, whatever the token says.
    hub.hub
        .catalog
        .set_admin("root", false, &flisthub_hub::catalog::Actor::operator(), START)
        .await
        .unwrap();
    let refusal = refusal(&hub, &admin, "POST", "tokens", wants("admin")).await;
    assert_eq!(refusal, refused(403, "forbidden"));
}

#[tokio::test]
async fn an_api_token_makes_none_that_outlives_it() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    with_password(&hub, &admin, "alice").await;
    let hour = hub.token("alice", Scope::Write, Expiry::After(3_600)).await;
    let wants = |seconds: u64| json!({ "label": "", "scope": "write", "expires_in": seconds });
    let longer = refusal(&hub, &hour, "POST", "tokens", wants(3_601)).await;
    assert_eq!(longer, refused(403, "forbidden"));
    assert_eq!(made(&hub, &hour, wants(3_600)).await.1["expires"], json!(START + 3_600));
    let unsaid = json!({ "label": "", "scope": "read" });
    assert_eq!(made(&hub, &hour, unsaid.clone()).await.1["expires"], json!(START + 3_600));
    // A login may make what lasts.
    let login = logged_in(&hub, "alice").await;
    assert_eq!(made(&hub, &login, unsaid).await.1["expires"], Value::Null);
    assert_eq!(
        made(&hub, &login, wants(90 * 86_400)).await.1["expires"],
        json!(START + 90 * 86_400)
    );
}

#[tokio::test]
async fn a_limited_token_is_nothing_elsewhere() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let bob = hub.user("bob").await;
    let private = json!({ "visibility": "private" });
    assert_eq!(call(&hub, &bob, "PATCH", "repositories/bob", private.clone()).await.0, 200);
    // What is not seen is as if it were not there.
    let unseen = json!({ "label": "", "scope": "read", "repositories": ["bob"] });
    let unseen = refusal(&hub, &alice, "POST", "tokens", unseen).await;
    let absent = json!({ "label": "", "scope": "read", "repositories": ["nobody"] });
    assert_eq!(unseen, refusal(&hub, &alice, "POST", "tokens", absent).await);
    assert_eq!(unseen, refused(404, "not_found"));

    let team = json!({ "name": "team", "visibility": "private" });
    assert_eq!(call(&hub, &alice, "POST", "repositories", team).await.0, 201);
    assert_eq!(call(&hub, &alice, "PATCH", "repositories/alice", private).await.0, 200);
    let only = json!({ "label": "", "scope": "write", "repositories": ["team", "team"] });
    let (token, made) = made(&hub, &alice, only).await;
    assert_eq!(made["repositories"], json!(["team"]));
    for (path, status) in [("repositories/team", 200), ("repositories/alice", 404)] {
        assert_eq!(call(&hub, &token, "GET", path, Value::Null).await.0, status, "{path}");
    }
    let me = call(&hub, &token, "GET", "me", Value::Null).await.1;
    assert_eq!((&me["limited_to"], &me["repositories"]), (&json!(["team"]), &json!(["team"])));
    // It manages no tokens, but for itself.
    let refusal = refusal(&hub, &token, "GET", "tokens", Value::Null).await;
    assert_eq!(refusal, refused(403, "forbidden"));
    let own = format!("tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(call(&hub, &token, "DELETE", &own, Value::Null).await.0, 204);
    assert_eq!(call(&hub, &token, "GET", "me", Value::Null).await.0, 401);
}

#[tokio::test]
async fn tokens_are_listed_and_never_shown_again() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    let alice = hub.user("alice").await;
    let bob = hub.user("bob").await;
    for label in ["one", "two", "three"] {
        hub.clock.forward(1);
        made(&hub, &alice, json!({ "label": label, "scope": "read" })).await;
    }
    let (_, page) = call(&hub, &alice, "GET", "tokens?limit=2", Value::Null).await;
    let labels = |page: &Value| -> Vec<String> {
        let tokens = page["tokens"].as_array().unwrap().iter();
        tokens.map(|token| token["label"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(labels(&page), ["three", "two"]);
    let next = format!("tokens?limit=2&cursor={}", page["next"].as_str().unwrap());
    let (_, page) = call(&hub, &alice, "GET", &next, Value::Null).await;
    assert_eq!(
        (labels(&page), &page["next"]),
        (vec!["one".to_owned(), String::new()], &Value::Null)
    );
    assert!(page["tokens"][0].get("token").is_none() && !page.to_string().contains("fh_"));
    // An admin lists anybody's; others their own.
    let (_, of_admin) = call(&hub, &admin, "GET", "tokens?user=alice", Value::Null).await;
    assert_eq!(labels(&of_admin).len(), 4);
    assert_eq!(call(&hub, &bob, "GET", "tokens?user=bob", Value::Null).await.0, 200);
    for (token, path, expected) in [
        (&bob, "tokens?user=alice", refused(403, "forbidden")),
        (&bob, "tokens?user=nobody", refused(403, "forbidden")),
        (&admin, "tokens?user=nobody", refused(404, "not_found")),
        (&bob, "tokens?cursor=x", refused(400, "bad_page")),
        (&bob, "tokens?cursor=-1", refused(400, "bad_page")),
        (&bob, "tokens?limit=0", refused(400, "bad_page")),
        (&String::new(), "tokens", refused(401, "unauthorized")),
    ] {
        assert_eq!(refusal(&hub, token, "GET", path, Value::Null).await, expected, "{path}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_worth_nothing() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    let alice = hub.user("alice").await;
    let bob = hub.user("bob").await;
    let read = hub.token("alice", Scope::Read, Expiry::Never).await;
    let (token, about) = made(&hub, &alice, json!({ "label": "", "scope": "write" })).await;
    let path = format!("tokens/{}", about["id"].as_str().unwrap());
    // Somebody else's is as if it were not there, and a token that may only read revokes no other.
    for (by, path, expected) in [
        (&bob, path.as_str(), refused(404, "not_found")),
        (&bob, "tokens/1", refused(404, "not_found")),
        (&alice, "tokens/x", refused(404, "not_found")),
        (&alice, "tokens/99999999999999999999", refused(404, "not_found")),
        (&read, path.as_str(), refused(403, "forbidden")),
    ] {
        assert_eq!(refusal(&hub, by, "DELETE", path, Value::Null).await, expected, "{path}");
    }
    assert_eq!(call(&hub, &token, "GET", "me", Value::Null).await.0, 200);
    assert_eq!(call(&hub, &admin, "DELETE", &path, Value::Null).await.0, 204);
    let gone = refusal(&hub, &token, "GET", "me", Value::Null).await;
    assert_eq!(gone, refused(401, "invalid_token"));
    // Once more changes nothing, also not when it was.
    hub.clock.forward(5);
    assert_eq!(call(&hub, &alice, "DELETE", &path, Value::Null).await.0, 204);
    let (_, page) = call(&hub, &alice, "GET", "tokens", Value::Null).await;
    let token =
        page["tokens"].as_array().unwrap().iter().find(|one| one["id"] == about["id"]).unwrap();
    assert_eq!(token["revoked"], json!(START));
}

#[tokio::test]
async fn what_is_no_token_is_not_made() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let many: Vec<&str> = vec!["alice"; 101];
    for body in [
        json!({ "label": "", "scope": "root" }),
        json!({ "label": "a\nb", "scope": "read" }),
        json!({ "label": "x".repeat(129), "scope": "read" }),
        json!({ "label": "", "scope": "read", "repositories": [] }),
        json!({ "label": "", "scope": "read", "repositories": many }),
        json!({ "label": "", "scope": "read", "expires_in": 0 }),
        json!({ "label": "", "scope": "read", "expires_in": u64::MAX }),
    ] {
        let refusal = refusal(&hub, &alice, "POST", "tokens", body.clone()).await;
        assert_eq!(refusal, refused(400, "bad_token"), "{body}");
    }
    let unknown = json!({ "label": "", "scope": "read", "user": "root" });
    let refusal = refusal(&hub, &alice, "POST", "tokens", unknown).await;
    assert_eq!(refusal, refused(400, "bad_request"));
}

#[tokio::test]
async fn nobody_fills_the_catalog() {
    let mut config = Config::default();
    (config.access.tokens_per_user, config.access.repositories_per_user) = (2, 2);
    let hub = TestHub::with(config).await;
    let alice = hub.user("alice").await;
    let token = json!({ "label": "", "scope": "read" });
    let (_, about) = made(&hub, &alice, token.clone()).await;
    let full = refusal(&hub, &alice, "POST", "tokens", token.clone()).await;
    assert_eq!(full, refused(409, "conflict"));
    let revoked = format!("tokens/{}", about["id"].as_str().unwrap());
    assert_eq!(call(&hub, &alice, "DELETE", &revoked, Value::Null).await.0, 204);
    made(&hub, &alice, token).await;
    // The user's own is one of them.
    assert_eq!(call(&hub, &alice, "POST", "repositories", json!({ "name": "a" })).await.0, 201);
    let full = refusal(&hub, &alice, "POST", "repositories", json!({ "name": "b" })).await;
    assert_eq!(full, refused(409, "conflict"));
}

#[tokio::test]
async fn a_read_only_hub_still_lets_in_and_shuts_out() {
    let hub = TestHub::with(Config { read_only: true, ..Config::default() }).await;
    let admin = admin(&hub).await;
    with_password(&hub, &admin, "alice").await;
    let token = logged_in(&hub, "alice").await;
    for (method, path, body) in [
        ("POST", "tokens", json!({ "label": "", "scope": "read" })),
        ("POST", "repositories", json!({ "name": "team" })),
        ("PUT", "me/password", json!({ "current": super::PASSWORD, "new": "another one" })),
        ("PATCH", "repositories/alice", json!({ "visibility": "private" })),
        ("PUT", "repositories/alice/members/root", json!({ "level": "reader" })),
        ("DELETE", "repositories/alice/members/alice", Value::Null),
    ] {
        let refusal = refusal(&hub, &token, method, path, body).await;
        assert_eq!(refusal, refused(403, "read_only_mode"), "{method} {path}");
    }
    let (_, page) = call(&hub, &token, "GET", "tokens", Value::Null).await;
    let own = format!("tokens/{}", page["tokens"][0]["id"].as_str().unwrap());
    assert_eq!(call(&hub, &token, "DELETE", &own, Value::Null).await.0, 204);
    let other = logged_in(&hub, "alice").await;
    assert_eq!(call(&hub, &other, "POST", "logout", Value::Null).await.0, 204);
}
