//! The one permission table: what a caller may do to a repository, to a job, and to the hub as a whole.
//! Nothing else decides that.

use super::{Caller, Scope};
use crate::catalog::RepositoryRow;
use crate::config::Config;

/// What someone wants to do with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// List it, download from it.
    Read,
    /// Upload, publish and delete in it.
    Write,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// A token is needed.
    #[error("no authorization provided")]
    Anonymous,
    /// The token's scope does not reach.
    #[error("this token has no write scope")]
    Scope,
    /// The repository is someone else's.
    #[error("this repository is somebody else's")]
    NotOwner,
    /// Only the operator may.
    #[error("this needs a token with the scope admin")]
    NotOperator,
    /// The hub's configuration says that nothing changes.
    #[error("this hub is in read-only mode: nothing can be changed")]
    ReadOnlyMode,
}

/// Decides. Every repository is public for now, so reading is always allowed. In a hub that is configured
/// as read-only nobody may write.
pub fn allow(
    config: &Config,
    caller: &Caller,
    right: Right,
    repository: &RepositoryRow,
) -> Result<(), Denied> {
    match (right, caller) {
        (Right::Write, Caller::Anonymous) => Err(Denied::Anonymous),
        (Right::Write, Caller::User { .. }) if config.read_only => Err(Denied::ReadOnlyMode),
        (Right::Read, _) | (Right::Write, Caller::User { scope: Scope::Admin, .. }) => Ok(()),
        (Right::Write, Caller::User { scope: Scope::Read, .. }) => Err(Denied::Scope),
        (Right::Write, Caller::User { user, scope: Scope::Write }) => {
            if user.id == repository.owner_id { Ok(()) } else { Err(Denied::NotOwner) }
        }
    }
}

/// Decides who may look at (`Read`) and cancel (`Write`) a job. `owner` is the number of the user who asked
/// for it; `None`: the operator. To whoever is [`Denied::NotOwner`], the job does not exist.
pub fn allow_job(caller: &Caller, right: Right, owner: Option<i64>) -> Result<(), Denied> {
    match (right, caller) {
        (_, Caller::Anonymous) => Err(Denied::Anonymous),
        (_, Caller::User { scope: Scope::Admin, .. }) => Ok(()),
        (_, Caller::User { user, .. }) if owner != Some(user.id) => Err(Denied::NotOwner),
        (Right::Write, Caller::User { scope: Scope::Read, .. }) => Err(Denied::Scope),
        (Right::Read | Right::Write, Caller::User { .. }) => Ok(()),
    }
}

/// Whose jobs a caller may look at: those of the user with that number; `None`: everybody's.
pub fn visible_jobs(caller: &Caller) -> Result<Option<i64>, Denied> {
    match caller {
        Caller::Anonymous => Err(Denied::Anonymous),
        Caller::User { scope: Scope::Admin, .. } => Ok(None),
        Caller::User { user, .. } => Ok(Some(user.id)),
    }
}

/// Decides who may operate the hub: start jobs of upkeep, which touch everybody's repositories.
pub fn allow_operate(caller: &Caller) -> Result<(), Denied> {
    match caller {
        Caller::Anonymous => Err(Denied::Anonymous),
        Caller::User { scope: Scope::Admin, .. } => Ok(()),
        Caller::User { scope: Scope::Read | Scope::Write, .. } => Err(Denied::NotOperator),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::UserRow;

    #[test]
    fn the_table() {
        let repository = RepositoryRow { id: 5, name: "alice".into(), owner_id: 1, updated: 0 };
        let user = |id, scope| Caller::User { user: UserRow { id, name: String::new() }, scope };
        let no = Err(Denied::NotOperator);
        let (usual, read_only) =
            (Config::default(), Config { read_only: true, ..Config::default() });
        for (caller, write, operate) in [
            (Caller::Anonymous, Err(Denied::Anonymous), Err(Denied::Anonymous)),
            (user(1, Scope::Read), Err(Denied::Scope), no),
            (user(1, Scope::Write), Ok(()), no),
            (user(1, Scope::Admin), Ok(()), Ok(())),
            (user(2, Scope::Read), Err(Denied::Scope), no),
            (user(2, Scope::Write), Err(Denied::NotOwner), no),
            (user(2, Scope::Admin), Ok(()), Ok(())),
        ] {
            let allowed = |config: &Config, right| allow(config, &caller, right, &repository);
            assert_eq!(allowed(&usual, Right::Read), Ok(()), "{caller:?}");
            assert_eq!(allowed(&usual, Right::Write), write, "{caller:?}");
            assert_eq!(allow_operate(&caller), operate, "{caller:?}");
            // Upkeep goes on in read-only mode.
            let refused = match caller {
                Caller::Anonymous => Denied::Anonymous,
                Caller::User { .. } => Denied::ReadOnlyMode,
            };
            assert_eq!(allowed(&read_only, Right::Read), Ok(()), "{caller:?}");
            assert_eq!(allowed(&read_only, Right::Write), Err(refused), "{caller:?}");
        }
    }

    #[test]
    fn jobs_are_their_owners_and_the_operators() {
        let user = |id, scope| Caller::User { user: UserRow { id, name: String::new() }, scope };
        let (anonymous, stranger) = (Err(Denied::Anonymous), Err(Denied::NotOwner));
        for (caller, owner, read, write) in [
            (Caller::Anonymous, Some(1), anonymous, anonymous),
            (Caller::Anonymous, None, anonymous, anonymous),
            (user(1, Scope::Read), Some(1), Ok(()), Err(Denied::Scope)),
            (user(1, Scope::Write), Some(1), Ok(()), Ok(())),
            (user(2, Scope::Read), Some(1), stranger, stranger),
            (user(2, Scope::Write), Some(1), stranger, stranger),
            (user(2, Scope::Write), None, stranger, stranger),
            (user(2, Scope::Admin), Some(1), Ok(()), Ok(())),
            (user(2, Scope::Admin), None, Ok(()), Ok(())),
        ] {
            assert_eq!(allow_job(&caller, Right::Read, owner), read, "{caller:?} {owner:?}");
            assert_eq!(allow_job(&caller, Right::Write, owner), write, "{caller:?} {owner:?}");
            // What is listed is what may be looked at.
            let listed =
                visible_jobs(&caller).map(|whose| whose.is_none_or(|id| owner == Some(id)));
            assert_eq!(listed == Ok(true), read.is_ok(), "{caller:?} {owner:?}");
        }
    }
}
