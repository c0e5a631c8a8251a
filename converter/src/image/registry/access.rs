//! The right to read one repository of a registry: fetched when the registry first asks for it, kept, and
//! fetched anew when it expires.
//!
//! Credentials go to the registry, and to the token server that the registry names, as Docker does it.
//! That server must be a host that may be connected to. The scope is of our own making, so that a
//! registry cannot use a caller's credentials to learn of more than the caller asked for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::challenge::{self, Challenge};
use super::credentials::Credentials;
use super::options::Shared;
use super::outbound::place;
use super::target::Target;
use super::transport::{Answer, Call};
use crate::image::ImageError;

/// The most bytes of a token server's answer.
const MAX_TOKEN: usize = 1 << 20;

/// What a token server answers.
#[derive(Deserialize)]
struct Tokens {
    token: Option<String>,
    access_token: Option<String>,
}

/// Credentials, and what was got for them.
pub(super) struct Access {
    credentials: Option<Credentials>,
    /// The value of `Authorization`, once there is one.
    held: Mutex<Option<HeaderValue>>,
}

impl Access {
    pub(super) fn new(credentials: Option<Credentials>) -> Self {
        Self { credentials, held: Mutex::new(None) }
    }

    /// Whether the caller gave any.
    pub(super) fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// What to send along.
    pub(super) async fn held(&self) -> Option<HeaderValue> {
        self.held.lock().await.clone()
    }

    /// What to send along after the registry answered 401 with `headers` to a request with `sent`.
    /// `None` if nothing can be got.
    pub(super) async fn renew(
        &self,
        shared: &Shared,
        target: &Target,
        headers: &HeaderMap,
        sent: Option<&HeaderValue>,
    ) -> Result<Option<HeaderValue>, ImageError> {
        // Of many requests that find their token expired, one fetches the next.
        let mut held = self.held.lock().await;
        if held.is_some() && held.as_ref() != sent {
            return Ok(held.clone());
        }
        let got = match (challenge::read(headers), &self.credentials) {
            (Some(Challenge::Bearer { realm, service }), _) => {
                Some(self.token(shared, target, realm, service.as_deref()).await?)
            }
            (Some(Challenge::Basic), Some(credentials)) => basic(credentials),
            (Some(Challenge::Basic) | None, _) => None,
        };
        held.clone_from(&got);
        Ok(got)
    }

    /// Asks the token server.
    async fn token(
        &self,
        shared: &Shared,
        target: &Target,
        realm: Url,
        service: Option<&str>,
    ) -> Result<HeaderValue, ImageError> {
        let host = place(&realm);
        let call = self.question(target, realm, service);
        let mut answer = shared.call(&call).await?;
        if answer.status() != StatusCode::OK {
            return Err(self.refusal(target, &answer));
        }
        let bytes = answer.bytes("a token", MAX_TOKEN).await?;
        // Nothing of the answer is shown: it may hold the token.
        let bad = || answer.bad("a token", "something that holds none");
        let tokens: Tokens = serde_json::from_slice(&bytes).map_err(|_| bad())?;
        let found = [tokens.token, tokens.access_token].into_iter().flatten();
        let token = found.into_iter().find(|token| !token.is_empty()).ok_or_else(bad)?;
        header("Bearer", &token).ok_or_else(|| ImageError::BadAnswer {
            host,
            what: "a token".to_owned(),
            answer: "one that no header can hold".to_owned(),
        })
    }

    fn question(&self, target: &Target, mut realm: Url, service: Option<&str>) -> Call {
        // What is asked for is ours to say, and not the registry's.
        let ours = ["scope", "service", "account", "client_id", "offline_token"];
        let kept: Vec<(String, String)> = realm
            .query_pairs()
            .filter(|(key, _)| !ours.contains(&&**key))
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        realm.set_query(None);
        if !kept.is_empty() {
            realm.query_pairs_mut().extend_pairs(kept);
        }
        let mut parameters = vec![("scope", target.scope())];
        parameters.extend(service.map(|service| ("service", service.to_owned())));
        let identity = match &self.credentials {
            Some(Credentials::Token(token)) => token,
            credentials => {
                realm.query_pairs_mut().extend_pairs(parameters);
                let authorization = credentials.as_ref().and_then(basic);
                return Call { authorization, ..Call::get(realm) };
            }
        };
        parameters.push(("grant_type", "refresh_token".to_owned()));
        parameters.push(("client_id", "flisthub".to_owned()));
        parameters.push(("refresh_token", identity.clone()));
        // An address is only the way to write a form here.
        let form = Url::parse_with_params("http://form/", parameters).ok();
        let form = form.and_then(|form| form.query().map(str::to_owned)).unwrap_or_default();
        let headers =
            HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        Call { method: Method::POST, form: Some(form), headers, ..Call::get(realm) }
    }

    /// What it means that the token server gives no token.
    fn refusal(&self, target: &Target, answer: &Answer) -> ImageError {
        let status = answer.status();
        match (status.as_u16(), self.has_credentials()) {
            (400 | 401 | 403, true) => target.unauthorized(&answer.host, &status.to_string()),
            (404 | 405, true) if matches!(self.credentials, Some(Credentials::Token(_))) => {
                target.unauthorized(&answer.host, &format!("{status}: it takes no identity tokens"))
            }
            (401 | 403, false) => target.unknown(),
            _ => answer.bad("a token", &status.to_string()),
        }
    }
}

fn basic(credentials: &Credentials) -> Option<HeaderValue> {
    match credentials {
        Credentials::Basic { username, password } => {
            header("Basic", &STANDARD.encode(format!("{username}:{password}")))
        }
        Credentials::Token(_) => None,
    }
}

/// A value that debug output hides.
fn header(scheme: &str, secret: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("{scheme} {secret}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
