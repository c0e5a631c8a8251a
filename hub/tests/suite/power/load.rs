//! What is done to the hub until the power fails, and what it has acknowledged: kept outside the disk.

use std::collections::BTreeSet;

use flisthub_storage::ChunkId;
use flisthub_storage::wire::{CHUNKS_TYPE, IDS_TYPE, read_ids, write_ids};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::random::Random;
use crate::archives::{files, noise};
use crate::push::{Local, records};
use crate::support::{FORM_TYPE, Field, client, form};

/// Lengths of files; the longest is several chunks.
const LENGTHS: [usize; 7] = [10, 3_000, 20_000, 90_000, 300_000, 900_000, 3_000_000];
/// Different contents of each length: few, so that flists share chunks across connections and rounds.
const CONTENTS: u64 = 30;
const NAMES: u64 = 5;

/// A name, and what it may point at; `None`: nothing.
#[derive(Debug, Default, Clone)]
pub(super) struct Pointer {
    pub(super) name: String,
    /// What the hub has acknowledged last.
    pub(super) settled: Option<ChunkId>,
    /// What was asked for since and not answered: at most one.
    pub(super) asked: Vec<Option<ChunkId>>,
}

/// One caller with names of its own.
pub(super) struct Caller {
    pub(super) names: Vec<Pointer>,
    /// Every object that it may have sent.
    pub(super) sent: BTreeSet<ChunkId>,
    /// How many changes the hub has acknowledged.
    pub(super) acknowledged: u64,
    random: Random,
    http: reqwest::Client,
    token: String,
}

/// What a request that did not succeed was told.
pub(super) struct Failed(pub(super) String);

impl Caller {
    pub(super) fn new(number: u64, token: &str, random: Random) -> Self {
        let name = |at| Pointer { name: format!("c{number}-{at}"), ..Pointer::default() };
        Self {
            names: (0..NAMES).map(name).collect(),
            sent: BTreeSet::new(),
            acknowledged: 0,
            random,
            http: client(),
            token: token.to_owned(),
        }
    }

    /// Changes names until `steps` are done or the hub fails.
    pub(super) async fn run(&mut self, url: &str, steps: u64) -> Result<(), Failed> {
        for _ in 0..steps {
            let at = usize::try_from(self.random.below(NAMES)).unwrap();
            let deletes = self.random.below(5) == 0 && self.names[at].settled.is_some();
            let local = (!deletes).then(|| self.archive());
            let flist = local.as_ref().map(|(_, local)| local.flist);
            self.names[at].asked = vec![flist];
            let name = self.names[at].name.clone();
            match local {
                None => self.delete(url, &name).await?,
                Some((archive, local)) => {
                    self.sent.extend(local.ids());
                    if self.random.coin() {
                        self.upload(url, &name, &archive, &local).await?;
                    } else {
                        self.push(url, &name, &local).await?;
                    }
                }
            }
            self.names[at].settled = flist;
            self.names[at].asked.clear();
            self.acknowledged += 1;
        }
        Ok(())
    }

    fn archive(&mut self) -> (Vec<u8>, Local) {
        let mut content = Vec::new();
        for at in 0..=self.random.below(5) {
            let length = LENGTHS[usize::try_from(self.random.below(7)).unwrap()];
            let bytes = noise(length, self.random.below(CONTENTS) + length as u64);
            content.push((format!("file-{at}"), bytes));
        }
        let listed: Vec<(&str, &[u8])> =
            content.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let archive = files(&listed);
        let local = Local::of(&archive);
        (archive, local)
    }

    fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url).bearer_auth(&self.token)
    }

    async fn delete(&self, url: &str, name: &str) -> Result<(), Failed> {
        let url = format!("{url}/api/v1/flists/alice/{name}");
        send(self.request(Method::DELETE, &url)).await.map(drop)
    }

    async fn upload(
        &self,
        url: &str,
        name: &str,
        archive: &[u8],
        local: &Local,
    ) -> Result<(), Failed> {
        let body = form(&[Field::file("file", &format!("{name}.tar"), archive)]);
        let request = self.request(Method::POST, &format!("{url}/api/flist/me/upload"));
        let answer = json(request.header("content-type", FORM_TYPE).body(body)).await?;
        assert_eq!(answer["payload"]["report"]["flist"], local.flist.to_string());
        Ok(())
    }

    async fn push(&self, url: &str, name: &str, local: &Local) -> Result<(), Failed> {
        let open = self.request(Method::POST, &format!("{url}/api/v1/sessions"));
        let opened = json(open.json(&json!({ "repository": "alice" }))).await?;
        let session = opened["session"].as_str().unwrap();
        let post = |what: &str, kind: &str, body: Vec<u8>| {
            let url = format!("{url}/api/v1/sessions/{session}/{what}");
            self.request(Method::POST, &url).header("content-type", kind).body(body)
        };
        let ids = write_ids(&local.ids()).to_vec();
        let missing = send(post("missing", IDS_TYPE, ids)).await?;
        let missing = read_ids(&missing).unwrap();
        let frames = missing.iter().map(|id| &local.frames[id]);
        send(post("chunks", CHUNKS_TYPE, records(frames))).await?;
        let publish = self.request(Method::PUT, &format!("{url}/api/v1/flists/alice/{name}"));
        let body = json!({ "session": session, "flist": local.flist.to_string() });
        send(publish.json(&body)).await.map(drop)
    }
}

async fn send(request: RequestBuilder) -> Result<Vec<u8>, Failed> {
    let failed = |error: reqwest::Error| Failed(format!("{error:?}"));
    let response = request.send().await.map_err(failed)?;
    let status = response.status();
    let body = response.bytes().await.map_err(failed)?;
    if status.is_success() {
        Ok(body.to_vec())
    } else {
        Err(Failed(format!("{status}: {}", String::from_utf8_lossy(&body))))
    }
}

async fn json(request: RequestBuilder) -> Result<Value, Failed> {
    Ok(serde_json::from_slice(&send(request).await?).unwrap())
}
