//! What a caller may use of the chunk store: the membership index says who holds an object, the permission
//! table who may read that repository. Knowing an id grants nothing.

use flisthub_storage::{Owner, Reach, StoreError};
use tokio::runtime::Handle;

use super::resolve;
use crate::auth::Caller;
use crate::catalog::RepositoryRow;
use crate::state::Hub;

/// What `caller` may use while working in `repository`, which they are known to be allowed to read. It asks the
/// catalog, so use it only on threads that may wait. Take one for each request: it remembers what it was told.
pub(crate) fn of(hub: &Hub, caller: &Caller, repository: &RepositoryRow) -> Reach {
    if hub.config.access.public_pool {
        return Reach::everything();
    }
    let (hub, caller, runtime) = (hub.clone(), caller.clone(), Handle::current());
    Reach::new(owner(repository.id), move |holder| {
        // A number that the catalog cannot have is nobody's.
        let Ok(id) = i64::try_from(holder) else { return Ok(false) };
        let asked = resolve::may_read(&hub, &caller, id);
        runtime.block_on(asked).map_err(StoreError::backend)
    })
}

/// The number under which the store knows a repository. The catalog has none below zero.
pub(crate) fn owner(repository_id: i64) -> Option<Owner> {
    Owner::try_from(repository_id).ok()
}
