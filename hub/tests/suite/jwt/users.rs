//! The user behind a JWT: over HTTP, with the statuses and codes, and in the audit log.

use flisthub_hub::catalog::{Actor, AuditFilter};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ISSUER, Issuing};
use crate::archives::files;
use crate::support::{START, TestHub, answer};

/// What `/api/v1/me` answers a bearer.
async fn me(hub: &TestHub, token: &str) -> (u16, Value) {
    let request = hub.request(Method::GET, "/api/v1/me").bearer_auth(token);
    answer(request.send().await.unwrap()).await
}

/// The status and the code.
async fn refused(hub: &TestHub, token: &str) -> (u16, String) {
    let (status, problem) = me(hub, token).await;
    (status, problem["code"].as_str().unwrap_or_default().to_owned())
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_jwt_is_as_good_as_a_token_of_its_user() {
    let issuing = Issuing::new("ES384");
    let hub = TestHub::with(issuing.config()).await;
    hub.user("alice").await;
    hub.user("bob").await;
    let jwt = issuing.jwt("alice", json!({}));
    let (status, body) = me(&hub, &jwt).await;
    assert_eq!((status, &body["user"], &body["credential"]), (200, &json!("alice"), &json!("jwt")));
    assert_eq!((&body["scope"], &body["expires"]), (&json!("write"), &json!(START + 600)));
    assert_eq!(hub.upload(&jwt, "base.tar", &files(&[("a", b"b")])).await.status(), 200);
    assert_eq!(hub.names().await, json!(["alice/base.flist"]));
    // In somebody else's repository it is worth as little.
    let path = "/api/v1/flists/alice/base";
    let bobs = issuing.jwt("bob", json!({}));
    let delete = hub.request(Method::DELETE, path).bearer_auth(&bobs).send().await.unwrap();
    assert_eq!(delete.status(), 403);
    // The audit log says by whose word it was.
    let log = hub.hub.catalog.audit(&AuditFilter::default(), None, 1).await.unwrap();
    assert_eq!((log[0].action.as_str(), log[0].actor.name.as_str()), ("upload", "alice"));
    assert_eq!(log[0].actor.credential, format!("jwt {ISSUER} id-1"));
    let delete = hub.request(Method::DELETE, path).bearer_auth(&jwt).send().await.unwrap();
    assert_eq!(delete.status(), 204);
    // Its time ends.
    hub.clock.forward(660);
    assert_eq!(refused(&hub, &jwt).await, code(401, "token_expired"));
}

#[tokio::test]
async fn what_is_refused_is_told_in_codes() {
    let issuing = Issuing::with("ES256", "users = [\"alice\", \"new\", \"root\"]");
    let hub = TestHub::with(issuing.config()).await;
    let api = hub.user("alice").await;
    let jwt = issuing.jwt("alice", json!({}));
    for (token, expected) in [
        (issuing.jwt("alice", json!({ "aud": "other" })), code(401, "invalid_jwt")),
        (issuing.jwt("alice", json!({ "iss": "other" })), code(401, "invalid_jwt")),
        (format!("{jwt}x"), code(401, "invalid_jwt")),
        ("a.b".to_owned(), code(401, "invalid_jwt")),
        (".".to_owned(), code(401, "invalid_jwt")),
        // Which of the two a token is, its dots say alone.
        (format!("{api}."), code(401, "invalid_jwt")),
        (format!(".{api}"), code(401, "invalid_jwt")),
        (jwt.replace('.', ""), code(401, "invalid_token")),
        (issuing.jwt("alice", json!({ "exp": START - 60 })), code(401, "token_expired")),
        (issuing.jwt("bob", json!({})), code(401, "issuer_may_not")),
        (issuing.jwt("new", json!({})), code(401, "unknown_user")),
    ] {
        assert_eq!(refused(&hub, &token).await, expected, "{token}");
    }
    // On 0-hub's routes in its envelope; and never taken for no token where none is needed.
    let request = hub.request(Method::GET, "/api/flist/me").bearer_auth("a.b.c");
    let (status, body) = answer(request.send().await.unwrap()).await;
    assert_eq!((status, &body["status"]), (401, &json!("error")));
    assert!(body["message"].as_str().unwrap().starts_with("invalid token: "), "{body}");
    for path in ["/api/flist/alice", "/alice/base.flist", "/api/v1/flists/alice"] {
        let request = hub.request(Method::GET, path).bearer_auth("a.b.c");
        assert_eq!(request.send().await.unwrap().status(), 401, "{path}");
    }
    // Not by a cookie, and not by the address.
    for name in ["caddyoauth", "session", "jwt", "Authorization"] {
        let request =
            hub.request(Method::GET, "/api/flist/me").header("cookie", format!("{name}={jwt}"));
        assert_eq!(request.send().await.unwrap().status(), 401, "{name}");
    }
    assert_eq!(hub.get(&format!("/api/flist/me?token={jwt}")).await.status(), 401);
}

#[tokio::test]
async fn a_disabled_user_is_refused_and_no_jwt_makes_an_admin() {
    let issuing = Issuing::with("EdDSA", "users = [\"alice\", \"b*\"]");
    let hub = TestHub::with(issuing.config()).await;
    hub.user("alice").await;
    hub.user("bob").await;
    let (catalog, by) = (&hub.hub.catalog, Actor::operator());
    catalog.set_admin("alice", true, &by, START).await.unwrap();
    let jwt = issuing.jwt("alice", json!({ "scope": "admin", "admin": true }));
    let (_, body) = me(&hub, &jwt).await;
    assert_eq!((&body["admin"], &body["scope"]), (&json!(false), &json!("write")));
    let users = hub.request(Method::GET, "/api/v1/users").bearer_auth(&jwt).send().await.unwrap();
    assert_eq!(users.status(), 403);
    // A pattern does not mean those who run the hub.
    let bobs = issuing.jwt("bob", json!({}));
    assert_eq!(me(&hub, &bobs).await.0, 200);
    catalog.set_admin("bob", true, &by, START).await.unwrap();
    assert_eq!(refused(&hub, &bobs).await, code(401, "issuer_may_not"));
    catalog.set_disabled("alice", true, &by, START).await.unwrap();
    assert_eq!(refused(&hub, &jwt).await, code(401, "invalid_token"));
    catalog.set_disabled("alice", false, &by, START).await.unwrap();
    assert_eq!(me(&hub, &jwt).await.0, 200);
}

#[tokio::test]
async fn an_issuer_for_reading_changes_nothing() {
    let issuing =
        Issuing::with("EdDSA", "users = [\"*\"]\nrepositories = [\"*\"]\nscope = \"read\"");
    let hub = TestHub::with(issuing.config()).await;
    hub.user("alice").await;
    hub.user("team").await;
    let jwt = issuing.jwt("alice", json!({ "memberof": ["team"] }));
    assert_eq!(hub.upload(&jwt, "base.tar", &files(&[("a", b"b")])).await.status(), 403);
    let body = json!({ "repository": "team" });
    let session = hub.request(Method::POST, "/api/v1/sessions").bearer_auth(&jwt).json(&body);
    assert_eq!(session.send().await.unwrap().status(), 403);
    assert_eq!(hub.names().await, json!([]));
}

#[tokio::test]
async fn users_are_made_on_first_use_where_that_is_configured() {
    let issuing =
        Issuing::with("ES256", "users = [\"*\"]\nrepositories = [\"team\"]\ncreate_users = true");
    let hub = TestHub::with(issuing.config()).await;
    let jwt = issuing.jwt("carol", json!({ "memberof": ["team"] }));
    // Many at once make one.
    let first: Vec<_> = (0..8).map(|_| me(&hub, &jwt)).collect();
    for (status, body) in futures_util::future::join_all(first).await {
        assert_eq!((status, &body["user"]), (200, &json!("carol")));
        assert_eq!(body["repositories"], json!(["carol"]));
    }
    assert_eq!(hub.upload(&jwt, "base.tar", &files(&[("a", b"b")])).await.status(), 200);
    assert_eq!(hub.names().await, json!(["carol/base.flist"]));
    let filter = AuditFilter { action: Some("user-create".to_owned()), ..AuditFilter::default() };
    let log = hub.hub.catalog.audit(&filter, None, 10).await.unwrap();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].actor.credential, format!("jwt {ISSUER} id-1"));
    // What is no good makes nobody.
    for bad in [
        issuing.jwt("dave", json!({ "exp": START - 60 })),
        issuing.jwt("dave", json!({ "aud": "other" })),
        issuing.jwt("Issuing", json!({ "username": "me" })),
    ] {
        assert_eq!(me(&hub, &bad).await.0, 401);
    }
    assert_eq!(hub.json("/api/repositories").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_hub_that_changes_nothing_makes_no_users() {
    let issuing = Issuing::with("ES256", "users = [\"*\"]\ncreate_users = true");
    let config = flisthub_hub::config::Config { read_only: true, ..issuing.config() };
    let hub = TestHub::with(config).await;
    assert_eq!(refused(&hub, &issuing.jwt("carol", json!({}))).await, code(401, "unknown_user"));
}

#[tokio::test]
async fn a_hub_whose_issuer_is_down_says_so() {
    let lines = "jwks_url = \"http://127.0.0.1:1/keys\"\nusers = [\"*\"]";
    let config = flisthub_hub::config::Config {
        issuers: vec![super::issuer(lines)],
        ..flisthub_hub::config::Config::default()
    };
    let hub = TestHub::with(config).await;
    let issuing = Issuing::new("ES256");
    let request =
        hub.request(Method::GET, "/api/v1/me").bearer_auth(issuing.jwt("alice", json!({})));
    let response = request.send().await.unwrap();
    assert!(response.headers().contains_key("retry-after"));
    let (status, problem) = answer(response).await;
    assert_eq!((status, &problem["code"]), (503, &json!("issuer_unreachable")));
}
