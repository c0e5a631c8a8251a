//! Upload sessions: opening, using and closing them, and the sweep of those that ended by themselves.

use std::sync::Arc;

use flisthub_storage::{InSession, Maintain, Reach, Session, SessionId, Sessions, StoreError};

use super::error::ActionError;
use super::resolve;
use super::running::{self, Running};
use crate::auth::{Caller, Denied, Right};
use crate::catalog::RepositoryRow;
use crate::state::Hub;

/// Runs something on the store, off the threads that serve requests.
pub(super) async fn with_store<T: Send + 'static>(
    hub: &Hub,
    work: impl FnOnce(&dyn Maintain) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ActionError> {
    let store = Arc::clone(&hub.store);
    Ok(tokio::task::spawn_blocking(move || work(&*store)).await??)
}

/// A place among the uploads and merges that run.
pub(super) fn place(hub: &Hub) -> Result<Running, ActionError> {
    const BUSY: &str = "as many uploads and merges are running as may; try again in a few seconds";
    running::now(&hub.limits.uploads, &hub.uploads, BUSY)
}

/// Opens a session that may publish into one repository.
pub async fn open(hub: &Hub, caller: &Caller, repository: &str) -> Result<Session, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    open_in(hub, caller, &repository).await
}

/// Opens a session of the caller's for a repository that they are known to be allowed to write to.
pub(super) async fn open_in(
    hub: &Hub,
    caller: &Caller,
    repository: &RepositoryRow,
) -> Result<Session, ActionError> {
    let session = Session {
        id: SessionId::random()?,
        owner: caller.user()?.name.clone(),
        repository: repository.name.clone(),
        expires: hub.clock.now().saturating_add(hub.config.sessions.life_seconds),
    };
    let opened = session.clone();
    with_store(hub, move |store| store.open_session(&session)).await?;
    Ok(opened)
}

/// The session of that id and its repository, if it lives, is the caller's, and the token that came now may
/// write too: the session may have been opened with another one.
pub async fn check(
    hub: &Hub,
    caller: &Caller,
    id: &str,
) -> Result<(Session, RepositoryRow), ActionError> {
    let user = caller.user()?;
    let id: SessionId = id.parse().map_err(|_| ActionError::NoSession)?;
    let session = with_store(hub, move |store| store.session(&id)).await?;
    let session = session.ok_or(ActionError::NoSession)?;
    if session.expires <= hub.clock.now() {
        return Err(ActionError::NoSession);
    }
    if session.owner != user.name {
        return Err(Denied::NotOwner.into());
    }
    let repository = resolve::repository(hub, caller, Right::Write, &session.repository).await?;
    Ok((session, repository))
}

/// Ends a session; what it sent is space for a later sweep, unless something was published from it.
pub async fn close(hub: &Hub, caller: &Caller, id: &str) -> Result<(), ActionError> {
    let (session, _) = check(hub, caller, id).await?;
    with_store(hub, move |store| store.close_session(&session.id)).await
}

/// Ends the sessions whose time is over. Says how many.
pub async fn sweep(hub: &Hub) -> Result<u64, ActionError> {
    let now = hub.clock.now();
    with_store(hub, move |store| store.expire_sessions(now)).await
}

/// A session that ends with this value: for work that opens one for itself.
pub(super) struct OwnSession {
    store: Arc<dyn Sessions>,
    id: SessionId,
}

impl OwnSession {
    /// Takes charge of an open session.
    pub(super) fn new(hub: &Hub, session: &Session) -> Self {
        Self { store: hub.store.clone(), id: session.id }
    }

    pub(super) fn id(&self) -> SessionId {
        self.id
    }

    /// The store as the caller sees it who has that reach beside what is sent.
    pub(super) fn view(&self, reach: &Reach) -> InSession {
        InSession::new(Arc::clone(&self.store), self.id, reach)
    }
}

impl Drop for OwnSession {
    fn drop(&mut self) {
        let (store, id) = (Arc::clone(&self.store), self.id);
        let close = move || {
            if let Err(error) = store.close_session(&id) {
                tracing::error!(%error, session.id = %id, "upload session not closed; it will expire");
            }
        };
        // Where there is a runtime this may be one of its threads, which must not block.
        match tokio::runtime::Handle::try_current() {
            Ok(handle) => drop(handle.spawn_blocking(close)),
            Err(_) => close(),
        }
    }
}
