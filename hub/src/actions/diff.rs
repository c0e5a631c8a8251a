//! What differs between two flists that the caller may read, line by line while it is found.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use flisthub_flist::wire::{DiffAspect, DiffChange, DiffKind, DiffLine, DiffSummary, EntryKind};
use flisthub_flist::{Aspect, Change, Changes, Content, LoadError, State};
use flisthub_storage::{ChunkId, ChunkStore, Owner, Visible};

use super::error::{ActionError, Thing};
use super::running::turn;
use super::stream::{Gone, Items, Sink, produce_in};
use super::{reach, resolve};
use crate::auth::{Caller, Right};
use crate::catalog::{HistoryRow, Kind, RepositoryRow, Target};
use crate::error::Code;
use crate::name::FlistName;
use crate::state::Hub;

/// Bytes of lines that are handed on together.
const TOGETHER: usize = 64 << 10;

/// One of the two flists.
struct Asked {
    flist: ChunkId,
    /// Whether it is out of a name's history: what it is made of may be swept.
    of_history: bool,
    /// Of one out of a history, the repository that holds it, if any still does.
    repository: Option<RepositoryRow>,
    /// The number under which the store knows the repository of any other.
    holder: Option<Owner>,
}

/// The lines of the diff of two flists, each a [`DiffLine`] in JSON with a line feed, many to a part. Each is
/// `repository/name`, or `repository/name@revision` for what the name pointed at then.
pub async fn diff(
    hub: &Hub,
    caller: &Caller,
    from: &str,
    to: &str,
) -> Result<Items<Bytes>, ActionError> {
    let from = find(hub, caller, from).await?;
    let to = find(hub, caller, to).await?;
    // Like an export it walks whole trees, for anybody.
    let place = turn(hub, Some(&hub.limits.exports), &hub.exports).await?;
    let visible = visible(hub, caller, &from, &to);
    produce_in(hub, place, move |hub, sink| match &visible {
        Some(visible) => write(visible, &from, &to, sink),
        None => write(&*hub.store, &from, &to, sink),
    })
    .await
}

/// What the caller may use, if one of the two is out of a history: what was swept of it and brought again by
/// somebody else is theirs. What names point at now is whole, and needs no look at the index.
fn visible(hub: &Hub, caller: &Caller, from: &Asked, to: &Asked) -> Option<Visible> {
    let repository = from.repository.as_ref().or(to.repository.as_ref())?;
    let reach = reach::of(hub, caller, repository);
    for asked in [from, to] {
        let of_history = asked.repository.as_ref().and_then(|row| reach::owner(row.id));
        of_history.into_iter().chain(asked.holder).for_each(|owner| reach.look_in(owner));
    }
    Some(Visible::new(hub.store.clone(), reach))
}

async fn find(hub: &Hub, caller: &Caller, asked: &str) -> Result<Asked, ActionError> {
    let Some((name, revision)) = asked.rsplit_once('@') else {
        let name = resolve::parse_target(asked, Code::BAD_QUERY)?;
        let (source, holder) = resolve::held_source(hub, caller, &name).await?;
        let flist = source.flist.id;
        return Ok(Asked { flist, of_history: false, repository: None, holder });
    };
    let name = resolve::parse_target(name, Code::BAD_QUERY)?;
    let number = revision.parse().map_err(|_| ActionError::Invalid {
        code: Code::BAD_QUERY,
        message: format!("`{}` is no revision of {name}: it is a number", resolve::shown(revision)),
    })?;
    let (repository, entry) = revision_of(hub, caller, &name, number).await?;
    match (entry.kind, entry.flist, &entry.target) {
        (Some(Kind::Flist), Some(flist), _) => {
            Ok(Asked { flist, of_history: true, repository: Some(repository), holder: None })
        }
        (Some(Kind::Link), _, Some(target)) => {
            match resolve::held_source(hub, caller, target).await {
                Ok((source, holder)) => {
                    let flist = source.flist.id;
                    Ok(Asked { flist, of_history: false, repository: None, holder })
                }
                Err(error) => Err(resolve::of_stored(hub, caller, (target, asked), error).await),
            }
        }
        _ => Err(ActionError::Invalid {
            code: Code::BAD_QUERY,
            message: format!("at revision {number}, {name} led to no flist"),
        }),
    }
}

async fn revision_of(
    hub: &Hub,
    caller: &Caller,
    name: &Target,
    revision: u64,
) -> Result<(RepositoryRow, HistoryRow), ActionError> {
    let not_found = || ActionError::not_found(Thing::Revision, format!("{revision} of {name}"));
    let repository = resolve::repository(hub, caller, Right::Read, &name.repository).await?;
    let name = FlistName::parse(&name.name)?;
    let entry = hub.catalog.history_entry(repository.id, &name, revision).await?;
    Ok((repository, entry.ok_or_else(not_found)?))
}

/// Finds the changes and hands them on. What cannot be read ends it with an error.
fn write(store: &dyn ChunkStore, from: &Asked, to: &Asked, sink: &Sink<Bytes>) -> Result<(), Gone> {
    let mut lines = Vec::with_capacity(TOGETHER);
    let written = changes(store, from, to, &mut lines, sink);
    match written {
        Ok(Some(summary)) => match line(&DiffLine::Summary { summary }, &mut lines) {
            Ok(()) => sink.send(Ok(lines.into())),
            Err(error) => sink.send(Err(error)),
        },
        Ok(None) => Err(Gone),
        Err(error) => sink.send(Err(error)),
    }
}

/// `None` if nobody reads any more.
fn changes(
    store: &dyn ChunkStore,
    from: &Asked,
    to: &Asked,
    lines: &mut Vec<u8>,
    sink: &Sink<Bytes>,
) -> Result<Option<DiffSummary>, ActionError> {
    let unread = |error| match error {
        LoadError::Missing(_) if from.of_history || to.of_history => ActionError::Swept(
            "objects of what the name pointed at then are gone; compare a later revision"
                .to_owned(),
        ),
        error => ActionError::of_load(error),
    };
    let mut diff = flisthub_flist::diff(store, from.flist, to.flist).map_err(unread)?;
    for change in diff.by_ref() {
        let change = change.map_err(unread)?;
        line(&DiffLine::Change(shown(&change)), lines)?;
        if lines.len() >= TOGETHER {
            let full = std::mem::replace(lines, Vec::with_capacity(TOGETHER));
            if sink.send(Ok(full.into())).is_err() {
                return Ok(None);
            }
        }
    }
    let Changes { added, removed, changed } = diff.changes();
    Ok(Some(DiffSummary { added, removed, changed, complete: true }))
}

fn line(line: &DiffLine, lines: &mut Vec<u8>) -> Result<(), ActionError> {
    serde_json::to_writer(&mut *lines, line).map_err(ActionError::internal)?;
    lines.push(b'\n');
    Ok(())
}

fn shown(change: &Change) -> DiffChange {
    let path = change.path.to_string();
    let exact = path.as_bytes() == change.path.as_bytes();
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    let what = match (before, after) {
        (None, _) => DiffKind::Added,
        (_, None) => DiffKind::Removed,
        _ => DiffKind::Changed,
    };
    // One of them has something there.
    let now = after.or(before);
    let kind = now.map_or(EntryKind::Directory, kind);
    DiffChange {
        path_bytes: (!exact).then(|| BASE64_STANDARD.encode(change.path.as_bytes())),
        path,
        change: what,
        kind,
        was: before.map(self::kind).filter(|was| *was != kind),
        aspects: change.aspects.iter().copied().map(aspect).collect(),
        size: now.and_then(State::size),
        was_size: before.filter(|_| after.is_some()).and_then(State::size),
    }
}

fn kind(state: &State) -> EntryKind {
    match state.content {
        Content::File { .. } => EntryKind::File,
        Content::Directory { .. } => EntryKind::Directory,
        Content::Symlink { .. } => EntryKind::Symlink,
        Content::CharDevice(_) => EntryKind::CharDevice,
        Content::BlockDevice(_) => EntryKind::BlockDevice,
        Content::Fifo => EntryKind::Fifo,
        Content::Socket => EntryKind::Socket,
    }
}

fn aspect(aspect: Aspect) -> DiffAspect {
    match aspect {
        Aspect::Kind => DiffAspect::Kind,
        Aspect::Content => DiffAspect::Content,
        Aspect::Target => DiffAspect::Target,
        Aspect::Device => DiffAspect::Device,
        Aspect::Mode => DiffAspect::Mode,
        Aspect::Owner => DiffAspect::Owner,
        Aspect::Mtime => DiffAspect::Mtime,
        Aspect::Xattrs => DiffAspect::Xattrs,
        Aspect::Links => DiffAspect::Links,
    }
}
