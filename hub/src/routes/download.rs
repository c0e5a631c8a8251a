//! `GET` and `HEAD /{repository}/{name}.flist`: the `.flist` file, whole or in part.

use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, LAST_MODIFIED,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::range::{Resource, Verdict, decide};
use crate::actions::download::flist_file;
use crate::actions::{ActionError, Thing, lists};
use crate::auth::Caller;
use crate::catalog::NameRow;
use crate::error::ApiError;
use crate::name::FLIST_ENDING;
use crate::state::Hub;

/// The handler.
pub(super) async fn download(
    State(hub): State<Hub>,
    caller: Caller,
    method: Method,
    headers: HeaderMap,
    Path((repository, file)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    if !file.ends_with(FLIST_ENDING) {
        return Err(ActionError::not_found(Thing::Flist, file).into());
    }
    let row = lists::flist(&hub, &caller, &repository, &file).await?;
    answer(&hub, &row, &method, &headers).await
}

async fn answer(
    hub: &Hub,
    row: &NameRow,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let resource = resource(row, hub.clock.now());
    let length = resource.length;
    let (status, range) = match decide(method, headers, &resource) {
        Verdict::Failed => return Ok(bare(StatusCode::PRECONDITION_FAILED, &resource)),
        Verdict::NotModified => return Ok(bare(StatusCode::NOT_MODIFIED, &resource)),
        Verdict::Unsatisfiable => {
            let outside = [(CONTENT_RANGE, format!("bytes */{length}"))];
            return Ok(
                (outside, bare(StatusCode::RANGE_NOT_SATISFIABLE, &resource)).into_response()
            );
        }
        Verdict::Whole => (StatusCode::OK, 0..length),
        Verdict::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
    };
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::from_stream(flist_file(hub, row.flist.id, range.clone()).await?)
    };
    let content = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, (range.end - range.start).to_string()),
    ];
    let part = (status == StatusCode::PARTIAL_CONTENT)
        .then(|| [(CONTENT_RANGE, format!("bytes {}-{}/{length}", range.start, range.end - 1))]);
    let mut response = (content, bare(status, &resource)).into_response();
    response.headers_mut().extend(
        part.into_iter()
            .flatten()
            .filter_map(|(name, value)| value.parse().ok().map(|value| (name, value))),
    );
    *response.body_mut() = body;
    Ok(response)
}

/// The manifest's id is the strong tag: the same id is the same file, byte for byte.
fn resource(row: &NameRow, now: u64) -> Resource {
    let time = |seconds| {
        let since_epoch = Duration::from_secs(seconds);
        SystemTime::UNIX_EPOCH.checked_add(since_epoch).unwrap_or(SystemTime::UNIX_EPOCH)
    };
    Resource {
        tag: format!("\"{}\"", row.flist.id),
        changed: time(row.updated),
        length: row.flist.file_bytes,
        now: time(now),
    }
}

/// An answer without a body, with what every answer about the resource says. The time of a change is
/// told once it stands for one state: a caller cannot ask by what it was not told.
fn bare(status: StatusCode, resource: &Resource) -> Response {
    let headers = [
        (ETAG, resource.tag.clone()),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    let changed =
        resource.settled().map(|changed| [(LAST_MODIFIED, httpdate::fmt_http_date(changed))]);
    let mut response = (status, headers).into_response();
    response.headers_mut().extend(
        changed
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| value.parse().ok().map(|value| (name, value))),
    );
    response
}
