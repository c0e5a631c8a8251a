//! Publishing: making a name point at a flist. The order of the steps is what keeps the hub's promise
//! that no name ever refers to an absent object, and that what was acknowledged survives a crash:
//!
//! 1. inside the gate, so that no sweep deletes anything from here on;
//! 2. every object and chunk of the flist is in the store, and what they say is true;
//! 3. the barrier: all of them are durable;
//! 4. a sweep that runs is told of the flist;
//! 5. the catalog's row, in a transaction that is durable when it commits.

use flisthub_flist::wire::Publish;
use flisthub_flist::{Verified, VerifyError, verify};
use flisthub_storage::{ChunkId, crash_point};

use super::error::ActionError;
use super::{resolve, sessions};
use crate::auth::{Caller, Right};
use crate::catalog::{Change, FlistRow, NameRow, RepositoryRow, Source};
use crate::error::Code;
use crate::name::FlistName;
use crate::state::Hub;

/// Most bytes of what a caller says of where a flist is from.
const MAX_DETAIL: usize = 1024;

/// A flist to be published.
#[derive(Debug, Clone)]
pub(super) struct Publication {
    /// Where.
    pub(super) repository: RepositoryRow,
    /// Under which name.
    pub(super) name: FlistName,
    /// Who does it.
    pub(super) user_id: i64,
    /// From what.
    pub(super) source: Source,
    /// Where it came from, for whoever reads the name's history: of a conversion, the image with its
    /// digest.
    pub(super) detail: Option<String>,
    /// The manifest.
    pub(super) manifest: ChunkId,
}

/// A flist that is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The name and what it points at.
    pub row: NameRow,
    /// Whether there was no such name before.
    pub created: bool,
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
    let flist = verified(hub, publication.manifest).await?;
    drop(permit);
    crash_point("publish::verified");
    sessions::with_store(hub, |store| store.flush()).await?;
    crash_point("publish::durable");
    inside.register(flist.id);
    let now = hub.clock.now();
    let Publication { repository, name, user_id, source, detail, .. } = publication;
    let (repository_id, detail) = (repository.id, detail.as_deref());
    let change = Change { repository_id, name: &name, user_id, source, detail, now };
    let written = hub.catalog.publish(&change, &flist).await?;
    drop(inside);
    crash_point("publish::committed");
    tracing::info!(
        repository = repository.name,
        name = name.as_str(),
        flist.id = %flist.id,
        source = source.word(),
        "flist published"
    );
    let name = name.as_str().to_owned();
    Ok(Published {
        row: NameRow { repository: repository.name, name, flist, updated: written.updated },
        created: written.created,
    })
}

/// Step 2: finds every object, and adds everything up again.
async fn verified(hub: &Hub, manifest: ChunkId) -> Result<FlistRow, ActionError> {
    let store = hub.store.clone();
    let limits = hub.config.limits.tree();
    let work = move || verify(&*store, manifest, &limits);
    let verified = tokio::task::spawn_blocking(work).await?;
    let Verified { manifest: said, counts, file_bytes } =
        verified.map_err(|error| match error {
            VerifyError::Missing(ids) => ActionError::Missing(ids),
            VerifyError::Limit { .. } => ActionError::TooLarge(error.to_string()),
            VerifyError::Bad { .. } => {
                ActionError::Unprocessable { code: Code::BAD_FLIST, message: error.to_string() }
            }
            VerifyError::Store(error) => error.into(),
        })?;
    Ok(FlistRow {
        id: manifest,
        entries: said.totals.entries,
        bytes: said.totals.bytes,
        file_bytes,
        regular: counts.regular,
        symlink: counts.symlink,
        directory: counts.directory,
        special: counts.special,
    })
}

/// Publishes what was pushed in a session, and ends the session. A publish that fails leaves the session
/// open, so that the client can send what is missing and try again.
pub async fn pushed(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
    asked: Publish,
) -> Result<Published, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    let name = FlistName::parse(name)?;
    let session = sessions::check(hub, caller, &asked.session).await?;
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
    let (user_id, detail) = (caller.user()?.id, asked.detail);
    let source = Source::Push;
    let publication = Publication { repository, name, user_id, source, detail, manifest };
    let published = publish(hub, publication).await?;
    sessions::with_store(hub, move |store| store.close_session(&session.id)).await?;
    Ok(published)
}
