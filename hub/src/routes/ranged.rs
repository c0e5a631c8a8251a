//! Answers about what has an entity tag and can be had in parts: what each of them says.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use axum::http::header::{
    ACCEPT_RANGES, CONTENT_RANGE, ETAG, HeaderValue, LAST_MODIFIED, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::range::Resource;
use crate::catalog::NameRow;
use crate::error::{ApiError, Code};

/// Seconds since the Unix epoch as a time.
pub(super) fn time(seconds: u64) -> SystemTime {
    let since_epoch = Duration::from_secs(seconds);
    SystemTime::UNIX_EPOCH.checked_add(since_epoch).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// When what a name leads to last became what it is. Of a link that is not known: the names on its way
/// may have been pointed at something older since.
pub(super) fn changed(row: &NameRow) -> Option<SystemTime> {
    row.link.is_none().then(|| time(row.updated))
}

/// An answer without a body, with what every answer about the resource says. The time of a change is
/// told once it stands for one state: a caller cannot ask by what it was not told.
pub(super) fn bare(status: StatusCode, resource: &Resource) -> Response {
    let mut response = status.into_response();
    set(&mut response, ETAG, &resource.tag);
    say(&mut response, ACCEPT_RANGES, "bytes");
    say(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    if let Some(changed) = resource.settled() {
        set(&mut response, LAST_MODIFIED, &httpdate::fmt_http_date(changed));
    }
    response
}

/// Sets a header. What no header can hold is left out; nothing that comes here is of that sort.
pub(super) fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Sets a header to what it always is, which takes no memory.
pub(super) fn say(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

/// 416, with how long the resource is.
pub(super) fn unsatisfiable(resource: &Resource, message: &str) -> Response {
    let error =
        ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, Code::RANGE_NOT_SATISFIABLE, message);
    let mut response = error.into_response();
    response.headers_mut().extend(bare(StatusCode::OK, resource).headers().clone());
    set(&mut response, CONTENT_RANGE, &format!("bytes */{}", resource.length));
    response
}

/// Which bytes of the resource an answer has.
pub(super) fn content_range(range: &Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", range.start, range.end.saturating_sub(1))
}
