//! A pushing client for tests: makes the objects of an archive locally, and speaks the native API.

use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::BytesMut;
use flisthub_converter::{IngestOptions, ingest_archive};
use flisthub_storage::wire::{CHUNKS_TYPE, IDS_TYPE, read_ids, write_ids, write_record};
use flisthub_storage::{
    ChunkId, ChunkStore, Frame, MemoryStore, PutReport, Stat, StoreError, StoreStats,
};
use reqwest::{Method, Response};
use serde_json::json;

use crate::support::{TestHub, answer};

/// A store that remembers every frame it was given.
#[derive(Default)]
struct Recorder {
    inner: MemoryStore,
    frames: Mutex<BTreeMap<ChunkId, Frame>>,
}

impl ChunkStore for Recorder {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        self.inner.stat(ids)
    }
    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        self.inner.get_frames(ids)
    }
    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        let mut kept = self.frames.lock().unwrap();
        kept.extend(frames.iter().map(|frame| (frame.id(), frame.clone())));
        self.inner.put(frames)
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.inner.flush()
    }
    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.inner.stats()
    }
}

/// A flist that is ready to be pushed.
pub(crate) struct Local {
    pub(crate) flist: ChunkId,
    pub(crate) frames: BTreeMap<ChunkId, Frame>,
}

impl Local {
    pub(crate) fn of(archive: &[u8]) -> Self {
        let store = Recorder::default();
        let ingested = ingest_archive(archive, &store, &IngestOptions::default()).unwrap();
        Self { flist: ingested.flist, frames: store.frames.into_inner().unwrap() }
    }

    pub(crate) fn ids(&self) -> Vec<ChunkId> {
        self.frames.keys().copied().collect()
    }
}

/// Records of frames, as a body.
pub(crate) fn records<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> Vec<u8> {
    let mut body = BytesMut::new();
    for frame in frames {
        write_record(frame, &mut body);
    }
    body.to_vec()
}

/// An open upload session.
pub(crate) struct Pusher<'a> {
    hub: &'a TestHub,
    token: String,
    pub(crate) session: String,
}

impl<'a> Pusher<'a> {
    pub(crate) async fn open(hub: &'a TestHub, token: &str, repository: &str) -> Self {
        let request = hub
            .request(Method::POST, "/api/v1/sessions")
            .bearer_auth(token)
            .json(&json!({ "repository": repository }));
        let (status, body) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, 201, "{body}");
        let session = body["session"].as_str().unwrap().to_owned();
        Self { hub, token: token.to_owned(), session }
    }

    pub(crate) async fn post(&self, what: &str, kind: &str, body: Vec<u8>) -> Response {
        let path = format!("/api/v1/sessions/{}/{what}", self.session);
        let request = self.hub.request(Method::POST, &path).bearer_auth(&self.token);
        request.header("content-type", kind).body(body).send().await.unwrap()
    }

    pub(crate) async fn missing(&self, ids: &[ChunkId]) -> Vec<ChunkId> {
        let response = self.post("missing", IDS_TYPE, write_ids(ids).to_vec()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], IDS_TYPE);
        read_ids(&response.bytes().await.unwrap()).unwrap()
    }

    pub(crate) async fn send(&self, body: Vec<u8>) -> Response {
        self.post("chunks", CHUNKS_TYPE, body).await
    }

    pub(crate) async fn publish(&self, name: &str, flist: &str) -> Response {
        self.hub
            .request(Method::PUT, &format!("/api/v1/flists/{name}"))
            .bearer_auth(&self.token)
            .json(&json!({ "session": self.session, "flist": flist }))
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn close(&self) -> Response {
        let path = format!("/api/v1/sessions/{}", self.session);
        self.hub.request(Method::DELETE, &path).bearer_auth(&self.token).send().await.unwrap()
    }
}
