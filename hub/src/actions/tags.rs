//! Tags: named sets of members, each of which points at a flist's name in whatever repository the caller may
//! read.

use super::error::{ActionError, Thing};
use super::outcome::{Outcome, to_the_end};
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::{
    Change, Condition, MemberRow, NameRow, Pointed, RepositoryRow, Source, Target,
};
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
    let name = FlistName::parse(&named.name)?;
    let mut members = Vec::new();
    for MemberRow { name, target, linked } in hub.catalog.members(repository.id, &name).await? {
        let flist = match resolve::flist(hub, caller, &target.repository, &target.name).await {
            Ok(row) => Some(row),
            Err(ActionError::NotFound { .. } | ActionError::Denied(_)) => None,
            Err(error) => return Err(error),
        };
        members.push(Member { name, target, linked, flist });
    }
    let (updated, revision) = (named.updated, named.revision);
    Ok(Tag { repository: named.repository, name: named.name, updated, revision, members })
}

/// What a member of a tag leads to.
pub async fn member(
    hub: &Hub,
    caller: &Caller,
    (repository, tag, member): (&str, &str, &str),
) -> Result<NameRow, ActionError> {
    let found = self::tag(hub, caller, repository, tag).await?;
    let name = member.strip_suffix(crate::name::FLIST_ENDING).unwrap_or(member);
    let found = found.members.into_iter().find(|found| found.name == name);
    found
        .and_then(|found| found.flist)
        .ok_or_else(|| ActionError::not_found(Thing::Flist, resolve::shown(member)))
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
    let changed = Changed { hub: hub.clone(), user_id: caller.user()?.id, repository, tag, member };
    let condition = condition.clone();
    let written = to_the_end(async move {
        let Changed { hub, user_id, repository, tag, member } = changed;
        let change = Change {
            repository_id: repository.id,
            name: &tag,
            user_id,
            source: Source::Tag,
            detail: None,
            condition: &condition,
            dry_run,
            now: hub.clock.now(),
        };
        let written = hub.catalog.set_member(&change, &member, &target).await?;
        Ok((repository, written))
    });
    let (repository, written) = written.await?;
    let named = written.named;
    let value = match self::tag(hub, caller, &repository.name, &named.name).await {
        // A dry run made none.
        Err(ActionError::NotFound { .. }) if dry_run => Tag {
            repository: named.repository,
            name: named.name,
            updated: named.updated,
            revision: named.revision,
            members: Vec::new(),
        },
        read => read?,
    };
    Ok(Outcome { value, created: written.created, changed: written.changed })
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
    let changed = Changed { hub: hub.clone(), user_id: caller.user()?.id, repository, tag, member };
    let condition = condition.clone();
    to_the_end(async move {
        let Changed { hub, user_id, repository, tag, member } = changed;
        let change = Change {
            repository_id: repository.id,
            name: &tag,
            user_id,
            source: Source::Untag,
            detail: None,
            condition: &condition,
            dry_run: false,
            now: hub.clock.now(),
        };
        if hub.catalog.remove_member(&change, &member).await? {
            return Ok(());
        }
        Err(ActionError::not_found(Thing::Member, format!("{member} in {}/{tag}", repository.name)))
    })
    .await
}

/// What a change of a tag needs to its end.
struct Changed {
    hub: Hub,
    user_id: i64,
    repository: RepositoryRow,
    tag: FlistName,
    member: FlistName,
}
