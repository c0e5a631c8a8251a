//! The catalog on a real SQLite file.

use std::sync::Arc;

use flisthub_flist::Counts;
use flisthub_storage::{ChunkId, Kind};
use tokio::sync::Barrier;

use super::Catalog;
use super::postgres::location;
use super::{
    Actor, CatalogError, Change, Condition, FlistFacts, FlistRow, NewToken, NewUser, Pointed,
    Source, TokenHash, UserRow, Written,
};
use crate::auth::{Level, Scope, TokenKind, Visibility};
use crate::name::{FlistName, RepositoryName};

async fn catalog() -> (tempfile::TempDir, Catalog) {
    let directory = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(&location(directory.path())).await.unwrap();
    (directory, catalog)
}

fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

fn id(text: &str) -> ChunkId {
    Kind::Manifest.id_of(text.as_bytes())
}

fn flist(text: &str) -> FlistRow {
    FlistRow { id: id(text), entries: 10, bytes: 1 << 40 }
}

/// Whether it is new, and when it last changed.
fn told(written: &Written) -> (bool, u64) {
    (written.created, written.named.updated)
}

impl Catalog {
    /// Makes a user whose repository is public.
    pub(super) async fn make_user(
        &self,
        name: &RepositoryName,
        now: u64,
    ) -> Result<UserRow, CatalogError> {
        let visibility = Visibility::Public;
        let new = NewUser { name, admin: false, password: None, visibility };
        self.create_user(&new, &Actor::operator(), now).await
    }
}

impl Actor {
    /// A user, by some token.
    pub(super) fn of(user: &UserRow) -> Self {
        Self { user_id: Some(user.id), name: user.name.clone(), ..Self::operator() }
    }
}

fn token(user_id: i64, hash: TokenHash, scope: Scope, expires: Option<u64>) -> NewToken {
    let (kind, label) = (TokenKind::Api, String::new());
    NewToken { user_id, hash, kind, label, scope, only: None, expires }
}

#[tokio::test]
async fn facts_are_kept_of_published_flists_alone() {
    let (_directory, catalog) = catalog().await;
    let (md5, counts) = ([7; 16], Counts { regular: 1, symlink: 2, directory: 3, special: 4 });
    let facts = FlistFacts { file_bytes: 300, md5, counts };
    catalog.set_facts(id("one"), &facts).await.unwrap();
    assert_eq!(catalog.facts(id("one")).await.unwrap(), None, "no such flist");
    let by = Actor::of(&catalog.make_user(&name("alice"), 1).await.unwrap());
    let repository_id = catalog.repository(&name("alice")).await.unwrap().unwrap().id;
    let base = FlistName::parse("base").unwrap();
    let change = Change {
        repository_id,
        name: &base,
        by: &by,
        source: Source::Push,
        detail: None,
        condition: &Condition::NONE,
        dry_run: false,
        now: 1,
    };
    catalog.publish(&change, &flist("one")).await.unwrap();
    catalog.set_facts(id("one"), &facts).await.unwrap();
    catalog.set_facts(id("one"), &facts).await.unwrap();
    assert_eq!(catalog.facts(id("one")).await.unwrap(), Some(facts));
}

#[tokio::test]
async fn the_file_is_set_up_for_durability() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&directory.path().join("catalog.sqlite")).await.unwrap();
    for (pragma, value) in [("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 15_000)] {
        let sql = sqlx::AssertSqlSafe(format!("pragma {pragma}"));
        let (found,): (i64,) = sqlx::query_as(sql).fetch_one(&catalog.pool).await.unwrap();
        assert_eq!(found, value, "{pragma}");
    }
    let (mode,): (String,) =
        sqlx::query_as("pragma journal_mode").fetch_one(&catalog.pool).await.unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_log_stays_when_connections_end_together() {
    let directory = tempfile::tempdir().unwrap();
    // So many rounds that some of them would leave it.
    for _ in 0..300 {
        let catalog = Catalog::open(&directory.path().join("catalog.sqlite")).await.unwrap();
        let together = Arc::new(Barrier::new(4));
        let mut users = Vec::new();
        for _ in 0..4 {
            let mut connection = catalog.pool.acquire().await.unwrap();
            sqlx::query("select 1 from users").execute(&mut *connection).await.unwrap();
            let together = Arc::clone(&together);
            users.push(tokio::spawn(async move {
                together.wait().await;
                connection.close().await.unwrap();
            }));
        }
        for user in users {
            user.await.unwrap();
        }
        catalog.close().await;
        let files = std::fs::read_dir(directory.path()).unwrap();
        let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(names, ["catalog.sqlite"]);
    }
}

#[tokio::test]
async fn a_user_comes_with_a_repository_and_once() {
    let (_directory, catalog) = catalog().await;
    let alice = catalog.make_user(&name("alice"), 7).await.unwrap();
    let account = catalog.user(&name("alice")).await.unwrap().unwrap();
    assert_eq!((account.user, account.created, account.disabled), (alice.clone(), 7, None));
    assert_eq!(catalog.user(&name("bob")).await.unwrap(), None);
    let repository = catalog.repository(&name("alice")).await.unwrap().unwrap();
    assert_eq!((repository.creator_id, repository.updated), (alice.id, 7));
    assert_eq!(catalog.repositories_of(alice.id, Level::Owner).await.unwrap(), [repository]);
    match catalog.make_user(&name("alice"), 8).await {
        Err(CatalogError::Conflict { what }) => assert_eq!(what, "user alice"),
        other => panic!("{other:?}"),
    }
    assert_eq!(catalog.repositories().await.unwrap().len(), 1);
}

#[tokio::test]
async fn tokens_are_found_by_hash() {
    let (_directory, catalog) = catalog().await;
    let user = catalog.make_user(&name("alice"), 1).await.unwrap();
    for (hash, scope, expires) in [([1; 32], Scope::Read, None), ([2; 32], Scope::Admin, Some(99))]
    {
        let token = token(user.id, hash, scope, expires);
        catalog.create_token(&token, &Actor::operator(), 1).await.unwrap();
        let found = catalog.token(&hash).await.unwrap().unwrap();
        assert_eq!((found.user, found.scope, found.expires), (user.clone(), scope, expires));
        let again = catalog.create_token(&token, &Actor::operator(), 1).await;
        assert!(matches!(again, Err(CatalogError::Conflict { .. })));
    }
    assert_eq!(catalog.token(&[3; 32]).await.unwrap(), None);
    let orphan = token(5, [4; 32], Scope::Read, None);
    assert!(
        catalog.create_token(&orphan, &Actor::operator(), 1).await.is_err(),
        "foreign keys are checked"
    );
}

#[tokio::test]
async fn names_move_and_their_history_stays() {
    let (_directory, catalog) = catalog().await;
    let by = Actor::of(&catalog.make_user(&name("alice"), 1).await.unwrap());
    let repository_id = catalog.repository(&name("alice")).await.unwrap().unwrap().id;
    let base = FlistName::parse("base").unwrap();
    let change = |source, now| Change {
        repository_id,
        name: &base,
        by: &by,
        source,
        detail: None,
        condition: &Condition::NONE,
        dry_run: false,
        now,
    };

    let first = catalog.publish(&change(Source::Upload, 10), &flist("one")).await.unwrap();
    assert_eq!(told(&first), (true, 10));
    let second = catalog.publish(&change(Source::Push, 11), &flist("two")).await.unwrap();
    assert_eq!(told(&second), (false, 11));
    let row = catalog.named(repository_id, &base).await.unwrap().unwrap();
    assert_eq!((row.repository.as_str(), row.name.as_str()), ("alice", "base"));
    assert_eq!((row.points_at, row.updated), (Pointed::Flist(flist("two")), 11));
    assert_eq!(row.revision, 2);
    assert_eq!(catalog.repository(&name("alice")).await.unwrap().unwrap().updated, 11);

    assert!(catalog.delete_name(&change(Source::Delete, 12)).await.unwrap());
    assert!(!catalog.delete_name(&change(Source::Delete, 13)).await.unwrap());
    assert_eq!(catalog.named(repository_id, &base).await.unwrap(), None);
    let from = Some("docker.io/library/alpine@sha256:ab");
    let converted = Change { detail: from, ..change(Source::Convert, 14) };
    let again = catalog.publish(&converted, &flist("one")).await.unwrap();
    assert!(again.created);

    let mut history = catalog.history(repository_id, &base, None, 100).await.unwrap();
    let page = catalog.history(repository_id, &base, Some(4), 2).await.unwrap();
    assert_eq!(page, history[1..3]);
    history.reverse();
    let seen: Vec<_> =
        history.iter().map(|row| (row.revision, row.flist, row.source, row.happened)).collect();
    assert_eq!(
        seen,
        [
            (1, Some(id("one")), Source::Upload, 10),
            (2, Some(id("two")), Source::Push, 11),
            (3, None, Source::Delete, 12),
            (4, Some(id("one")), Source::Convert, 14),
        ]
    );
    let details: Vec<_> = history.iter().map(|row| row.detail.as_deref()).collect();
    assert_eq!(details, [None, None, None, from]);
    assert!(history.iter().all(|row| row.user.as_deref() == Some("alice")));
}

#[tokio::test]
async fn names_come_in_pages() {
    let (_directory, catalog) = catalog().await;
    let by = Actor::of(&catalog.make_user(&name("alice"), 1).await.unwrap());
    let repository_id = catalog.repository(&name("alice")).await.unwrap().unwrap().id;
    for text in ["c", "a", "b"] {
        let name = FlistName::parse(text).unwrap();
        let change = Change {
            repository_id,
            name: &name,
            by: &by,
            source: Source::Push,
            detail: None,
            condition: &Condition::NONE,
            dry_run: false,
            now: 1,
        };
        catalog.publish(&change, &flist("one")).await.unwrap();
    }
    let page = async |after: &str, limit| {
        let rows = catalog.names(repository_id, after, limit).await.unwrap();
        rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    assert_eq!(page("", 2).await, ["a", "b"]);
    assert_eq!(page("b", 2).await, ["c"]);
    assert_eq!(page("c", 2).await, [""; 0]);
}

#[tokio::test]
async fn impossible_rows_are_errors() {
    let (_directory, catalog) = catalog().await;
    let user = catalog.make_user(&name("alice"), 1).await.unwrap();
    let token = token(user.id, [1; 32], Scope::Read, None);
    catalog.create_token(&token, &Actor::operator(), 1).await.unwrap();
    for (sql, table) in [
        ("update tokens set scope = 9", "tokens"),
        ("update repositories set updated_at = -1", "repositories"),
    ] {
        sqlx::query(sql).execute(&catalog.pool).await.unwrap();
        let error = match table {
            "tokens" => catalog.token(&[1; 32]).await.unwrap_err(),
            _ => catalog.repositories().await.unwrap_err(),
        };
        match error {
            CatalogError::Inconsistent { table: found, .. } => assert_eq!(found, table),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn programs_make_a_catalog_together() {
    for _ in 0..20 {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("catalog.sqlite");
        let open = || Catalog::open(&file);
        let opened = tokio::join!(open(), open(), open(), open());
        for opened in [opened.0, opened.1, opened.2, opened.3] {
            opened.unwrap();
        }
    }
}

/// The hub and a command use one file: neither fails because of the other, and none of the writes is
/// lost.
#[tokio::test]
async fn two_catalogs_on_one_file_take_turns() {
    let directory = tempfile::tempdir().unwrap();
    let place = location(directory.path());
    let (one, other) = tokio::join!(Catalog::at(&place), Catalog::at(&place));
    let (one, other) = (one.unwrap(), other.unwrap());
    let add = async |catalog: Catalog, prefix: &str| {
        for number in 0..20 {
            catalog.make_user(&name(&format!("{prefix}{number}")), 1).await.unwrap();
        }
    };
    tokio::join!(add(one.clone(), "a"), add(other.clone(), "b"), add(one.clone(), "c"));
    assert_eq!(one.repositories().await.unwrap().len(), 60);
    assert_eq!(one.repositories().await.unwrap(), other.repositories().await.unwrap());
}

#[tokio::test]
async fn the_time_of_the_last_change_never_goes_back() {
    let (_directory, catalog) = catalog().await;
    let by = Actor::of(&catalog.make_user(&name("alice"), 1).await.unwrap());
    let repository_id = catalog.repository(&name("alice")).await.unwrap().unwrap().id;
    let base = FlistName::parse("base").unwrap();
    let change = |now| Change {
        repository_id,
        name: &base,
        by: &by,
        source: Source::Push,
        detail: None,
        condition: &Condition::NONE,
        dry_run: false,
        now,
    };
    catalog.publish(&change(20), &flist("one")).await.unwrap();
    let late = catalog.publish(&change(15), &flist("two")).await.unwrap();
    assert_eq!(told(&late), (false, 20));
    let row = catalog.named(repository_id, &base).await.unwrap().unwrap();
    assert_eq!((row.points_at, row.updated), (Pointed::Flist(flist("two")), 20));
    assert_eq!(catalog.repository(&name("alice")).await.unwrap().unwrap().updated, 20);
}
