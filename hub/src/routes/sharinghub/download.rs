//! SharingHub's addresses of files and archives, over the routes that the hub has for them.

use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CACHE_CONTROL, HeaderMap};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use crate::actions::{ActionError, Thing};
use crate::auth::Caller;
use crate::error::{ApiError, Code};
use crate::routes::extract::QueryOf;
use crate::routes::file_path::FilePath;
use crate::routes::files::FilesQuery;
use crate::routes::ranged::set;
use crate::routes::{export, files};
use crate::state::Hub;

/// The longest time for which a client may be told to keep a file that everybody may read: a day.
const LONGEST: u64 = 86_400;

/// The same of what it may read because of its token: who is removed does not keep it for long.
const LONGEST_OF_OURS: u64 = 300;

/// What may be said beside the path.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DownloadQuery {
    /// What SharingHub calls a branch: see `revision`.
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// Seconds for which the client wants to keep it.
    cache: Option<u64>,
}

/// Which revision is meant: the number of one, or `None` for the one branch that a name has, what it points at now.
fn revision(reference: Option<&str>) -> Result<Option<u64>, ApiError> {
    let reference = match reference {
        None | Some("" | "main" | "master" | "HEAD" | "latest") => return Ok(None),
        Some(reference) => reference,
    };
    let number = reference.bytes().all(|byte| byte.is_ascii_digit());
    let revision = if number { reference.parse().ok() } else { None };
    let shown = || reference.chars().take(64).collect::<String>();
    revision.map(Some).ok_or_else(|| ActionError::not_found(Thing::Revision, shown()).into())
}

/// A file, to be saved.
pub(super) async fn file(
    State(hub): State<Hub>,
    caller: Caller,
    method: Method,
    headers: HeaderMap,
    path: FilePath,
    QueryOf(query): QueryOf<DownloadQuery>,
) -> Result<Response, ApiError> {
    let revision = revision(query.reference.as_deref())?;
    let longest = if matches!(caller, Caller::Anonymous) { LONGEST } else { LONGEST_OF_OURS };
    let asked = FilesQuery { download: true, revision, ..FilesQuery::default() };
    let mut response =
        files::answer(&hub, &caller, (&method, &headers), &path, (&asked, None)).await?;
    let sent = matches!(response.status(), StatusCode::OK | StatusCode::PARTIAL_CONTENT);
    if let Some(seconds) = query.cache.filter(|seconds| sent && *seconds > 0) {
        set(&mut response, CACHE_CONTROL, &format!("private, max-age={}", seconds.min(longest)));
    }
    Ok(response)
}

/// All files as an archive: `archive.tar`, `archive.tar.gz`, `archive.tar.zst`.
pub(super) async fn archive(
    hub: State<Hub>,
    caller: Caller,
    method: Method,
    Path((repository, name, archive)): Path<(String, String, String)>,
    QueryOf(query): QueryOf<DownloadQuery>,
) -> Result<Response, ApiError> {
    let format = match archive.strip_prefix("archive.") {
        Some(format @ ("tar" | "tar.gz" | "tar.zst")) => format,
        Some(_) => {
            let message = "archives are archive.tar, archive.tar.gz and archive.tar.zst";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_EXPORT, message));
        }
        None => return Err(ApiError::new(StatusCode::NOT_FOUND, Code::NOT_FOUND, "no such route")),
    };
    if revision(query.reference.as_deref())?.is_some() {
        let message = "an archive is of what the name points at now; of an older revision there \
                       are its files alone";
        return Err(ApiError::new(StatusCode::NOT_FOUND, Code::NOT_FOUND, message));
    }
    let asked = RawQuery(Some(format!("format={format}")));
    export::export(hub, caller, method, asked, Path((repository, name))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_branch_and_revisions() {
        for current in [None, Some(""), Some("main"), Some("master"), Some("HEAD")] {
            assert_eq!(revision(current).unwrap(), None, "{current:?}");
        }
        assert_eq!(revision(Some("3")).unwrap(), Some(3));
        for none in ["v1", "../x", "-1", "+1", "99999999999999999999999"] {
            assert_eq!(revision(Some(none)).unwrap_err().into_words().0, "not_found", "{none}");
        }
    }
}
