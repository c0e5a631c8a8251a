//! Tags: named sets of members, each of which points at a flist's name in whatever repository the caller may
//! read.

use super::conceal::Teller;
use super::error::{ActionError, Thing};
use super::outcome::{Changing, Outcome, to_the_end};
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::{Condition, MemberRow, NameRow, Named, Pointed, Source, Target, Written};
use crate::error::Code;
use crate::name::FlistName;
use crate::state::Hub;

/// A tag and its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Name of the repository it is in.
    pub repository: String,
    /// The tag's name.
    pub name: String,
    /// When it last changed, in seconds since the Unix epoch.
    pub updated: u64,
    /// 1 for the name's first change, then one more each time.
    pub revision: u64,
    /// Its members by name.
    pub members: Vec<Member>,
}

/// A member of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The member's name.
    pub name: String,
    /// What it points at.
    pub target: Target,
    /// When it was set, in seconds since the Unix epoch.
    pub linked: u64,
    /// Where that leads; `None` if it is gone, or nothing that the caller may read.
    pub flist: Option<NameRow>,
}

/// The tag that a name of a readable repository is or links to, with all members; where one leads is told
/// only of what the caller may read.
pub async fn tag(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    tag: &str,
) -> Result<Tag, ActionError> {
    let (repository, named) = resolve::tag(hub, caller, repository, tag).await?;
    let rows = hub.catalog.members(repository.id, &FlistName::parse(&named.name)?).await?;
    with_members(hub, caller, named, rows).await
}

async fn with_members(
    hub: &Hub,
    caller: &Caller,
    named: Named,
    rows: Vec<MemberRow>,
) -> Result<Tag, ActionError> {
    let mut members = Vec::with_capacity(rows.len());
    let mut teller = Teller::new(hub, caller, &named.repository);
    for MemberRow { name, mut target, linked } in rows {
        let flist = match resolve::flist(hub, caller, &target.repository, &target.name).await {
            Ok(row) => Some(row),
            Err(ActionError::NotFound { .. } | ActionError::Denied(_)) => None,
            Err(error) => return Err(error),
        };
        teller.target(&mut target).await?;
        members.push(Member { name, target, linked, flist });
    }
    let Named { repository, name, updated, revision, .. } = named;
    Ok(Tag { repository, name, updated, revision, members })
}

/// What a member of a tag leads to.
pub async fn member(
    hub: &Hub,
    caller: &Caller,
    (repository, tag, member): (&str, &str, &str),
) -> Result<NameRow, ActionError> {
    let (repository, named) = resolve::tag(hub, caller, repository, tag).await?;
    let not_found = || ActionError::not_found(Thing::Flist, resolve::shown(member));
    let tag = FlistName::parse(&named.name)?;
    let member = FlistName::parse(member).map_err(|_| not_found())?;
    let target = hub.catalog.member(repository.id, &tag, &member).await?.ok_or_else(not_found)?;
    match resolve::source(hub, caller, &target).await {
        Ok(row) => Ok(row),
        Err(error) => {
            let asked = format!("{member} of {}/{tag}", repository.name);
            Err(resolve::of_stored(hub, caller, (&target, &asked), error).await)
        }
    }
}

/// Makes a member of a tag point at `target`, `repository/name`; makes the tag if it is not there. The outcome
/// tells whether the *member* is new.
pub async fn put(
    hub: &Hub,
    caller: &Caller,
    (repository, tag, member): (&str, &str, &str),
    target: &str,
    condition: &Condition,
    dry_run: bool,
) -> Result<Outcome<Tag>, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    let (tag, member) = (FlistName::parse(tag)?, FlistName::parse(member)?);
    let (target, end) = resolve::target(hub, caller, target, Code::BAD_TARGET).await?;
    if end.points_at == Pointed::Tag {
        let message = format!("{target} is a tag; a tag's members are flists, or links to them");
        return Err(ActionError::Invalid { code: Code::BAD_TARGET, message });
    }
    let changing = Changing::new(hub, caller, (repository, tag), condition, dry_run)?;
    let written = to_the_end(async move {
        let change = changing.change(Source::Tag);
        let written = changing.hub.catalog.set_member(&change, &member, &target).await?;
        changing.log(Source::Tag, written.0.changed);
        Ok(written)
    });
    let (Written { named, created, changed }, rows) = written.await?;
    Ok(Outcome { value: with_members(hub, caller, named, rows).await?, created, changed })
}

/// Removes a member of a tag, and with the last one the tag.
pub async fn remove(
    hub: &Hub,
    caller: &Caller,
    (repository, tag, member): (&str, &str, &str),
    condition: &Condition,
) -> Result<(), ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    let (tag, member) = (FlistName::parse(tag)?, FlistName::parse(member)?);
    let changing = Changing::new(hub, caller, (repository, tag), condition, false)?;
    to_the_end(async move {
        let change = changing.change(Source::Untag);
        if !changing.hub.catalog.remove_member(&change, &member).await? {
            let what = format!("{member} in {}/{}", changing.repository.name, changing.name);
            return Err(ActionError::not_found(Thing::Member, what));
        }
        changing.log(Source::Untag, true);
        Ok(())
    })
    .await
}
