//! Two tenants. Most attacks are made twice: in a hub where alice has a private repository with a secret, and in
//! one where nobody has that. Whatever mallory hears must be the same in both, to the last byte; so she learns
//! nothing, not even whether the secret is there.

use std::collections::BTreeMap;

use flisthub_storage::wire::{CHUNKS_TYPE, IDS_TYPE, read_ids, write_ids};
use flisthub_storage::{ChunkId, Frame};
use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::{files, noise};
use crate::push::{Local, Pusher, records};
use crate::support::TestHub;

/// A name that is in the secret and nowhere else.
pub(super) const SECRET_NAME: &str = "payroll-2026";

/// What alice has.
pub(super) fn secret_archive() -> Vec<u8> {
    let (large, small) = (noise(900_000, 11), noise(5_000, 12));
    files(&[
        (&format!("books/{SECRET_NAME}"), &large),
        ("books/notes/one", &small),
        ("books/notes/two", b"nobody else's business"),
    ])
}

/// An answer, without what is another one each time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    pub(super) what: String,
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) body: Value,
}

/// A hub with two tenants.
pub(super) struct Tenants {
    pub(super) hub: TestHub,
    pub(super) alice: String,
    pub(super) mallory: String,
    /// What alice has, or would have.
    pub(super) secret: Local,
    /// Whether alice has it.
    pub(super) there: bool,
    pub(super) heard: Vec<Heard>,
}

impl Tenants {
    /// With the secret in a private repository, or without it.
    pub(super) async fn new(with_secret: bool) -> Self {
        Self::at(TestHub::start().await, with_secret).await
    }

    pub(super) async fn at(hub: TestHub, with_secret: bool) -> Self {
        let (alice, mallory) = (hub.user("alice").await, hub.user("mallory").await);
        let secret = Local::of(&secret_archive());
        let there = with_secret;
        let this = Self { hub, alice, mallory, secret, there, heard: Vec::new() };
        this.set_visibility("private").await;
        if with_secret {
            let uploaded = this.hub.upload(&this.alice, "secret.tar", &secret_archive()).await;
            assert_eq!(uploaded.status(), 200);
        }
        this
    }

    pub(super) async fn set_visibility(&self, visibility: &str) {
        let body = json!({ "visibility": visibility });
        let path = "/api/v1/repositories/alice";
        let (status, said) = self.ask(&self.alice, Method::PATCH, path, Some(body)).await;
        assert_eq!(status, 200, "{said}");
    }

    /// Makes somebody a member of alice's repository, or unmakes them.
    pub(super) async fn member(&self, user: &str, level: Option<&str>) {
        let path = format!("/api/v1/repositories/alice/members/{user}");
        let (method, body) = match level {
            Some(level) => (Method::PUT, Some(json!({ "level": level }))),
            None => (Method::DELETE, None),
        };
        let (status, said) = self.ask(&self.alice, method, &path, body).await;
        assert!(status < 300, "{said}");
    }

    pub(super) async fn ask(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let mut request = self.hub.request(method, path).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, read(&response.bytes().await.unwrap()))
    }

    /// Whatever mallory is told goes into what is compared.
    pub(super) async fn hear(&mut self, what: &str, response: reqwest::Response) -> u16 {
        let status = response.status().as_u16();
        let etag = response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
        let mut body = read(&response.bytes().await.unwrap());
        level(&mut body);
        self.heard.push(Heard { what: what.to_owned(), status, etag, body });
        status
    }

    /// Mallory asks.
    pub(super) async fn mallory(&mut self, method: Method, path: &str, body: Option<Value>) -> u16 {
        let mut request = self.hub.request(method.clone(), path).bearer_auth(&self.mallory);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        self.hear(&format!("{method} {path}"), response).await
    }

    /// Mallory sends these objects in a session of hers, and publishes.
    pub(super) async fn mallory_publishes<'a>(
        &mut self,
        name: &str,
        frames: impl IntoIterator<Item = &'a Frame>,
        flist: ChunkId,
    ) -> u16 {
        let mallory = self.mallory.clone();
        let (sent, published) = {
            let push = Pusher::open(&self.hub, &mallory, "mallory").await;
            let sent = push.send(records(frames)).await;
            (sent, push.publish(&format!("mallory/{name}"), &flist.to_string()).await)
        };
        self.hear("send", sent).await;
        self.hear("publish", published).await
    }

    /// Which of these the hub says mallory lacks.
    pub(super) async fn mallory_lacks(&mut self, ids: &[ChunkId]) -> Vec<ChunkId> {
        let mallory = self.mallory.clone();
        let response = {
            let push = Pusher::open(&self.hub, &mallory, "mallory").await;
            push.post("missing", IDS_TYPE, write_ids(ids).to_vec()).await
        };
        assert_eq!(response.status(), 200);
        let missing = read_ids(&response.bytes().await.unwrap()).unwrap();
        let said = missing.iter().map(ToString::to_string).collect();
        self.heard.push(Heard { what: "missing".to_owned(), status: 200, etag: None, body: said });
        missing
    }

    /// Asks for chunks by a repository.
    pub(super) async fn chunks(&self, token: &str, repository: &str, ids: &[ChunkId]) -> u16 {
        let path = format!("/api/v1/repositories/{repository}/chunks");
        let request = self.hub.request(Method::POST, &path).bearer_auth(token);
        let request = request.header("content-type", IDS_TYPE).body(write_ids(ids).to_vec());
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        if status == 200 {
            assert_eq!(response.headers()["content-type"], CHUNKS_TYPE);
        }
        status
    }

    /// The ids of the secret's content, and those of its other objects, the manifest among them.
    pub(super) fn secret_ids(&self) -> (Vec<ChunkId>, Vec<ChunkId>) {
        let kinds: BTreeMap<ChunkId, bool> = self
            .secret
            .frames
            .iter()
            .map(|(id, frame)| (*id, frame.kind() == flisthub_storage::Kind::Content))
            .collect();
        let (content, other): (Vec<_>, Vec<_>) =
            kinds.into_iter().partition(|(_, content)| *content);
        let ids = |of: Vec<(ChunkId, bool)>| of.into_iter().map(|(id, _)| id).collect();
        (ids(content), ids(other))
    }
}

/// JSON, or text, or how many bytes it was and what they hash to.
fn read(bytes: &[u8]) -> Value {
    if let Ok(value) = serde_json::from_slice(bytes) {
        return value;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(_) => json!([bytes.len(), blake3::hash(bytes).to_hex().as_str()]),
    }
}

/// Takes out what is random or takes time.
fn level(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for key in ["session", "seconds", "id", "token", "request"] {
                map.remove(key);
            }
            map.values_mut().for_each(level);
        }
        Value::Array(items) => items.iter_mut().for_each(level),
        _ => {}
    }
}

/// Makes an attack in a hub with the secret and in one without; mallory must hear the same. Gives the hub with the
/// secret, for what else is to be seen there.
pub(super) async fn twice(attack: impl AsyncFn(&mut Tenants)) -> Tenants {
    let mut with = Tenants::new(true).await;
    let mut without = Tenants::new(false).await;
    attack(&mut with).await;
    attack(&mut without).await;
    assert!(!with.heard.is_empty());
    for (with, without) in with.heard.iter().zip(&without.heard) {
        assert_eq!(with, without, "mallory hears whether it is there");
        assert!(!with.body.to_string().contains(SECRET_NAME), "{with:?}");
    }
    assert_eq!(with.heard.len(), without.heard.len());
    with
}
