//! Who may: a token in the `Authorization` header, and nothing else, changes something by a `GET`.

use flisthub_hub::auth::{Expiry, Scope};
use reqwest::Method;
use serde_json::json;

use super::{Two, error};
use crate::support::answer;

/// Every change by a `GET`, with names that are there.
const CHANGES: &[&str] = &[
    "/api/flist/me/base/link/new",
    "/api/flist/me/new/crosslink/bob/app",
    "/api/flist/me/new/crosstag/alice/v1",
    "/api/flist/me/v1/new/tag/bob/app",
    "/api/flist/me/base/rename/new",
    "/api/flist/me/promote/bob/app/new",
];

async fn prepared() -> Two {
    let two = Two::with_flists().await;
    two.done("v1/x/tag/alice/base").await;
    two
}

/// A page that somebody looks at can make their browser send these, with every cookie for this hub.
#[tokio::test]
async fn no_cookie_changes_anything() {
    let two = prepared().await;
    let before = two.everything().await;
    let token = &two.alice;
    let cookies = [
        format!("caddyoauth={token}"),
        format!("session={token}; active-user=alice"),
        format!("token={token}; flisthub={token}; Authorization=bearer {token}"),
    ];
    for path in CHANGES {
        for cookie in &cookies {
            let request = two.hub.request(Method::GET, path).header("cookie", cookie);
            let request = request.header("referer", format!("{}/alice", two.hub.url));
            let answered = answer(request.send().await.unwrap()).await;
            assert_eq!(answered, (401, error("no authorization provided")), "{path} {cookie}");
        }
        // Nor does the address itself.
        let named = format!("{path}?token={token}&access_token={token}");
        assert_eq!(answer(two.hub.get(&named).await).await.0, 401, "{path}");
    }
    assert_eq!(two.everything().await, before);
}

#[tokio::test]
async fn no_head_changes_anything() {
    let two = prepared().await;
    let before = two.everything().await;
    for path in CHANGES {
        let request = two.hub.request(Method::HEAD, path).bearer_auth(&two.alice);
        assert_eq!(request.send().await.unwrap().status(), 405, "{path}");
    }
    assert_eq!(two.everything().await, before);
    for path in CHANGES {
        assert_eq!(two.call(Method::GET, &two.alice, path).await.0, 200, "{path}");
        // What the first of them made is in the way of the next.
        two.call(Method::DELETE, &two.alice, "/api/flist/me/new").await;
        two.call(Method::GET, &two.alice, "/api/flist/me/promote/bob/app/base").await;
    }
}

#[tokio::test]
async fn wrong_tokens_change_nothing() {
    let two = prepared().await;
    let before = two.everything().await;
    let reader = two.hub.token("alice", Scope::Read, Expiry::Never).await;
    let dotted = "eyJhbGciOiJFUzM4NCJ9.eyJ1c2VybmFtZSI6ImFsaWNlIn0.c2ln";
    for path in CHANGES {
        for (header, status, message) in [
            (format!("bearer {reader}"), 403, "this token has no write scope"),
            ("bearer nobody".to_owned(), 401, "invalid token"),
            // What has a dot is a JWT, and nobody has made this one.
            (format!("bearer {dotted}"), 401, "invalid token: the claim `iss` is missing"),
            (two.alice.clone(), 401, "invalid authorization header: it must be `bearer <token>`"),
        ] {
            let request = two.hub.request(Method::GET, path).header("authorization", &header);
            let answered = answer(request.send().await.unwrap()).await;
            assert_eq!(answered, (status, error(message)), "{path} {header}");
        }
    }
    assert_eq!(two.everything().await, before);
}

/// These routes change the caller's own repository.
#[tokio::test]
async fn only_the_callers_own_repository_changes() {
    let two = prepared().await;
    let bobs = two.hub.json("/api/flist/bob").await;
    let request = two.hub.request(Method::GET, "/api/flist/me/promote/alice/base/app");
    assert_eq!(request.bearer_auth(&two.alice).send().await.unwrap().status(), 200);
    assert_eq!(two.hub.json("/api/flist/bob").await, bobs);
    assert_eq!(two.hub.get("/alice/app.flist").await.status(), 200);
}

#[tokio::test]
async fn the_word_before_the_token_is_in_any_case() {
    let two = Two::start().await;
    for word in ["bearer", "Bearer", "BEARER"] {
        let header = format!("{word} {}", two.alice);
        let request = two.hub.request(Method::GET, "/api/flist/me");
        let answered = answer(request.header("authorization", header).send().await.unwrap()).await;
        let payload = json!({ "status": "success", "payload": { "username": "alice" } });
        assert_eq!(answered, (200, payload));
    }
}

/// Who wants to act for somebody else must not change what is their own.
#[tokio::test]
async fn acting_for_somebody_else_is_refused() {
    let two = prepared().await;
    let before = two.everything().await;
    for path in CHANGES {
        for cookie in ["active-user=bob;", "a=b; active-user=bob", "active-user=\"bob\""] {
            let request = two.hub.request(Method::GET, path).bearer_auth(&two.alice);
            let (status, body) =
                answer(request.header("cookie", cookie).send().await.unwrap()).await;
            assert_eq!((status, &body["status"]), (403, &json!("error")), "{path} {cookie}");
            assert!(body["message"].as_str().unwrap().contains("bob"), "{body}");
        }
    }
    assert_eq!(two.everything().await, before);
    let me = two.hub.request(Method::GET, "/api/flist/me").bearer_auth(&two.alice);
    let me = me.header("cookie", "active-user=alice; x=y").send().await.unwrap();
    assert_eq!(me.status(), 200);
}
