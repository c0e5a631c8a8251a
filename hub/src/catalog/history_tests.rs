//! What the history keeps alive for a sweep, and what an undelete brings back.

use flisthub_storage::{ChunkId, Kind};

use super::dialect::Dialect;
use super::postgres::location;
use super::{Actor, Catalog, CatalogError, Change, Condition, FlistRow, Source};
use crate::name::{FlistName, RepositoryName};

/// A catalog with one user, and short ways to change names.
struct Names {
    _directory: tempfile::TempDir,
    catalog: Catalog,
    by: Actor,
    repository_id: i64,
}

impl Names {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let catalog = Catalog::at(&location(directory.path())).await.unwrap();
        let alice = RepositoryName::parse("alice").unwrap();
        let by = Actor::of(&catalog.make_user(&alice, 1).await.unwrap());
        let repository_id = catalog.repository(&alice).await.unwrap().unwrap().id;
        Self { _directory: directory, catalog, by, repository_id }
    }

    async fn publish(&self, name: &str, now: u64, flist: &str) {
        let (name, flist) = (FlistName::parse(name).unwrap(), row(flist));
        let change = self.change(&name, Source::Push, now);
        self.catalog.publish(&change, &flist).await.unwrap();
    }

    async fn delete(&self, name: &str, now: u64) {
        let name = FlistName::parse(name).unwrap();
        assert!(self.catalog.delete_name(&self.change(&name, Source::Delete, now)).await.unwrap());
    }

    fn change<'a>(&'a self, name: &'a FlistName, source: Source, now: u64) -> Change<'a> {
        Change {
            repository_id: self.repository_id,
            name,
            by: &self.by,
            source,
            detail: None,
            condition: &Condition::NONE,
            dry_run: false,
            now,
        }
    }

    async fn before_deletion(&self, name: &str) -> Option<ChunkId> {
        let name = FlistName::parse(name).unwrap();
        let row = self.catalog.before_deletion(self.repository_id, &name).await.unwrap();
        row.map(|row| row.flist.unwrap())
    }

    /// Asserts which flists are kept, by the words they were made of.
    async fn keeps(&self, deleted_before: u64, expected: &[&str]) {
        let mut found = self.catalog.roots(deleted_before).await.unwrap();
        let mut expected: Vec<ChunkId> = expected.iter().map(|word| row(word).id).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "deleted before {deleted_before}");
    }
}

fn row(flist: &str) -> FlistRow {
    FlistRow { id: Kind::Manifest.id_of(flist.as_bytes()), entries: 1, bytes: 2 }
}

#[tokio::test]
async fn a_living_name_keeps_all_of_its_history_and_each_flist_counts_once() {
    let names = Names::new().await;
    names.keeps(u64::MAX, &[]).await;
    for (now, flist) in [(10, "one"), (11, "two"), (12, "one"), (13, "three")] {
        names.publish("base", now, flist).await;
    }
    names.publish("same", 14, "one").await;
    for deleted_before in [0, 12, u64::MAX] {
        names.keeps(deleted_before, &["one", "two", "three"]).await;
    }
}

#[tokio::test]
async fn a_deleted_name_keeps_its_history_until_the_deletion_is_old() {
    let names = Names::new().await;
    names.publish("gone", 10, "one").await;
    names.publish("gone", 11, "two").await;
    names.delete("gone", 20).await;
    names.publish("stays", 12, "three").await;
    names.keeps(20, &["one", "two", "three"]).await;
    names.keeps(21, &["three"]).await;
}

#[tokio::test]
async fn a_name_made_again_loses_what_is_before_its_last_old_deletion() {
    let names = Names::new().await;
    names.publish("base", 10, "one").await;
    names.delete("base", 20).await;
    names.publish("base", 30, "two").await;
    names.publish("base", 31, "three").await;
    names.keeps(20, &["one", "two", "three"]).await;
    names.keeps(21, &["two", "three"]).await;
    names.keeps(u64::MAX, &["two", "three"]).await;
    // The flist from before the deletion lives on where another name has it.
    names.publish("other", 40, "one").await;
    names.keeps(21, &["one", "two", "three"]).await;
}

#[tokio::test]
async fn of_two_deletions_each_has_its_own_time() {
    let names = Names::new().await;
    names.publish("base", 10, "one").await;
    names.delete("base", 20).await;
    names.publish("base", 30, "two").await;
    names.delete("base", 40).await;
    names.keeps(20, &["one", "two"]).await;
    names.keeps(21, &["two"]).await;
    names.keeps(40, &["two"]).await;
    names.keeps(41, &[]).await;
}

/// The clock was set back between two deletions: what is before an old one goes, whichever came later.
#[tokio::test]
async fn an_old_deletion_counts_even_if_an_earlier_one_says_it_is_younger() {
    let names = Names::new().await;
    names.publish("base", 10, "one").await;
    names.delete("base", 40).await;
    names.publish("base", 11, "two").await;
    names.delete("base", 20).await;
    names.publish("base", 12, "three").await;
    names.keeps(30, &["three"]).await;
    names.keeps(20, &["one", "two", "three"]).await;
}

#[tokio::test]
async fn names_are_told_apart_and_so_are_repositories() {
    let mut names = Names::new().await;
    names.publish("base", 10, "one").await;
    names.delete("base", 20).await;
    names.publish("bas", 10, "two").await;
    names.publish("bas", 11, "three").await;
    let bob = RepositoryName::parse("bob").unwrap();
    names.catalog.make_user(&bob, 1).await.unwrap();
    names.repository_id = names.catalog.repository(&bob).await.unwrap().unwrap().id;
    names.publish("base", 10, "four").await;
    names.publish("base", 11, "five").await;
    names.keeps(u64::MAX, &["two", "three", "four", "five"]).await;
    assert_eq!(names.before_deletion("base").await, None);
}

#[tokio::test]
async fn an_impossible_root_is_an_error() {
    let names = Names::new().await;
    names.publish("base", 10, "one").await;
    let pool = &names.catalog.pool;
    let mut connection = pool.acquire().await.unwrap();
    let unchecked = match names.catalog.location.dialect() {
        Dialect::Sqlite => "pragma foreign_keys = off",
        Dialect::Postgres => "set session_replication_role = replica",
    };
    sqlx::query(unchecked).execute(&mut *connection).await.unwrap();
    let set = sqlx::query("update name_history set flist_id = $1").bind(vec![0xaa_u8]);
    set.execute(&mut *connection).await.unwrap();
    drop(connection);
    let error = names.catalog.roots(0).await.unwrap_err();
    assert!(matches!(error, CatalogError::Inconsistent { .. }), "{error:?}");
}

#[tokio::test]
async fn what_stood_before_the_last_deletion_is_found() {
    let names = Names::new().await;
    assert_eq!(names.before_deletion("base").await, None);
    names.publish("base", 10, "one").await;
    names.publish("base", 11, "two").await;
    assert_eq!(names.before_deletion("base").await, None);
    names.delete("base", 20).await;
    assert_eq!(names.before_deletion("base").await, Some(row("two").id));
    names.publish("base", 30, "three").await;
    assert_eq!(names.before_deletion("base").await, Some(row("two").id), "of the last deletion");
    names.delete("base", 40).await;
    assert_eq!(names.before_deletion("base").await, Some(row("three").id));
}

/// Two who bring a name back or make it at the same time: the second finds it there.
#[tokio::test]
async fn an_undelete_leaves_a_name_alone_that_is_there_again() {
    let names = Names::new().await;
    names.publish("base", 10, "one").await;
    names.delete("base", 20).await;
    let base = FlistName::parse("base").unwrap();
    let undelete = |now| names.change(&base, Source::Undelete, now);
    names.catalog.publish(&undelete(30), &row("one")).await.unwrap();
    let history = names.catalog.history(names.repository_id, &base, None, 100).await.unwrap();
    match names.catalog.publish(&undelete(31), &row("two")).await {
        Err(CatalogError::Conflict { what }) => assert_eq!(what, "flist base"),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        names.catalog.history(names.repository_id, &base, None, 100).await.unwrap(),
        history
    );
    assert_eq!(history[0].source, Source::Undelete);
}
