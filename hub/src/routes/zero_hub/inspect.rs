//! One flist, looked at: its content in full or in short, what it says of itself, what it links to.

use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flisthub_flist::Counts;
use futures_util::StreamExt as _;
use futures_util::stream::{self, TryStreamExt as _};
use serde::Serialize;
use serde_json::json;

use super::super::face;
use super::super::json_stream::{array, constant};
use super::listings::{Link, stream_json};
use super::{file_name, shown_tag};
use crate::actions::dump::DumpEntry;
use crate::actions::{
    ActionError, Items, dump as dumping, entries, facts, lists, metadata as saying,
};
use crate::auth::Caller;
use crate::catalog::{FlistFacts, NameRow, Pointed, Target};
use crate::error::{ApiError, Code};
use crate::state::Hub;

type Answer = Result<Response, ApiError>;
type OfFlist = Path<(String, String)>;

/// `GET /api/flist/{repository}/{flist}`: everything in it.
pub(super) async fn dump(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): OfFlist,
) -> Answer {
    let (row, entries) = dumping::dump(&hub, &caller, &repository, &name).await?;
    Ok(dumped(&row, &facts::of(&hub, row.flist.id).await?, entries))
}

/// `GET /api/flist/me/{flist}`: everything in one of the caller's own.
pub(super) async fn own_dump(
    State(hub): State<Hub>,
    caller: Caller,
    Path(name): Path<String>,
) -> Answer {
    let (row, entries) = dumping::own_dump(&hub, &caller, &name).await?;
    Ok(dumped(&row, &facts::of(&hub, row.flist.id).await?, entries))
}

fn dumped(row: &NameRow, facts: &FlistFacts, entries: Items<Vec<DumpEntry>>) -> Response {
    let shown = entries
        .map_ok(|batch| {
            stream::iter(batch.into_iter().map(|entry| Ok::<_, ActionError>(shown(&entry))))
        })
        .try_flatten();
    let Counts { regular, symlink, directory, special } = facts.counts;
    let counts = format!(
        ",\"regular\":{regular},\"symlink\":{symlink},\"directory\":{directory},\
         \"special\":{special},\"failure\":0,\"fullsize\":{}}}",
        row.flist.bytes
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

/// A flist in short.
#[derive(Serialize)]
struct Light {
    name: String,
    /// Of the `.flist` file, in bytes.
    size: u64,
    updated: u64,
    #[serde(rename = "type")]
    kind: &'static str,
    md5: String,
    #[serde(flatten)]
    link: Option<Link>,
}

/// `GET /api/flist/{repository}/{flist}/light`: what is known of the `.flist` file.
pub(super) async fn light(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): OfFlist,
) -> Answer {
    let (row, facts) = entries::flist(&hub, &caller, &repository, &name).await?;
    let link = row.link.as_ref().map(|link| {
        let target = raw_target(&row.repository, &link.target);
        Link { linktime: link.linked, target }
    });
    Ok(face::line(&Light {
        name: file_name(&row.name),
        size: facts.file_bytes,
        updated: row.updated,
        kind: if link.is_some() { "symlink" } else { "regular" },
        md5: hex(&facts.md5),
        link,
    }))
}

/// `INFO /api/flist/{repository}/{flist}`, a method of 0-hub's own: the same as `light`.
pub(super) async fn info(method: Method, hub: State<Hub>, caller: Caller, path: OfFlist) -> Answer {
    if method.as_str() != "INFO" {
        return Ok(StatusCode::METHOD_NOT_ALLOWED.into_response());
    }
    light(hub, caller, path).await
}

/// `INFO /api/flist/me/{flist}`: of one of the caller's own.
pub(super) async fn own_info(
    method: Method,
    hub: State<Hub>,
    caller: Caller,
    Path(name): Path<String>,
) -> Answer {
    if method.as_str() != "INFO" {
        return Ok(StatusCode::METHOD_NOT_ALLOWED.into_response());
    }
    let own = caller.own_repository()?.to_owned();
    light(hub, caller, Path((own, name))).await
}

/// A link's target as the file system of 0-hub has it.
fn raw_target(repository: &str, target: &Target) -> String {
    let file = file_name(&target.name);
    if target.repository == repository { file } else { format!("../{}/{file}", target.repository) }
}

/// MD5 as text.
pub(crate) fn hex(md5: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*md5))
}

/// `GET /api/flist/{repository}/{name}/taglink`: which tag a link to one points at.
pub(super) async fn tag_link(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): OfFlist,
) -> Answer {
    match lists::named(&hub, &caller, &repository, &name).await?.points_at {
        Pointed::TagLink(target) => Ok(face::line(&json!({ "target": shown_tag(&target) }))),
        Pointed::Flist(_) | Pointed::Link(_) | Pointed::Tag => {
            let message = "could not read tag link";
            Err(ApiError::new(StatusCode::NOT_FOUND, Code::NOT_FOUND, message))
        }
    }
}

/// `GET /api/flist/{repository}/{flist}/metadata`: what it says of itself.
pub(super) async fn metadata(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): OfFlist,
) -> Answer {
    Ok(face::line(&saying::metadata(&hub, &caller, &repository, &name).await?))
}

/// `GET /api/flist/me`: whose token it is, or what it acts for.
pub(super) async fn me(caller: Caller) -> Answer {
    Ok(face::success(Some(&json!({ "username": caller.own_repository()? }))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_no_text_comes_with_its_bytes() {
        let entry = |path: &[u8]| json!(shown(&DumpEntry { path: path.to_vec(), size: 1 }));
        assert_eq!(entry(b"a/b"), json!({ "path": "/a/b", "size": 1 }));
        let odd = entry(b"a\xff");
        assert_eq!(odd, json!({ "path": "/a\u{fffd}", "size": 1, "path_bytes": "L2H/" }));
    }

    #[test]
    fn md5_is_written_as_md5sum_does() {
        let mut md5 = [0; 16];
        md5[0] = 0x0a;
        md5[15] = 0xff;
        assert_eq!(hex(&md5), "0a0000000000000000000000000000ff");
    }
}
