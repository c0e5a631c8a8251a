//! What can go wrong between this program and a hub, named for what the caller can do about it.
//!
//! This file owns the error type and how a hub's error body becomes one. Which errors are tried again
//! is decided in `transport`; which exit code they end in, in `output`.

use std::fmt;
use std::time::Duration;

use flisthub_flist::wire::Problem;
use flisthub_storage::ChunkId;
use flisthub_storage::wire::WireError;

/// What a hub said when it did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The hub's stable word for it, or `http_<status>` when something else than a hub answered.
    pub code: String,
    /// What was wrong, where, and what to do.
    pub detail: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// Why a call to a hub did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The hub's address cannot be used.
    #[error("{url:?} is not a hub's address: {reason}")]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// The HTTP client could not be set up, for instance because there are no TLS root certificates.
    #[error(
        "the HTTP client cannot start; for https:// are there root certificates (ca-certificates)?"
    )]
    Setup(#[source] reqwest::Error),
    /// What was given as certificates to trust holds none.
    #[error("the file of certificates to trust (--ca-file) holds none in PEM form")]
    Roots,
    /// The call needs a token and there is none, or it has bytes that no token has.
    #[error("{0}")]
    NoToken(&'static str),
    /// No connection came about. Nothing was sent.
    #[error("cannot reach the hub at {url}: is the address right, and does the hub run?")]
    Unreachable {
        /// The hub's address.
        url: String,
        /// What the connection attempt ended in.
        #[source]
        source: reqwest::Error,
    },
    /// The connection broke after the request was under way.
    #[error("{what}: the connection to the hub broke; try again")]
    Interrupted {
        /// What was being done.
        what: String,
        /// What broke.
        #[source]
        source: reqwest::Error,
    },
    /// Nothing came for too long.
    #[error("{what}: the hub was silent for {seconds} seconds; try again")]
    Stalled {
        /// What was being done.
        what: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The connection broke, or nothing came for too long, while the hub was to change something.
    #[error("{what}: the hub's answer was lost, so it may have been done or not; {known}")]
    Lost {
        /// What was being done.
        what: String,
        /// How things stand since.
        known: String,
        /// How the answer was lost.
        cause: Box<ClientError>,
    },
    /// The hub is too busy or is being restarted (502, 503, 504, 429).
    #[error("the hub is not available: {refusal}")]
    Unavailable {
        /// What it said.
        refusal: Refusal,
        /// When to try again, if it said so.
        retry_after: Option<Duration>,
    },
    /// The token is missing, wrong or expired (401), or does not allow this (403), or too many passwords were
    /// wrong (429).
    #[error("{0}")]
    NotAllowed(Refusal),
    /// There is no such thing (404).
    #[error("{0}")]
    NotFound(Refusal),
    /// Objects that the call names are not in the hub.
    #[error("{what}: {} objects are not in the hub, the first is {}", missing.len(), first(missing))]
    MissingObjects {
        /// What was being done.
        what: String,
        /// Their ids; a hub names at most the first 100,000.
        missing: Vec<ChunkId>,
    },
    /// The call does not fit the present state of the hub (409, 412).
    #[error("{0}")]
    Conflict(Refusal),
    /// The hub does not accept what was sent (other 4xx), or another address answers for it (3xx).
    #[error("{0}")]
    Refused(Refusal),
    /// The hub failed (5xx).
    #[error("the hub failed: {0}")]
    Failed(Refusal),
    /// The answer is not what a hub answers. It is not used.
    #[error("{what}: the answer cannot be used: {reason}")]
    BadAnswer {
        /// What was being done.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Chunks that the hub sent are not what was asked for. They are not used.
    #[error("{what}: the hub sent damaged chunks")]
    BadChunks {
        /// What was being done.
        what: String,
        /// What is wrong with them.
        #[source]
        source: WireError,
    },
}

fn first(ids: &[ChunkId]) -> String {
    ids.first().map_or_else(|| String::from("not named"), ChunkId::to_string)
}

impl ClientError {
    /// A stable word for the problem: the hub's own, or one of this program's.
    pub fn code(&self) -> &str {
        match self {
            Self::Address { .. } => "bad_url",
            Self::Setup(_) => "http_setup",
            Self::Roots => "bad_ca_file",
            Self::NoToken(_) => "no_token",
            Self::Unreachable { .. } => "unreachable",
            Self::Interrupted { .. } => "interrupted",
            Self::Stalled { .. } => "stalled",
            Self::Lost { cause, .. } => cause.code(),
            Self::MissingObjects { .. } => "missing_objects",
            Self::BadAnswer { .. } => "bad_answer",
            Self::BadChunks { .. } => "bad_chunks",
            Self::Unavailable { refusal, .. }
            | Self::NotAllowed(refusal)
            | Self::NotFound(refusal)
            | Self::Conflict(refusal)
            | Self::Refused(refusal)
            | Self::Failed(refusal) => &refusal.code,
        }
    }

    /// Reads a hub's error answer. `problem` is its body, if that was problem+json.
    pub(crate) fn from_answer(
        what: &str,
        status: u16,
        problem: Option<Problem>,
        retry_after: Option<Duration>,
    ) -> Self {
        let (refusal, missing) = match problem {
            Some(problem) => {
                let refusal = Refusal { status, code: problem.code, detail: problem.detail };
                (refusal, problem.missing)
            }
            None => (not_a_hub(what, status), Vec::new()),
        };
        if refusal.code == "missing_objects" {
            return match missing.iter().map(|id| id.parse()).collect() {
                Ok(missing) => Self::MissingObjects { what: what.to_owned(), missing },
                Err(error) => Self::BadAnswer {
                    what: what.to_owned(),
                    reason: format!("in the list of missing objects, {error}"),
                },
            };
        }
        match status {
            401 | 403 => Self::NotAllowed(refusal),
            // Trying again at once is what the hub will not have.
            429 if refusal.code == "too_many_attempts" => Self::NotAllowed(refusal),
            404 | 410 => Self::NotFound(refusal),
            409 | 412 => Self::Conflict(refusal),
            429 | 502..=504 => Self::Unavailable { refusal, retry_after },
            300..=499 => Self::Refused(refusal),
            _ => Self::Failed(refusal),
        }
    }
}

/// A status without a hub's error body: a proxy, or another program at this address.
fn not_a_hub(what: &str, status: u16) -> Refusal {
    let detail = match status {
        300..=399 => {
            format!("{what}: answered by a redirect (status {status}); use the address it leads to")
        }
        _ => format!("{what}: status {status}, without a hub's error body; is a hub there?"),
    };
    Refusal { status, code: format!("http_{status}"), detail }
}
