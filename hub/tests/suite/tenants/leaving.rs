//! Rights that end: members who are removed, repositories that become private, tokens that are narrow.

use flisthub_hub::auth::{Scope, Token, TokenKind};
use flisthub_hub::catalog::{Actor, NewToken};
use flisthub_hub::name::RepositoryName;
use flisthub_storage::ChunkId;
use reqwest::Method;
use serde_json::json;

use super::stage::Tenants;
use crate::archives::files;
use crate::push::{Local, Pusher, records};
use crate::support::START;

#[tokio::test]
async fn who_is_removed_reads_no_chunk_any_more() {
    let tenants = Tenants::new(true).await;
    let ids: Vec<ChunkId> = tenants.secret.frames.keys().copied().collect();
    let mallory = tenants.mallory.as_str();
    for repository in ["alice", "mallory"] {
        assert_eq!(tenants.chunks(mallory, repository, &ids).await, 404, "{repository}");
    }
    tenants.member("mallory", Some("guest")).await;
    assert_eq!(tenants.chunks(mallory, "alice", &ids).await, 403);
    assert_eq!(tenants.chunks(mallory, "mallory", &ids).await, 404);
    tenants.member("mallory", Some("reader")).await;
    assert_eq!(tenants.chunks(mallory, "alice", &ids).await, 200);
    // The other repository does not hold them, but somebody whom mallory may read does.
    let held = Pusher::open(&tenants.hub, mallory, "mallory").await.missing(&ids).await;
    assert_eq!(held, []);
    tenants.member("mallory", None).await;
    for repository in ["alice", "mallory"] {
        assert_eq!(tenants.chunks(mallory, repository, &ids).await, 404, "{repository}");
    }
    let missing = Pusher::open(&tenants.hub, mallory, "mallory").await.missing(&ids).await;
    assert_eq!(missing, ids);
}

#[tokio::test]
async fn a_session_that_was_opened_before_is_of_no_use_after() {
    let tenants = Tenants::new(true).await;
    tenants.member("mallory", Some("contributor")).await;
    let push = Pusher::open(&tenants.hub, &tenants.mallory, "alice").await;
    let ids: Vec<ChunkId> = tenants.secret.frames.keys().copied().collect();
    assert_eq!(push.missing(&ids).await, []);
    let more = Local::of(&files(&[("by", b"mallory")]));
    assert_eq!(push.send(records(more.frames.values())).await.status(), 200);
    // She keeps another session, into her own repository, that she was told of the ids in.
    let own = Pusher::open(&tenants.hub, &tenants.mallory, "mallory").await;
    assert_eq!(own.missing(&ids).await, []);
    tenants.member("mallory", None).await;
    let asked = push.post("missing", "application/vnd.flisthub.ids", Vec::new()).await;
    assert_eq!(asked.status(), 404);
    assert_eq!(push.send(records(more.frames.values())).await.status(), 404);
    let published = push.publish("alice/gift", &more.flist.to_string()).await;
    assert_eq!(published.status(), 404);
    assert_eq!(push.close().await.status(), 404);
    // Having been told that they are there is nothing that lasts.
    assert_eq!(own.missing(&ids).await, ids);
    let stolen = own.publish("mallory/stolen", &tenants.secret.flist.to_string()).await;
    assert_eq!(stolen.status(), 409);
}

#[tokio::test]
async fn what_was_promoted_while_one_might_stays_and_no_more() {
    let tenants = Tenants::new(true).await;
    let body = |from: &str| Some(json!({ "from": from }));
    tenants.member("mallory", Some("reader")).await;
    let path = "/api/v1/flists/mallory/copy/promote";
    let promoted = tenants.ask(&tenants.mallory, Method::POST, path, body("alice/secret")).await;
    assert_eq!(promoted.0, 201, "{promoted:?}");
    // What comes after she is out is not hers.
    tenants.member("mallory", None).await;
    let later = files(&[("later", b"after mallory left")]);
    assert_eq!(tenants.hub.upload(&tenants.alice, "secret.tar", &later).await.status(), 200);
    let (had, later): (Vec<ChunkId>, _) =
        (tenants.secret.frames.keys().copied().collect(), Local::of(&later).ids());
    assert_eq!(tenants.chunks(&tenants.mallory, "mallory", &had).await, 200);
    assert_eq!(tenants.chunks(&tenants.mallory, "mallory", &later).await, 404);
    let again = tenants.ask(&tenants.mallory, Method::POST, path, body("alice/secret")).await;
    assert_eq!(again.0, 404, "{again:?}");
}

#[tokio::test]
async fn a_repository_that_becomes_private_is_closed_at_once() {
    let tenants = Tenants::new(true).await;
    let ids: Vec<ChunkId> = tenants.secret.frames.keys().copied().collect();
    tenants.set_visibility("public").await;
    let anonymous = "/api/v1/flists/alice/secret";
    assert_eq!(tenants.hub.get(anonymous).await.status(), 200);
    assert_eq!(tenants.chunks(&tenants.mallory, "alice", &ids).await, 200);
    tenants.set_visibility("internal").await;
    assert_eq!(tenants.hub.get(anonymous).await.status(), 404);
    assert_eq!(tenants.chunks(&tenants.mallory, "alice", &ids).await, 200);
    tenants.set_visibility("private").await;
    assert_eq!(tenants.chunks(&tenants.mallory, "alice", &ids).await, 404);
    assert_eq!(tenants.chunks(&tenants.mallory, "mallory", &ids).await, 404);
}

#[tokio::test]
async fn a_deleted_name_leaves_its_content_to_its_repository() {
    let tenants = Tenants::new(true).await;
    let ids: Vec<ChunkId> = tenants.secret.frames.keys().copied().collect();
    let path = "/api/v1/flists/alice/secret";
    assert_eq!(tenants.ask(&tenants.alice, Method::DELETE, path, None).await.0, 204);
    assert_eq!(tenants.chunks(&tenants.alice, "alice", &ids).await, 200);
    assert_eq!(tenants.chunks(&tenants.mallory, "alice", &ids).await, 404);
    assert_eq!(tenants.chunks(&tenants.mallory, "mallory", &ids).await, 404);
}

#[tokio::test]
async fn a_narrow_token_reaches_no_content_of_other_repositories() {
    let tenants = Tenants::new(true).await;
    let (status, _) = tenants
        .ask(&tenants.alice, Method::POST, "/api/v1/repositories", Some(json!({ "name": "other" })))
        .await;
    assert_eq!(status, 201);
    let catalog = &tenants.hub.hub.catalog;
    let other =
        catalog.repository(&RepositoryName::parse("other").unwrap()).await.unwrap().unwrap();
    let token = Token::random().unwrap();
    let new = NewToken {
        user_id: other.creator_id,
        hash: token.hash(),
        kind: TokenKind::Api,
        label: String::new(),
        scope: Scope::Write,
        only: Some(vec![other.id]),
        expires: None,
    };
    catalog.create_token(&new, &Actor::operator(), START).await.unwrap();
    let narrow = token.reveal();
    let ids: Vec<ChunkId> = tenants.secret.frames.keys().copied().collect();
    assert_eq!(Pusher::open(&tenants.hub, narrow, "other").await.missing(&ids).await, ids);
    assert_eq!(tenants.chunks(narrow, "other", &ids).await, 404);
    let (_, me) = tenants.ask(narrow, Method::GET, "/api/v1/me", None).await;
    assert!(!me["repositories"].to_string().contains("alice"), "{me}");
    // The wide one of the same user may.
    let wide = Pusher::open(&tenants.hub, &tenants.alice, "other").await;
    assert_eq!(wide.missing(&ids).await, []);
}
