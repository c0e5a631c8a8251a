//! `memberof` and the cookie `active-user`: user1, a member of userX, promotes user2's flist into userX, as in
//! 0-hub's README; and everybody who may not.

use std::process::Command;

use flisthub_hub::auth::{Expiry, Level, Scope};
use flisthub_hub::catalog::{Actor, AuditFilter, NewToken};
use flisthub_hub::name::RepositoryName;
use reqwest::Method;
use serde_json::{Value, json};

use super::{ISSUER, Issuing};
use crate::archives::files;
use crate::support::{START, TestHub, answer};

const PROMOTE: &str = "/api/flist/me/promote/user2/my-app-0.1.0/official-app-0.1.0";

/// user1, user2 with a flist, and userX.
async fn hub(issuing: &Issuing) -> TestHub {
    let hub = TestHub::with(issuing.config()).await;
    for user in ["user1", "userX"] {
        hub.user(user).await;
    }
    let user2 = hub.user("user2").await;
    let archive = files(&[("app", b"app")]);
    assert_eq!(hub.upload(&user2, "my-app-0.1.0.tar", &archive).await.status(), 200);
    hub
}

fn usual() -> Issuing {
    Issuing::with("ES384", "users = [\"user1\"]\nrepositories = [\"userX\"]")
}

/// What a `GET` with a bearer token and that cookie is answered.
async fn get(hub: &TestHub, path: &str, token: &str, cookie: &str) -> (u16, Value) {
    let request = hub.request(Method::GET, path).bearer_auth(token).header("cookie", cookie);
    answer(request.send().await.unwrap()).await
}

async fn repository(hub: &TestHub, name: &str) -> flisthub_hub::catalog::RepositoryRow {
    hub.hub.catalog.repository(&RepositoryName::parse(name).unwrap()).await.unwrap().unwrap()
}

/// The README's own line, typed as it stands there, but for the address.
#[tokio::test(flavor = "multi_thread")]
async fn the_curl_line_of_0_hubs_readme() {
    let issuing = usual();
    let hub = hub(&issuing).await;
    for (more, name) in [
        (json!({ "memberof": ["userX"] }), "claim"),
        (json!({ "scope": ["user:memberof:userX"] }), "scope"),
    ] {
        let jwt = issuing.jwt("user1", more);
        let line = format!(
            "curl -s -b \"active-user=userX;\" -H \"Authorization: bearer {jwt}\" \\\n    \"{}{PROMOTE}\"",
            hub.url
        );
        let done = tokio::task::spawn_blocking(move || {
            Command::new("sh").arg("-c").arg(line).output().unwrap()
        });
        let body: Value = serde_json::from_slice(&done.await.unwrap().stdout).unwrap();
        let (source, destination) = (&body["payload"]["source"], &body["payload"]["destination"]);
        assert_eq!(body["status"], "success", "{name}");
        assert_eq!(*source, json!({ "username": "user2", "filename": "my-app-0.1.0.flist" }));
        let official = json!({ "username": "userX", "filename": "official-app-0.1.0.flist" });
        assert_eq!(*destination, official);
        let names = ["user2/my-app-0.1.0.flist", "userX/official-app-0.1.0.flist"];
        assert_eq!(hub.names().await, json!(names), "{name}");
    }
    let log = hub.hub.catalog.audit(&AuditFilter::default(), None, 1).await.unwrap();
    assert_eq!(
        (log[0].actor.name.as_str(), log[0].subject.as_str()),
        ("user1", "userX/official-app-0.1.0")
    );
    assert_eq!(log[0].actor.credential, format!("jwt {ISSUER} id-1"));
}

/// Every route of one's own means the repository that is acted for.
#[tokio::test]
async fn me_is_the_repository_that_is_acted_for() {
    let issuing = usual();
    let hub = hub(&issuing).await;
    let jwt = issuing.jwt("user1", json!({ "memberof": "userX" }));
    let cookie = "a=b; active-user=\"userX\"; c=d";
    let me = async |path: &str| get(&hub, &format!("/api/flist/me{path}"), &jwt, cookie).await;
    assert_eq!(me("").await.1["payload"]["username"], "userX");
    assert_eq!(get(&hub, "/api/flist/me/", &jwt, cookie).await.1["payload"]["username"], "userX");
    let upload = hub.request(Method::POST, "/api/flist/me/upload").bearer_auth(&jwt);
    let archive = files(&[("base", b"base")]);
    let field = crate::support::Field::file("file", "base.tar", &archive);
    let upload = upload.header("cookie", cookie).header("content-type", crate::support::FORM_TYPE);
    assert_eq!(upload.body(crate::support::form(&[field])).send().await.unwrap().status(), 200);
    for path in [
        "/base",
        "/base/link/latest",
        "/app/crosslink/user2/my-app-0.1.0",
        "/v1/tool/tag/user2/my-app-0.1.0",
        "/stable/crosstag/userX/v1",
        "/latest/rename/newest",
        "/promote/user2/my-app-0.1.0/mine",
    ] {
        let (status, body) = me(path).await;
        assert_eq!(status, 200, "{path}: {body}");
    }
    let merge = hub.request(Method::POST, "/api/flist/me/merge/both").bearer_auth(&jwt);
    let merge = merge.header("cookie", cookie).json(&json!(["userX/base", "user2/my-app-0.1.0"]));
    assert_eq!(merge.send().await.unwrap().status(), 200);
    let delete = hub.request(Method::DELETE, "/api/flist/me/mine").bearer_auth(&jwt);
    assert_eq!(delete.header("cookie", cookie).send().await.unwrap().status(), 200);
    let names = ["app", "base", "both", "newest"].map(|name| format!("userX/{name}.flist"));
    let mut expected = vec!["user2/my-app-0.1.0.flist".to_owned()];
    expected.extend(names);
    expected.push("userX/stable".to_owned());
    assert_eq!(hub.names().await, json!(expected));
    // Without the cookie, or with the user's own name, it is the user's own.
    for cookie in ["x=y", "active-user=", "active-user=user1", "xactive-user=userX"] {
        let (_, body) = get(&hub, "/api/flist/me", &jwt, cookie).await;
        assert_eq!(body["payload"]["username"], "user1", "{cookie}");
    }
    // On others' routes it means nothing, nor on native ones.
    assert_eq!(get(&hub, "/api/flist/user2", &jwt, "active-user=nobody").await.0, 200);
    let (_, body) = get(&hub, "/api/v1/me", &jwt, cookie).await;
    assert_eq!((&body["user"], &body["acts_for"]), (&json!("user1"), &json!(null)));
}

/// The native routes name the repository themselves.
#[tokio::test]
async fn memberof_is_a_contributors_right_and_no_more() {
    let issuing = usual();
    let hub = hub(&issuing).await;
    let jwt = issuing.jwt("user1", json!({ "memberof": ["userX", "user2"] }));
    let promote = async |repository: &str| {
        let path = format!("/api/v1/flists/{repository}/official");
        let body = json!({ "from": "user2/my-app-0.1.0" });
        let request = hub.request(Method::POST, &format!("{path}/promote")).bearer_auth(&jwt);
        request.json(&body).send().await.unwrap().status().as_u16()
    };
    assert!([200, 201].contains(&promote("userX").await));
    // The issuer may say nothing of this one.
    assert_eq!(promote("user2").await, 403);
    let members = hub.request(Method::PUT, "/api/v1/repositories/userX/members/user1");
    let members = members.bearer_auth(&jwt).json(&json!({ "level": "owner" }));
    assert_eq!(members.send().await.unwrap().status(), 403);
    // It holds for this request; user1 has not become a member.
    let api = hub.token("user1", Scope::Write, Expiry::Never).await;
    assert_eq!(get(&hub, PROMOTE, &api, "active-user=userX").await.0, 403);
    let without = issuing.jwt("user1", json!({}));
    assert_eq!(get(&hub, PROMOTE, &without, "active-user=userX").await.0, 403);
    let (x, user1) = (repository(&hub, "userX").await, RepositoryName::parse("user1").unwrap());
    let user1 = hub.hub.catalog.user(&user1).await.unwrap().unwrap().user;
    assert_eq!(hub.hub.catalog.level(x.id, user1.id).await.unwrap(), None);
}

#[tokio::test]
async fn who_may_not_act_is_refused_and_nothing_changes() {
    let issuing = usual();
    let hub = hub(&issuing).await;
    let jwt = issuing.jwt("user1", json!({ "memberof": ["userX", "user2", "nobody"] }));
    let before = hub.names().await;
    for name in ["user2", "nobody", "userx", "..", "userX/../user2", "me"] {
        let (status, body) = get(&hub, PROMOTE, &jwt, &format!("active-user={name}")).await;
        assert_eq!((status, &body["status"]), (403, &json!("error")), "{name}");
        let (status, _) = get(&hub, "/api/flist/me", &jwt, &format!("active-user={name}")).await;
        assert_eq!(status, 403, "{name}");
    }
    // Without a valid token the cookie is worth nothing.
    let request = hub.request(Method::GET, PROMOTE).header("cookie", "active-user=userX");
    assert_eq!(request.send().await.unwrap().status(), 401);
    let expired = issuing.jwt("user1", json!({ "memberof": ["userX"], "exp": START - 60 }));
    assert_eq!(get(&hub, PROMOTE, &expired, "active-user=userX").await.0, 401);
    assert_eq!(hub.names().await, before);
}

/// What may not be known is refused in the same words as what is not there.
#[tokio::test]
async fn acting_tells_nothing_of_private_repositories() {
    use flisthub_hub::auth::Visibility;
    let issuing = usual();
    let hub = hub(&issuing).await;
    let x = repository(&hub, "userX").await;
    let by = Actor::operator();
    hub.hub.catalog.set_visibility(&x, Visibility::Private, &by, START).await.unwrap();
    let jwt = issuing.jwt("user1", json!({}));
    let said = async |name: &str| {
        let (status, body) = get(&hub, "/api/flist/me", &jwt, &format!("active-user={name}")).await;
        (status, body["message"].as_str().unwrap().replace(name, "NAME"))
    };
    assert_eq!(said("userX").await, said("userY").await);
    // A member of it by the issuer's word sees it, and may contribute.
    let member = issuing.jwt("user1", json!({ "memberof": ["userX"] }));
    assert_eq!(get(&hub, PROMOTE, &member, "active-user=userX").await.0, 200);
}

/// Tokens of the hub's own act for repositories in which their user is contributor or owner.
#[tokio::test]
async fn tokens_act_where_their_user_contributes() {
    let issuing = usual();
    let hub = hub(&issuing).await;
    let token = hub.token("user1", Scope::Write, Expiry::Never).await;
    let read = hub.token("user1", Scope::Read, Expiry::Never).await;
    let (catalog, by) = (&hub.hub.catalog, Actor::operator());
    let x = repository(&hub, "userX").await;
    let user1 = catalog.user(&RepositoryName::parse("user1").unwrap()).await.unwrap().unwrap().user;
    let limited = flisthub_hub::auth::Token::random().unwrap();
    let row = NewToken {
        user_id: user1.id,
        hash: limited.hash(),
        kind: flisthub_hub::auth::TokenKind::Api,
        label: String::new(),
        scope: Scope::Write,
        only: Some(vec![repository(&hub, "user1").await.id]),
        expires: None,
    };
    catalog.create_token(&row, &by, START).await.unwrap();
    for (level, acts) in [
        (None, false),
        (Some(Level::Guest), false),
        (Some(Level::Reader), false),
        (Some(Level::Contributor), true),
        (Some(Level::Owner), true),
    ] {
        if let Some(level) = level {
            catalog.set_repository_member(&x, &user1, level, &by, START).await.unwrap();
        }
        let expected = if acts { 200 } else { 403 };
        assert_eq!(
            get(&hub, "/api/flist/me", &token, "active-user=userX").await.0,
            expected,
            "{level:?}"
        );
        assert_eq!(get(&hub, PROMOTE, &token, "active-user=userX").await.0, expected, "{level:?}");
        // A token for reading may look, as in its user's own; one for other repositories may not.
        assert_eq!(
            get(&hub, "/api/flist/me", &read, "active-user=userX").await.0,
            expected,
            "{level:?}"
        );
        assert_eq!(get(&hub, PROMOTE, &read, "active-user=userX").await.0, 403, "{level:?}");
        let limited = get(&hub, "/api/flist/me", limited.reveal(), "active-user=userX").await.0;
        assert_eq!(limited, 403, "{level:?}");
    }
    catalog.remove_repository_member(&x, &user1, &by, START).await.unwrap();
    assert_eq!(get(&hub, PROMOTE, &token, "active-user=userX").await.0, 403);
    // An admin may write anywhere, and so act anywhere.
    let admin = hub.token("user1", Scope::Admin, Expiry::Never).await;
    assert_eq!(get(&hub, PROMOTE, &admin, "active-user=userX").await.0, 200);
    assert_eq!(get(&hub, PROMOTE, &admin, "active-user=nobody").await.0, 403);
}

#[tokio::test]
async fn a_group_is_made_on_first_use_where_that_is_configured() {
    let lines = "users = [\"*\"]\nrepositories = [\"team-*\"]\ncreate_users = ";
    for create in [false, true] {
        let issuing = Issuing::with("ES256", &format!("{lines}{create}"));
        let hub = hub(&issuing).await;
        let jwt = issuing.jwt("user1", json!({ "memberof": ["team-a", "team-b", "other"] }));
        let before = hub.json("/api/repositories").await.as_array().unwrap().len();
        assert_eq!(get(&hub, "/api/flist/me", &jwt, "").await.0, 200);
        assert_eq!(hub.json("/api/repositories").await.as_array().unwrap().len(), before);
        let expected = if create { 200 } else { 403 };
        assert_eq!(get(&hub, PROMOTE, &jwt, "active-user=team-a").await.0, expected);
        assert_eq!(get(&hub, PROMOTE, &jwt, "active-user=other").await.0, 403);
        let without = issuing.jwt("user1", json!({}));
        assert_eq!(get(&hub, PROMOTE, &without, "active-user=team-a").await.0, 403);
        assert_eq!(get(&hub, PROMOTE, &without, "active-user=team-b").await.0, 403);
        let after = hub.json("/api/repositories").await.as_array().unwrap().len();
        assert_eq!(after - before, usize::from(create));
    }
}
