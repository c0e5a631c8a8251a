//! A log line, an id and an origin for every request. Neither headers nor queries are logged: tokens travel
//! there.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::door::peer::{Peer, REQUEST_ID, origin};
use crate::state::Hub;

/// Runs a request in a span with its id and its origin, which others find among its extensions.
pub(super) async fn observe(State(hub): State<Hub>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let origin = origin(peer, request.headers(), &hub.config);
    let span = tracing::info_span!(
        "request",
        id = origin.request,
        method = %request.method(),
        path = request.uri().path(),
        route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str),
        address = origin.address.map(tracing::field::display),
        user = Empty,
    );
    let id = HeaderValue::from_str(&origin.request);
    request.extensions_mut().insert(origin);
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    span.in_scope(|| tracing::info!(status, duration_ms, "request answered"));
    if let Ok(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Notes in the log whose request it is.
pub(super) fn of_user(name: &str) {
    Span::current().record("user", name);
}
