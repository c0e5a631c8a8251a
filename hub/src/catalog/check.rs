//! Looking for damage in the catalog: for the scrub.

use futures_util::TryStreamExt as _;

use super::Catalog;
use super::copy::TABLES;
use super::dialect::Dialect;
use super::error::CatalogError;

impl Catalog {
    /// Reads the whole database and gives what is wrong with it, a line each, at most a hundred; nothing if
    /// it is sound. Takes as long as reading it. Damage that keeps the database from being read
    /// at all is found too, and no error.
    ///
    /// Of an SQLite file, everything is looked at. On PostgreSQL every row is read through to its last byte, so
    /// what the server itself notices is found: pages with a wrong checksum (where the cluster has them), rows
    /// that cannot be decoded. Its indexes are for its own tools (`pg_amcheck`).
    pub async fn check(&self) -> Result<Vec<String>, CatalogError> {
        let found = match self.location.dialect() {
            Dialect::Sqlite => self.check_file().await,
            Dialect::Postgres => self.read_all().await,
        };
        match found {
            Err(error) if error.is_damage() => Ok(vec![crate::error::chain(&error)]),
            found => found,
        }
    }

    async fn check_file(&self) -> Result<Vec<String>, CatalogError> {
        let lines: Vec<String> =
            sqlx::query_scalar("pragma integrity_check(100)").fetch_all(&self.pool).await?;
        Ok(if lines == ["ok"] { Vec::new() } else { lines })
    }

    /// The server reads, and tells only how much it was. One table after the other goes on where one is damaged.
    async fn read_all(&self) -> Result<Vec<String>, CatalogError> {
        let mut damage = Vec::new();
        for table in TABLES {
            let sql = format!("select coalesce(max(length(one::text)), 0) from {table} as one");
            let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch(&self.pool);
            match rows.try_next().await.map_err(CatalogError::from) {
                Err(error) if error.is_damage() => {
                    damage.push(format!("table {table}: {}", crate::error::chain(&error)));
                }
                read => drop(read?),
            }
        }
        Ok(damage)
    }
}
