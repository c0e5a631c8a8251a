//! Publishing: making a name point at a flist. The order of the steps is what keeps the hub's promise
//! that no name ever refers to an absent object, and that what was acknowledged survives a crash:
//!
//! 1. inside the gate, so that no sweep deletes anything from here on;
//! 2. every object and chunk of the flist is in the store, the caller may use it, and what they say is true.
//!    What the caller may not use counts as absent. What a name points at now has been checked before and is
//!    kept, so what the flist has in common with that is not looked at again. The caller may still write
//!    there, and the name may be changed;
//! 3. the membership index: the repository holds all of it from now on;
//! 4. the barrier: all of them are durable;
//! 5. a sweep that runs is told of the flist;
//! 6. the catalog's row, and the item that was composed of the flist, in a transaction that is durable when it
//!    commits.

use std::sync::atomic::Ordering;
use std::time::Duration;

use flisthub_flist::wire::{ItemNote, Publish};
use flisthub_flist::{LoadError, Verified, VerifyError, hold_flist, verify};
use flisthub_storage::{ChunkId, Reach, Visible, crash_point};

use super::error::ActionError;
use super::items::{self, Made, Set, Stop, Subject};
use super::{reach, resolve, sessions, still};
use crate::auth::{Caller, Right};
use crate::catalog::{
    CatalogError, Change, Condition, FlistRow, Kind, NameRow, Named, Pointed, RepositoryRow,
    Source, Written,
};
use crate::error::{Code, chain};
use crate::name::FlistName;
use crate::state::Hub;

/// How long the catalog may take to make a name point at a flist. It waits for other writers too.
const COMMIT: Duration = Duration::from_mins(1);

/// Most bytes of what a caller says of where a flist is from.
const MAX_DETAIL: usize = 1024;

/// Bytes that a publish reads of an item's files to compute checksums; the rest is left to a job.
pub(super) const AT_ONCE: u64 = 64 << 20;

/// A flist to be published.
#[derive(Debug, Clone)]
pub(super) struct Publication {
    /// Where.
    pub(super) repository: RepositoryRow,
    /// Under which name.
    pub(super) name: FlistName,
    /// Who does it.
    pub(super) caller: Caller,
    /// From what.
    pub(super) source: Source,
    /// Where it came from, for whoever reads the name's history: of a conversion, the image with its
    /// digest.
    pub(super) detail: Option<String>,
    /// The manifest.
    pub(super) manifest: ChunkId,
    /// What may be used for it.
    pub(super) reach: Reach,
    /// Flists that names point at, which it has much in common with; what the name itself points at need
    /// not be among them.
    pub(super) bases: Vec<ChunkId>,
    /// What is set of the name with it.
    pub(super) set: Set,
    /// What must be true of the name.
    pub(super) condition: Condition,
    /// Everything is checked, and nothing changed.
    pub(super) dry_run: bool,
}

impl Publication {
    /// A publication without conditions, of what nothing is known of. Nothing was sent for it.
    pub(super) fn new(
        hub: &Hub,
        caller: &Caller,
        repository: RepositoryRow,
        name: FlistName,
        source: Source,
        manifest: ChunkId,
    ) -> Self {
        Self {
            reach: reach::of(hub, caller, &repository),
            repository,
            name,
            caller: caller.clone(),
            source,
            detail: None,
            manifest,
            bases: Vec::new(),
            set: Set::Nothing,
            condition: Condition::NONE,
            dry_run: false,
        }
    }
}

/// A flist that is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The name and what it points at.
    pub row: NameRow,
    /// The name as it now is.
    pub named: Named,
    /// Whether there was no such name before.
    pub created: bool,
    /// Whether anything changed.
    pub changed: bool,
    /// What became of it in the catalogue, if anything was to.
    pub item: Option<ItemNote>,
}

/// Fails early where a publish would fail in the end: something else has that name, or a condition does not
/// hold. So nobody sends gigabytes in vain.
pub(super) async fn expect(
    hub: &Hub,
    repository: &RepositoryRow,
    name: &FlistName,
    condition: &Condition,
) -> Result<(), ActionError> {
    let known = hub.catalog.named(repository.id, name).await?;
    condition.check(name.as_str(), known.as_ref().map(|known| known.revision))?;
    match known.map(|known| known.points_at.kind()) {
        Some(kind) if kind != Kind::Flist => {
            Err(CatalogError::Taken { name: name.to_string(), kind }.into())
        }
        _ => Ok(()),
    }
}

/// Does the steps, to their end also if nobody waits for it any more: a commit must not come after the
/// gate was left.
pub(super) async fn publish(hub: &Hub, publication: Publication) -> Result<Published, ActionError> {
    let hub = hub.clone();
    tokio::spawn(async move { publish_here(&hub, publication).await }).await?
}

async fn publish_here(hub: &Hub, publication: Publication) -> Result<Published, ActionError> {
    // First a place among those that are checked: who waits for one must not be inside.
    let permit = hub.publishes.clone().acquire_owned().await.map_err(ActionError::internal)?;
    let inside = hub.gate.enter().await;
    let bases = known_whole(hub, &publication).await?;
    let flist = verified(hub, &publication, bases).await?;
    crash_point("publish::verified");
    let Publication { caller, repository, name, condition, .. } = &publication;
    still::may_write(hub, caller, repository).await?;
    // What is refused now leaves no rows in the index. It is looked at again with the name's change.
    expect(hub, repository, name, condition).await?;
    if !publication.dry_run {
        held(hub, &publication).await?;
        crash_point("publish::held");
    }
    // The one time of this publish: the name's, and that of its item.
    let now = hub.clock.now();
    let item = composed(hub, &publication, flist, now).await?;
    drop(permit);
    sessions::with_store(hub, |store| store.flush()).await?;
    crash_point("publish::durable");
    inside.register(flist.id);
    let (published, lacking) = point(hub, &publication, flist, (item, now)).await?;
    drop(inside);
    crash_point("publish::committed");
    if let Some(session) = publication.reach.session().filter(|_| !publication.dry_run) {
        let (unpublished, session) = (hub.unpublished.clone(), *session);
        let counted = tokio::task::spawn_blocking(move || unpublished.published(&session)).await?;
        // The name points there by now: only the count of what was sent is too high for a while.
        if let Err(error) = counted {
            tracing::warn!(error = chain(&error), "what was published still counts as unpublished");
        }
    }
    let Publication { repository, name, source, dry_run, .. } = &publication;
    if published.changed && !dry_run {
        tracing::info!(
            repository = repository.name,
            name = name.as_str(),
            flist.id = %flist.id,
            source = source.word(),
            "flist published"
        );
        if lacking {
            items::soon(hub).await;
        }
    }
    Ok(published)
}

/// What a publish would answer that has not stored anything: the name's kind and its conditions are looked
/// at, and the flist is taken as said.
pub(super) async fn rehearse(
    hub: &Hub,
    publication: Publication,
    flist: FlistRow,
) -> Result<Published, ActionError> {
    let publication = Publication { dry_run: true, ..publication };
    Ok(point(hub, &publication, flist, (None, hub.clock.now())).await?.0)
}

/// The item of what is published; of a dry run there is none.
async fn composed(
    hub: &Hub,
    publication: &Publication,
    flist: FlistRow,
    now: u64,
) -> Result<Option<Made>, ActionError> {
    let Publication { repository, name, set, dry_run, source, .. } = publication;
    if *dry_run {
        return Ok(None);
    }
    let subject = Subject {
        repository,
        known_as: name,
        name,
        flist: flist.id,
        published: now,
        back: source.brings_back(),
        sums: AT_ONCE,
    };
    let made = items::made(hub, subject, set, &Stop::default()).await?;
    Ok(Some(if set.is_written() { made.whole()? } else { made }))
}

/// Step 6: makes the name point at the flist. Says as well whether checksums of its item lack.
async fn point(
    hub: &Hub,
    publication: &Publication,
    flist: FlistRow,
    (mut item, now): (Option<Made>, u64),
) -> Result<(Published, bool), ActionError> {
    let change = Change {
        repository_id: publication.repository.id,
        name: &publication.name,
        by: &publication.caller.actor()?,
        source: publication.source,
        detail: publication.detail.as_deref(),
        condition: &publication.condition,
        dry_run: publication.dry_run,
        now,
    };
    let mut attempt = 0;
    let written = loop {
        let composed = item.as_ref().map(|made| &made.composed);
        // Nobody waits longer at the gate for a database that vanished and answers nothing.
        let written = hub.catalog.publish_item(&change, &flist, composed);
        let written = tokio::time::timeout(COMMIT, written).await;
        match written.map_err(|late| ActionError::Unreachable(late.into()))? {
            Err(CatalogError::StaleItem) if attempt < items::AGAIN => attempt += 1,
            written => break written?,
        }
        item = self::composed(hub, publication, flist, now).await?;
    };
    let Written { named, created, changed } = written;
    let row = NameRow {
        repository: named.repository.clone(),
        name: named.name.clone(),
        flist,
        updated: named.updated,
        revision: named.revision,
        link: None,
    };
    let lacking = item.as_ref().is_some_and(|made| made.composed.lacking);
    let item = item.map(Made::into_note);
    Ok((Published { row, named, created, changed, item }, lacking))
}

/// The bases that are whole for certain: a name points at them while no sweep deletes anything. A hub that
/// serves although it lost something, or knows of damage, is certain of none.
async fn known_whole(hub: &Hub, publication: &Publication) -> Result<Vec<ChunkId>, ActionError> {
    let damaged = sessions::with_store(hub, |store| store.quarantined()).await?;
    if hub.lossy.load(Ordering::SeqCst) || !damaged.is_empty() {
        return Ok(Vec::new());
    }
    let now = hub.catalog.named(publication.repository.id, &publication.name).await?;
    let mut whole = Vec::new();
    if let Some(Named { points_at: Pointed::Flist(flist), .. }) = now {
        whole.push(flist.id);
    }
    for base in &publication.bases {
        if !whole.contains(base) && hub.catalog.is_named(*base).await? {
            whole.push(*base);
        }
    }
    Ok(whole)
}

/// Step 2: finds every object, and adds everything up again.
async fn verified(
    hub: &Hub,
    publication: &Publication,
    bases: Vec<ChunkId>,
) -> Result<FlistRow, ActionError> {
    let (manifest, reach) = (publication.manifest, publication.reach.clone());
    let store = hub.store.clone();
    let limits = hub.config.limits.tree();
    let work = move || {
        // Who may read what is asked again: what came before may have taken long.
        reach.ask_again();
        // What was sent is checked whole; only what a repository holds is known to be.
        let base = reach.without_session().usable(&*store, &bases)?.into_iter();
        let bases: Vec<ChunkId> =
            bases.into_iter().zip(base).filter(|(_, usable)| *usable).map(|(id, _)| id).collect();
        verify(&Visible::new(store, reach), manifest, &limits, &bases)
    };
    let verified = tokio::task::spawn_blocking(work).await?;
    let Verified { manifest: said } = verified.map_err(|error| match error {
        VerifyError::Missing(ids) => ActionError::Missing(ids),
        VerifyError::Limit { .. } => ActionError::TooLarge(error.to_string()),
        VerifyError::Bad { .. } => {
            ActionError::Unprocessable { code: Code::BAD_FLIST, message: error.to_string() }
        }
        VerifyError::Store(error) => error.into(),
    })?;
    Ok(FlistRow { id: manifest, entries: said.totals.entries, bytes: said.totals.bytes })
}

/// Step 3: the repository holds what it did not hold before.
async fn held(hub: &Hub, publication: &Publication) -> Result<(), ActionError> {
    let id = publication.repository.id;
    let owner = reach::owner(id).ok_or_else(|| ActionError::internal("a repository below zero"))?;
    let (store, manifest) = (hub.store.clone(), publication.manifest);
    let work = move || hold_flist(&*store, owner, manifest, &mut Err);
    match tokio::task::spawn_blocking(work).await? {
        Ok(_) => Ok(()),
        Err(LoadError::Missing(ids)) => Err(ActionError::Missing(ids)),
        Err(error) => Err(ActionError::of_load(error)),
    }
}

/// Publishes what was pushed in a session, and ends the session. A publish that fails leaves the session
/// open, so that the client can send what is missing and try again.
pub async fn pushed(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
    asked: Publish,
    condition: Condition,
) -> Result<Published, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    let name = FlistName::parse(name)?;
    let (session, _) = sessions::check(hub, caller, &asked.session).await?;
    if session.repository != repository.name {
        let message = format!("the upload session is for repository {}", session.repository);
        return Err(ActionError::Invalid { code: Code::WRONG_SESSION, message });
    }
    let manifest = asked.flist.parse().map_err(|error| {
        let message = format!("`flist` is no manifest id: {error}");
        ActionError::Invalid { code: Code::BAD_ID, message }
    })?;
    let bad = |text: &String| text.len() > MAX_DETAIL || text.chars().any(char::is_control);
    if asked.detail.as_ref().is_some_and(bad) {
        let message = format!("`detail` has at most {MAX_DETAIL} bytes and no control characters");
        return Err(ActionError::Invalid { code: Code::BAD_DETAIL, message });
    }
    if let Some(categories) = &asked.categories {
        items::settings::check(hub, categories)?;
    }
    let new = Publication::new(hub, caller, repository, name, Source::Push, manifest);
    let reach = new.reach.with_session(session.id);
    let (detail, set) = (asked.detail, Set::of(asked.categories));
    let publication = Publication { detail, reach, set, condition, ..new };
    let published = publish(hub, publication).await?;
    sessions::with_store(hub, move |store| store.close_session(&session.id)).await?;
    Ok(published)
}
