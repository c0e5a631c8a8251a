//! Keys that an issuer publishes at a URL. They are fetched when they are first needed, then again and again
//! by time, and now and then for a `kid` that nobody knows: however many such JWTs come, the issuer is asked
//! no more often. While it does not answer, the last keys serve for a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, StatusCode, redirect};
use tokio::sync::Mutex as Turn;

use super::error::{JwtError, UnfitKey};
use super::key_set::KeySet;
use crate::config::{Algorithm, Issuer};

/// The most bytes of a set.
const LARGEST: usize = 256 << 10;

/// Seconds between two attempts at least, whatever came of the first.
const APART: u64 = 30;

/// The set of one issuer.
#[derive(Debug)]
pub(super) struct Remote {
    url: String,
    algorithms: Vec<Algorithm>,
    /// Seconds after which the set is fetched again.
    refresh: u64,
    /// Seconds for which it serves.
    stale: u64,
    /// How long fetching it may take.
    patience: Duration,
    state: Mutex<State>,
    /// Held while it is fetched, so that all who wait, wait for one.
    turn: Turn<()>,
}

/// What is known. Times are in seconds since the Unix epoch.
#[derive(Debug, Clone, Default)]
struct State {
    keys: Arc<KeySet>,
    fetched: Option<u64>,
    attempted: Option<u64>,
}

/// Why a set could not be fetched.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("the issuer cannot be asked")]
    Http(#[from] reqwest::Error),
    #[error("the issuer answers {0}")]
    Status(StatusCode),
    #[error("the answer is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("the issuer does not answer in time")]
    TooSlow,
    #[error(transparent)]
    NoSet(#[from] UnfitKey),
}

impl Remote {
    pub(super) fn new(issuer: &Issuer, url: &str) -> Self {
        Self {
            url: url.to_owned(),
            algorithms: issuer.algorithms.clone(),
            refresh: issuer.jwks_refresh_seconds,
            stale: issuer.jwks_stale_seconds,
            patience: Duration::from_secs(issuer.jwks_seconds),
            state: Mutex::default(),
            turn: Turn::new(()),
        }
    }

    /// The keys, in which one that is `wanted` is looked for once more where it is not.
    pub(super) async fn keys(
        self: &Arc<Self>,
        now: u64,
        wanted: impl Fn(&KeySet) -> bool,
    ) -> Result<Arc<KeySet>, JwtError> {
        let state = self.state();
        if let Some(age) = state.fetched.map(|fetched| now.saturating_sub(fetched)) {
            let serves = age < self.stale;
            if serves && wanted(&state.keys) {
                if age >= self.refresh && state.may_attempt(now) {
                    // Nobody waits for this one: what is there still serves.
                    drop(self.fetching(now));
                }
                return Ok(state.keys);
            }
        }
        // Not ended by a caller who goes away: it would count as an attempt, and callers who come and go could
        // keep the keys from ever coming.
        let _ = self.fetching(now).await;
        let state = self.state();
        match state.fetched {
            Some(fetched) if now.saturating_sub(fetched) < self.stale => Ok(state.keys),
            _ => Err(JwtError::NoKeys),
        }
    }

    fn fetching(self: &Arc<Self>, now: u64) -> tokio::task::JoinHandle<()> {
        let remote = Arc::clone(self);
        tokio::spawn(async move { remote.attempt(now).await })
    }

    fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches the set, unless that was tried a moment ago.
    async fn attempt(&self, now: u64) {
        let _turn = self.turn.lock().await;
        if !self.state().may_attempt(now) {
            return;
        }
        let fetched = tokio::time::timeout(self.patience, self.fetch()).await;
        let fetched = fetched.unwrap_or(Err(FetchError::TooSlow));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.attempted = Some(now);
        match fetched {
            Ok(keys) => {
                state.keys = Arc::new(keys);
                state.fetched = Some(now);
            }
            Err(error) => {
                let error = crate::error::chain(&error);
                tracing::warn!(url = self.url, error, "the keys of an issuer could not be fetched");
            }
        }
    }

    async fn fetch(&self) -> Result<KeySet, FetchError> {
        let mut answer = client(&self.url)?.get(&self.url).send().await?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status()));
        }
        let mut text = Vec::new();
        while let Some(part) = answer.chunk().await? {
            if text.len().saturating_add(part.len()) > LARGEST {
                return Err(FetchError::TooLarge);
            }
            text.extend_from_slice(&part);
        }
        Ok(KeySet::of_jwks(&text, &self.algorithms, &self.url)?)
    }
}

impl State {
    /// A clock that was set back is no reason to wait for it to come by again.
    fn may_attempt(&self, now: u64) -> bool {
        self.attempted.is_none_or(|attempted| now.abs_diff(attempted) >= APART)
    }
}

/// A client for one fetch: they are rare, and the machine's certificates may have changed since the last.
fn client(url: &str) -> Result<Client, reqwest::Error> {
    // Fails only when a provider is there already, and then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder()
        .user_agent(concat!("flisthub/", env!("CARGO_PKG_VERSION")))
        // Only the configured address says what the keys are, and no proxy does.
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false);
    if url.starts_with("http:") {
        // Without TLS a machine that has no root certificates is no worse.
        client = client.tls_certs_only([]);
    }
    client.build()
}
