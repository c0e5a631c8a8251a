//! Whose items a caller may see, by the permission table: a search is told it once, and looks for nothing else.

use std::collections::HashMap;

use crate::actions::error::ActionError;
use crate::auth::{Caller, Level, Right, Visibility, allow};
use crate::catalog::{Readable, RepositoryRow};
use crate::config::Config;
use crate::state::Hub;

/// The number of no repository.
const NONE: i64 = 0;

/// What a caller may do with repositories, as far as items are concerned.
#[derive(Debug, Clone)]
pub struct Access {
    /// The repositories that the caller may read.
    pub readable: Readable,
    /// What the caller is in those of which they are a member.
    levels: HashMap<i64, Level>,
}

/// What a caller may read.
pub async fn access(hub: &Hub, caller: &Caller) -> Result<Access, ActionError> {
    let up_to = up_to(&hub.config, caller);
    let Caller::User(identity) = caller else {
        let readable = Readable { up_to, also: Vec::new() };
        return Ok(Access { readable, levels: HashMap::new() });
    };
    let named: Vec<i64> =
        identity.member_of.iter().chain(identity.only.iter().flatten()).copied().collect();
    let perhaps = hub.catalog.repositories_known_to(identity.user.id, &named).await?;
    let mut also = Vec::new();
    let mut levels = HashMap::new();
    for (repository, level) in perhaps {
        let closed = repository.visibility > up_to;
        if closed && allow(&hub.config, caller, Right::Read, &repository, level).is_ok() {
            also.push(repository.id);
        }
        levels.extend(level.map(|level| (repository.id, level)));
    }
    // In one order, so that the same caller asks the same.
    also.sort_unstable();
    Ok(Access { readable: Readable { up_to, also }, levels })
}

/// The least open visibility with which the caller may read a repository that they have nothing to do with.
fn up_to(config: &Config, caller: &Caller) -> Visibility {
    let all = [Visibility::Private, Visibility::Internal];
    let may = |visibility: &Visibility| {
        allow(config, caller, Right::Read, &probe(NONE, *visibility), None).is_ok()
    };
    all.into_iter().find(may).unwrap_or(Visibility::Public)
}

/// A repository of which nothing else is known.
fn probe(id: i64, visibility: Visibility) -> RepositoryRow {
    RepositoryRow { id, name: String::new(), visibility, creator_id: NONE, updated: 0 }
}

impl Access {
    /// What the caller may do in a repository that they may read, in SharingHub's numbers: 4 manage, 3 write, 2 read,
    /// 1 see that it is there.
    pub fn level(
        &self,
        config: &Config,
        caller: &Caller,
        (id, visibility): (i64, Visibility),
    ) -> u8 {
        let level = self.levels.get(&id).copied();
        let may = |right| allow(config, caller, right, &probe(id, visibility), level).is_ok();
        match () {
            () if may(Right::Manage) => 4,
            () if may(Right::Write) => 3,
            () if may(Right::Read) => 2,
            () => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Credential, Identity, Origin, Scope};
    use crate::catalog::UserRow;

    fn user(scope: Scope, only: Option<Vec<i64>>, admin: bool) -> Caller {
        Caller::User(Box::new(Identity {
            user: UserRow { id: 1, name: "alice".into(), admin },
            scope,
            only,
            member_of: vec![7],
            acts_for: None,
            credential: Credential::Job { token: None },
            origin: Origin::default(),
        }))
    }

    #[test]
    fn strangers_read_what_is_public_and_users_what_is_internal() {
        let config = Config::default();
        for (caller, expected) in [
            (Caller::Anonymous, Visibility::Public),
            (Caller::Operator, Visibility::Private),
            (user(Scope::Read, None, false), Visibility::Internal),
            (user(Scope::Write, Some(vec![5]), false), Visibility::Public),
            (user(Scope::Admin, None, true), Visibility::Private),
            (user(Scope::Write, None, true), Visibility::Internal),
        ] {
            assert_eq!(up_to(&config, &caller), expected, "{caller:?}");
        }
    }

    #[test]
    fn levels_are_sharinghubs() {
        let config = Config::default();
        let readable = Readable { up_to: Visibility::Internal, also: Vec::new() };
        let levels = HashMap::from([(3, Level::Owner), (4, Level::Reader)]);
        let access = Access { readable, levels };
        let alice = user(Scope::Write, None, false);
        let of = |id| access.level(&config, &alice, (id, Visibility::Private));
        assert_eq!((of(3), of(7), of(4), of(9)), (4, 3, 2, 1));
        let stranger = access.level(&config, &Caller::Anonymous, (9, Visibility::Public));
        assert_eq!(stranger, 2);
        let read_only = Config { read_only: true, ..Config::default() };
        assert_eq!(access.level(&read_only, &alice, (3, Visibility::Private)), 2);
    }
}
