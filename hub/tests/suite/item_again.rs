//! What an item is composed from changes while it is composed: it is composed again, and in the end it is of what is true.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flisthub_hub::catalog::{Actor, RepositoryRow};
use flisthub_hub::name::RepositoryName;
use flisthub_storage::Kind;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::archives::files;
use crate::support::{START, TestHub, answer};

/// Read whenever an item is composed, and otherwise only once for its checksum.
const README: &[u8] = b"# Flood\n";

struct Stage {
    hub: TestHub,
    token: String,
    alice: RepositoryRow,
    /// How often the readme was read.
    read: Arc<AtomicUsize>,
}

impl Stage {
    async fn new() -> Self {
        let hub = TestHub::start().await;
        let token = hub.user("alice").await;
        let alice = RepositoryName::parse("alice").unwrap();
        let alice = hub.hub.catalog.repository(&alice).await.unwrap().unwrap();
        Self { hub, token, alice, read: Arc::default() }
    }

    /// From now on the repository is in the next one of these collections each time that an item is composed, when what
    /// it is made of has been asked for already.
    fn changing(&self, turns: &[&str]) {
        self.read.store(0, Ordering::SeqCst);
        let (runtime, catalog) = (Handle::current(), self.hub.hub.catalog.clone());
        let (alice, read) = (self.alice.clone(), Arc::clone(&self.read));
        let turns: Vec<String> = turns.iter().map(|&turn| turn.to_owned()).collect();
        let act = move || {
            let turn = read.fetch_add(1, Ordering::SeqCst);
            if let Some(category) = turns.get(turn) {
                let categories = [category.clone()];
                let by = Actor::operator();
                let set = catalog.set_repository_categories(&alice, &categories, &by, START);
                runtime.block_on(set).unwrap();
            }
        };
        let readme = Kind::Content.id_of(README);
        *self.hub.store.on_read.lock().unwrap() = Some((readme, Arc::new(act)));
    }

    /// Whether an item was composed since then so often, or more.
    fn composed(&self, times: usize) -> bool {
        self.read.load(Ordering::SeqCst) >= times
    }

    async fn upload(&self, more: &[u8]) -> (u16, Value) {
        let archive = files(&[("README.md", README), ("more", more)]);
        answer(self.hub.upload(&self.token, "scene.tar", &archive).await).await
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = self.hub.request(method, &format!("/api/v1/flists/alice/{path}"));
        answer(request.bearer_auth(&self.token).json(&body).send().await.unwrap()).await
    }

    /// The collections that a name is in, as they are searched.
    async fn collections(&self, name: &str) -> Vec<String> {
        let found = self.hub.hub.catalog.items_of(self.alice.id, name).await.unwrap();
        found.into_iter().map(|item| item.collection).collect()
    }
}

#[tokio::test]
async fn an_item_is_composed_again_if_what_it_is_made_of_has_changed() {
    let stage = Stage::new().await;
    let license = json!({ "metadata": { "license": "MIT" } });
    stage.changing(&["processor"]);
    let (status, answered) = stage.upload(b"one").await;
    assert!(status == 200 && stage.composed(2), "{answered}");
    let item = &answered["payload"]["report"]["item"];
    assert_eq!(item, &json!({ "collections": ["processor"], "warnings": [] }));
    assert_eq!(stage.collections("scene").await, ["processor"]);
    stage.changing(&["ai-model", "dashboard"]);
    let (status, answered) = stage.send(Method::PUT, "scene/metadata", license).await;
    assert!(status == 200 && stage.composed(3), "{answered}");
    assert_eq!(answered["collections"], json!(["dashboard"]), "{answered}");
    stage.changing(&["dataset"]);
    let (status, answered) = stage.send(Method::POST, "scene/rename", json!({"to": "new"})).await;
    assert!(status == 200 && stage.composed(2), "{answered}");
    assert_eq!(stage.collections("new").await, ["dataset"]);
    assert_eq!(stage.collections("scene").await, [""; 0]);
}

#[tokio::test]
async fn nothing_changes_where_an_item_is_never_of_what_is_true() {
    let stage = Stage::new().await;
    assert_eq!(stage.upload(b"one").await.0, 200);
    let before = stage.hub.json("/api/v1/flists/alice/scene").await;
    // Each time another one.
    let turns: Vec<String> = (0..100).map(|turn| format!("turn{turn}")).collect();
    stage.changing(&turns.iter().map(String::as_str).collect::<Vec<_>>());
    let license = json!({ "metadata": { "license": "MIT" } });
    let tries = [
        stage.upload(b"two").await,
        stage.send(Method::PUT, "scene/metadata", license).await,
        stage.send(Method::POST, "scene/rename", json!({"to": "new"})).await,
    ];
    for (status, answered) in tries {
        assert_eq!(status, 503, "{answered}");
        assert!(answered.to_string().contains("changes all the time"), "{answered}");
    }
    assert_eq!(stage.hub.json("/api/v1/flists/alice/scene").await, before);
    let metadata = stage.hub.json("/api/v1/flists/alice/scene/metadata").await;
    assert_eq!(metadata["metadata"], json!({}));
    assert_eq!(stage.hub.get("/api/v1/flists/alice/new").await.status(), 404);
}
