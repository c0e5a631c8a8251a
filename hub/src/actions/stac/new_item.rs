//! Publishing a name that is an item and nothing else: its flist has no files. Files may be pushed under the name
//! later; the item stays what was written.

use flisthub_flist::{Manifest, TreeBuilder};
use flisthub_storage::{ChunkId, Profile, StoreError};

use crate::actions::error::ActionError;
use crate::actions::items::Set;
use crate::actions::publish::{self, Publication};
use crate::actions::put_objects::PutObjects;
use crate::actions::reach;
use crate::actions::sessions::{self, OwnSession};
use crate::auth::Caller;
use crate::catalog::{Condition, RepositoryRow, Source};
use crate::name::FlistName;
use crate::state::Hub;

/// A flist without files that a repository may publish, which is kept until then.
pub(super) struct NewItems {
    session: OwnSession,
    manifest: ChunkId,
}

impl NewItems {
    /// Puts it.
    pub(super) async fn open(
        hub: &Hub,
        caller: &Caller,
        repository: &RepositoryRow,
    ) -> Result<Self, ActionError> {
        let session = sessions::open(hub, caller, &repository.name).await?;
        let session = OwnSession::new(hub, &session);
        let reach = reach::of(hub, caller, repository).with_session(session.id());
        let (view, level) = (session.view(&reach), hub.config.store.compression_level);
        let put = move || {
            let mut new = PutObjects::new(&view, level)?;
            let manifest = empty(&mut new)?;
            new.finish()?;
            Ok::<_, ActionError>(manifest)
        };
        let manifest = tokio::task::spawn_blocking(put).await??;
        Ok(Self { session, manifest })
    }

    /// The flist.
    pub(super) fn manifest(&self) -> ChunkId {
        self.manifest
    }

    /// Publishes it under a name that is not there.
    pub(super) async fn publish(
        &self,
        hub: &Hub,
        caller: &Caller,
        (repository, name): (&RepositoryRow, &FlistName),
        set: Set,
    ) -> Result<(), ActionError> {
        let condition = Condition { if_none_match: Some(Vec::new()), ..Condition::NONE };
        publish::expect(hub, repository, name, &condition).await?;
        let reach = reach::of(hub, caller, repository).with_session(self.session.id());
        let (repository, name) = (repository.clone(), name.clone());
        let new = Publication::new(hub, caller, repository, name, Source::Item, self.manifest);
        publish::publish(hub, Publication { reach, set, condition, ..new }).await.map(drop)
    }
}

/// Puts a flist without files.
fn empty(new: &mut PutObjects<'_>) -> Result<ChunkId, ActionError> {
    let built = TreeBuilder::new().finish(&mut |object| new.take(object));
    let built = built.map_err(ActionError::internal)?;
    let manifest = Manifest::of(&built, Profile::default()).to_chunk();
    let manifest = manifest.map_err(ActionError::internal)?;
    let id = manifest.id();
    new.take(manifest).map_err(|error: StoreError| ActionError::from(error))?;
    Ok(id)
}
