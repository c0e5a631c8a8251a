//! Users, tokens, repositories with their members, and the audit log.

use super::postgres::location;
use super::{
    Actor, AuditFilter, Catalog, CatalogError, Change, Condition, NewRepository, NewToken, NewUser,
    RepositoryRow, Source, UserChange, UserRow, Viewer,
};
use crate::auth::{Level, Scope, TokenKind, Visibility};
use crate::name::{FlistName, RepositoryName};

/// A catalog with two users and a private repository of the first.
struct Access {
    _directory: tempfile::TempDir,
    catalog: Catalog,
    alice: UserRow,
    bob: UserRow,
    team: RepositoryRow,
}

fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

impl Access {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let catalog = Catalog::at(&location(directory.path())).await.unwrap();
        let alice = catalog.make_user(&name("alice"), 1).await.unwrap();
        let bob = catalog.make_user(&name("bob"), 1).await.unwrap();
        let new = NewRepository {
            name: &name("team"),
            visibility: Visibility::Private,
            creator_id: alice.id,
        };
        let team = catalog.create_repository(&new, &Actor::of(&alice), 2).await.unwrap();
        Self { _directory: directory, catalog, alice, bob, team }
    }

    async fn token(&self, hash: u8, kind: TokenKind, only: Option<Vec<i64>>, now: u64) -> i64 {
        let new = NewToken {
            user_id: self.alice.id,
            hash: [hash; 32],
            kind,
            label: format!("number {hash}"),
            scope: Scope::Write,
            only,
            expires: None,
        };
        self.catalog.create_token(&new, &Actor::of(&self.alice), now).await.unwrap()
    }

    /// The actions that are told of, the newest first.
    async fn actions(&self, filter: &AuditFilter) -> Vec<String> {
        let rows = self.catalog.audit(filter, None, 100).await.unwrap();
        rows.into_iter()
            .map(|row| format!("{} {} {}", row.actor.name, row.action, row.subject))
            .collect()
    }
}

#[tokio::test]
async fn the_last_owner_stays() {
    let access = Access::new().await;
    let (catalog, by) = (&access.catalog, Actor::of(&access.alice));
    let owner_lost = |result: Result<bool, CatalogError>| {
        assert!(matches!(result, Err(CatalogError::LastOwner { .. })), "{result:?}");
    };
    let set = async |user: &UserRow, level| {
        catalog.set_repository_member(&access.team, user, level, &by, 3).await
    };
    let remove =
        async |user: &UserRow| catalog.remove_repository_member(&access.team, user, &by, 3).await;
    owner_lost(remove(&access.alice).await);
    owner_lost(set(&access.alice, Level::Reader).await);
    assert_eq!(catalog.level(access.team.id, access.alice.id).await.unwrap(), Some(Level::Owner));
    assert!(!remove(&access.bob).await.unwrap(), "no member");
    assert!(set(&access.bob, Level::Guest).await.unwrap());
    assert!(!set(&access.bob, Level::Guest).await.unwrap(), "nothing changes");
    owner_lost(remove(&access.alice).await);
    assert!(set(&access.bob, Level::Owner).await.unwrap());
    assert!(remove(&access.alice).await.unwrap());
    assert_eq!(catalog.level(access.team.id, access.alice.id).await.unwrap(), None);
    let members = catalog.repository_members(access.team.id).await.unwrap();
    let members: Vec<_> = members.iter().map(|row| (row.user.as_str(), row.level)).collect();
    assert_eq!(members, [("bob", Level::Owner)]);
}

#[tokio::test]
async fn a_viewer_gets_what_it_may_perhaps_see() {
    let access = Access::new().await;
    let catalog = &access.catalog;
    let internal = catalog.repository(&name("bob")).await.unwrap().unwrap();
    let by = Actor::operator();
    catalog.set_visibility(&internal, Visibility::Internal, &by, 3).await.unwrap();
    let seen = async |viewer: Viewer<'_>| {
        let rows = catalog.repositories_after(viewer, "", 10).await.unwrap();
        rows.into_iter().map(|(row, level)| (row.name, level)).collect::<Vec<_>>()
    };
    let row = |name: &str, level| (name.to_owned(), level);
    assert_eq!(seen(Viewer::default()).await, [row("alice", None)]);
    let bob = Viewer { user_id: Some(access.bob.id), ..Viewer::default() };
    assert_eq!(seen(bob).await, [row("alice", None), row("bob", Some(Level::Owner))]);
    let also = Viewer { also: &[access.team.id], ..bob };
    assert_eq!(seen(also).await.last(), Some(&row("team", None)));
    let all = Viewer { all: true, ..Viewer::default() };
    assert_eq!(seen(all).await.len(), 3);
    let next = catalog.repositories_after(all, "alice", 1).await.unwrap();
    assert_eq!(next.first().map(|(row, _)| row.name.as_str()), Some("bob"));
    let own = catalog.repositories_of(access.alice.id, Level::Owner).await.unwrap();
    assert_eq!(own.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["alice", "team"]);
}

#[tokio::test]
async fn tokens_are_narrowed_listed_and_revoked() {
    let access = Access::new().await;
    let (catalog, by) = (&access.catalog, Actor::operator());
    let first = access.token(1, TokenKind::Api, None, 5).await;
    let second = access.token(2, TokenKind::Api, Some(vec![access.team.id]), 5).await;
    let third = access.token(3, TokenKind::Login, Some(Vec::new()), 6).await;
    let found = async |hash: u8| catalog.token(&[hash; 32]).await.unwrap().unwrap();
    assert_eq!((found(1).await.only, found(1).await.id), (None, first));
    assert_eq!(found(2).await.only, Some(vec![access.team.id]));
    assert_eq!(found(3).await.only, Some(Vec::new()), "limited to nothing is not unlimited");
    let page = async |before, limit| {
        let rows = catalog.tokens_of(access.alice.id, before, limit).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let (newer, older) = if first > second { (first, second) } else { (second, first) };
    assert_eq!(page(None, 2).await, [third, newer]);
    assert_eq!(page(Some((5, newer)), 2).await, [older]);
    assert!(catalog.revoke_token(second, &by, 7).await.unwrap());
    assert!(!catalog.revoke_token(second, &by, 8).await.unwrap(), "once");
    assert_eq!(found(2).await.revoked, Some(7));
    // Another password ends what came of signing in, and nothing else.
    assert!(catalog.set_password("alice", "$argon2id$x", &by, 9).await.unwrap());
    assert_eq!((found(1).await.revoked, found(3).await.revoked), (None, Some(9)));
    assert!(catalog.set_disabled("alice", true, &by, 10).await.unwrap());
    assert!(found(1).await.disabled);
    assert_eq!(catalog.password_of("alice").await.unwrap(), None, "disabled");
    assert!(!catalog.set_admin("nobody", true, &by, 10).await.unwrap());
    // A page begins after a token also when that is forgotten meanwhile.
    catalog.forget_logins(access.alice.id, 9 + 31 * 86_400).await.unwrap();
    assert_eq!(catalog.token_by_id(third).await.unwrap(), None);
    assert_eq!(page(Some((6, third)), 2).await, [newer, older]);
}

#[tokio::test]
async fn a_user_is_changed_in_all_at_once() {
    let access = Access::new().await;
    let (catalog, by) = (&access.catalog, Actor::operator());
    let (password, admin, disabled) = (Some("$argon2id$x"), Some(true), Some(true));
    let change = UserChange { password, admin, disabled };
    assert!(!catalog.change_user("nobody", change, &by, 9).await.unwrap());
    assert!(catalog.change_user("alice", change, &by, 9).await.unwrap());
    let account = catalog.user(&name("alice")).await.unwrap().unwrap();
    assert_eq!((account.user.admin, account.disabled, account.has_password), (true, Some(9), true));
    let noted = access.actions(&AuditFilter::default()).await;
    let of_alice = |action| format!("{} {action} user alice", by.name);
    let expected = ["user-disable", "user-admin", "user-password"].map(of_alice);
    assert_eq!(noted[..3], expected);
    assert!(!noted.iter().any(|row| row.contains("nobody")), "{noted:?}");
}

#[tokio::test]
async fn every_change_is_in_the_audit_log_and_no_other() {
    let access = Access::new().await;
    let (catalog, base) = (&access.catalog, FlistName::parse("base").unwrap());
    let by = Actor {
        credential: "token 17".into(),
        address: Some("192.0.2.7".into()),
        request: Some("0011223344556677".into()),
        ..Actor::of(&access.bob)
    };
    let id = flisthub_storage::Kind::Manifest.id_of(b"one");
    let flist = super::FlistRow { id, entries: 1, bytes: 1 };
    let mut change = Change {
        repository_id: access.team.id,
        name: &base,
        by: &by,
        source: Source::Push,
        detail: Some("from somewhere"),
        condition: &Condition::NONE,
        dry_run: true,
        now: 9,
    };
    catalog.publish(&change, &flist).await.unwrap();
    change.dry_run = false;
    catalog.publish(&change, &flist).await.unwrap();
    catalog.rename(&change, &FlistName::parse("other").unwrap()).await.unwrap();
    let team = AuditFilter { repository_id: Some(access.team.id), ..AuditFilter::default() };
    let renamed = AuditFilter { action: Some("push".into()), ..team.clone() };
    assert_eq!(
        access.actions(&team).await,
        ["bob push team/base", "bob push team/base", "alice repository-create team"]
    );
    let rows = catalog.audit(&renamed, None, 1).await.unwrap();
    assert_eq!(rows.first().unwrap().detail.as_deref(), Some("to team/other"));
    let before = catalog.audit(&renamed, rows.first().map(|row| row.id), 9).await.unwrap();
    assert_eq!(before.first().map(|row| (&row.actor, row.happened)), Some((&by, 9)));
    let of_bob = AuditFilter { user_id: Some(access.bob.id), ..AuditFilter::default() };
    assert_eq!(access.actions(&of_bob).await.len(), 2);
}

#[tokio::test]
async fn a_new_user_is_what_was_asked_for() {
    let access = Access::new().await;
    let carol = name("carol");
    let visibility = Visibility::Private;
    let new = NewUser { name: &carol, admin: true, password: Some("$argon2id$x"), visibility };
    access.catalog.create_user(&new, &Actor::operator(), 4).await.unwrap();
    let account = access.catalog.user(&carol).await.unwrap().unwrap();
    assert!(account.user.admin && account.has_password && account.disabled.is_none());
    let repository = access.catalog.repository(&carol).await.unwrap().unwrap();
    assert_eq!(repository.visibility, Visibility::Private);
    let names: Vec<String> = access
        .catalog
        .users_after("alice", 9)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.user.name)
        .collect();
    assert_eq!(names, ["bob", "carol"]);
    // Nothing is half made where the repository's name is taken.
    let team = name("team");
    let taken = NewUser { name: &team, admin: false, password: None, visibility };
    assert!(access.catalog.create_user(&taken, &Actor::operator(), 5).await.is_err());
    assert_eq!(access.catalog.user(&team).await.unwrap(), None);
}
