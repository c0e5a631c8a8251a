//! Names as listings with sizes show them: each with what it leads to.

use flisthub_storage::ChunkId;
use futures_util::stream::{StreamExt as _, TryStreamExt as _};

use super::conceal::Teller;
use super::error::ActionError;
use super::stream::Items;
use super::{facts, lists, resolve, tags};
use crate::auth::Caller;
use crate::catalog::{FlistFacts, NameRow, Named, Pointed, RepositoryRow};
use crate::error::chain;
use crate::state::Hub;

/// A name and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name as it is.
    pub named: Named,
    /// For a flist, and for a link whose target is there: the length of the `.flist` file in bytes, and when
    /// the name at the end last changed, in seconds since the Unix epoch.
    pub leads_to: Option<(u64, u64)>,
}

/// The entries of a repository, in order.
pub async fn entries(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
) -> Result<Items<Entry>, ActionError> {
    let names = lists::names(hub, caller, repository).await?;
    Ok(measured(hub, caller, names))
}

/// The entries of a repository that a listing has found, in order.
pub fn entries_in(hub: &Hub, caller: &Caller, repository: &RepositoryRow) -> Items<Entry> {
    measured(hub, caller, lists::names_in(hub, repository))
}

fn measured(hub: &Hub, caller: &Caller, names: Items<Named>) -> Items<Entry> {
    let (hub, caller) = (hub.clone(), caller.clone());
    let entry = move |named| {
        let (hub, caller) = (hub.clone(), caller.clone());
        async move { entry(&hub, &caller, named).await }
    };
    names.and_then(entry).boxed()
}

async fn entry(hub: &Hub, caller: &Caller, mut named: Named) -> Result<Entry, ActionError> {
    let leads_to = match &named.points_at {
        Pointed::Flist(flist) => Some((flist.id, named.updated)),
        Pointed::Link(_) => {
            let row = resolve::flist(hub, caller, &named.repository, &named.name).await;
            found(row)?.map(|row| (row.flist.id, row.updated))
        }
        Pointed::Tag | Pointed::TagLink(_) => None,
    };
    let leads_to = match leads_to {
        Some((flist, updated)) => Some((file_bytes(hub, flist).await?, updated)),
        None => None,
    };
    let within = named.repository.clone();
    Teller::new(hub, caller, &within).named(&mut named).await?;
    Ok(Entry { named, leads_to })
}

/// A member of a tag and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberEntry {
    /// The member.
    pub member: tags::Member,
    /// As in [`Entry::leads_to`].
    pub leads_to: Option<(u64, u64)>,
}

/// The members of a tag, in order.
pub async fn members(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    tag: &str,
) -> Result<Vec<MemberEntry>, ActionError> {
    let tag = tags::tag(hub, caller, repository, tag).await?;
    let mut entries = Vec::with_capacity(tag.members.len());
    for member in tag.members {
        let leads_to = match &member.flist {
            Some(row) => Some((file_bytes(hub, row.flist.id).await?, row.updated)),
            None => None,
        };
        entries.push(MemberEntry { member, leads_to });
    }
    Ok(entries)
}

/// What a name leads to, with what takes reading all of it to know.
pub async fn flist(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    name: &str,
) -> Result<(NameRow, FlistFacts), ActionError> {
    let row = resolve::flist(hub, caller, repository, name).await?;
    let facts = facts::of(hub, row.flist.id).await?;
    Ok((row, facts))
}

fn found(row: Result<NameRow, ActionError>) -> Result<Option<NameRow>, ActionError> {
    match row {
        Ok(row) => Ok(Some(row)),
        Err(ActionError::NotFound { .. } | ActionError::Denied(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A damaged flist must not hide all others: it is listed without a length.
async fn file_bytes(hub: &Hub, flist: ChunkId) -> Result<u64, ActionError> {
    match facts::of(hub, flist).await {
        Err(ActionError::Damaged(cause)) => {
            tracing::error!(error = chain(&*cause), flist.id = %flist, "a listed flist is damaged");
            Ok(0)
        }
        facts => facts.map(|facts| facts.file_bytes),
    }
}
