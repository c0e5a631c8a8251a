//! 0-hub's face: every route, every message, every error, in the words of 0-hub's clients.

mod bad_input;
mod downloads;
mod flist_file;
mod inspect;
mod links;
mod listings;
mod names;
mod readonly;
mod tags;
mod tokens;
mod upload_flist;

use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::files;
use crate::support::{TestHub, answer};

/// A hub with the users alice and bob, and their tokens.
pub(crate) struct Two {
    pub(crate) hub: TestHub,
    pub(crate) alice: String,
    pub(crate) bob: String,
}

impl Two {
    pub(crate) async fn start() -> Self {
        let hub = TestHub::start().await;
        let (alice, bob) = (hub.user("alice").await, hub.user("bob").await);
        Self { hub, alice, bob }
    }

    /// Alice has `base` and `extra`, bob has `app`.
    pub(crate) async fn with_flists() -> Self {
        let two = Self::start().await;
        two.upload(&two.alice, "base", b"base").await;
        two.upload(&two.alice, "extra", b"extra").await;
        two.upload(&two.bob, "app", b"app").await;
        two
    }

    /// Uploads a flist with one file, `file`, of that content.
    pub(crate) async fn upload(&self, token: &str, name: &str, content: &[u8]) {
        let archive = files(&[("file", content)]);
        let uploaded = self.hub.upload(token, &format!("{name}.tar"), &archive).await;
        assert_eq!(uploaded.status(), 200, "{name}");
    }

    /// What a request with a token is answered.
    pub(crate) async fn call(&self, method: Method, token: &str, path: &str) -> (u16, Value) {
        let request = self.hub.request(method, path).bearer_auth(token);
        answer(request.send().await.unwrap()).await
    }

    /// Changes something by a `GET` under `/api/flist/me`, as alice.
    pub(crate) async fn done(&self, path: &str) {
        let path = format!("/api/flist/me/{path}");
        let done = self.call(Method::GET, &self.alice, &path).await;
        assert_eq!(done, (200, json!({ "status": "success" })), "{path}");
    }

    /// Makes sure that a `GET` under `/api/flist/me`, as alice, is refused so, and changes nothing.
    pub(crate) async fn refused(&self, path: &str, status: u16, message: &str) {
        self.refused_by(Method::GET, path, status, message).await;
    }

    /// The same by another method.
    pub(crate) async fn refused_by(&self, method: Method, path: &str, status: u16, message: &str) {
        let before = self.everything().await;
        let path = format!("/api/flist/me/{path}");
        let refused = self.call(method, &self.alice, &path).await;
        assert_eq!(refused, (status, error(message)), "{path}");
        assert_eq!(self.everything().await, before, "{path}");
    }

    /// Every name with its revision and what it points at, and the members of every tag.
    pub(crate) async fn everything(&self) -> Value {
        let mut all = Vec::new();
        for repository in ["alice", "bob"] {
            let page = self.hub.json(&format!("/api/v1/flists/{repository}")).await;
            let listed = self.hub.json(&format!("/api/flist/{repository}")).await;
            for entry in listed.as_array().unwrap() {
                if entry["type"] == "tag" {
                    let tag = entry["name"].as_str().unwrap();
                    let path = format!("/api/flist/{repository}/tags/{tag}");
                    all.push(self.hub.json(&path).await);
                }
            }
            all.extend([page, listed]);
        }
        json!(all)
    }
}

/// 0-hub's envelope of an error.
pub(crate) fn error(message: &str) -> Value {
    json!({ "status": "error", "message": message })
}
