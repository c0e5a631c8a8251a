//! Copies of whole catalogs, and the lease, on a real PostgreSQL where there is one.

use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{Column as _, Row as _};

use super::copy::TABLES;
use super::dialect::Dialect;
use super::migrations_tests::filled;
use super::postgres::location;
use super::{Catalog, CatalogError, Location};
use crate::name::RepositoryName;

/// A value as text, whichever type it has.
fn value(row: &AnyRow, column: &str) -> String {
    let number = row.try_get::<Option<i64>, _>(column).map(|value| format!("{value:?}"));
    let text = || row.try_get::<Option<String>, _>(column).map(|value| format!("{value:?}"));
    let bytes = || row.try_get::<Option<Vec<u8>>, _>(column).map(|value| format!("{value:?}"));
    let real = || row.try_get::<Option<f64>, _>(column).map(|value| format!("{value:?}"));
    number.or_else(|_| text()).or_else(|_| bytes()).or_else(|_| real()).unwrap()
}

/// Every row of every table, as text.
async fn rows(catalog: &Catalog) -> Vec<String> {
    let mut all = Vec::new();
    for table in TABLES {
        let sql = sqlx::AssertSqlSafe(format!("select * from {table}"));
        for row in sqlx::query(sql).fetch_all(&catalog.pool).await.unwrap() {
            let names = row.columns().iter().map(|column| column.name().to_owned());
            let mut values: Vec<String> =
                names.map(|name| format!("{name}={}", value(&row, &name))).collect();
            values.sort();
            all.push(format!("{table} {}", values.join(" ")));
        }
    }
    all.sort();
    all
}

#[tokio::test]
async fn every_table_is_copied() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&directory.path().join("catalog.sqlite")).await.unwrap();
    let mut tables: Vec<String> = sqlx::query_scalar(
        "select name from sqlite_master where type = 'table' and name not like '\\_%' escape '\\'
         order by name",
    )
    .fetch_all(&catalog.pool)
    .await
    .unwrap();
    tables.retain(|name| !name.starts_with("sqlite"));
    let mut known = TABLES.to_vec();
    known.sort_unstable();
    assert_eq!(tables, known);
}

/// How many rows a table has.
async fn counted(catalog: &Catalog, table: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
    sqlx::query_scalar(sql).fetch_one(&catalog.pool).await.unwrap()
}

/// Over a server and back, if there is one; from a file to a file otherwise.
#[tokio::test]
async fn a_copy_of_a_copy_is_the_same() {
    let (directory, catalog) = filled().await;
    let before = rows(&catalog).await;
    assert!(before.len() > 20, "{before:?}");
    let file = Location::File(directory.path().join("copy.sqlite"));
    catalog.copy_to(&file).await.unwrap();
    let copy = Catalog::connect(&file).await.unwrap();
    assert_eq!(rows(&copy).await, before);
    let again = tempfile::tempdir().unwrap();
    let back = location(again.path());
    copy.copy_to(&back).await.unwrap();
    let there = Catalog::connect(&back).await.unwrap();
    assert_eq!(rows(&there).await, before);
    // Nothing is written over.
    match copy.copy_to(&back).await {
        Err(CatalogError::NotEmpty { .. }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(rows(&there).await, before);
    assert_eq!(there.check().await.unwrap(), Vec::<String>::new());
    // What is not copied is there again: each document has values, which are read later.
    for catalog in [&catalog, &copy, &there] {
        let documents = counted(catalog, "item_documents").await;
        assert!(documents > 0);
        assert_eq!(counted(catalog, "_item_values").await, documents);
    }
}

/// A backup is one state, also while others write.
#[tokio::test]
async fn a_snapshot_is_one_state() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(&location(directory.path())).await.unwrap();
    let writer = catalog.clone();
    let writing = tokio::spawn(async move {
        for number in 0..100 {
            let name = RepositoryName::parse(&format!("u{number}")).unwrap();
            writer.make_user(&name, 1).await.unwrap();
        }
    });
    for number in 0..4 {
        let file = directory.path().join(format!("{number}.sqlite"));
        catalog.snapshot(&file).await.unwrap();
        let copy = Catalog::open(&file).await.unwrap();
        let counted: Vec<i64> = sqlx::query_scalar(
            "select count(*) from users union all select count(*) from repositories
             union all select count(*) from members",
        )
        .fetch_all(&copy.pool)
        .await
        .unwrap();
        assert!(counted.iter().all(|count| *count == counted[0]), "{counted:?}");
        copy.close().await;
    }
    writing.await.unwrap();
}

async fn held(directory: &tempfile::TempDir) -> Catalog {
    let catalog = Catalog::at(&location(directory.path())).await.unwrap();
    catalog.hold().await.unwrap();
    catalog
}

async fn add(catalog: &Catalog, name: &str) -> Result<(), CatalogError> {
    catalog.make_user(&RepositoryName::parse(name).unwrap(), 1).await.map(|_| ())
}

#[tokio::test]
async fn a_second_hub_is_kept_out_and_told_why() {
    let directory = tempfile::tempdir().unwrap();
    let first = held(&directory).await;
    if first.location.dialect() == Dialect::Sqlite {
        eprintln!("skipped on SQLite: there the chunk store keeps a second hub out");
        return;
    }
    let second = Catalog::at(&location(directory.path())).await.unwrap();
    let refused = second.hold().await.unwrap_err();
    let CatalogError::Held { by } = &refused else { panic!("{refused:?}") };
    assert_eq!(by.pid, i64::from(std::process::id()));
    assert!(refused.to_string().contains(&by.pid.to_string()), "{refused}");
    // A program that is no hub may change accounts meanwhile.
    add(&second, "alice").await.unwrap();
    // The first one lets go when it is closed, and nobody waits.
    first.close().await;
    second.hold().await.unwrap();
    add(&second, "bob").await.unwrap();
}

/// A newer program does not change the tables of a hub that runs.
#[tokio::test]
async fn a_catalog_that_a_hub_works_on_is_not_brought_up_to_date() {
    let directory = tempfile::tempdir().unwrap();
    let Location::Postgres { address, connections, .. } = location(directory.path()) else {
        eprintln!("skipped on SQLite: there the chunk store keeps a second hub out");
        return;
    };
    let place = Location::Postgres { address, connections, lease: Duration::from_hours(1) };
    let hub = Catalog::at(&place).await.unwrap();
    hub.hold().await.unwrap();
    // As if the last step came with the newer version.
    let last = "delete from _sqlx_migrations where version =
                    (select max(version) from _sqlx_migrations)";
    sqlx::query(last).execute(&hub.pool).await.unwrap();
    let steps = async || {
        let sql = "select count(*) from _sqlx_migrations";
        let (count,): (i64,) = sqlx::query_as(sql).fetch_one(&hub.pool).await.unwrap();
        count
    };
    let before = steps().await;
    let refused = Catalog::at(&place).await.unwrap_err();
    let CatalogError::InUse { by } = &refused else { panic!("{refused:?}") };
    assert_eq!(by.pid, i64::from(std::process::id()));
    assert!(refused.to_string().contains("stop that hub first"), "{refused}");
    assert_eq!(steps().await, before);
    // The hub works on, and nothing but its lease was in the way: now the step is tried.
    add(&hub, "alice").await.unwrap();
    hub.let_go().await;
    let error = Catalog::at(&place).await.unwrap_err();
    assert!(matches!(error, CatalogError::Migrate(_)), "{error:?}");
}

#[tokio::test]
async fn a_hub_that_lost_the_lease_changes_nothing_until_it_has_it_again() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = held(&directory).await;
    if catalog.location.dialect() == Dialect::Sqlite {
        eprintln!("skipped on SQLite: there the chunk store keeps a second hub out");
        return;
    }
    add(&catalog, "alice").await.unwrap();
    let generation = catalog.names_generation();
    // As if another hub had taken over while this one did not answer, and is not heard of for a while.
    let other = "update lease set holder = 'other', renewed_until =
                     (extract(epoch from clock_timestamp()) * 1000)::bigint + 1500";
    sqlx::query(other).execute(&catalog.pool).await.unwrap();
    let refused = add(&catalog, "bob").await.unwrap_err();
    assert!(matches!(refused, CatalogError::LeaseLost), "{refused:?}");
    assert_eq!(catalog.repositories().await.unwrap().len(), 1, "reading goes on");
    // It takes the lease when the other's time is over, without anybody's doing.
    while let Err(error) = add(&catalog, "bob").await {
        assert!(matches!(error, CatalogError::LeaseLost), "{error:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(catalog.repositories().await.unwrap().len(), 2);
    while catalog.names_generation() == generation {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One that died is waited for, no longer than its lease.
#[tokio::test]
async fn a_dead_hub_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(&location(directory.path())).await.unwrap();
    if catalog.location.dialect() == Dialect::Sqlite {
        eprintln!("skipped on SQLite: there the chunk store keeps a second hub out");
        return;
    }
    let dead = "update lease set holder = 'dead', renewed_until =
                    (extract(epoch from clock_timestamp()) * 1000)::bigint + 700";
    sqlx::query(dead).execute(&catalog.pool).await.unwrap();
    catalog.hold().await.unwrap();
    add(&catalog, "alice").await.unwrap();
}
