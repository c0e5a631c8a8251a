//! A hub, and the typed calls of upload sessions and chunks.
//!
//! One method is one route: what goes in and comes out is typed, refusals are a [`ClientError`]. The routes
//! that look names up are in `names`, those that change them in `changes`, those of jobs in `jobs`. How
//! requests travel and are repeated is `transport`; what calls mean together is `push`, `pull` and
//! `remote_store`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flisthub_flist::wire::{
    ChunksStored, FlistInfo, MAX_CHUNK_IDS, MAX_MISSING_IDS, Me, OpenSession, Publish,
    SessionOpened,
};
use flisthub_storage::wire::{read_ids, write_ids};
use flisthub_storage::{ChunkId, Frame, SessionId};
use reqwest::Method;
use serde::Serialize;

use crate::body::Payload;
use crate::condition::Condition;
use crate::download::{ChunkDownload, Download};
use crate::error::ClientError;
use crate::retry::{Patience, Repeat, may_have_been_done};
use crate::transport::{Call, Transport};

/// How long the hub may check a flist before it publishes it.
pub(crate) const PUBLISH_PATIENCE: Duration = Duration::from_mins(30);

/// The most ids in one answer to which are missing, in bytes.
const MAX_IDS_ANSWER: usize = 32 * MAX_MISSING_IDS;

/// An upload session that a hub opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its id.
    pub session: SessionId,
    /// Name of the profile by which the hub asks to cut files. This program may not know it.
    pub profile: String,
}

/// A hub at an address, with a token or without. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct HubClient {
    transport: Transport,
}

impl HubClient {
    /// A client of the hub at `url` (`http://` or `https://`). Without a token it can read what is
    /// public. Nothing is sent yet.
    pub fn new(url: &str, token: Option<&str>, patience: Patience) -> Result<Self, ClientError> {
        Self::trusting(url, token, patience, &[])
    }

    /// As [`HubClient::new`], and trusts a hub whose certificate leads to one of `roots` (PEM), beside those
    /// that the system trusts.
    pub fn trusting(
        url: &str,
        token: Option<&str>,
        patience: Patience,
        roots: &[u8],
    ) -> Result<Self, ClientError> {
        Ok(Self { transport: Transport::new(url, token, patience, roots)? })
    }

    /// The hub's address.
    pub fn address(&self) -> &str {
        self.transport.address()
    }

    /// Whose token this is, and which repositories it may write to.
    pub async fn me(&self) -> Result<Me, ClientError> {
        self.need_token()?;
        let what = "asking whose token this is";
        self.transport.json(&Call::new(what, Method::GET, &["api", "v1", "me"])).await
    }

    /// Opens an upload session for `repository`.
    pub async fn open_session(&self, repository: &str) -> Result<Opened, ClientError> {
        self.need_token()?;
        let what = format!("opening an upload session in {repository}");
        let payload = json(&what, &OpenSession { repository: repository.to_owned() })?;
        let call = Call::new(&what, Method::POST, &["api", "v1", "sessions"]);
        let opened: SessionOpened =
            self.transport.json(&Call { payload, repeat: Repeat::IfRefused, ..call }).await?;
        let reason = "the session's id is not 32 hex digits";
        let session = opened.session.parse().map_err(|_| bad_answer(&what, reason))?;
        Ok(Opened { session, profile: opened.profile })
    }

    /// Ends an upload session. What it sent and did not publish is forgotten in time.
    pub async fn close_session(&self, session: SessionId) -> Result<(), ClientError> {
        let session = session.to_string();
        let path = ["api", "v1", "sessions", &session];
        let call = Call::new("closing the upload session", Method::DELETE, &path);
        self.transport.bytes(&call, 0).await.map(drop)
    }

    /// Those of `ids` that the hub does not have, in the order asked. Asks in one request for each
    /// [`MAX_MISSING_IDS`].
    pub async fn missing(
        &self,
        session: SessionId,
        ids: &[ChunkId],
    ) -> Result<Vec<ChunkId>, ClientError> {
        let what = "asking which chunks are missing";
        let session = session.to_string();
        let path = ["api", "v1", "sessions", &session, "missing"];
        let mut missing = Vec::new();
        for ids in ids.chunks(MAX_MISSING_IDS) {
            let payload = Payload::Ids(write_ids(ids));
            let call = Call { payload, ..Call::new(what, Method::POST, &path) };
            let body = self.transport.bytes(&call, MAX_IDS_ANSWER).await?;
            let answer = read_ids(&body)
                .map_err(|source| ClientError::BadChunks { what: what.to_owned(), source })?;
            // Each answered id must come further on among those asked.
            let mut asked = ids.iter();
            if !answer.iter().all(|id| asked.any(|one| one == id)) {
                return Err(bad_answer(
                    what,
                    "it holds ids that were not asked, or in another order",
                ));
            }
            missing.extend(answer);
        }
        Ok(missing)
    }

    /// Sends chunks in one streamed request.
    pub async fn send_chunks(
        &self,
        session: SessionId,
        frames: Arc<[Frame]>,
    ) -> Result<ChunksStored, ClientError> {
        let session = session.to_string();
        let path = ["api", "v1", "sessions", &session, "chunks"];
        let call = Call::new("sending chunks", Method::POST, &path);
        self.transport.json(&Call { payload: Payload::Chunks(frames), ..call }).await
    }

    /// Makes `repository/name` point at a flist, and with that ends the session. When the answer is
    /// lost, the name itself tells whether the hub did it.
    pub async fn publish(
        &self,
        (repository, name): (&str, &str),
        asked: &Publish,
        condition: Condition,
    ) -> Result<FlistInfo, ClientError> {
        let what = format!("publishing {repository}/{name}");
        let path = ["api", "v1", "flists", repository, name];
        let call = Call {
            payload: json(&what, asked)?,
            repeat: Repeat::IfRefused,
            patience: PUBLISH_PATIENCE,
            headers: condition.header().into_iter().collect(),
            ..Call::new(&what, Method::PUT, &path)
        };
        let lost = match self.transport.json(&call).await {
            Err(error) if may_have_been_done(&error) => error,
            answered => return answered,
        };
        match self.flist(repository, name).await {
            Ok(info) if info.flist == asked.flist => Ok(info),
            _ => Err(self.lost(&what, lost, (repository, name)).await),
        }
    }

    /// Begins to fetch the objects `ids`, at most [`MAX_CHUNK_IDS`], from a repository.
    pub async fn chunks(
        &self,
        repository: &str,
        ids: &[ChunkId],
    ) -> Result<ChunkDownload, ClientError> {
        let what = format!("fetching chunks from {repository}");
        if ids.len() > MAX_CHUNK_IDS {
            return Err(bad_answer(&what, "more ids were asked for than one request takes"));
        }
        let path = ["api", "v1", "repositories", repository, "chunks"];
        let payload = Payload::Ids(write_ids(ids));
        let call = Call { payload, ..Call::new(&what, Method::POST, &path) };
        let answer = self.transport.open(&call).await?;
        Ok(ChunkDownload::new(Download::new(self.transport.clone(), what, answer), ids))
    }

    /// Begins to fetch a `.flist` file. Its bytes are not checked here.
    pub async fn flist_file(&self, repository: &str, name: &str) -> Result<Download, ClientError> {
        let what = format!("fetching {repository}/{name}.flist");
        let file = format!("{name}.flist");
        let answer =
            self.transport.open(&Call::new(&what, Method::GET, &[repository, &file])).await?;
        Ok(Download::new(self.transport.clone(), what, answer))
    }

    pub(crate) fn patience(&self) -> &Patience {
        self.transport.patience()
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    pub(crate) fn need_token(&self) -> Result<(), ClientError> {
        if self.transport.has_token() {
            return Ok(());
        }
        Err(ClientError::NoToken(
            "this needs a token: set FLISTHUB_TOKEN or run `hub-client login URL`",
        ))
    }
}

/// The id of the flist that a name points at.
pub fn flist_id(info: &FlistInfo) -> Result<ChunkId, ClientError> {
    let what = format!("looking {}/{} up", info.repository, info.name);
    info.flist.parse().map_err(|_| bad_answer(&what, "the flist's id is not 64 hex digits"))
}

pub(crate) fn bad_answer(what: &str, reason: &str) -> ClientError {
    ClientError::BadAnswer { what: what.to_owned(), reason: reason.to_owned() }
}

pub(crate) fn json(what: &str, value: &impl Serialize) -> Result<Payload, ClientError> {
    let body = serde_json::to_vec(value).map_err(|error| bad_answer(what, &error.to_string()))?;
    Ok(Payload::Json(Bytes::from(body)))
}
