//! A whole catalog from one database into another of the other kind: a backup of a catalog on PostgreSQL, its way
//! back, and the move from a file to a server or from a server to a file.
//!
//! What is read is one state; what is written appears as a whole or not at all. The lease stays where it is.

use futures_util::TryStreamExt as _;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::dialect::Dialect;
use super::error::CatalogError;
use super::{Catalog, Location, migrations};

/// Every table, each after those that it refers to. Those that begin with `_` are made of the others.
pub(super) const TABLES: &[&str] = &[
    "users",
    "tokens",
    "repositories",
    "members",
    "token_repositories",
    "audit_log",
    "flists",
    "names",
    "name_history",
    "jobs",
    "job_log",
    "hub_state",
    "image_layers",
    "image_repositories",
    "tag_members",
    "flist_facts",
    "item_settings",
    "item_stars",
    "content_checksums",
    "item_pending",
    "item_documents",
    "items",
    "item_tags",
];

/// Rows that are written at a time.
const BATCH: usize = 100;

/// A column: its name and its declared type.
type Column = (String, String);

impl Catalog {
    /// Copies everything into another database, which must hold no catalog yet; tables are made. One of the two is
    /// an SQLite file and the other one is not.
    pub async fn copy_to(&self, to: &Location) -> Result<(), CatalogError> {
        let target = Self::connect(to).await?;
        let copied = self.copy_into(&target).await;
        target.close().await;
        copied
    }

    /// Refuses a database that holds a catalog. Tables are made if there are none.
    pub async fn refuse_used(location: &Location) -> Result<(), CatalogError> {
        let catalog = Self::connect(location).await?;
        let looked = async {
            catalog.migrate(migrations::STEPS.len()).await?;
            catalog.refuse_if_used(&mut *catalog.pool.acquire().await?).await
        };
        let looked = looked.await;
        catalog.close().await;
        looked
    }

    /// Whether a hub ever worked with it, or somebody made a user.
    async fn refuse_if_used(&self, connection: &mut AnyConnection) -> Result<(), CatalogError> {
        let sql = "select (select count(*) from hub_state) + (select count(*) from users)";
        let (rows,): (i64,) = sqlx::query_as(sql).fetch_one(connection).await?;
        if rows == 0 {
            return Ok(());
        }
        Err(CatalogError::NotEmpty { place: self.location.to_string() })
    }

    async fn copy_into(&self, target: &Self) -> Result<(), CatalogError> {
        target.migrate(migrations::STEPS.len()).await?;
        let mut writing = target.write().await?;
        target.refuse_if_used(&mut writing).await?;
        let mut reading = self.pool.begin_with(self.location.dialect().begin_snapshot()).await?;
        for &table in TABLES {
            let file = match target.location.dialect() {
                Dialect::Sqlite => &mut *writing,
                Dialect::Postgres => &mut *reading,
            };
            let columns = columns(file, table).await?;
            copy_table(&mut reading, &mut writing, table, &columns).await?;
        }
        reading.rollback().await?;
        Ok(writing.commit().await?)
    }
}

/// The columns of a table, as an SQLite file has them. The other database has the same.
async fn columns(file: &mut AnyConnection, table: &str) -> Result<Vec<Column>, CatalogError> {
    Ok(sqlx::query_as("select name, lower(type) from pragma_table_info($1) order by cid")
        .bind(table)
        .fetch_all(file)
        .await?)
}

async fn copy_table(
    from: &mut AnyConnection,
    to: &mut AnyConnection,
    table: &str,
    columns: &[Column],
) -> Result<(), CatalogError> {
    let quoted: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let names = quoted.join(", ");
    let select = format!("select {names} from {table}");
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(select)).fetch(from);
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(row) = rows.try_next().await? {
        batch.push(row);
        if batch.len() == BATCH {
            insert(to, table, &names, columns, &batch).await?;
            batch.clear();
        }
    }
    if batch.is_empty() { Ok(()) } else { insert(to, table, &names, columns, &batch).await }
}

/// Whether values of a column are floating. Where there is none, the statement says so: sqlx gives PostgreSQL a missing
/// number of eight bytes as one of four.
fn is_real(kind: &str) -> bool {
    kind == "double precision"
}

async fn insert(
    to: &mut AnyConnection,
    table: &str,
    names: &str,
    columns: &[Column],
    rows: &[AnyRow],
) -> Result<(), CatalogError> {
    let mut number = 0;
    let mut place = |row: &AnyRow, (name, kind): &Column| -> Result<String, sqlx::Error> {
        if is_real(kind) && row.try_get::<Option<f64>, _>(name.as_str())?.is_none() {
            return Ok("null".to_owned());
        }
        number += 1;
        Ok(format!("${number}"))
    };
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        let places: Result<Vec<String>, _> =
            columns.iter().map(|column| place(row, column)).collect();
        values.push(format!("({})", places?.join(", ")));
    }
    let sql = format!("insert into {table} ({names}) values {}", values.join(", "));
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for row in rows {
        for (name, kind) in columns {
            let name = name.as_str();
            query = match kind.as_str() {
                "text" => query.bind(row.try_get::<Option<String>, _>(name)?),
                "bytea" => query.bind(row.try_get::<Option<Vec<u8>>, _>(name)?),
                kind if is_real(kind) => match row.try_get::<Option<f64>, _>(name)? {
                    Some(real) => query.bind(real),
                    None => query,
                },
                _ => query.bind(row.try_get::<Option<i64>, _>(name)?),
            };
        }
    }
    query.execute(to).await?;
    Ok(())
}
