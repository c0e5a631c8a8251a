//! The membership index in a hub: what publishing, sweeping and rebuilding make of it, and what it lets
//! callers use.

use flisthub_flist::references;
use flisthub_hub::auth::{Expiry, Scope, Visibility};
use flisthub_hub::catalog::{Actor, RepositoryRow};
use flisthub_hub::name::RepositoryName;
use flisthub_hub::reindex::{self, InLog, Reindexed};
use flisthub_storage::wire::{IDS_TYPE, write_ids};
use flisthub_storage::{ChunkId, ChunkStore as _, Maintain as _, Membership as _};
use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::{files, noise};
use crate::push::{Local, Pusher, records};
use crate::support::{START, TestHub, answer};

/// Alice's repository is private; Bob's is not.
struct Two {
    hub: TestHub,
    alice: String,
    bob: String,
}

impl Two {
    async fn start() -> Self {
        let hub = TestHub::start().await;
        let (alice, bob) = (hub.user("alice").await, hub.user("bob").await);
        let two = Self { hub, alice, bob };
        two.show("alice", Visibility::Private).await;
        two
    }

    async fn row(&self, name: &str) -> RepositoryRow {
        let name = RepositoryName::parse(name).unwrap();
        self.hub.hub.catalog.repository(&name).await.unwrap().unwrap()
    }

    async fn owner(&self, name: &str) -> u64 {
        self.row(name).await.id.try_into().unwrap()
    }

    async fn show(&self, name: &str, visibility: Visibility) {
        let (row, by) = (self.row(name).await, Actor::operator());
        let catalog = &self.hub.hub.catalog;
        catalog.set_visibility(&row, visibility, &by, START).await.unwrap();
    }

    async fn upload(&self, token: &str, name: &str, archive: &[u8]) -> Value {
        let (status, body) = answer(self.hub.upload(token, name, archive).await).await;
        assert_eq!(status, 200, "{body}");
        self.hub.settled().await;
        body["payload"]["report"].clone()
    }

    async fn chunks(&self, token: &str, repository: &str, ids: &[ChunkId]) -> (u16, Value) {
        let path = format!("/api/v1/repositories/{repository}/chunks");
        let request = self.hub.request(Method::POST, &path).bearer_auth(token);
        let request = request.header("content-type", IDS_TYPE).body(write_ids(ids).to_vec());
        let response = request.send().await.unwrap();
        if response.status() == 200 { (200, Value::Null) } else { answer(response).await }
    }

    async fn promote(&self, token: &str, to: &str, from: &str, dry_run: bool) -> (u16, Value) {
        let path = format!("/api/v1/flists/{to}/promote");
        let request = self.hub.request(Method::POST, &path).bearer_auth(token);
        answer(request.json(&json!({ "from": from, "dry_run": dry_run })).send().await.unwrap())
            .await
    }

    /// All that a flist is made of.
    fn all_of(&self, flist: ChunkId) -> Vec<ChunkId> {
        let mut all = vec![];
        let mut stack = vec![flist];
        while let Some(id) = stack.pop() {
            if !all.contains(&id) {
                all.push(id);
                let object = self.hub.store.get(&[id]).unwrap().remove(0).unwrap();
                stack.extend(references(&object).unwrap().iter().map(|below| below.id));
            }
        }
        all
    }

    fn held(&self, owner: u64, ids: &[ChunkId]) -> usize {
        self.hub.store.held(owner, ids).unwrap().into_iter().filter(|held| *held).count()
    }
}

fn id(text: &Value) -> ChunkId {
    text.as_str().unwrap().parse().unwrap()
}

/// What an answer is, apart from its request's id and the ids in it.
fn shape(answer: &(u16, Value)) -> (u16, Value) {
    let (status, mut body) = answer.clone();
    for (_, value) in body.as_object_mut().into_iter().flatten() {
        if let Some(ids) = value.as_array() {
            *value = ids.len().into();
        }
    }
    body.as_object_mut().unwrap().remove("request_id");
    (status, body)
}

#[tokio::test]
async fn a_publish_enters_all_of_the_flist_for_its_repository_alone() {
    let two = Two::start().await;
    let archive = files(&[("etc/conf", b"secret"), ("large", &noise(1, 3 << 20))]);
    let flist = id(&two.upload(&two.alice, "base.tar", &archive).await["flist"]);
    let all = two.all_of(flist);
    let (alice, bob) = (two.owner("alice").await, two.owner("bob").await);
    assert_eq!((two.held(alice, &all), two.held(bob, &all)), (all.len(), 0));
    // The same again: nothing is new to Alice, and everything to Bob, who learns nothing.
    let again = two.upload(&two.alice, "again.tar", &archive).await;
    assert_eq!((&again["new_chunks"], &again["stored_bytes"]), (&0.into(), &0.into()));
    let first = two.upload(&two.bob, "mine.tar", &archive).await;
    assert_eq!(first["new_chunks"], first["chunks"], "{first}");
    assert_eq!(two.held(bob, &all), all.len());
}

#[tokio::test]
async fn what_is_in_a_private_repository_is_absent_to_others() {
    let two = Two::start().await;
    let secret = Local::of(&files(&[("etc/conf", b"secret")]));
    two.upload(&two.alice, "base.tar", &files(&[("etc/conf", b"secret")])).await;
    let ids = secret.ids();
    let nobodys: Vec<ChunkId> = Local::of(&files(&[("etc/conf", b"other!")])).ids();
    let refused = two.chunks(&two.bob, "bob", &ids).await;
    assert_eq!(shape(&refused), shape(&two.chunks(&two.bob, "bob", &nobodys).await));
    assert_eq!(refused.0, 404);
    let push = Pusher::open(&two.hub, &two.bob, "bob").await;
    assert_eq!(push.missing(&ids).await, ids);
    let often = ids.repeat(9);
    assert_eq!(push.missing(&often).await, ids, "each is looked for once");
    let named = answer(push.publish("bob/stolen", &secret.flist.to_string()).await).await;
    let absent = Local::of(&files(&[("etc/conf", b"other!")])).flist;
    let absent = answer(push.publish("bob/stolen", &absent.to_string()).await).await;
    assert_eq!((named.0, shape(&named)), (409, shape(&absent)));
    // Sent again it is his own, and nothing says that it was there.
    let (status, report) = answer(push.send(records(secret.frames.values())).await).await;
    assert_eq!((status, &report["known"]), (200, &0.into()), "{report}");
    assert_eq!(push.publish("bob/own", &secret.flist.to_string()).await.status(), 201);
    assert_eq!(two.hub.request(Method::GET, "/bob/own.flist").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn what_may_be_read_may_be_used_as_long_as_it_may_be_read() {
    let two = Two::start().await;
    let tree = files(&[("a", b"one"), ("d/b", b"two")]);
    let flist = id(&two.upload(&two.alice, "base.tar", &tree).await["flist"]);
    let all = two.all_of(flist);
    two.show("alice", Visibility::Internal).await;
    let push = Pusher::open(&two.hub, &two.bob, "bob").await;
    assert_eq!(push.missing(&all).await, []);
    assert_eq!(two.chunks(&two.bob, "bob", &all).await.0, 200);
    two.show("alice", Visibility::Private).await;
    assert_eq!(push.missing(&all).await, all);
    assert_eq!(two.chunks(&two.bob, "bob", &all).await.0, 404);
    let refused = push.publish("bob/late", &flist.to_string()).await;
    assert_eq!(refused.status(), 409, "it was not published while it could have been");
    two.show("alice", Visibility::Internal).await;
    assert_eq!(push.publish("bob/now", &flist.to_string()).await.status(), 201);
    two.show("alice", Visibility::Private).await;
    assert_eq!(two.chunks(&two.bob, "bob", &all).await.0, 200, "it is in Bob's own now");
}

#[tokio::test]
async fn a_promotion_enters_what_is_promoted_however_many_others_hold_it() {
    let two = Two::start().await;
    let tree = files(&[("a", b"one"), ("d/b", b"two")]);
    let flist = id(&two.upload(&two.bob, "base.tar", &tree).await["flist"]);
    let all = two.all_of(flist);
    let bob = two.owner("bob").await;
    // Many whom nobody knows hold it too, all of them before Bob.
    two.hub.store.clear_index().unwrap();
    for stranger in 1_000_000..1_000_100 {
        two.hub.store.hold(stranger, &all).unwrap();
    }
    two.hub.store.hold(i64::MAX as u64, &all).unwrap();
    two.hub.store.hold(bob, &all).unwrap();
    let alice = two.owner("alice").await;
    assert_eq!(two.promote(&two.alice, "alice/mine", "bob/base", true).await.0, 200);
    assert_eq!(two.held(alice, &all), 0, "a rehearsal changes nothing");
    assert_eq!(two.promote(&two.alice, "alice/mine", "bob/base", false).await.0, 201);
    assert_eq!(two.held(alice, &all), all.len());
}

#[tokio::test]
async fn an_index_that_is_lost_is_built_again_from_the_catalog() {
    let two = Two::start().await;
    let first = id(&two
        .upload(&two.alice, "one.tar", &files(&[("a", b"one"), ("d/b", b"b")]))
        .await["flist"]);
    let before = id(&two
        .upload(&two.bob, "two.tar", &files(&[("a", b"two"), ("d/b", b"b")]))
        .await["flist"]);
    let now = id(&two.upload(&two.bob, "two.tar", &files(&[("a", b"three")])).await["flist"]);
    let deleted = id(&two.upload(&two.bob, "gone.tar", &files(&[("a", b"four")])).await["flist"]);
    let path = "/api/v1/flists/bob/gone";
    let delete = two.hub.request(Method::DELETE, path).bearer_auth(&two.bob).send();
    assert_eq!(delete.await.unwrap().status(), 204);
    let mut all: Vec<ChunkId> =
        [first, before, now, deleted].iter().flat_map(|flist| two.all_of(*flist)).collect();
    all.sort_unstable();
    all.dedup();
    let holders = two.hub.store.holders(&all, 9).unwrap();
    assert_eq!(reindex::if_needed(&two.hub.hub, InLog).await.unwrap(), None);

    // As an older store is, or one whose rebuilding was interrupted after its first rows.
    two.hub.store.clear_index().unwrap();
    let (alice, bob) = (two.owner("alice").await, two.owner("bob").await);

    two.hub.store.hold(alice, &two.all_of(first)[1..]).unwrap();
    let built = reindex::if_needed(&two.hub.hub, InLog).await.unwrap().unwrap();
    assert_eq!((built.flists, built.broken), (4, 0));
    assert_eq!(two.hub.store.holders(&all, 9).unwrap(), holders);
    assert!(two.hub.store.index_complete().unwrap());

    // What an operator asks for forgets first what should not be there.
    two.hub.store.hold(bob, &two.all_of(first)).unwrap();
    let Reindexed { flists, rows, broken } = reindex::anew(&two.hub.hub, InLog).await.unwrap();
    assert_eq!((flists, broken), (4, 0));
    assert_eq!(rows, holders.iter().map(Vec::len).sum::<usize>() as u64);
    assert_eq!(two.hub.store.holders(&all, 9).unwrap(), holders);
}

#[tokio::test]
async fn an_index_is_built_also_where_something_is_lost() {
    let two = Two::start().await;
    let tree = files(&[("good/a", b"one"), ("bad/b", b"two")]);
    let flist = id(&two.upload(&two.alice, "one.tar", &tree).await["flist"]);
    let all = two.all_of(flist);
    let alice = two.owner("alice").await;
    // The directory that holds `b`.
    let b = flisthub_storage::Kind::Content.id_of(b"two");
    let bad = all.iter().find(|id| {
        let object = two.hub.store.get(&[**id]).unwrap().remove(0).unwrap();
        references(&object).unwrap().iter().any(|below| below.id == b)
    });
    let bad = *bad.unwrap();
    two.hub.store.remove(&[bad], u64::MAX).unwrap();
    let built = reindex::anew(&two.hub.hub, InLog).await.unwrap();
    assert_eq!((built.flists, built.broken), (1, 1));
    assert!(two.hub.store.index_complete().unwrap());
    assert_eq!(two.hub.store.held(alice, &[flist, bad, b]).unwrap(), [false; 3]);
    let a = flisthub_storage::Kind::Content.id_of(b"one");
    assert_eq!(two.hub.store.held(alice, &[a]).unwrap(), [true]);
}

#[tokio::test]
async fn what_was_swept_and_comes_back_is_only_theirs_who_bring_it() {
    let two = Two::start().await;
    let tree = files(&[("a", b"one"), ("d/b", b"two")]);
    let flist = id(&two.upload(&two.alice, "base.tar", &tree).await["flist"]);
    let all = two.all_of(flist);
    let delete =
        two.hub.request(Method::DELETE, "/api/v1/flists/alice/base").bearer_auth(&two.alice);
    assert_eq!(delete.send().await.unwrap().status(), 204);
    two.hub.clock.forward(3 * 86_400);
    two.hub.user("root").await;
    let admin = two.hub.token("root", Scope::Admin, Expiry::Never).await;
    let request = two.hub.request(Method::POST, "/api/v1/jobs").bearer_auth(&admin);
    let (_, job) = answer(request.json(&json!({ "kind": "sweep" })).send().await.unwrap()).await;
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    loop {
        let request = two.hub.request(Method::GET, &path).bearer_auth(&admin);
        let (_, job) = answer(request.send().await.unwrap()).await;
        if job["state"] == "succeeded" {
            break;
        }
        assert!(matches!(job["state"].as_str(), Some("queued" | "running")), "{job}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(two.hub.store.missing(&all).unwrap().len(), all.len());
    two.upload(&two.bob, "base.tar", &tree).await;
    let (alice, bob) = (two.owner("alice").await, two.owner("bob").await);
    assert_eq!((two.held(alice, &all), two.held(bob, &all)), (0, all.len()));
    two.show("bob", Visibility::Private).await;
    assert_eq!(two.chunks(&two.alice, "alice", &all).await.0, 404);
}
