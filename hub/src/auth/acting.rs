//! Acting for a repository that is not the one of the user's name: what 0-hub's cookie `active-user` asks for.
//! It changes which repository the caller's own is, and gives no right that the caller has not.

use super::permission::allow_acting;
use super::{AuthError, Identity};
use crate::catalog::RepositoryRow;
use crate::name::RepositoryName;
use crate::state::Hub;

/// What a request asks to act for. An extension of the request, which only routes of one's own put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActsFor(pub String);

impl ActsFor {
    /// Whether that is the user anyway.
    pub(super) fn is(&self, identity: &Identity) -> bool {
        self.0 == identity.user.name
    }

    /// The repository that is meant, if it is there.
    pub(super) async fn repository(&self, hub: &Hub) -> Result<Option<RepositoryRow>, AuthError> {
        match RepositoryName::parse(&self.0) {
            Ok(name) => Ok(hub.catalog.repository(&name).await?),
            Err(_) => Ok(None),
        }
    }

    /// Lets the user act for it, if they may contribute there. What is not there, and what they may not know
    /// of, is refused in the same words.
    pub(super) async fn by(&self, hub: &Hub, identity: &mut Identity) -> Result<(), AuthError> {
        if self.is(identity) {
            return Ok(());
        }
        let refused = || AuthError::MayNotActFor(self.shown());
        let repository = self.repository(hub).await?;
        // Asked for in any case, so that it takes as long.
        let id = repository.as_ref().map_or(0, |repository| repository.id);
        let level = hub.catalog.level(id, identity.user.id).await?;
        let repository = repository.ok_or_else(refused)?;
        allow_acting(identity, &repository, level).map_err(|_| refused())?;
        identity.acts_for = Some(repository.name);
        Ok(())
    }

    /// For messages.
    fn shown(&self) -> String {
        self.0.chars().filter(|char| !char.is_control()).take(128).collect()
    }
}
