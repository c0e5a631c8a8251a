//! A log line and an id for every request. Neither headers nor queries are logged: tokens travel there.

use std::time::Instant;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use crate::auth::Origin;

/// The header that tells a caller which id its request has in the log.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Runs a request in a span with a fresh id. An id that comes with a request is not used: it could be
/// anybody's.
pub(super) async fn observe(mut request: Request, next: Next) -> Response {
    let id = fresh_id();
    request.extensions_mut().insert(Origin { address: None, request: id.clone() });
    let span = tracing::info_span!(
        "request",
        id,
        method = %request.method(),
        path = request.uri().path(),
    );
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    span.in_scope(|| tracing::info!(status, duration_ms, "request answered"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// 64 random bits. Should there be none, the request is served all the same.
fn fresh_id() -> String {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => format!("{:016x}", u64::from_be_bytes(bytes)),
        Err(_) => "unknown".to_owned(),
    }
}
