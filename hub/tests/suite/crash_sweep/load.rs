//! What goes on in the hub while it is killed: several clients that push, upload, delete and undelete,
//! and an operator who sweeps and scrubs all the time.

use std::sync::Arc;
use std::time::Duration;

use flisthub_storage::ChunkId;
use flisthub_storage::wire::{CHUNKS_TYPE, IDS_TYPE, read_ids, write_ids};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::dice::Dice;
use super::ledger::Ledger;
use crate::archives::{files, noise};
use crate::push::{Local, records};
use crate::support::{FORM_TYPE, Field, client, form};

/// Names of each client.
const NAMES: usize = 3;
/// How often a client sends what is missing before it gives up.
const TRIES: usize = 5;

/// An archive, and its objects made here.
pub(super) struct Sample {
    pub(super) archive: Vec<u8>,
    pub(super) local: Local,
}

/// Archives that have much in common, so many that most are not in use at a time.
pub(super) fn samples() -> Vec<Sample> {
    let blobs: Vec<Vec<u8>> =
        (0..8_usize).map(|seed| noise(40 << seed, seed as u64 + 77)).collect();
    let names: Vec<String> = (0..8).map(|at| format!("directory-{}/file-{at}", at % 3)).collect();
    (0..200_u64)
        .map(|number| {
            let mut dice = Dice(number);
            let all = names.iter().zip(&blobs);
            let own = number.to_be_bytes();
            let mut some: Vec<(&str, &[u8])> = all
                .filter(|_| dice.below(2) == 0)
                .map(|(name, blob)| (name.as_str(), blob.as_slice()))
                .collect();
            some.push(("own/file", &own));
            let archive = files(&some);
            Sample { local: Local::of(&archive), archive }
        })
        .collect()
}

/// The hub does not answer any more: it is dead.
pub(super) struct Dead;

impl From<reqwest::Error> for Dead {
    fn from(_: reqwest::Error) -> Self {
        Self
    }
}

/// Someone who uses the hub.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) http: Client,
    pub(super) url: String,
    pub(super) token: String,
}

impl Caller {
    pub(super) fn new(url: &str, token: &str) -> Self {
        Self { http: client(), url: url.to_owned(), token: token.to_owned() }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    async fn json(&self, request: RequestBuilder) -> Result<(u16, Value), Dead> {
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }
}

/// A client with names of its own.
pub(super) struct Worker {
    pub(super) caller: Caller,
    pub(super) samples: Arc<Vec<Sample>>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) number: usize,
    pub(super) dice: Dice,
}

impl Worker {
    /// Goes on until the hub is dead.
    pub(super) async fn run(mut self) {
        while self.one().await.is_ok() {}
    }

    async fn one(&mut self) -> Result<(), Dead> {
        let name = format!("name-{}-{}", self.number, self.dice.below(NAMES));
        let sample = self.dice.below(self.samples.len());
        let path = format!("/api/v1/flists/alice/{name}");
        match self.dice.below(10) {
            0..=4 => self.push(&name, sample).await,
            5 | 6 => self.upload(&name, sample).await,
            7 | 8 if self.ledger.points_at(&name).is_some() => {
                self.ledger.ask(&name, None);
                let request = self.caller.request(Method::DELETE, &path);
                self.outcome(&name, request, &[204], &[]).await.map(drop)
            }
            _ => {
                let Some(last) = self.ledger.last(&name) else { return Ok(()) };
                if self.ledger.points_at(&name).is_some() {
                    return Ok(());
                }
                self.ledger.ask(&name, Some(last));
                let request = self.caller.request(Method::POST, &format!("{path}/undelete"));
                self.outcome(&name, request, &[201], &[410]).await.map(drop)
            }
        }
    }

    /// Sends a request that changes a name, and writes down the answer. Whether the hub did it.
    async fn outcome(
        &self,
        name: &str,
        request: RequestBuilder,
        good: &[u16],
        refusals: &[u16],
    ) -> Result<bool, Dead> {
        let (status, body) = self.caller.json(request).await?;
        if good.contains(&status) {
            self.ledger.acknowledge(name);
            return Ok(true);
        }
        assert!(refusals.contains(&status), "{name}: {status} {body}");
        self.ledger.refused(name);
        Ok(false)
    }

    async fn upload(&self, name: &str, sample: usize) -> Result<(), Dead> {
        let Sample { archive, local } = &self.samples[sample];
        self.ledger.ask(name, Some(local.flist));
        let file = format!("{name}.tar");
        let request = self
            .caller
            .request(Method::POST, "/api/flist/me/upload")
            .header("content-type", FORM_TYPE)
            .body(form(&[Field::file("file", &file, archive)]));
        // On a busy machine it may take longer than a session lives, also the one that it has for itself.
        self.outcome(name, request, &[200], &[404, 409]).await.map(drop)
    }

    async fn push(&self, name: &str, sample: usize) -> Result<(), Dead> {
        let request = self.caller.request(Method::POST, "/api/v1/sessions");
        let (status, opened) =
            self.caller.json(request.json(&json!({ "repository": "alice" }))).await?;
        assert_eq!(status, 201, "{opened}");
        let session = opened["session"].as_str().unwrap();
        let local = &self.samples[sample].local;
        let body = json!({ "session": session, "flist": local.flist.to_string() });
        for _ in 0..TRIES {
            if !self.send_missing(session, local).await? {
                return Ok(());
            }
            self.ledger.ask(name, Some(local.flist));
            let path = format!("/api/v1/flists/alice/{name}");
            let request = self.caller.request(Method::PUT, &path).json(&body);
            if self.outcome(name, request, &[200, 201], &[404, 409]).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether the session was still open.
    async fn send_missing(&self, session: &str, local: &Local) -> Result<bool, Dead> {
        let ids = write_ids(&local.ids()).to_vec();
        let answer = self.post(session, "missing", IDS_TYPE, ids).await?;
        let Some(answer) = answer else { return Ok(false) };
        let missing: Vec<ChunkId> = read_ids(&answer.bytes().await?).unwrap();
        let frames = missing.iter().map(|id| &local.frames[id]);
        Ok(self.post(session, "chunks", CHUNKS_TYPE, records(frames)).await?.is_some())
    }

    /// `None` if the session is over.
    async fn post(
        &self,
        session: &str,
        what: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<Option<Response>, Dead> {
        let path = format!("/api/v1/sessions/{session}/{what}");
        let request = self.caller.request(Method::POST, &path).header("content-type", kind);
        let response = request.body(body).send().await?;
        match response.status().as_u16() {
            200 => Ok(Some(response)),
            404 => Ok(None),
            other => panic!("{what}: {other}"),
        }
    }
}

/// Sweeps again and again, with no grace or a short one, and scrubs now and then.
pub(super) async fn operate(caller: Caller, mut dice: Dice) {
    loop {
        let spec = match dice.below(6) {
            0 => json!({ "kind": "scrub" }),
            other => json!({ "kind": "sweep", "grace_seconds": other % 2 }),
        };
        if job(&caller, &spec).await.is_err() {
            return;
        }
    }
}

/// Does a job to its end. It must succeed.
async fn job(caller: &Caller, spec: &Value) -> Result<(), Dead> {
    let (status, job) =
        caller.json(caller.request(Method::POST, "/api/v1/jobs").json(spec)).await?;
    if status == 409 {
        // The same job was cut off by the last crash and waits already.
        return Ok(());
    }
    assert_eq!(status, 202, "{job}");
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    loop {
        let (status, job) = caller.json(caller.request(Method::GET, &path)).await?;
        assert_eq!(status, 200, "{job}");
        match job["state"].as_str().unwrap() {
            "queued" | "running" => tokio::time::sleep(Duration::from_millis(2)).await,
            "succeeded" => return Ok(()),
            other => panic!("{other}: {job}"),
        }
    }
}
