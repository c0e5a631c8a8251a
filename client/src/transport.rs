//! How requests travel: the token header, time limits, repeated attempts, error answers.
//!
//! Nothing here knows what a call means; that is `hub`. The token lives in one header value marked
//! sensitive, and nowhere else: not in an address, a message or a `Debug` output.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flisthub_flist::wire::{PROBLEM_TYPE, Problem};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Method, Response, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::address::{bearer, below, read_address};
use crate::body::Payload;
use crate::error::ClientError;
use crate::retry::{Patience, Repeat, asked_wait, may_try_again};

/// The longest JSON answer that is read: a hub's longest names 100,000 missing objects in 7 MB.
pub(crate) const MAX_ANSWER: usize = 64 << 20;

/// One request, as often as it has to be made.
pub(crate) struct Call<'a> {
    /// What is being done, for messages.
    pub(crate) what: &'a str,
    pub(crate) method: Method,
    /// Path below the hub's address; each segment is percent-encoded.
    pub(crate) path: &'a [&'a str],
    /// A path in a tree that follows: any bytes, percent-encoded but for `/`.
    pub(crate) tail: &'a [u8],
    /// What stands behind the `?`, percent-encoded.
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) payload: Payload,
    /// More headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) repeat: Repeat,
    /// How long the hub may take until it begins to answer, beyond the usual silence.
    pub(crate) patience: Duration,
}

impl<'a> Call<'a> {
    pub(crate) fn new(what: &'a str, method: Method, path: &'a [&'a str]) -> Self {
        Self {
            what,
            method,
            path,
            tail: &[],
            query: &[],
            payload: Payload::Empty,
            headers: Vec::new(),
            repeat: Repeat::Safe,
            patience: Duration::ZERO,
        }
    }
}

/// A hub's address, and the connections to it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    base: Url,
    token: Option<HeaderValue>,
    patience: Patience,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "hidden");
        f.debug_struct("Transport")
            .field("base", &self.base.as_str())
            .field("token", &token)
            .finish_non_exhaustive()
    }
}

impl Transport {
    pub(crate) fn new(
        url: &str,
        token: Option<&str>,
        patience: Patience,
        roots: &[u8],
    ) -> Result<Self, ClientError> {
        // Fails only when a provider is there already, and then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = read_address(url)?;
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("hub-client/", env!("CARGO_PKG_VERSION")))
                // A redirect could carry the token to another host.
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(patience.connect)
        };
        let roots = certificates(roots)?;
        let http = if base.scheme() == "http" {
            // Without TLS a machine that has no root certificates is no worse.
            builder().tls_certs_only([]).build()
        } else if roots.is_empty() {
            builder().build()
        } else {
            // Nor is one that has none but these.
            let alone = roots.clone();
            let merged = builder().tls_certs_merge(roots).build();
            merged.or_else(|_| builder().tls_certs_only(alone).build())
        };
        let http = http.map_err(ClientError::Setup)?;
        let token = token.map(bearer).transpose()?;
        Ok(Self { http, base, token, patience })
    }

    /// The hub's address, without a trailing `/`.
    pub(crate) fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    pub(crate) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    pub(crate) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// Makes a call and reads its JSON answer.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
    ) -> Result<T, ClientError> {
        let body = self.bytes(call, MAX_ANSWER).await?;
        read_json(call.what, &body)
    }

    /// Makes a call and reads its whole answer, at most `limit` bytes.
    pub(crate) async fn bytes(&self, call: &Call<'_>, limit: usize) -> Result<Bytes, ClientError> {
        self.retrying(call.repeat, || async {
            let mut answer = self.attempt(call).await?;
            self.read_whole(call.what, &mut answer, limit).await
        })
        .await
    }

    /// Makes a call whose answer is read in parts.
    pub(crate) async fn open(&self, call: &Call<'_>) -> Result<Response, ClientError> {
        self.retrying(call.repeat, || self.attempt(call)).await
    }

    /// As [`Transport::open`], but does not try again.
    pub(crate) async fn open_once(&self, call: &Call<'_>) -> Result<Response, ClientError> {
        self.attempt(call).await
    }

    /// The next part of an answer; `None` at its end.
    pub(crate) async fn next_part(
        &self,
        what: &str,
        answer: &mut Response,
    ) -> Result<Option<Bytes>, ClientError> {
        let part = self.in_time(what, self.patience.silence, answer.chunk()).await?;
        part.map_err(|source| interrupted(what, source))
    }

    async fn read_whole(
        &self,
        what: &str,
        answer: &mut Response,
        limit: usize,
    ) -> Result<Bytes, ClientError> {
        let mut body = BytesMut::new();
        while let Some(part) = self.next_part(what, answer).await? {
            if body.len() + part.len() > limit {
                let reason = format!("it is longer than {limit} bytes");
                return Err(ClientError::BadAnswer { what: what.to_owned(), reason });
            }
            body.extend_from_slice(&part);
        }
        Ok(body.freeze())
    }

    async fn attempt(&self, call: &Call<'_>) -> Result<Response, ClientError> {
        let url = below(&self.base, call.path, call.tail, call.query)?;
        let mut request = self.http.request(call.method.clone(), url);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.clone());
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let request = call.payload.attach(request);
        let limit = self.patience.silence + call.patience + call.payload.time();
        let answer = self.in_time(call.what, limit, request.send()).await?;
        let answer = answer.map_err(|source| {
            let source = source.without_url();
            if source.is_connect() {
                ClientError::Unreachable { url: self.address().to_owned(), source }
            } else {
                interrupted(call.what, source)
            }
        })?;
        if answer.status().is_success() {
            Ok(answer)
        } else {
            Err(self.failure(call, answer).await)
        }
    }

    async fn failure(&self, call: &Call<'_>, mut answer: Response) -> ClientError {
        let status = answer.status().as_u16();
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = header(RETRY_AFTER)
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(Duration::from_secs);
        let kind = header(CONTENT_TYPE).and_then(|kind| kind.split(';').next());
        let read: Option<ReadProblem> = match kind.map(str::trim) {
            Some(PROBLEM_TYPE) => Some(|body| serde_json::from_slice(body).ok()),
            Some("application/json") => Some(described),
            _ => None,
        };
        let problem = match read {
            Some(read) => {
                let body = self.read_whole(call.what, &mut answer, MAX_ANSWER).await;
                body.ok().and_then(|body| read(&body))
            }
            None => None,
        };
        ClientError::from_answer(call.what, status, problem, retry_after)
    }

    async fn in_time<T>(
        &self,
        what: &str,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, ClientError> {
        tokio::time::timeout(limit, work)
            .await
            .map_err(|_| ClientError::Stalled { what: what.to_owned(), seconds: limit.as_secs() })
    }

    async fn retrying<T, F: Future<Output = Result<T, ClientError>>>(
        &self,
        repeat: Repeat,
        attempt: impl Fn() -> F,
    ) -> Result<T, ClientError> {
        let mut wait = self.patience.first_wait;
        let mut left = self.patience.attempts;
        loop {
            let error = match attempt().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            left = left.saturating_sub(1);
            if left == 0 || !may_try_again(&error, repeat) {
                return Err(error);
            }
            tokio::time::sleep(asked_wait(&error).unwrap_or(wait)).await;
            wait = wait.saturating_mul(2);
        }
    }
}

/// Reads the body of an error.
type ReadProblem = fn(&[u8]) -> Option<Problem>;

/// A hub's error on the routes of STAC, as one of its others.
fn described(body: &[u8]) -> Option<Problem> {
    #[derive(Deserialize)]
    struct Described {
        code: String,
        description: String,
    }
    let Described { code, description: detail } = serde_json::from_slice(body).ok()?;
    // The rest is as in each problem, and is not looked at.
    let (kind, title, status, missing) = (String::new(), String::new(), 0, Vec::new());
    Some(Problem { kind, title, status, code, detail, missing })
}

/// The certificates in a PEM text.
fn certificates(roots: &[u8]) -> Result<Vec<Certificate>, ClientError> {
    if roots.is_empty() {
        return Ok(Vec::new());
    }
    match Certificate::from_pem_bundle(roots) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(ClientError::Roots),
    }
}

/// An answer's JSON.
pub(crate) fn read_json<T: DeserializeOwned>(what: &str, body: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(body).map_err(|error| ClientError::BadAnswer {
        what: what.to_owned(),
        reason: format!("it is not the JSON that a hub answers: {error}"),
    })
}

fn interrupted(what: &str, source: reqwest::Error) -> ClientError {
    ClientError::Interrupted { what: what.to_owned(), source: source.without_url() }
}
