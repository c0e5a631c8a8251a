//! A registry of a few images in memory, that counts what it is asked for. The real one is in the tests of
//! the programs.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use flisthub_converter::image::Digest;
use flisthub_hub::config::Config;
use serde_json::json;
use tokio::sync::Semaphore;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The registry.
#[derive(Clone)]
pub(crate) struct Registry(Arc<Shared>);

struct Shared {
    address: SocketAddr,
    /// Documents and blobs by the last part of their path.
    held: Mutex<HashMap<String, Vec<u8>>>,
    /// Digests of the layers that were fetched.
    fetched: Mutex<Vec<String>>,
    /// Requests for a tag.
    looked_up: AtomicU64,
    /// User and password that it wants.
    password: Option<String>,
    /// One permit for each layer that may be given out.
    gate: Semaphore,
}

impl Registry {
    pub(crate) async fn start(password: Option<(&str, &str)>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let password = password.map(|(user, password)| {
            let pair = format!("{user}:{password}");
            format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair))
        });
        let this = Self(Arc::new(Shared {
            address: listener.local_addr().unwrap(),
            held: Mutex::default(),
            fetched: Mutex::default(),
            looked_up: AtomicU64::new(0),
            password,
            gate: Semaphore::new(1_000),
        }));
        let router = Router::new().fallback(answer).with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        this
    }

    /// A configuration that lets a hub connect here.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::default();
        let place = self.0.address.to_string();
        config.images.hosts = vec!["127.0.0.1".to_owned()];
        config.images.private_hosts = vec![place.clone()];
        config.images.plain_http_hosts = vec![place];
        config
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// The image `app` by its tag.
    pub(crate) fn image(&self, tag: &str) -> String {
        format!("{}/app:{tag}", self.0.address)
    }

    /// Makes an image of these archives; gives the digests of its layers.
    pub(crate) fn add(&self, tag: &str, layers: &[Vec<u8>]) -> Vec<String> {
        let mut held = self.0.held.lock().unwrap();
        let mut keep = |bytes: &[u8]| {
            let digest = Digest::of(bytes).to_string();
            held.insert(digest.clone(), bytes.to_vec());
            digest
        };
        let digests: Vec<String> = layers.iter().map(|layer| keep(layer)).collect();
        let config = json!({
            "os": "linux", "architecture": "amd64", "rootfs": { "type": "layers", "diff_ids": digests },
            "config": { "Entrypoint": ["/hello"], "Labels": { "a": "b" } },
        });
        let config = config.to_string();
        let layer = |(digest, layer): (&String, &Vec<u8>)| {
            json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest,
                "size": layer.len() })
        };
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": keep(config.as_bytes()), "size": config.len() },
            "layers": digests.iter().zip(layers).map(layer).collect::<Vec<_>>(),
        });
        let manifest = manifest.to_string();
        keep(manifest.as_bytes());
        held.insert(tag.to_owned(), manifest.into_bytes());
        digests
    }

    /// Loses a blob.
    pub(crate) fn forget(&self, digest: &str) {
        self.0.held.lock().unwrap().remove(digest);
    }

    /// Gives other bytes for a digest.
    pub(crate) fn damage(&self, digest: &str) {
        self.0.held.lock().unwrap().get_mut(digest).unwrap()[0] ^= 1;
    }

    /// The layers that were fetched since this was last asked, sorted.
    pub(crate) fn fetched(&self) -> Vec<String> {
        let mut fetched = std::mem::take(&mut *self.0.fetched.lock().unwrap());
        fetched.sort();
        fetched
    }

    /// How many requests came for a tag.
    pub(crate) fn looked_up(&self) -> u64 {
        self.0.looked_up.load(Ordering::SeqCst)
    }

    /// Gives out no layer until the guard is dropped.
    pub(crate) async fn hold(&self) -> impl Drop {
        self.0.gate.acquire_many(1_000).await.unwrap()
    }
}

async fn answer(State(registry): State<Registry>, request: Request) -> Response {
    let shared = &registry.0;
    let given = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap());
    if let Some(password) = &shared.password
        && given != Some(password)
    {
        let challenge = [(WWW_AUTHENTICATE, "Basic realm=\"test\"")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    }
    let path = request.uri().path();
    let (rest, key) = path.rsplit_once('/').unwrap();
    if !key.starts_with("sha256:") {
        shared.looked_up.fetch_add(1, Ordering::SeqCst);
    }
    let held = shared.held.lock().unwrap().get(key).cloned();
    let Some(bytes) = held else { return StatusCode::NOT_FOUND.into_response() };
    if rest.ends_with("/manifests") {
        return ([(CONTENT_TYPE, MANIFEST)], bytes).into_response();
    }
    // Configurations are no archives.
    if !bytes.starts_with(b"{") {
        let _pass = shared.gate.acquire().await.unwrap();
        shared.fetched.lock().unwrap().push(key.to_owned());
    }
    bytes.into_response()
}
