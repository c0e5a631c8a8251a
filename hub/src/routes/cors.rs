//! Which sites' pages may read the hub's answers. They get to read and no more: with a token that the page
//! has itself, never with what the browser sends along by itself.

use std::time::Duration;

use axum::http::header::{
    ACCEPT, ACCEPT_RANGES, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_RANGE, ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, LINK,
    RANGE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::Cors;
use crate::door::peer::REQUEST_ID;

/// For how long a browser remembers what it may do.
const MAX_AGE: Duration = Duration::from_hours(1);

/// What says so; `None` where no site may.
pub(super) fn layer(config: &Cors) -> Option<CorsLayer> {
    let origins = config.origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    let origins = match config.origins.as_slice() {
        [] => return None,
        _ if config.is_open() => AllowOrigin::any(),
        _ => AllowOrigin::list(origins),
    };
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers([
            ACCEPT,
            AUTHORIZATION,
            IF_MATCH,
            IF_MODIFIED_SINCE,
            IF_NONE_MATCH,
            IF_RANGE,
            RANGE,
        ])
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
    Some(layer)
}
