//! Which sites' pages may read the hub's answers. They get to read and no more: with a token that the page
//! has itself, never with what the browser sends along by itself. A search that is asked for by a body is reading
//! too, so its route takes a `POST` of theirs.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, ACCEPT_LANGUAGE, ACCEPT_RANGES, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_ENCODING,
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_RANGE, LAST_MODIFIED, LINK, RANGE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tower::{Layer as _, ServiceExt as _};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::sharinghub::TOKEN_HEADER;
use super::stac::SEARCH;
use crate::config::Cors;
use crate::door::peer::REQUEST_ID;

/// For how long a browser remembers what it may do.
const MAX_AGE: Duration = Duration::from_hours(1);

/// What pages may send along with whatever they ask for.
const SENT: [HeaderName; 9] = [
    ACCEPT,
    ACCEPT_LANGUAGE,
    AUTHORIZATION,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_RANGE,
    RANGE,
    TOKEN_HEADER,
];

/// What says which sites may, and what.
#[derive(Debug, Clone)]
pub(super) struct Sites {
    /// Of everything but searches.
    reading: CorsLayer,
    searching: CorsLayer,
}

impl Sites {
    /// `None` where no site may.
    pub(super) fn of(config: &Cors) -> Option<Self> {
        let origins = config.origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
        let origins = match config.origins.as_slice() {
            [] => return None,
            _ if config.is_open() => AllowOrigin::any(),
            _ => AllowOrigin::list(origins),
        };
        let layer = CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::HEAD])
            .allow_headers(SENT)
            .expose_headers([
                ACCEPT_RANGES,
                CONTENT_DISPOSITION,
                CONTENT_ENCODING,
                CONTENT_LENGTH,
                CONTENT_RANGE,
                ETAG,
                LAST_MODIFIED,
                LINK,
                RETRY_AFTER,
                WWW_AUTHENTICATE,
                REQUEST_ID,
            ])
            .max_age(MAX_AGE);
        let searching = layer
            .clone()
            .allow_methods([Method::GET, Method::HEAD, Method::POST])
            .allow_headers(SENT.into_iter().chain([CONTENT_TYPE]).collect::<Vec<_>>());
        Some(Self { reading: layer, searching })
    }
}

/// Answers browsers that ask whether a page may, and tells them with each answer.
pub(super) async fn answer(State(sites): State<Sites>, request: Request, next: Next) -> Response {
    let layer = if request.uri().path() == SEARCH { sites.searching } else { sites.reading };
    let answer: Result<Response, Infallible> = layer.layer(next).oneshot(request).await;
    answer.into_response()
}
