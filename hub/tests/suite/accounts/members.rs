//! The members of repositories.

use serde_json::{Value, json};

use super::{call, refusal, refused};
use crate::support::{START, TestHub};

async fn team(hub: &TestHub) -> (String, String) {
    let alice = hub.user("alice").await;
    let bob = hub.user("bob").await;
    let wanted = json!({ "name": "team", "visibility": "private" });
    assert_eq!(call(hub, &alice, "POST", "repositories", wanted).await.0, 201);
    (alice, bob)
}

async fn set(hub: &TestHub, by: &str, user: &str, level: &str) -> u16 {
    let path = format!("repositories/team/members/{user}");
    call(hub, by, "PUT", &path, json!({ "level": level })).await.0
}

#[tokio::test]
async fn a_member_is_what_an_owner_says_at_once() {
    let hub = TestHub::start().await;
    let (alice, bob) = team(&hub).await;
    let sees = async || call(&hub, &bob, "GET", "repositories/team", Value::Null).await;
    assert_eq!(sees().await.0, 404);
    for level in ["guest", "reader", "contributor", "owner", "reader"] {
        assert_eq!(set(&hub, &alice, "bob", level).await, 200);
        assert_eq!(sees().await.1["level"], json!(level));
        let manages = call(&hub, &bob, "GET", "repositories/team/members", Value::Null).await.0;
        assert_eq!(manages, if level == "owner" { 200 } else { 403 }, "{level}");
    }
    let (_, members) = call(&hub, &alice, "GET", "repositories/team/members", Value::Null).await;
    assert_eq!(
        members,
        json!({ "members": [
            { "user": "alice", "level": "owner", "added": START },
            { "user": "bob", "level": "reader", "added": START },
        ] })
    );
    let bobs = "repositories/team/members/bob";
    assert_eq!(call(&hub, &alice, "DELETE", bobs, Value::Null).await.0, 204);
    assert_eq!(sees().await.0, 404);
    let gone = refusal(&hub, &alice, "DELETE", bobs, Value::Null).await;
    assert_eq!(gone, refused(404, "not_found"));
}

#[tokio::test]
async fn the_last_owner_stays() {
    let hub = TestHub::start().await;
    let (alice, bob) = team(&hub).await;
    assert_eq!(set(&hub, &alice, "bob", "contributor").await, 200);
    assert_eq!(set(&hub, &alice, "alice", "contributor").await, 409);
    let own = "repositories/team/members/alice";
    let last = refusal(&hub, &alice, "DELETE", own, Value::Null).await;
    assert_eq!(last, refused(409, "conflict"));
    assert_eq!(set(&hub, &alice, "bob", "owner").await, 200);
    // Now another is left, and she may go by herself.
    assert_eq!(call(&hub, &alice, "DELETE", own, Value::Null).await.0, 204);
    assert_eq!(call(&hub, &alice, "GET", "repositories/team", Value::Null).await.0, 404);
    assert_eq!(call(&hub, &bob, "GET", "repositories/team/members", Value::Null).await.0, 200);
}

#[tokio::test]
async fn a_member_may_leave_and_removes_nobody_else() {
    let hub = TestHub::start().await;
    let (alice, bob) = team(&hub).await;
    let carol = hub.user("carol").await;
    assert_eq!(set(&hub, &alice, "bob", "guest").await, 200);
    assert_eq!(set(&hub, &alice, "carol", "contributor").await, 200);
    let read = json!({ "label": "", "scope": "read" });
    let read =
        call(&hub, &bob, "POST", "tokens", read).await.1["token"].as_str().unwrap().to_owned();
    let elsewhere = json!({ "label": "", "scope": "write", "repositories": ["alice"] });
    let elsewhere = call(&hub, &bob, "POST", "tokens", elsewhere).await.1;
    let elsewhere = elsewhere["token"].as_str().unwrap();
    let bobs = "repositories/team/members/bob";
    for (token, expected) in [
        (&*carol, refused(403, "forbidden")),
        (&read, refused(403, "forbidden")),
        (elsewhere, refused(404, "not_found")),
        ("", refused(401, "unauthorized")),
    ] {
        assert_eq!(refusal(&hub, token, "DELETE", bobs, Value::Null).await, expected);
    }
    assert_eq!(call(&hub, &bob, "DELETE", bobs, Value::Null).await.0, 204);
    assert_eq!(call(&hub, &bob, "GET", "repositories/team", Value::Null).await.0, 404);
    // Of a repository that all may see, who is no member cannot cease to be one.
    let none = refusal(&hub, &bob, "DELETE", "repositories/alice/members/bob", Value::Null).await;
    assert_eq!(none, refused(404, "not_found"));
}

#[tokio::test]
async fn only_users_become_members_and_only_at_a_level() {
    let hub = TestHub::start().await;
    let (alice, bob) = team(&hub).await;
    for (token, user, body, expected) in [
        (&alice, "nobody", json!({ "level": "reader" }), refused(404, "not_found")),
        (&alice, "..%2Fx", json!({ "level": "reader" }), refused(404, "not_found")),
        (&alice, "bob", json!({ "level": "admin" }), refused(400, "bad_request")),
        (&alice, "bob", json!({}), refused(400, "bad_request")),
        (&bob, "bob", json!({ "level": "owner" }), refused(404, "not_found")),
    ] {
        let path = format!("repositories/team/members/{user}");
        assert_eq!(refusal(&hub, token, "PUT", &path, body).await, expected, "{user}");
    }
}
