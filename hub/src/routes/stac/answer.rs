//! Answers of the catalogue: JSON, or a table, with a tag of its own bytes, which a caller who has it need not be sent again.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::routes::range::tags;
use crate::routes::ranged::{say, set};

/// The context of the tags.
const TAG: &str = "flisthub 2026-11-21 answer of the catalogue";

/// What JSON is sent as.
pub(super) const JSON: &str = "application/json";

/// What GeoJSON is sent as.
pub(super) const GEOJSON: &str = "application/geo+json";

/// What a schema is sent as.
pub(super) const SCHEMA: &str = "application/schema+json";

/// Answers with a value.
pub(super) fn value(headers: &HeaderMap, kind: &'static str, value: &Value) -> Response {
    text(headers, kind, value.to_string())
}

/// Answers with a body that is written already, or says that the caller has it.
pub(super) fn text(headers: &HeaderMap, kind: &'static str, body: impl Into<Vec<u8>>) -> Response {
    let body = body.into();
    let tag = tag(&body);
    let known = tags(headers, &IF_NONE_MATCH).any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    });
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(body))
    };
    if !known {
        say(&mut response, CONTENT_TYPE, kind);
    }
    set(&mut response, ETAG, &tag);
    // What is shown depends on who asks, and is asked for again each time.
    say(&mut response, CACHE_CONTROL, "private, no-cache");
    say(&mut response, VARY, "accept, authorization, x-gitlab-token, accept-language");
    say(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

/// The tag of an answer.
pub(super) fn tag(body: &[u8]) -> String {
    let hash = blake3::Hash::from_bytes(blake3::derive_key(TAG, body));
    format!("\"{}\"", hash.to_hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_it_is_not_sent_it_again() {
        let of = |known: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(known) = known {
                headers.insert(IF_NONE_MATCH, known.parse().unwrap());
            }
            text(&headers, JSON, "{}".to_owned())
        };
        let first = of(None);
        let own = first.headers()[ETAG].to_str().unwrap().to_owned();
        assert_eq!(first.status(), StatusCode::OK);
        for known in [own.clone(), format!("W/{own}"), format!("\"x\", {own}"), "*".to_owned()] {
            let again = of(Some(&known));
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(again.headers()[ETAG], own.as_str());
        }
        assert_eq!(of(Some("\"x\"")).status(), StatusCode::OK);
        assert_ne!(tag(b"{}"), tag(b"{ }"));
    }
}
