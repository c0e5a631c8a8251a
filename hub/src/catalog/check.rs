//! Looking for damage in the catalog's file: for the scrub.

use super::Catalog;
use super::error::CatalogError;

impl Catalog {
    /// Reads the whole database and gives what is wrong with it, a line each, at most a hundred; nothing if
    /// it is sound. Takes as long as reading the file. Damage that keeps the database from being read
    /// at all is found too, and no error.
    pub async fn check(&self) -> Result<Vec<String>, CatalogError> {
        let found = sqlx::query_scalar("pragma integrity_check(100)").fetch_all(&self.pool).await;
        match found.map_err(CatalogError::from) {
            Ok(lines) if lines == ["ok"] => Ok(Vec::new()),
            Ok(lines) => Ok(lines),
            Err(error) if error.is_damage() => Ok(vec![crate::error::chain(&error)]),
            Err(error) => Err(error),
        }
    }
}
