//! What a caller may use of the chunk store: the membership index says who holds an object, the permission
//! table who may read that repository. Knowing an id grants nothing.

use flisthub_storage::{Owner, Reach, StoreError};
use tokio::runtime::Handle;

use super::resolve;
use crate::auth::Caller;
use crate::catalog::RepositoryRow;
use crate::state::Hub;

/// Repositories that the catalog is asked about in one request without a token. What such a caller reads is
/// mostly held by the repository that they name, of which nothing is asked.
const MOST_WITHOUT_TOKEN: usize = 64;

/// What `caller` may use while working in `repository`, which they are known to be allowed to read. It asks the
/// catalog, so use it only on threads that may wait. Take one for each request: it remembers what it was told.
pub(crate) fn of(hub: &Hub, caller: &Caller, repository: &RepositoryRow) -> Reach {
    if hub.config.access.public_pool {
        return Reach::everything();
    }
    let stranger = matches!(caller, Caller::Anonymous);
    let (hub, caller, runtime) = (hub.clone(), caller.clone(), Handle::current());
    let may_read = move |holder| {
        // A number that the catalog cannot have is nobody's.
        let Ok(id) = i64::try_from(holder) else { return Ok(false) };
        let asked = resolve::may_read(&hub, &caller, id);
        runtime.block_on(asked).map_err(StoreError::backend)
    };
    let own = owner(repository.id);
    if stranger {
        Reach::within(MOST_WITHOUT_TOKEN, own, may_read)
    } else {
        Reach::new(own, may_read)
    }
}

/// The number under which the store knows a repository. The catalog has none below zero.
pub(crate) fn owner(repository_id: i64) -> Option<Owner> {
    Owner::try_from(repository_id).ok()
}
