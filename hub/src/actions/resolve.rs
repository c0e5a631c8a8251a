//! From names in a request to rows of the catalog, with the caller's right checked. Links are followed
//! here, and every repository on the way must be one that the caller may read.

use std::sync::Arc;

use flisthub_storage::Owner;

use super::conceal::Teller;
use super::error::{ActionError, Thing};
use super::reach;
use crate::auth::{Caller, Denied, Right, Visibility, allow};
use crate::catalog::{FlistRow, LinkRow, MAX_HOPS, NameRow, Named, Pointed, RepositoryRow, Target};
use crate::error::Code;
use crate::name::{FlistName, NameError, RepositoryName};
use crate::remembered::Resolved;
use crate::state::Hub;

/// The repository of that name, if the caller may do `right` to it.
pub(super) async fn repository(
    hub: &Hub,
    caller: &Caller,
    right: Right,
    name: &str,
) -> Result<RepositoryRow, ActionError> {
    // Who writes must say who they are before they learn anything.
    if right >= Right::Write {
        caller.actor()?;
    }
    let not_found = || ActionError::not_found(Thing::Repository, shown(name));
    // What is no name is the name of nothing.
    let parsed = RepositoryName::parse(name).map_err(|_| not_found())?;
    let Some(repository) = look_up(hub, &parsed).await? else {
        as_if_there(hub, caller).await?;
        return Err(not_found());
    };
    match allowed(hub, caller, right, &repository).await? {
        Ok(()) => Ok(repository),
        Err(Denied::Unseen) => Err(not_found()),
        Err(denied) => Err(denied.into()),
    }
}

/// The repository of that name. Only those are remembered that everybody may see: of the others it takes as
/// long to find one as to find none.
async fn look_up(hub: &Hub, name: &RepositoryName) -> Result<Option<RepositoryRow>, ActionError> {
    let generation = hub.catalog.names_generation();
    if let Some(known) = hub.remembered.repository(name.as_str(), generation) {
        return Ok(Some(known));
    }
    let found = hub.catalog.repository(name).await?;
    if let Some(found) = found.as_ref().filter(|found| found.visibility == Visibility::Public) {
        hub.remembered.set_repository(found.clone(), generation);
    }
    Ok(found)
}

/// What takes about as long as finding that the caller is no member of a repository.
async fn as_if_there(hub: &Hub, caller: &Caller) -> Result<(), ActionError> {
    if let Caller::User(identity) = caller {
        hub.catalog.level(0, identity.user.id).await?;
    }
    Ok(())
}

/// What the permission table says. The caller's level is looked up each time that it matters, so that who is
/// removed from a repository is out at once.
async fn allowed(
    hub: &Hub,
    caller: &Caller,
    right: Right,
    repository: &RepositoryRow,
) -> Result<Result<(), Denied>, ActionError> {
    let without = allow(&hub.config, caller, right, repository, None);
    let (Err(Denied::Unseen | Denied::Level(_)), Caller::User(identity)) = (&without, caller)
    else {
        return Ok(without);
    };
    let level = hub.catalog.level(repository.id, identity.user.id).await?;
    Ok(allow(&hub.config, caller, right, repository, level))
}

/// Whether the caller may read a repository.
pub(crate) async fn may_read_in(
    hub: &Hub,
    caller: &Caller,
    repository: &RepositoryRow,
) -> Result<bool, ActionError> {
    Ok(allowed(hub, caller, Right::Read, repository).await?.is_ok())
}

/// Whether the caller may read the repository with that number; what is not there nobody may read.
pub(crate) async fn may_read(
    hub: &Hub,
    caller: &Caller,
    repository_id: i64,
) -> Result<bool, ActionError> {
    match hub.catalog.repository_by_id(repository_id).await? {
        Some(repository) => may_read_in(hub, caller, &repository).await,
        None => Ok(false),
    }
}

/// The name of the repository with that number, if the caller may see it.
pub(super) async fn name_of(
    hub: &Hub,
    caller: &Caller,
    repository_id: i64,
) -> Result<Option<String>, ActionError> {
    let Some(repository) = hub.catalog.repository_by_id(repository_id).await? else {
        return Ok(None);
    };
    let seen = allowed(hub, caller, Right::See, &repository).await?.is_ok();
    Ok(seen.then_some(repository.name))
}

/// The repository that a caller writes to when it names none: its own.
pub async fn own_repository(hub: &Hub, caller: &Caller) -> Result<RepositoryRow, ActionError> {
    let name = caller.own_repository()?.to_owned();
    repository(hub, caller, Right::Write, &name).await
}

/// What a name in a readable repository leads to: the flist at the end of its links.
pub async fn flist(
    hub: &Hub,
    caller: &Caller,
    repository_name: &str,
    name: &str,
) -> Result<NameRow, ActionError> {
    Ok(resolved(hub, caller, repository_name, name).await?.row.clone())
}

/// What a name in a readable repository leads to, under the name that points at it itself, with that one's repository.
pub(super) async fn standing(
    hub: &Hub,
    caller: &Caller,
    (repository_name, name): (&str, &str),
) -> Result<(RepositoryRow, NameRow), ActionError> {
    let mut way = Vec::new();
    let (_, end) = follow(hub, caller, (repository_name, name), &mut way).await?;
    let (Some(repository), Pointed::Flist(flist)) = (way.pop(), end.points_at) else {
        let asked = format!("{repository_name}/{}", without_ending(name));
        return Err(tag_is_no_flist(&asked));
    };
    let Named { repository: in_repository, name, revision, updated, .. } = end;
    let row = NameRow { repository: in_repository, name, flist, updated, revision, link: None };
    Ok((repository, row))
}

/// What a name that is there pointed at at a revision since it was last made: what was deleted is nobody's to read, but
/// for those who may undelete it. Its totals are not looked up.
pub(super) async fn revision(
    hub: &Hub,
    caller: &Caller,
    (repository_name, name): (&str, &str),
    revision: u64,
) -> Result<NameRow, ActionError> {
    let repository = repository(hub, caller, Right::Read, repository_name).await?;
    let what = || format!("{revision} of {}/{}", repository.name, shown(name));
    let not_found = || ActionError::not_found(Thing::Revision, what());
    let parsed = FlistName::parse(name).map_err(|_| not_found())?;
    let entry = hub.catalog.history_entry(repository.id, &parsed, revision).await?;
    let entry = entry.ok_or_else(not_found)?;
    let gone = hub.catalog.last_gone(repository.id, &parsed).await?;
    if hub.catalog.named(repository.id, &parsed).await?.is_none() || gone > Some(revision) {
        return Err(not_found());
    }
    let Some(id) = entry.flist else { return Err(not_found()) };
    // What was swept since, and brought again by others, is theirs.
    let owner = reach::owner(repository.id).ok_or_else(not_found)?;
    let store = hub.store.clone();
    let held = tokio::task::spawn_blocking(move || store.held(owner, &[id])).await??;
    if held != [true] {
        let message = format!("revision {}: a sweep has taken what it pointed at", what());
        return Err(ActionError::Swept(message));
    }
    Ok(NameRow {
        repository: repository.name.clone(),
        name: parsed.as_str().to_owned(),
        flist: FlistRow { id, entries: 0, bytes: 0 },
        updated: entry.happened,
        revision,
        link: None,
    })
}

/// What a name leads to, and the repositories on the way.
async fn resolved(
    hub: &Hub,
    caller: &Caller,
    repository_name: &str,
    name: &str,
) -> Result<Arc<Resolved>, ActionError> {
    let asked = format!("{repository_name}/{}", without_ending(name));
    let generation = hub.catalog.names_generation();
    if let Some(known) = hub.remembered.name(&asked, generation)
        && is_known_to(hub, caller, &known).await?
    {
        return Ok(known);
    }
    let mut way = Vec::new();
    let (first, end) = follow(hub, caller, (repository_name, name), &mut way).await?;
    let Pointed::Flist(flist) = end.points_at else {
        return Err(tag_is_no_flist(&asked));
    };
    let link = first.points_at.target().cloned();
    let row = NameRow {
        flist,
        updated: end.updated,
        revision: first.revision,
        link: link.map(|target| LinkRow { target, linked: first.updated }),
        repository: first.repository,
        name: first.name,
    };
    let resolved = Arc::new(Resolved { row, way });
    hub.remembered.set_name(asked, Arc::clone(&resolved), generation);
    Ok(resolved)
}

fn tag_is_no_flist(asked: &str) -> ActionError {
    let what = format!("{}: that is a tag, whose members are flists", shown(asked));
    ActionError::not_found(Thing::Flist, what)
}

/// Whether the caller may read every repository on the way of what is remembered of a name. If not, the way is
/// gone again step by step, for the answer to be the one that it always is.
async fn is_known_to(hub: &Hub, caller: &Caller, known: &Resolved) -> Result<bool, ActionError> {
    for repository in &known.way {
        if allowed(hub, caller, Right::Read, repository).await?.is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The tag that a name in a readable repository is or links to, and the repository that the tag is in.
pub(super) async fn tag(
    hub: &Hub,
    caller: &Caller,
    repository_name: &str,
    name: &str,
) -> Result<(RepositoryRow, Named), ActionError> {
    let mut way = Vec::new();
    let found = follow(hub, caller, (repository_name, name), &mut way).await;
    let not_found = |name: String| ActionError::not_found(Thing::Tag, name);
    let (_, end) = found.map_err(|error| match error {
        ActionError::NotFound { what: Thing::Flist, name } => not_found(name),
        error => error,
    })?;
    let repository = way.pop().filter(|_| end.points_at == Pointed::Tag);
    Ok((repository.ok_or_else(|| not_found(shown(name)))?, end))
}

/// A name in a readable repository as it is: nothing is followed.
pub async fn named(
    hub: &Hub,
    caller: &Caller,
    repository_name: &str,
    name: &str,
) -> Result<Named, ActionError> {
    let repository = repository(hub, caller, Right::Read, repository_name).await?;
    named_in(hub, &repository, name).await
}

/// A name of a repository as it is.
pub(super) async fn named_in(
    hub: &Hub,
    repository: &RepositoryRow,
    name: &str,
) -> Result<Named, ActionError> {
    let not_found = || ActionError::not_found(Thing::Flist, shown(name));
    let parsed = FlistName::parse(name).map_err(|_| not_found())?;
    hub.catalog.named(repository.id, &parsed).await?.ok_or_else(not_found)
}

/// What one of several names in a request leads to now. Which of them it is is told, whatever of it is not
/// there.
pub(super) async fn source(
    hub: &Hub,
    caller: &Caller,
    name: &Target,
) -> Result<NameRow, ActionError> {
    let found = flist(hub, caller, &name.repository, &name.name).await;
    found.map_err(|error| of_several(name, error))
}

/// The same, with the number under which the store knows the repository that the flist is in: it holds the
/// flist, however many others do.
pub(super) async fn held_source(
    hub: &Hub,
    caller: &Caller,
    name: &Target,
) -> Result<(NameRow, Option<Owner>), ActionError> {
    let found = resolved(hub, caller, &name.repository, &name.name).await;
    let found = found.map_err(|error| of_several(name, error))?;
    let holder = found.way.last().and_then(|repository| reach::owner(repository.id));
    Ok((found.row.clone(), holder))
}

/// What is told where a target leads nowhere that the caller did not name: `asked` is what they named.
pub(super) async fn of_stored(
    hub: &Hub,
    caller: &Caller,
    (target, asked): (&Target, &str),
    error: ActionError,
) -> ActionError {
    let (ActionError::NotFound { .. } | ActionError::Denied(_)) = error else { return error };
    let mut target = target.clone();
    match Teller::new(hub, caller, "").target(&mut target).await {
        Ok(_) => ActionError::not_found(Thing::Flist, format!("{target}, to which {asked} leads")),
        Err(error) => error,
    }
}

fn of_several(name: &Target, error: ActionError) -> ActionError {
    match error {
        ActionError::NotFound { what: Thing::Repository, .. } => {
            ActionError::not_found(Thing::Flist, name.to_string())
        }
        // Of a link that dangles both names are told already.
        ActionError::NotFound { name: told, .. } if !told.contains('/') => {
            ActionError::not_found(Thing::Flist, name.to_string())
        }
        error => error,
    }
}

/// What a link would lead to: the name that is given, if a flist or tag that the caller may read stands at
/// the end. `code` says in errors what the name was given for.
pub(super) async fn target(
    hub: &Hub,
    caller: &Caller,
    text: &str,
    code: Code,
) -> Result<(Target, Named), ActionError> {
    let target = parse_target(text, code)?;
    let asked = (target.repository.as_str(), target.name.as_str());
    let found = follow(hub, caller, asked, &mut Vec::new()).await;
    let (_, end) = found.map_err(|error| of_several(&target, error))?;
    Ok((target, end))
}

/// `repository/name`, also when `.flist` follows.
pub(super) fn parse_target(text: &str, code: Code) -> Result<Target, ActionError> {
    let invalid = |message| ActionError::Invalid { code, message };
    let Some((repository, name)) = text.split_once('/') else {
        return Err(invalid(format!("`{}` is not a REPOSITORY/NAME", shown(text))));
    };
    let (repository, name) = RepositoryName::parse(repository)
        .and_then(|repository| Ok((repository, FlistName::parse(name)?)))
        .map_err(|error: NameError| invalid(error.to_string()))?;
    Ok(Target { repository: repository.to_string(), name: name.to_string() })
}

/// Follows a name to what is no link: the name itself, and the one at the end. `way` gets the repositories
/// that were read.
async fn follow(
    hub: &Hub,
    caller: &Caller,
    (repository_name, name): (&str, &str),
    way: &mut Vec<RepositoryRow>,
) -> Result<(Named, Named), ActionError> {
    let readable = repository(hub, caller, Right::Read, repository_name).await?;
    let first = named_in(hub, &readable, name).await?;
    way.push(readable);
    let mut at = first.clone();
    for _ in 0..=MAX_HOPS {
        let Some(target) = at.points_at.target().cloned() else { return Ok((first, at)) };
        let next = async {
            let readable = repository(hub, caller, Right::Read, &target.repository).await?;
            let next = named_in(hub, &readable, &target.name).await?;
            Ok::<_, ActionError>((readable, next))
        };
        let next = next.await.map_err(|error| match error {
            ActionError::NotFound { .. } | ActionError::Denied(_) => None,
            error => Some(error),
        });
        let (readable, next) = match next {
            Ok(next) => next,
            Err(Some(error)) => return Err(error),
            Err(None) => return Err(dangling(hub, caller, &first, target).await?),
        };
        way.push(readable);
        at = next;
    }
    let what =
        format!("{}/{}: it leads over more than {MAX_HOPS} links", first.repository, first.name);
    Err(ActionError::not_found(Thing::Flist, what))
}

/// A link leads to what is not there, or what the caller may not read.
async fn dangling(
    hub: &Hub,
    caller: &Caller,
    first: &Named,
    mut target: Target,
) -> Result<ActionError, ActionError> {
    Teller::new(hub, caller, &first.repository).target(&mut target).await?;
    let what = format!("{target}, to which {}/{} links", first.repository, first.name);
    Ok(ActionError::not_found(Thing::Flist, what))
}

fn without_ending(name: &str) -> &str {
    name.strip_suffix(crate::name::FLIST_ENDING).unwrap_or(name)
}

/// A name from a request, fit for a message.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|char| !char.is_control()).take(128).collect()
}
