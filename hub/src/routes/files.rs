//! `GET` and `HEAD /api/v1/flists/{repository}/{name}/files/{path}`: one file of a flist's tree, in whole or
//! in parts, or a page of a directory.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LOCATION, CONTENT_SECURITY_POLICY, HeaderMap,
    HeaderName, IF_MATCH, RANGE, REFERRER_POLICY, VARY,
};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use flisthub_flist::File;
use flisthub_flist::wire::DirectoryPage;
use serde::Deserialize;

use super::extract::QueryOf;
use super::file_path::FilePath;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use super::range::{Resource, Verdict, decide};
use super::ranged::{bare, changed, say, set, time, unsatisfiable};
use super::signed_query::FileQuery;
use super::{accept, content_type, directory_page, file_body};
use crate::actions::files::{self, Opened, What};
use crate::actions::signing::{self, Read};
use crate::actions::{ActionError, Thing};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::signatures::SignedGrant;
use crate::state::Hub;

/// Which sites may have it shown in their pages.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

errors! {
    /// What a path of a file may be.
    Pathed { 400 BAD_PATH, 404 NOT_FOUND, 410 SWEPT, 422 NOT_A_FILE, 422 LINK_LOOP }
    /// Parts of a file.
    Parted { 412 PRECONDITION_FAILED, 416 RANGE_NOT_SATISFIABLE }
    /// A query with other fields than it should have.
    Queried { 400 BAD_QUERY }
    /// A root that is written with more than one slash at its end.
    Rooted { 400 BAD_PATH, 410 SWEPT }
}

/// What may be asked for beside the path.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FilesQuery {
    /// The most entries of a directory's page; 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    pub(super) limit: Option<u32>,
    /// Where a directory's page begins: `next` of the page before.
    pub(super) cursor: Option<String>,
    /// Have a browser save the file whatever it is.
    pub(super) download: bool,
    /// Of what the name pointed at at that revision.
    #[param(minimum = 1)]
    pub(super) revision: Option<u64>,
}

/// What stands at the root of a flist's tree: a page of its entries.
#[utoipa::path(
    method(get, head), path = "/flists/{repository}/{name}/files", operation_id = "list_root",
    tag = "contents", params(params::Name, FilesQuery, params::ReadConditions),
    responses(
        (status = 200, description = "A page of the directory.", body = DirectoryPage, headers(
            ("Link" = Option<String>, description = "The next page, `rel=\"next\"`."),
            ("ETag" = String, description = "The directory's own, and the page's."),
        )),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Named, errors::Timed, errors::Paged, errors::Conditional, errors::Objects,
        Queried, Rooted,
    ),
)]
pub(super) async fn root(
    State(hub): State<Hub>,
    caller: Caller,
    method: Method,
    headers: HeaderMap,
    path: FilePath,
    query: QueryOf<FilesQuery>,
) -> Result<Response, ApiError> {
    let QueryOf(query) = query;
    answer(&hub, &caller, (&method, &headers), &path, (&query, None)).await
}

/// One file of a flist's tree, or a page of a directory.
///
/// The path is that of the file, each part percent-encoded; symbolic links are followed within the tree.
/// A file can be had in parts, and as the zstd frames it is stored in. Its type is guessed from its name. What a signed address
/// has in its query stands in for a token; where it is worth nothing, it is as if it were not there.
#[utoipa::path(
    method(get, head), path = "/flists/{repository}/{name}/files/{*path}", operation_id = "read_file",
    tag = "contents",
    params(
        params::Name, FileQuery, params::ReadConditions,
        ("path" = String, Path, description = "Where it stands in the tree.", example = "etc/notes.txt"),
        ("Range" = Option<String>, Header, description = "The bytes that are wanted, in up to 16 parts."),
        ("Accept-Encoding" = Option<String>, Header, description = "`zstd` for the stored frames."),
        ("If-Range" = Option<String>, Header, description = "The tag, or the `Last-Modified`, of what the parts are of; of \
anything else all of it is sent."),
    ),
    responses(
        (status = 200, description = "The file, or a page of the directory.", content(
            (Vec<u8> = "*/*"), (DirectoryPage = "application/json"),
        ), headers(
            ("ETag" = String, description = "The content's own."),
            ("Last-Modified" = Option<String>, description = "When the name last changed, once that is a minute ago."),
            ("Accept-Ranges" = Option<String>, description = "`bytes`, of a file."),
            ("Content-Encoding" = Option<String>, description = "`zstd`, where the stored frames are sent."),
            ("Content-Disposition" = Option<String>, description = "That a browser is to save it."),
            ("Content-Location" = Option<String>, description = "Where it is without the links on the way."),
            ("Link" = Option<String>, description = "The next page of a directory, `rel=\"next\"`."),
        )),
        (status = 206, description = "The parts that were asked for.", content((Vec<u8> = "*/*")), headers(
            ("ETag" = String, description = "The content's own."),
            ("Content-Range" = Option<String>, description = "Which part it is, where there is one."),
        )),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Named, errors::Timed, errors::Paged, errors::Objects, Pathed, Parted,
        Queried,
    ),
)]
pub(super) async fn files(
    State(hub): State<Hub>,
    caller: Caller,
    method: Method,
    headers: HeaderMap,
    path: FilePath,
    QueryOf(query): QueryOf<FileQuery>,
) -> Result<Response, ApiError> {
    let (query, signed) = query.split();
    answer(&hub, &caller, (&method, &headers), &path, (&query, signed)).await
}

/// A file or a page, for whoever may read it or has what was signed for it.
pub(super) async fn answer(
    hub: &Hub,
    caller: &Caller,
    (method, headers): (&Method, &HeaderMap),
    path: &FilePath,
    (query, signed): (&FilesQuery, Option<SignedGrant>),
) -> Result<Response, ApiError> {
    let name = (path.repository.as_str(), path.name.as_str());
    let signed = signed.filter(|_| !path.directory);
    let place = (query.revision, &path.path);
    let Read { opened, by_signature } =
        signing::open(hub, caller, name, place, signed.as_ref()).await?;
    let mut response = match &opened.what {
        What::File(_) if path.directory => {
            let what = format!("{}/: that is a file", path.path);
            return Err(ActionError::not_found(Thing::Path, what).into());
        }
        What::File(file) => {
            let asked = Asked { method, headers, download: query.download };
            file_answer(hub, &opened, file, &asked).await?
        }
        What::Directory(id) => {
            let at = (*id, &opened);
            directory_page::answer(hub, at, (path, query), (method, headers)).await?
        }
    };
    say(&mut response, CACHE_CONTROL, "no-cache");
    if by_signature {
        // Neither a cache for many nor the site that a link in the file leads to is to have the address.
        say(&mut response, CACHE_CONTROL, "private, no-cache");
        say(&mut response, REFERRER_POLICY, "no-referrer");
    }
    if opened.path != path.path {
        let mut found = directory_page::url(path, &opened.path);
        let signed = by_signature.then_some(opened.row.revision);
        if let Some(revision) = query.revision.or(signed) {
            // Writing to a string cannot fail.
            let _ = write!(found, "?revision={revision}");
        }
        set(&mut response, CONTENT_LOCATION, &found);
    }
    Ok(response)
}

/// A request for a file.
struct Asked<'a> {
    method: &'a Method,
    headers: &'a HeaderMap,
    download: bool,
}

impl Asked<'_> {
    /// Whether the body comes as frames. Who asks for parts, or holds a strong tag, means the file itself.
    fn as_frames(&self, file: &File) -> bool {
        let itself = [RANGE, IF_MATCH].iter().any(|name| self.headers.contains_key(name));
        !itself && file.size > 0 && accept::takes_zstd(self.headers)
    }
}

async fn file_answer(
    hub: &Hub,
    opened: &Opened,
    file: &File,
    asked: &Asked<'_>,
) -> Result<Response, ApiError> {
    let (content, frames) = (file.content_id(), asked.as_frames(file));
    let resource = Resource {
        // The same content may be stored in other frames one day.
        tag: if frames { format!("W/\"{content}-zstd\"") } else { format!("\"{content}\"") },
        changed: changed(&opened.row),
        length: file.size,
        now: time(hub.clock.now()),
    };
    let verdict = decide(asked.method, asked.headers, &resource);
    let name = opened.path.split_last().map(|(_, name)| name);
    let name = name.as_ref().map_or(&b""[..], |name| name.as_bytes());
    let mut response = match verdict {
        Verdict::Failed => bare(StatusCode::PRECONDITION_FAILED, &resource),
        Verdict::NotModified => bare(StatusCode::NOT_MODIFIED, &resource),
        Verdict::Unsatisfiable => unsatisfiable(&resource, "the range lies outside of the file"),
        Verdict::TooMany => {
            unsatisfiable(&resource, "at most 16 ranges can be asked for at a time")
        }
        Verdict::Whole | Verdict::Part(_) | Verdict::Parts(_) => {
            let mut kind = content_type::of(name).to_owned();
            if content_type::is_text(&kind) && files::is_text(hub, file).await? {
                kind.push_str("; charset=utf-8");
            }
            let whole = file_body::Whole { file, kind: &kind, content, frames };
            let body = whole.steps(verdict);
            let head = asked.method == Method::HEAD;
            let mut response = bare(body.status, &resource);
            body.send(hub, file, head, &mut response).await?;
            response
        }
    };
    say(&mut response, VARY, "accept-encoding");
    guard(&mut response, name, asked.download);
    Ok(response)
}

/// What keeps a browser from taking a stranger's file for a page of the hub.
fn guard(response: &mut Response, name: &[u8], download: bool) {
    contain(response);
    // A problem is not the file.
    let sent = matches!(response.status(), StatusCode::OK | StatusCode::PARTIAL_CONTENT);
    if sent && (download || !content_type::is_passive(content_type::of(name))) {
        set(response, CONTENT_DISPOSITION, &content_type::attachment(name));
    }
}

/// Has a browser run nothing of it, and show it in no other site's pages.
pub(super) fn contain(response: &mut Response) {
    say(response, CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
    say(response, RESOURCE_POLICY, "same-origin");
}
