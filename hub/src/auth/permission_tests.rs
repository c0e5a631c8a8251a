//! The permission table, cell by cell.

use super::*;
use crate::catalog::{RepositoryRow, UserRow};
use crate::config::Config;

const EVERY_RIGHT: [Right; 4] = [Right::See, Right::Read, Right::Write, Right::Manage];

fn repository(visibility: Visibility) -> RepositoryRow {
    RepositoryRow { id: 5, name: "alice".into(), visibility, creator_id: 1, updated: 0 }
}

fn identity(scope: Scope) -> Identity {
    Identity {
        user: UserRow { id: 1, name: "alice".into(), admin: false },
        scope,
        only: None,
        member_of: Vec::new(),
        acts_for: None,
        credential: Credential::Job { token: None },
        origin: Origin::default(),
    }
}

fn caller(identity: Identity) -> Caller {
    Caller::User(Box::new(identity))
}

/// What is answered for each right, in one word each.
fn row(
    config: &Config,
    caller: &Caller,
    visibility: Visibility,
    level: Option<Level>,
) -> [&'static str; 4] {
    EVERY_RIGHT.map(|right| match allow(config, caller, right, &repository(visibility), level) {
        Ok(()) => "yes",
        Err(Denied::Anonymous) => "token",
        Err(Denied::Unseen) => "absent",
        Err(Denied::Scope) => "scope",
        Err(Denied::Limited) => "limited",
        Err(Denied::Level(least)) => {
            assert_eq!(least, right.least());
            "level"
        }
        Err(Denied::ReadOnlyMode) => "read-only",
        Err(other) => panic!("{other:?}"),
    })
}

#[test]
fn the_table() {
    use Level::{Contributor, Guest, Owner, Reader};
    use Visibility::{Internal, Private, Public};
    let config = Config::default();
    let writer = caller(identity(Scope::Write));
    for (who, visibility, level, expected) in [
        (&Caller::Anonymous, Public, None, ["yes", "yes", "token", "token"]),
        (&Caller::Anonymous, Internal, None, ["absent"; 4]),
        (&Caller::Anonymous, Private, None, ["absent"; 4]),
        (&writer, Public, None, ["yes", "yes", "level", "level"]),
        (&writer, Internal, None, ["yes", "yes", "level", "level"]),
        (&writer, Private, None, ["absent"; 4]),
        (&writer, Public, Some(Guest), ["yes", "yes", "level", "level"]),
        (&writer, Private, Some(Guest), ["yes", "level", "level", "level"]),
        (&writer, Private, Some(Reader), ["yes", "yes", "level", "level"]),
        (&writer, Private, Some(Contributor), ["yes", "yes", "yes", "level"]),
        (&writer, Private, Some(Owner), ["yes"; 4]),
        (&Caller::Operator, Private, None, ["yes"; 4]),
    ] {
        let found = row(&config, who, visibility, level);
        assert_eq!(found, expected, "{who:?} {visibility} {level:?}");
    }
}

#[test]
fn scopes_and_limits_narrow_what_the_level_gives() {
    use Visibility::{Internal, Private, Public};
    let config = Config::default();
    let owner = Some(Level::Owner);
    let narrow =
        |scope, only: &[i64]| caller(Identity { only: Some(only.to_vec()), ..identity(scope) });
    for (who, visibility, expected) in [
        (caller(identity(Scope::Read)), Private, ["yes", "yes", "scope", "scope"]),
        (narrow(Scope::Write, &[5]), Private, ["yes"; 4]),
        (narrow(Scope::Write, &[6]), Private, ["absent"; 4]),
        (narrow(Scope::Write, &[6]), Internal, ["absent"; 4]),
        (narrow(Scope::Write, &[6]), Public, ["yes", "yes", "limited", "limited"]),
        (narrow(Scope::Write, &[]), Public, ["yes", "yes", "limited", "limited"]),
    ] {
        assert_eq!(row(&config, &who, visibility, owner), expected, "{who:?} {visibility}");
    }
}

#[test]
fn an_admin_is_one_by_account_and_by_token() {
    let config = Config::default();
    let admin = |admin, scope, only| {
        let user = UserRow { id: 9, name: "root".into(), admin };
        caller(Identity { user, only, ..identity(scope) })
    };
    let absent = ["absent"; 4];
    for (who, operates, expected) in [
        (admin(true, Scope::Admin, None), true, ["yes"; 4]),
        (admin(false, Scope::Admin, None), false, absent),
        (admin(true, Scope::Write, None), false, absent),
        (admin(true, Scope::Admin, Some(vec![6])), false, absent),
    ] {
        assert_eq!(row(&config, &who, Visibility::Private, None), expected, "{who:?}");
        assert_eq!(allow_operate(&who).is_ok(), operates, "{who:?}");
        assert_eq!(visible_jobs(&who) == Ok(None), operates, "{who:?}");
    }
    assert_eq!(allow_operate(&Caller::Anonymous), Err(Denied::Anonymous));
}

#[test]
fn an_issuer_makes_contributors() {
    let who = caller(Identity { member_of: vec![5], ..identity(Scope::Write) });
    let found = row(&Config::default(), &who, Visibility::Private, None);
    assert_eq!(found, ["yes", "yes", "yes", "level"]);
}

#[test]
fn nothing_changes_in_read_only_mode_but_what_the_operator_does() {
    let config = Config { read_only: true, ..Config::default() };
    let owner = caller(identity(Scope::Write));
    for (who, level, expected) in [
        (&owner, Some(Level::Owner), ["yes", "yes", "read-only", "read-only"]),
        (&owner, None, ["absent"; 4]),
        (&Caller::Operator, None, ["yes"; 4]),
    ] {
        assert_eq!(row(&config, who, Visibility::Private, level), expected, "{who:?}");
    }
    assert_eq!(allow_own(&config, &owner), Err(Denied::ReadOnlyMode));
}

#[test]
fn what_is_a_users_own_takes_an_unlimited_token_that_may_write() {
    let config = Config::default();
    let limited = Identity { only: Some(vec![5]), ..identity(Scope::Write) };
    for (who, expected) in [
        (Caller::Anonymous, Err(Denied::Anonymous)),
        (caller(identity(Scope::Read)), Err(Denied::Scope)),
        (caller(limited), Err(Denied::Limited)),
        (caller(identity(Scope::Write)), Ok(())),
    ] {
        assert_eq!(allow_own(&config, &who), expected, "{who:?}");
    }
}

#[test]
fn jobs_are_their_owners_and_the_admins() {
    let user = |id, scope| {
        let user = UserRow { id, name: String::new(), admin: scope == Scope::Admin };
        caller(Identity { user, ..identity(scope) })
    };
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
        let listed = visible_jobs(&caller).map(|whose| whose.is_none_or(|id| owner == Some(id)));
        assert_eq!(listed == Ok(true), read.is_ok(), "{caller:?} {owner:?}");
    }
}
