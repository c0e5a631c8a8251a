//! Repositories themselves: making them, and who may read them.

use flisthub_hub::auth::Visibility;
use flisthub_hub::config::{Config, Creators};
use serde_json::{Value, json};

use super::{admin, call, refusal, refused};
use crate::support::TestHub;

#[tokio::test]
async fn whoever_makes_a_repository_owns_it() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let bob = hub.user("bob").await;
    let wanted = json!({ "name": "team", "visibility": "private" });
    let (status, made) = call(&hub, &alice, "POST", "repositories", wanted).await;
    assert_eq!(
        (status, &made["visibility"], &made["level"]),
        (201, &json!("private"), &json!("owner"))
    );
    assert_eq!(call(&hub, &alice, "GET", "repositories/team", Value::Null).await, (200, made));
    // To others it is as if it were not there.
    for token in ["", &bob] {
        let unseen = refusal(&hub, token, "GET", "repositories/team", Value::Null).await;
        assert_eq!(unseen, refused(404, "not_found"));
    }
    let (_, listed) = call(&hub, &bob, "GET", "repositories", Value::Null).await;
    assert!(!listed.to_string().contains("team"), "{listed}");
    let me = call(&hub, &alice, "GET", "me", Value::Null).await.1;
    assert_eq!(me["repositories"], json!(["alice", "team"]));
}

#[tokio::test]
async fn a_taken_name_is_told_in_the_same_words() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let bob = hub.user("bob").await;
    for (name, visibility) in [("shown", "public"), ("hidden", "private")] {
        let wanted = json!({ "name": name, "visibility": visibility });
        assert_eq!(call(&hub, &alice, "POST", "repositories", wanted).await.0, 201);
    }
    let told = async |name: &str| {
        let (status, problem) =
            call(&hub, &bob, "POST", "repositories", json!({ "name": name })).await;
        assert_eq!((status, problem["code"].as_str()), (409, Some("name_taken")), "{name}");
        problem["detail"].as_str().unwrap().replace(name, "NAME")
    };
    let (shown, hidden, user) = (told("shown").await, told("hidden").await, told("alice").await);
    assert!(shown == hidden && hidden == user, "{shown} {hidden} {user}");
    for name in ["me", "api", "../x", ""] {
        let refusal = refusal(&hub, &bob, "POST", "repositories", json!({ "name": name })).await;
        assert_eq!(refusal, refused(400, "bad_name"), "{name}");
    }
}

#[tokio::test]
async fn the_operator_says_who_makes_repositories_and_what_they_are() {
    let mut config = Config::default();
    config.access.create_repositories = Creators::Admins;
    config.access.default_visibility = Visibility::Internal;
    let hub = TestHub::with(config).await;
    let admin = admin(&hub).await;
    let alice = hub.user("alice").await;
    let wanted = json!({ "name": "team" });
    let refusal = refusal(&hub, &alice, "POST", "repositories", wanted.clone()).await;
    assert_eq!(refusal, refused(403, "forbidden"));
    let (status, made) = call(&hub, &admin, "POST", "repositories", wanted).await;
    assert_eq!((status, &made["visibility"]), (201, &json!("internal")));
    // A user that an admin makes is of that sort as well.
    assert_eq!(call(&hub, &admin, "POST", "users", json!({ "name": "carol" })).await.0, 201);
    let (_, carol) = call(&hub, &alice, "GET", "repositories/carol", Value::Null).await;
    assert_eq!((&carol["visibility"], &carol["level"]), (&json!("internal"), &Value::Null));
    assert_eq!(call(&hub, "", "GET", "repositories/carol", Value::Null).await.0, 404);
}

#[tokio::test]
async fn visibility_is_the_owners_to_change_and_holds_at_once() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let bob = hub.user("bob").await;
    let sees =
        async |token: &str| call(&hub, token, "GET", "repositories/alice", Value::Null).await.0;
    assert_eq!((sees("").await, sees(&bob).await), (200, 200));
    for (visibility, anonymous, user) in
        [("internal", 404, 200), ("private", 404, 404), ("public", 200, 200)]
    {
        let change = json!({ "visibility": visibility });
        let (status, changed) = call(&hub, &alice, "PATCH", "repositories/alice", change).await;
        assert_eq!((status, &changed["visibility"]), (200, &json!(visibility)));
        assert_eq!((sees("").await, sees(&bob).await), (anonymous, user), "{visibility}");
        assert_eq!(sees(&alice).await, 200);
    }
    let change = json!({ "visibility": "private" });
    for (token, expected) in
        [("", refused(401, "unauthorized")), (&*bob, refused(403, "forbidden"))]
    {
        let refusal = refusal(&hub, token, "PATCH", "repositories/alice", change.clone()).await;
        assert_eq!(refusal, expected);
    }
    let secret = json!({ "visibility": "secret" });
    let refusal = refusal(&hub, &alice, "PATCH", "repositories/alice", secret).await;
    assert_eq!(refusal, refused(400, "bad_request"));
}
