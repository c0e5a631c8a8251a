//! The one permission table: what a caller may do to a repository, to a job, and to the hub as a whole.
//! Nothing else decides that.
//!
//! | right  | takes the level | everybody has it in | what it is for |
//! |--------|-----------------|---------------------|----------------|
//! | see    | guest           | public              | the repository, and in listings its names with their ids and totals |
//! | read   | reader          | public              | content, history, whatever follows from content |
//! | write  | contributor     | none                | upload, publish, link, tag, rename, delete |
//! | manage | owner           | none                | visibility, members, the repository's audit log |
//!
//! In an internal repository every signed-in user sees and reads. To write and to manage takes a token whose scope
//! is write, too. An admin with a token of scope admin has every right. A token that is limited to some
//! repositories is worth no more than none elsewhere. A repository that the caller may not see is as if it
//! were not there.

mod accounts;

pub use accounts::{allow_create, allow_leave, allow_own, allow_sign, allow_token, allow_tokens};

use super::{Caller, Identity, Level, Scope, Visibility};
use crate::catalog::RepositoryRow;
use crate::config::Config;

/// What someone wants to do with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Know that it is there, and which names it has.
    See,
    /// List it, download from it.
    Read,
    /// Upload, publish and delete in it.
    Write,
    /// Say who may do what in it.
    Manage,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// A token is needed.
    #[error("no authorization provided")]
    Anonymous,
    /// The caller may not even know that it is there.
    #[error("there is no such repository")]
    Unseen,
    /// The token's scope does not reach.
    #[error("this token has no write scope")]
    Scope,
    /// The token is for other repositories.
    #[error("this token is limited to other repositories")]
    Limited,
    /// The caller is no member, or not one who may do that.
    #[error("this takes the level {0} in the repository; ask one of its owners")]
    Level(Level),
    /// It is someone else's.
    #[error("this is somebody else's")]
    NotOwner,
    /// Only the operator may.
    #[error("this needs an admin, with a token of the scope admin")]
    NotOperator,
    /// It takes a token of the hub itself.
    #[error("this takes a token of this hub: log in with a password, or use an API token")]
    Issued,
    /// A token would be made that may do more than what makes it.
    #[error("a token makes none that may do more than itself; choose a narrower scope")]
    Wider,
    /// A token would be made that lasts longer than what makes it.
    #[error("an API token makes none that lasts longer than itself; log in to make one that does")]
    Longer,
    /// The password that holds is another.
    #[error("that is not the current password")]
    Password,
    /// The hub's configuration says that nothing changes.
    #[error("this hub is in read-only mode: nothing can be changed")]
    ReadOnlyMode,
}

impl Right {
    /// The level that it takes.
    pub fn least(self) -> Level {
        match self {
            Self::See => Level::Guest,
            Self::Read => Level::Reader,
            Self::Write => Level::Contributor,
            Self::Manage => Level::Owner,
        }
    }

    fn changes(self) -> bool {
        self >= Self::Write
    }
}

/// Decides. `level` is what the caller is in the repository as its member, `None` if it is none. In a hub that
/// is configured as read-only nobody may change anything over HTTP.
pub fn allow(
    config: &Config,
    caller: &Caller,
    right: Right,
    repository: &RepositoryRow,
    level: Option<Level>,
) -> Result<(), Denied> {
    let (identity, reach) = match caller {
        Caller::Operator => return Ok(()),
        Caller::Anonymous => (None, of_everybody(repository.visibility)),
        Caller::User(identity) => (Some(identity), of_user(identity, repository, level)),
    };
    if reach < Some(Level::Guest) {
        return Err(Denied::Unseen);
    }
    if !right.changes() {
        return if reach >= Some(right.least()) {
            Ok(())
        } else {
            Err(Denied::Level(right.least()))
        };
    }
    let identity = identity.ok_or(Denied::Anonymous)?;
    if config.read_only {
        return Err(Denied::ReadOnlyMode);
    }
    if !within(identity, repository) {
        return Err(Denied::Limited);
    }
    if identity.scope < Scope::Write {
        return Err(Denied::Scope);
    }
    if reach >= Some(right.least()) { Ok(()) } else { Err(Denied::Level(right.least())) }
}

/// Decides whose own repository may be another than the one of their name: whoever contributes there, whatever
/// the scope of their token. What they then do there is decided as ever.
pub(super) fn allow_acting(
    identity: &Identity,
    repository: &RepositoryRow,
    level: Option<Level>,
) -> Result<(), Denied> {
    match of_user(identity, repository, level) {
        Some(Level::Contributor | Level::Owner) => Ok(()),
        Some(Level::Guest | Level::Reader) => Err(Denied::Level(Level::Contributor)),
        None => Err(Denied::Unseen),
    }
}

/// What everybody may in a repository of that visibility.
fn of_everybody(visibility: Visibility) -> Option<Level> {
    match visibility {
        Visibility::Public => Some(Level::Reader),
        Visibility::Internal | Visibility::Private => None,
    }
}

/// What a user may in a repository, whatever the scope.
fn of_user(identity: &Identity, repository: &RepositoryRow, level: Option<Level>) -> Option<Level> {
    if identity.is_admin() {
        return Some(Level::Owner);
    }
    if !within(identity, repository) {
        return of_everybody(repository.visibility);
    }
    let signed_in = match repository.visibility {
        Visibility::Public | Visibility::Internal => Some(Level::Reader),
        Visibility::Private => None,
    };
    let said = identity.member_of.contains(&repository.id).then_some(Level::Contributor);
    level.max(signed_in).max(said)
}

/// Whether the token is worth something in the repository.
fn within(identity: &Identity, repository: &RepositoryRow) -> bool {
    identity.reaches(repository.id)
}

/// Decides who may look at (`Read`) and cancel (`Write`) a job. `owner` is the number of the user who asked
/// for it; `None`: the operator. To whoever is [`Denied::NotOwner`], the job does not exist.
pub fn allow_job(caller: &Caller, right: Right, owner: Option<i64>) -> Result<(), Denied> {
    let identity = match caller {
        Caller::Anonymous => return Err(Denied::Anonymous),
        Caller::Operator => return Ok(()),
        Caller::User(identity) => identity,
    };
    if identity.is_admin() {
        Ok(())
    } else if owner != Some(identity.user.id) {
        Err(Denied::NotOwner)
    } else if right.changes() && identity.scope < Scope::Write {
        Err(Denied::Scope)
    } else {
        Ok(())
    }
}

/// Whose jobs a caller may look at: those of the user with that number; `None`: everybody's.
pub fn visible_jobs(caller: &Caller) -> Result<Option<i64>, Denied> {
    match caller {
        Caller::Anonymous => Err(Denied::Anonymous),
        _ if caller.is_admin() => Ok(None),
        Caller::Operator => Ok(None),
        Caller::User(identity) => Ok(Some(identity.user.id)),
    }
}

/// Decides who may operate the hub: start jobs of upkeep, which touch everybody's repositories, make users and
/// read all of the audit log.
pub fn allow_operate(caller: &Caller) -> Result<(), Denied> {
    match caller {
        Caller::Anonymous => Err(Denied::Anonymous),
        _ if caller.is_admin() => Ok(()),
        Caller::User(_) | Caller::Operator => Err(Denied::NotOperator),
    }
}
