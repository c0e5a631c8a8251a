//! What can go wrong in the catalog.

/// Why the catalog could not answer or change.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// What was to be made is there already.
    #[error("{what} exists already")]
    Conflict {
        /// What it is, as a user knows it: "user alice".
        what: String,
    },
    /// A row holds what this program never writes. Someone edited the file, or a disk lies.
    #[error("the catalog's table {table} holds an impossible row: {row}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
    },
    /// A migration step failed, or the catalog was made by another version.
    #[error("the catalog cannot be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// No random number was to be had for an id.
    #[error("the operating system gives no random numbers: {0}")]
    Random(String),
    /// The database failed: disk full, locked for too long, connection lost.
    #[error("the catalog's database failed")]
    Database(#[from] sqlx::Error),
}

/// SQLite's primary result codes, from its documentation.
const READ_ONLY: u32 = 8;
const IO_ERROR: u32 = 10;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANNOT_OPEN: u32 = 14;
const NOT_A_DATABASE: u32 = 26;

impl CatalogError {
    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        self.sqlite_code() == Some(FULL)
    }

    /// Whether the disk takes no writes, or fails.
    pub fn is_read_only(&self) -> bool {
        matches!(self.sqlite_code(), Some(READ_ONLY | IO_ERROR | CANNOT_OPEN))
    }

    /// Whether the file is damaged.
    pub fn is_damage(&self) -> bool {
        matches!(self.sqlite_code(), Some(CORRUPT | NOT_A_DATABASE))
    }

    /// The lowest byte of an extended result code is the primary one.
    fn sqlite_code(&self) -> Option<u32> {
        let Self::Database(sqlx::Error::Database(error)) = self else { return None };
        Some(error.code()?.parse::<u32>().ok()? & 0xFF)
    }

    /// Turns a broken unique constraint into [`CatalogError::Conflict`]; `what` names the thing.
    pub(super) fn on_insert(error: sqlx::Error, what: impl FnOnce() -> String) -> Self {
        match &error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => {
                Self::Conflict { what: what() }
            }
            _ => Self::Database(error),
        }
    }
}
