//! Between columns and values: the few conversions that every table needs.

use flisthub_storage::ChunkId;

use super::error::CatalogError;

/// A random id for a row: positive, so that it reads the same everywhere.
pub(super) fn random_id() -> Result<i64, CatalogError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| CatalogError::Random(error.to_string()))?;
    Ok(i64::from_be_bytes(bytes) & i64::MAX)
}

/// A random id as text: 32 lower-case hex digits.
pub(super) fn random_hex() -> Result<String, CatalogError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| CatalogError::Random(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// A number for a column. Counts and times stay far below 2^63; a larger one is kept at that.
pub(super) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number from a column that is never negative.
pub(super) fn number(table: &'static str, row: &str, column: i64) -> Result<u64, CatalogError> {
    u64::try_from(column).map_err(|_| inconsistent(table, row))
}

/// An object's id from a column.
pub(super) fn id(table: &'static str, row: &str, column: &[u8]) -> Result<ChunkId, CatalogError> {
    ChunkId::from_slice(column).ok_or_else(|| inconsistent(table, row))
}

/// The error for a row that cannot be.
pub(super) fn inconsistent(table: &'static str, row: &str) -> CatalogError {
    CatalogError::Inconsistent { table, row: row.to_owned() }
}
