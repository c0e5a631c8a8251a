//! A copy of the whole catalog as it is in one moment, for a backup: an SQLite file, whatever the catalog is.

use std::path::Path;

use super::dialect::Dialect;
use super::error::CatalogError;
use super::{Catalog, Location};

impl Catalog {
    /// Writes the catalog as it is now into `file`, which must not exist; others read and write
    /// meanwhile. The file is whole when this returns, but not durable.
    pub async fn snapshot(&self, file: &Path) -> Result<(), CatalogError> {
        if self.location.dialect() == Dialect::Postgres {
            return self.copy_to(&Location::File(file.to_owned())).await;
        }
        let Some(name) = file.to_str() else {
            let reason = format!("SQLite cannot write to {}: it is not UTF-8", file.display());
            return Err(sqlx::Error::Configuration(reason.into()).into());
        };
        sqlx::query("vacuum into $1").bind(name).execute(&self.pool).await?;
        Ok(())
    }
}
