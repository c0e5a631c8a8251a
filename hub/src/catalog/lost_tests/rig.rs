//! What a change is made and cut with: two catalogs on one database, one of them through the proxy, and the
//! comparison of all rows before and after.

use std::time::Duration;

use super::Try;
use super::cut::Cut;
use crate::catalog::copy::TABLES;
use crate::catalog::postgres::url;
use crate::catalog::{Actor, Address, Catalog, CatalogError, Location, UserRow};
use crate::name::{FlistName, RepositoryName};

/// Of each table, how many rows there are, and something that changes when one of them does.
async fn sums(catalog: &Catalog) -> Vec<(i64, i64)> {
    let of = |table: &&str| {
        format!(
            "select count(*), coalesce(sum(hashtext(one::text)), 0)::bigint from {table} as one"
        )
    };
    let sql = TABLES.iter().map(of).collect::<Vec<_>>().join(" union all ");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&catalog.pool).await.unwrap()
}

/// In which table something changed, and how many rows are new.
pub(super) type Effect = (&'static str, i64);

/// What changed.
fn effect(before: &[(i64, i64)], after: &[(i64, i64)]) -> Vec<Effect> {
    let tables = TABLES.iter().zip(before.iter().zip(after));
    let changed = tables.filter(|(_, (before, after))| before != after);
    changed.map(|(table, (before, after))| (*table, after.0 - before.0)).collect()
}

/// Waits until the server has ended every transaction of the connections that were cut.
async fn settled(catalog: &Catalog) {
    let sql = "select count(*) from pg_stat_activity where datname = current_database()
               and state <> 'idle' and pid <> pg_backend_pid()";
    loop {
        let (busy,): (i64,) = sqlx::query_as(sql).fetch_one(&catalog.pool).await.unwrap();
        if busy == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(super) struct Lost {
    _directory: tempfile::TempDir,
    pub(super) direct: Catalog,
    pub(super) through: Catalog,
    pub(super) cut: Cut,
    alice: UserRow,
    bob: UserRow,
    tries: u64,
}

impl Lost {
    pub(super) async fn new() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let Some(url) = url(directory.path()) else {
            eprintln!("skipped on SQLite: there is no connection to lose");
            return None;
        };
        let at = |url: &str| Location::Postgres {
            address: Address::parse(url).unwrap(),
            connections: 2,
            lease: Duration::from_hours(1),
        };
        let cut = Cut::to(&url).await;
        let direct = Catalog::at(&at(&url)).await.unwrap();
        let through = Catalog::at(&at(&cut.url)).await.unwrap();
        through.hold().await.unwrap();
        let user =
            async |name| direct.make_user(&RepositoryName::parse(name).unwrap(), 1).await.unwrap();
        let (alice, bob) = (user("alice").await, user("bob").await);
        Some(Self { _directory: directory, direct, through, cut, alice, bob, tries: 10 })
    }

    async fn next(&mut self) -> Try {
        self.tries += 1;
        let number = self.tries;
        let alice = RepositoryName::parse("alice").unwrap();
        let name = |prefix: &str| FlistName::parse(&format!("{prefix}{number}")).unwrap();
        Try {
            number,
            alice: self.alice.clone(),
            bob: self.bob.clone(),
            repository: self.direct.repository(&alice).await.unwrap().unwrap(),
            by: Actor::of(&self.alice),
            name: name("name"),
            other: name("other"),
        }
    }

    /// Makes a change, cut at a message. Gives whether it was cut, what came of it, and its effect.
    pub(super) async fn make(
        &mut self,
        change: &str,
        message: i64,
    ) -> (bool, Result<(), CatalogError>, Vec<Effect>) {
        let this = self.next().await;
        let id = this.prepare(&self.direct, change).await;
        let before = sums(&self.direct).await;
        self.cut.at(message);
        let made = this.run(&self.through, change, &id).await;
        let was_cut = self.cut.has_cut();
        settled(&self.direct).await;
        let after = sums(&self.direct).await;
        (was_cut, made, effect(&before, &after))
    }
}

/// How often a change was not made, and made without its being known.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) refused: u64,
    pub(super) made_anyway: u64,
}

impl Tally {
    /// Makes a change, cut at a message. Gives whether it was cut.
    pub(super) async fn make(
        &mut self,
        lost: &mut Lost,
        change: &str,
        message: i64,
        whole: &[Effect],
    ) -> bool {
        let (was_cut, made, found) = lost.make(change, message).await;
        match made {
            Ok(()) => assert_eq!(found, whole, "{change}, cut at {message}"),
            Err(error) => {
                assert!(was_cut, "{change} failed although nothing was cut: {error:?}");
                assert!(error.is_unreachable() || error.is_busy(), "{change}: {error:?}");
                assert!(found.is_empty() || found == whole, "{change}, {message}: {found:?}");
                *(if found.is_empty() { &mut self.refused } else { &mut self.made_anyway }) += 1;
            }
        }
        was_cut
    }
}
