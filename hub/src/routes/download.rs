//! `GET` and `HEAD /{repository}/{name}.flist`: the `.flist` file, whole or in part; the same through a tag.
//! What is said *about* the file is in `sheet`.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::range::{Resource, Verdict, decide};
use super::ranged::{bare, changed, content_range, set, time, unsatisfiable};
use super::sheet;
use crate::actions::download::flist_file;
use crate::actions::{ActionError, Thing, facts, lists, tags};
use crate::auth::Caller;
use crate::catalog::NameRow;
use crate::error::ApiError;
use crate::name::FLIST_ENDING;
use crate::state::Hub;

/// What follows a flist's file name where its MD5 is asked for.
const MD5_ENDING: &str = ".md5";

/// `/{repository}/{file}`.
pub(super) async fn download(
    State(hub): State<Hub>,
    caller: Caller,
    method: Method,
    headers: HeaderMap,
    Path((repository, file)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    if file.ends_with(FLIST_ENDING) {
        let row = lists::flist(&hub, &caller, &repository, &file).await?;
        return answer(&hub, &row, &method, &headers).await;
    }
    if let Some(flist) = with_md5(&file) {
        let row = lists::flist(&hub, &caller, &repository, flist).await?;
        return sheet::md5(&hub, &row).await;
    }
    let Some((name, sort)) = sheet::asked(&file) else {
        return Err(ActionError::not_found(Thing::Flist, file).into());
    };
    let row = lists::flist(&hub, &caller, &repository, name).await?;
    sheet::sheet(&hub, &row, sort).await
}

/// `/{repository}/tags/{tag}/{file}`: what a member of a tag leads to.
pub(super) async fn through_tag(
    State(hub): State<Hub>,
    caller: Caller,
    method: Method,
    headers: HeaderMap,
    Path((repository, tag, file)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let of_md5 = with_md5(&file);
    if of_md5.is_none() && !file.ends_with(FLIST_ENDING) {
        return Err(ActionError::not_found(Thing::Flist, file).into());
    }
    let member = of_md5.unwrap_or(&file);
    let row = tags::member(&hub, &caller, (&repository, &tag, member)).await?;
    if of_md5.is_some() {
        return sheet::md5(&hub, &row).await;
    }
    answer(&hub, &row, &method, &headers).await
}

/// The file whose MD5 is asked for.
fn with_md5(file: &str) -> Option<&str> {
    file.strip_suffix(MD5_ENDING).filter(|flist| flist.ends_with(FLIST_ENDING))
}

async fn answer(
    hub: &Hub,
    row: &NameRow,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let file_bytes = facts::of(hub, row.flist.id).await?.file_bytes;
    let resource = resource(row, file_bytes, hub.clock.now());
    let length = resource.length;
    let (status, range) = match decide(method, headers, &resource) {
        Verdict::Failed => return Ok(bare(StatusCode::PRECONDITION_FAILED, &resource)),
        Verdict::NotModified => return Ok(bare(StatusCode::NOT_MODIFIED, &resource)),
        Verdict::Unsatisfiable => {
            return Ok(unsatisfiable(&resource, "the range lies outside of the file"));
        }
        // The file is made anew for each request; several parts would have it made several times.
        Verdict::Whole | Verdict::Parts(_) | Verdict::TooMany => (StatusCode::OK, 0..length),
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
    let mut response = (content, bare(status, &resource)).into_response();
    if status == StatusCode::PARTIAL_CONTENT {
        set(&mut response, CONTENT_RANGE, &content_range(&range, length));
    }
    *response.body_mut() = body;
    Ok(response)
}

/// The manifest's id is the strong tag: the same id is the same file, byte for byte.
fn resource(row: &NameRow, file_bytes: u64, now: u64) -> Resource {
    Resource {
        tag: format!("\"{}\"", row.flist.id),
        changed: changed(row),
        length: file_bytes,
        now: time(now),
    }
}
