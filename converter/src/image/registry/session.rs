//! Requests to one repository of a registry, with the right to make them, and what its statuses mean.

use std::sync::Arc;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::access::Access;
use super::credentials::Credentials;
use super::options::{Registries, Shared};
use super::target::Target;
use super::transport::{Answer, Call};
use crate::image::manifest::document_types;
use crate::image::{Blob, Digest, ImageError, MAX_DOCUMENT};

/// Where registries write the digest of a manifest.
const CONTENT_DIGEST: &str = "docker-content-digest";

/// The most bytes of an answer that says what is wrong.
const MAX_COMPLAINT: usize = 64 << 10;

/// A manifest or an index, its digest checked.
pub(super) struct Page {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: Digest,
    pub(super) media_type: Option<String>,
}

/// One image, and the right to read it.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) target: Target,
    access: Access,
}

impl Session {
    pub(super) fn new(
        registries: &Registries,
        text: &str,
        credentials: Option<Credentials>,
    ) -> Result<Self, ImageError> {
        let shared = Arc::clone(&registries.0);
        let target = Target::read(text, &shared.options.outbound)?;
        Ok(Self { shared, target, access: Access::new(credentials) })
    }

    /// Asks for something of the repository, and proves who asks when the registry wants to know: once,
    /// and once more when a token has expired in between.
    pub(super) async fn ask(
        &self,
        method: Method,
        kind: &str,
        key: &str,
        headers: HeaderMap,
    ) -> Result<Answer, ImageError> {
        let url = self.target.url(kind, key)?;
        let mut call =
            Call { method, authorization: self.access.held().await, headers, ..Call::get(url) };
        let answer = self.shared.call(&call).await?;
        if answer.status() != StatusCode::UNAUTHORIZED || !answer.at_home {
            return Ok(answer);
        }
        let sent = call.authorization.as_ref();
        let got = self.access.renew(&self.shared, &self.target, answer.headers(), sent).await?;
        if got.is_none() {
            return Ok(answer);
        }
        call.authorization = got;
        self.shared.call(&call).await
    }

    /// A manifest or an index. `expected` is what another document says of it.
    pub(super) async fn manifest(
        &self,
        key: &str,
        expected: Option<Blob>,
    ) -> Result<Page, ImageError> {
        let what = format!("manifest {key}");
        let mut answer = self.ask(Method::GET, "manifests", key, accept()).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(self.target.unknown()),
            _ => return Err(self.refusal(&mut answer, &what).await),
        }
        let said = content_digest(answer.headers());
        let media_type = answer.headers().get(CONTENT_TYPE).and_then(|text| text.to_str().ok());
        let media_type = media_type.map(str::to_owned);
        let bytes = answer.bytes(&what, MAX_DOCUMENT).await?;
        let digest = Digest::of(&bytes);
        let expected_digest = expected.map(|blob| blob.digest).or(self.pinned(key)).or(said);
        verify(&what, digest, expected_digest)?;
        verify_size(&what, &bytes, expected)?;
        Ok(Page { bytes, digest, media_type })
    }

    /// A whole blob that is small.
    pub(super) async fn small_blob(&self, what: &str, blob: Blob) -> Result<Vec<u8>, ImageError> {
        let mut answer =
            self.ask(Method::GET, "blobs", &blob.digest.to_string(), HeaderMap::new()).await?;
        if answer.status() != StatusCode::OK {
            return Err(self.refusal(&mut answer, what).await);
        }
        let bytes = answer.bytes(what, MAX_DOCUMENT).await?;
        verify_size(what, &bytes, Some(blob))?;
        verify(what, Digest::of(&bytes), Some(blob.digest))?;
        Ok(bytes)
    }

    /// The digest that the reference points at now.
    pub(super) async fn resolve(&self) -> Result<Digest, ImageError> {
        if let Some(digest) = self.target.digest {
            return Ok(digest);
        }
        let key = self.target.manifest_key();
        let answer = self.ask(Method::HEAD, "manifests", &key, accept()).await?;
        match content_digest(answer.headers()) {
            Some(digest) if answer.status() == StatusCode::OK => Ok(digest),
            // Not every registry answers HEAD, and a HEAD does not say what is wrong.
            _ => Ok(self.manifest(&key, None).await?.digest),
        }
    }

    /// What an answer means that is not the one hoped for.
    pub(super) async fn refusal(&self, answer: &mut Answer, what: &str) -> ImageError {
        let status = answer.status();
        let said = match answer.bytes(what, MAX_COMPLAINT).await {
            Ok(bytes) => {
                code(&bytes).map_or_else(|| status.to_string(), |c| format!("{status}, {c}"))
            }
            Err(_) => status.to_string(),
        };
        match status.as_u16() {
            401 | 403 if answer.at_home && self.access.has_credentials() => {
                self.target.unauthorized(&answer.host, &said)
            }
            401 | 403 if answer.at_home => self.target.unknown(),
            _ => answer.bad(what, &said),
        }
    }

    /// The digest that the reference demands of what `key` names.
    fn pinned(&self, key: &str) -> Option<Digest> {
        self.target.digest.filter(|digest| digest.to_string() == key)
    }
}

fn accept() -> HeaderMap {
    document_types().map(|name| (ACCEPT, HeaderValue::from_static(name))).collect()
}

fn content_digest(headers: &HeaderMap) -> Option<Digest> {
    headers.get(CONTENT_DIGEST)?.to_str().ok()?.parse().ok()
}

fn verify(what: &str, found: Digest, expected: Option<Digest>) -> Result<(), ImageError> {
    match expected {
        Some(expected) if expected != found => {
            Err(ImageError::DigestMismatch { what: what.to_owned(), expected, found })
        }
        _ => Ok(()),
    }
}

fn verify_size(what: &str, bytes: &[u8], expected: Option<Blob>) -> Result<(), ImageError> {
    match expected {
        Some(Blob { size, .. }) if size != bytes.len() as u64 => Err(ImageError::SizeMismatch {
            what: what.to_owned(),
            expected: size,
            found: bytes.len().to_string(),
        }),
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
struct Complaints {
    errors: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Complaint {
    code: String,
}

/// The word for what is wrong. Not the sentence: a registry could put the caller's secret there, and the
/// sentence would stand in a job's log.
fn code(bytes: &[u8]) -> Option<String> {
    let complaints: Complaints = serde_json::from_slice(bytes).ok()?;
    let code = complaints.errors.into_iter().next()?.code;
    let good =
        code.len() <= 40 && code.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase());
    good.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_are_taken_from_complaints() {
        let of = |text: &str| {
            code(format!(r#"{{"errors":[{{"code":"{text}","message":"m"}}]}}"#).as_bytes())
        };
        assert_eq!(of("NAME_UNKNOWN").as_deref(), Some("NAME_UNKNOWN"));
        for text in ["secret", "A b", "A\\n", &"A".repeat(41)] {
            assert_eq!(of(text), None);
        }
        assert_eq!(code(b"{\"errors\":[]}"), None);
        assert_eq!(code(b"<html>"), None);
    }
}
