//! What is there: repositories, names, the members of a tag.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use futures_util::stream::{self, TryStreamExt as _};
use serde::Serialize;
use serde_json::json;

use super::super::face;
use super::super::json_stream::{Part, array, constant};
use super::{file_name, shown_tag, shown_target};
use crate::actions::entries::{self as listing, MemberEntry};
use crate::actions::lists;
use crate::auth::Caller;
use crate::catalog::{Named, Pointed};
use crate::error::ApiError;
use crate::state::Hub;

/// One name in a listing.
#[derive(Serialize)]
struct Entry {
    name: String,
    /// Of the `.flist` file, in words.
    size: String,
    updated: u64,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    link: Option<Link>,
}

/// What is told of a link beside what it leads to.
#[derive(Serialize)]
pub(super) struct Link {
    /// When it was made or changed.
    pub(super) linktime: u64,
    /// What it points at.
    pub(super) target: String,
}

impl From<listing::Entry> for Entry {
    fn from(listing::Entry { named, leads_to }: listing::Entry) -> Self {
        let (size, updated) = match leads_to {
            Some((bytes, updated)) => (kilobytes(bytes), updated),
            None => ("0 KB".to_owned(), named.updated),
        };
        let link = |target| Some(Link { linktime: named.updated, target });
        let (name, kind, link) = match &named.points_at {
            Pointed::Flist(_) => (file_name(&named.name), "regular", None),
            Pointed::Link(target) => {
                let target = shown_target(&named.repository, target);
                (file_name(&named.name), "symlink", link(target))
            }
            Pointed::Tag => (named.name.clone(), "tag", None),
            Pointed::TagLink(target) => (named.name.clone(), "taglink", link(shown_tag(target))),
        };
        Self { name, size, updated, kind, link }
    }
}

impl From<MemberEntry> for Entry {
    fn from(MemberEntry { member, leads_to }: MemberEntry) -> Self {
        let (size, updated) = match leads_to {
            Some((bytes, updated)) => (kilobytes(bytes), updated),
            None => ("0 KB".to_owned(), member.linked),
        };
        // A member's target always has its repository.
        let target = shown_target("", &member.target);
        let link = Some(Link { linktime: member.linked, target });
        Self { name: file_name(&member.name), size, updated, kind: "symlink", link }
    }
}

/// 12,636 as "12.33 KB".
fn kilobytes(bytes: u64) -> String {
    let hundredths = u128::from(bytes) * 100 / 1024;
    format!("{}.{:02} KB", hundredths / 100, hundredths % 100)
}

pub(super) fn stream_json(parts: impl stream::Stream<Item = Part> + Send + 'static) -> Response {
    let body = Body::from_stream(parts.chain(constant("\n")));
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// A name as the list of all names has it; `None` for a tag, which is no file.
fn listed(named: &Named) -> Option<String> {
    match named.points_at {
        Pointed::Flist(_) | Pointed::Link(_) => {
            Some(format!("{}/{}", named.repository, file_name(&named.name)))
        }
        Pointed::TagLink(_) => Some(format!("{}/{}", named.repository, named.name)),
        Pointed::Tag => None,
    }
}

/// `GET /api/flist`: `["repository/name.flist", …]`.
pub(super) async fn all_names(
    State(hub): State<Hub>,
    caller: Caller,
) -> Result<Response, ApiError> {
    let repositories = lists::repositories(&hub, &caller).await?;
    let names = stream::iter(repositories).flat_map(move |repository| {
        lists::names_in(&hub, &repository.row).try_filter_map(async |named| Ok(listed(&named)))
    });
    Ok(stream_json(array(names)))
}

/// `GET /api/repositories`: `[{"name","official","updated"}, …]`.
pub(super) async fn repositories(
    State(hub): State<Hub>,
    caller: Caller,
) -> Result<Response, ApiError> {
    let repositories = lists::repositories(&hub, &caller).await?;
    let shown = repositories.iter().map(|repository| {
        let row = &repository.row;
        json!({ "name": row.name, "official": repository.official, "updated": row.updated })
    });
    Ok(face::line(&shown.collect::<Vec<_>>()))
}

/// `GET /api/fileslist`: `{"repository": [entry, …], …}`.
pub(super) async fn all_entries(
    State(hub): State<Hub>,
    caller: Caller,
) -> Result<Response, ApiError> {
    let repositories = lists::repositories(&hub, &caller).await?;
    let members = stream::iter(repositories).enumerate().flat_map(move |(index, repository)| {
        let comma = if index == 0 { "" } else { "," };
        let key = json!(repository.row.name);
        let entries = listing::entries_in(&hub, &caller, &repository.row).map_ok(Entry::from);
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
    let entries = listing::entries(&hub, &caller, &repository).await?;
    Ok(stream_json(array(entries.map_ok(Entry::from))))
}

/// `GET /api/flist/{repository}/tags/{tag}`: `[entry, …]`, each of them a link.
pub(super) async fn members(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, tag)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let members = listing::members(&hub, &caller, &repository, &tag).await?;
    Ok(face::line(&members.into_iter().map(Entry::from).collect::<Vec<_>>()))
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
}
