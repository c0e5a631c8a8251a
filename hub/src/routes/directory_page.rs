//! A directory of a flist's tree as JSON, page by page.

use axum::body::{Body, HttpBody as _};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use flisthub_flist::TreePath;
use flisthub_flist::wire::DirectoryPage;
use flisthub_storage::ChunkId;

use super::file_path::FilePath;
use super::files::FilesQuery;
use super::page::{Page, bad_page};
use super::percent;
use super::range::{Resource, Verdict, conditions};
use super::ranged::{bare, changed, say, set, time};
use crate::actions::files::{Opened, page, shown};
use crate::error::ApiError;
use crate::state::Hub;

/// The context of the tags of pages.
const TAG: &str = "flisthub 2026-11-21 page of a directory";

/// The page of a directory that a query asks for.
pub(super) async fn answer(
    hub: &Hub,
    (id, opened): (ChunkId, &Opened),
    (path, query): (&FilePath, &FilesQuery),
    (method, headers): (&Method, &HeaderMap),
) -> Result<Response, ApiError> {
    let asked = Page::of(path.uri.clone(), query.limit, query.cursor.clone())?;
    let after = asked.cursor.as_deref().map(cursor).transpose()?.unwrap_or_default();
    let resource = Resource {
        tag: tag(id, &opened.path, &after, asked.limit),
        changed: changed(&opened.row),
        length: 0,
        now: time(hub.clock.now()),
    };
    match conditions(headers, &resource) {
        Some(Verdict::NotModified) => return Ok(bare(StatusCode::NOT_MODIFIED, &resource)),
        Some(_) => return Ok(bare(StatusCode::PRECONDITION_FAILED, &resource)),
        None => {}
    }
    let found = page(hub, id, &after, asked.limit as usize).await?;
    let (text, bytes) = shown(opened.path.as_bytes());
    let next = found.next.map(|last| BASE64_URL_SAFE_NO_PAD.encode(last));
    let listed = DirectoryPage { path: text, path_bytes: bytes, entries: found.entries, next };
    let mut response = asked.answer(&listed, listed.next.as_deref());
    let said = bare(StatusCode::OK, &resource);
    response.headers_mut().extend(said.headers().clone());
    // A page is asked for by name, not by bytes.
    say(&mut response, ACCEPT_RANGES, "none");
    say(&mut response, CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
    if method == Method::HEAD {
        let length = response.body().size_hint().exact().unwrap_or_default();
        set(&mut response, CONTENT_LENGTH, &length.to_string());
        *response.body_mut() = Body::empty();
    }
    Ok(response)
}

/// Where another path of the same tree is read.
pub(super) fn url(asked: &FilePath, path: &TreePath) -> String {
    let (repository, name) = (&asked.repository, &asked.name);
    let path = percent::encode(path.as_bytes());
    let slash = if path.is_empty() { "" } else { "/" };
    let (repository, name) =
        (percent::encode(repository.as_bytes()), percent::encode(name.as_bytes()));
    format!("/api/v1/flists/{repository}/{name}/files{slash}{path}")
}

/// The name that a page begins after.
fn cursor(text: &str) -> Result<Vec<u8>, ApiError> {
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| bad_page("that is no cursor: take `next` of the page before"))
}

/// The same page of the same directory as the same version of the hub shows it.
fn tag(id: ChunkId, path: &TreePath, after: &[u8], limit: u32) -> String {
    let mut hasher = blake3::Hasher::new_derive_key(TAG);
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    hasher.update(id.as_bytes()).update(&limit.to_le_bytes());
    hasher.update(&(after.len() as u64).to_le_bytes()).update(after).update(path.as_bytes());
    format!("\"{}\"", ChunkId::from_bytes(*hasher.finalize().as_bytes()))
}
