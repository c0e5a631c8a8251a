//! Bringing deleted names back.

use flisthub_hub::auth::{Expiry, Scope};
use flisthub_hub::catalog::Source;
use flisthub_hub::name::{FlistName, RepositoryName};
use flisthub_storage::ChunkId;
use reqwest::Method;
use serde_json::Value;

use crate::archives::files;
use crate::support::{START, TestHub, answer};

const PATH: &str = "/api/v1/flists/alice/base";

async fn upload(hub: &TestHub, token: &str, content: &[u8]) -> Value {
    let (status, body) =
        answer(hub.upload(token, "base.tar", &files(&[("a", content)])).await).await;
    assert_eq!(status, 200, "{body}");
    body["payload"]["report"]["flist"].clone()
}

async fn delete(hub: &TestHub, token: &str) {
    let deleted = hub.request(Method::DELETE, PATH).bearer_auth(token).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
}

async fn undelete(hub: &TestHub, token: &str, path: &str) -> (u16, Value) {
    let path = format!("{path}/undelete");
    answer(hub.request(Method::POST, &path).bearer_auth(token).send().await.unwrap()).await
}

#[tokio::test]
async fn a_deleted_name_comes_back_as_it_was() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    upload(&hub, &token, b"one").await;
    let two = upload(&hub, &token, b"two").await;
    let before = hub.json(PATH).await;
    delete(&hub, &token).await;
    hub.clock.forward(5);
    let (status, info) = undelete(&hub, &token, PATH).await;
    assert_eq!((status, &info["flist"], &info["updated"]), (201, &two, &(START + 5).into()));
    let mut expected = before;
    expected["updated"] = (START + 5).into();
    expected["revision"] = 4.into();
    assert_eq!(hub.json(PATH).await, expected);
    assert_eq!(hub.get("/alice/base.flist").await.status(), 200);

    let catalog = &hub.hub.catalog;
    let alice = catalog.repository(&RepositoryName::parse("alice").unwrap()).await.unwrap();
    let base = FlistName::parse("base").unwrap();
    let history = catalog.history(alice.unwrap().id, &base, None, 100).await.unwrap();
    let last = &history[0];
    assert_eq!(last.source, Source::Undelete);
    assert_eq!(
        (last.happened, last.flist.map(|id| id.to_string())),
        (START + 5, two.as_str().map(str::to_owned))
    );
    let sources: Vec<&str> = history.iter().map(|row| row.source.word()).collect();
    assert_eq!(sources, ["undelete", "delete", "upload", "upload"]);
}

#[tokio::test]
async fn a_name_that_is_there_or_never_was_is_refused() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    assert_eq!(undelete(&hub, &token, PATH).await.1["code"], "not_found");
    upload(&hub, &token, b"one").await;
    let (status, problem) = undelete(&hub, &token, PATH).await;
    assert_eq!((status, &problem["code"]), (409, &"conflict".into()));
    delete(&hub, &token).await;
    let two = upload(&hub, &token, b"two").await;
    assert_eq!(undelete(&hub, &token, PATH).await.0, 409, "made again");
    assert_eq!(hub.json(PATH).await["flist"], two);
    for path in ["/api/v1/flists/alice/no%2Fname", "/api/v1/flists/nobody/base"] {
        let (status, _) = undelete(&hub, &token, path).await;
        assert!((400..=404).contains(&status), "{path}: {status}");
    }
}

#[tokio::test]
async fn only_who_may_write_undeletes() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let other = hub.user("bob").await;
    let reader = hub.token("alice", Scope::Read, Expiry::Never).await;
    upload(&hub, &token, b"one").await;
    delete(&hub, &token).await;
    assert_eq!(undelete(&hub, &other, PATH).await.0, 403);
    assert_eq!(undelete(&hub, &reader, PATH).await.0, 403);
    let anonymous = hub.request(Method::POST, &format!("{PATH}/undelete")).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
    assert_eq!(hub.get(PATH).await.status(), 404);
    assert_eq!(undelete(&hub, &token, PATH).await.0, 201);
}

#[tokio::test]
async fn what_a_sweep_has_taken_does_not_come_back() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let flist = upload(&hub, &token, b"one").await;
    delete(&hub, &token).await;
    let manifest: ChunkId = flist.as_str().unwrap().parse().unwrap();
    hub.hub.store.remove(&[manifest], START + 1).unwrap();
    let (status, problem) = undelete(&hub, &token, PATH).await;
    assert_eq!((status, &problem["code"]), (410, &"swept".into()), "{problem}");
    assert_eq!(hub.get(PATH).await.status(), 404);
    // Sent again, it is whole again.
    upload(&hub, &token, b"one").await;
    delete(&hub, &token).await;
    assert_eq!(undelete(&hub, &token, PATH).await.0, 201);
}
