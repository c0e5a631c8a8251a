//! The face that 0-hub's clients know: their paths, their envelope, their words. Statuses are right where
//! 0-hub's were not, and nothing is changed by a `GET`.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::StreamExt as _;
use futures_util::stream::{self, TryStreamExt as _};
use serde::Serialize;
use serde_json::json;

use super::face;
use super::json_stream::{Part, array, constant};
use crate::actions::dump::DumpEntry;
use crate::actions::{ActionError, Items, delete as deletion, dump as dumping, lists};
use crate::auth::Caller;
use crate::catalog::NameRow;
use crate::error::ApiError;
use crate::state::Hub;

/// One name in a listing. The size is that of the `.flist` file, in words.
#[derive(Serialize)]
struct Entry {
    name: String,
    size: String,
    updated: u64,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl From<NameRow> for Entry {
    fn from(row: NameRow) -> Self {
        let name = format!("{}.flist", row.name);
        Self { name, size: kilobytes(row.flist.file_bytes), updated: row.updated, kind: "regular" }
    }
}

/// 12,636 as "12.34 KB".
fn kilobytes(bytes: u64) -> String {
    let hundredths = u128::from(bytes) * 100 / 1024;
    format!("{}.{:02} KB", hundredths / 100, hundredths % 100)
}

fn stream_json(parts: impl stream::Stream<Item = Part> + Send + 'static) -> Response {
    let body = Body::from_stream(parts.chain(constant("\n")));
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// `GET /api/flist`: `["repository/name.flist", …]`.
pub(super) async fn all_names(State(hub): State<Hub>) -> Result<Response, ApiError> {
    let repositories = lists::repositories(&hub).await?;
    let names = stream::iter(repositories).flat_map(move |repository| {
        lists::names_in(&hub, &repository.row)
            .map_ok(|row| format!("{}/{}.flist", row.repository, row.name))
    });
    Ok(stream_json(array(names)))
}

/// `GET /api/repositories`: `[{"name","official","updated"}, …]`.
pub(super) async fn repositories(State(hub): State<Hub>) -> Result<Response, ApiError> {
    let repositories = lists::repositories(&hub).await?;
    let shown = repositories.iter().map(|repository| {
        let row = &repository.row;
        json!({ "name": row.name, "official": repository.official, "updated": row.updated })
    });
    Ok(face::line(&shown.collect::<Vec<_>>()))
}

/// `GET /api/fileslist`: `{"repository": [entry, …], …}`.
pub(super) async fn all_entries(State(hub): State<Hub>) -> Result<Response, ApiError> {
    let repositories = lists::repositories(&hub).await?;
    let members = stream::iter(repositories).enumerate().flat_map(move |(index, repository)| {
        let comma = if index == 0 { "" } else { "," };
        let key = json!(repository.row.name);
        let entries = lists::names_in(&hub, &repository.row).map_ok(Entry::from);
        constant(format!("{comma}{key}:")).chain(array(entries)).boxed()
    });
    Ok(stream_json(constant("{").chain(members).chain(constant("}"))))
}

/// `GET /api/flist/{repository}`: `[entry, …]`.
pub(super) async fn entries(
    State(hub): State<Hub>,
    caller: Caller,
    Path(repository): Path<String>,
) -> Result<Response, ApiError> {
    let names = lists::names(&hub, &caller, &repository).await?;
    Ok(stream_json(array(names.map_ok(Entry::from))))
}

/// `GET /api/flist/{repository}/{flist}`: everything in it.
pub(super) async fn dump(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let (row, entries) = dumping::dump(&hub, &caller, &repository, &name).await?;
    Ok(dumped(&row, entries))
}

/// `GET /api/flist/me/{flist}`: everything in one of the caller's own.
pub(super) async fn own_dump(
    State(hub): State<Hub>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let (row, entries) = dumping::own_dump(&hub, &caller, &name).await?;
    Ok(dumped(&row, entries))
}

fn dumped(row: &NameRow, entries: Items<Vec<DumpEntry>>) -> Response {
    let shown = entries
        .map_ok(|batch| {
            stream::iter(batch.into_iter().map(|entry| Ok::<_, ActionError>(shown(&entry))))
        })
        .try_flatten();
    let flist = &row.flist;
    let counts = format!(
        ",\"regular\":{},\"symlink\":{},\"directory\":{},\"special\":{},\"failure\":0,\"fullsize\":{}}}",
        flist.regular, flist.symlink, flist.directory, flist.special, flist.bytes
    );
    stream_json(constant("{\"content\":").chain(array(shown)).chain(constant(counts)))
}

/// One entry of a dump.
#[derive(Serialize)]
struct Shown {
    path: String,
    size: u64,
    /// The path's bytes in base64, where text cannot hold them.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
}

fn shown(entry: &DumpEntry) -> Shown {
    let path = [b"/", entry.path.as_slice()].concat();
    let text = String::from_utf8_lossy(&path).into_owned();
    let path_bytes = (text.as_bytes() != path).then(|| BASE64_STANDARD.encode(&path));
    Shown { path: text, size: entry.size, path_bytes }
}

/// `GET /api/flist/me`: whose token it is.
pub(super) async fn me(State(hub): State<Hub>, caller: Caller) -> Result<Response, ApiError> {
    let (username, _) = lists::me(&hub, &caller).await?;
    Ok(face::success(Some(&json!({ "username": username }))))
}

/// `DELETE /api/flist/me/{flist}`.
pub(super) async fn delete(
    State(hub): State<Hub>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    deletion::own_name(&hub, &caller, &name).await?;
    Ok(face::success(None::<&()>))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_0_hub_does() {
        for (bytes, text) in [
            (0, "0.00 KB"),
            (1024, "1.00 KB"),
            (12_636, "12.33 KB"),
            (u64::MAX, "18014398509481983.99 KB"),
        ] {
            assert_eq!(kilobytes(bytes), text);
        }
    }

    #[test]
    fn a_path_that_is_no_text_comes_with_its_bytes() {
        let entry = |path: &[u8]| json!(shown(&DumpEntry { path: path.to_vec(), size: 1 }));
        assert_eq!(entry(b"a/b"), json!({ "path": "/a/b", "size": 1 }));
        let odd = entry(b"a\xff");
        assert_eq!(odd, json!({ "path": "/a\u{fffd}", "size": 1, "path_bytes": "L2H/" }));
    }
}
