//! What can go wrong in the catalog.

use super::changes::MAX_HOPS;
use super::names::{Kind, Target};
use super::tags::MAX_MEMBERS;

/// Why the catalog could not answer or change.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// What was to be made is there already.
    #[error("{what} exists already")]
    Conflict {
        /// What it is, as a user knows it: "user alice".
        what: String,
    },
    /// A name of another kind is in the way.
    #[error("the name {name} is {kind} already; delete it first, or choose another name")]
    Taken {
        /// The name.
        name: String,
        /// What it is.
        kind: Kind,
    },
    /// A link would lead back to itself.
    #[error("the link {name} would lead back to itself")]
    Circular {
        /// The link's name.
        name: String,
    },
    /// What a link is to point at, or what that points at, is not there.
    #[error("there is no {target} to link to")]
    NoTarget {
        /// The name that is not there.
        target: Target,
    },
    /// Too many links would have to be followed.
    #[error("{target} is reached over more than {MAX_HOPS} links; link to where they lead")]
    TooManyLinks {
        /// What was to be linked to.
        target: Target,
    },
    /// A tag is full.
    #[error(
        "the tag {tag} has {MAX_MEMBERS} members, which is the most; remove some, or make another tag"
    )]
    TooManyMembers {
        /// The tag's name.
        tag: String,
    },
    /// Nobody could manage the repository any more.
    #[error("{repository} would have no owner left; make another member its owner first")]
    LastOwner {
        /// The repository's name.
        repository: String,
    },
    /// What the caller wants to be true of a name is not.
    #[error("{what}: what the request expects does not hold any more; look again and decide anew")]
    Precondition {
        /// What is true instead.
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
const BUSY: u32 = 5;
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

    /// Whether others kept the database busy for longer than anybody waits.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::PoolTimedOut))
            || self.sqlite_code() == Some(BUSY)
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

#[cfg(test)]
mod tests {
    use std::fmt;

    use sqlx::error::{DatabaseError, ErrorKind};

    use super::*;

    /// What SQLite answers, with the result code.
    #[derive(Debug)]
    struct Answered(u32);

    impl fmt::Display for Answered {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "code {}", self.0)
        }
    }

    impl std::error::Error for Answered {}

    impl DatabaseError for Answered {
        fn message(&self) -> &'static str {
            "failed"
        }
        fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
            Some(self.0.to_string().into())
        }
        fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
            self
        }
        fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
            self
        }
        fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
            self
        }
        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    impl CatalogError {
        /// As if another process held the database.
        pub(crate) fn busy() -> Self {
            Self::Database(sqlx::Error::Database(Box::new(Answered(BUSY))))
        }
    }

    #[test]
    fn codes_are_known_with_their_extensions() {
        let error = |code| CatalogError::Database(sqlx::Error::Database(Box::new(Answered(code))));
        for (code, busy, full, read_only, damage) in [
            (5, true, false, false, false),
            (517, true, false, false, false),
            (13, false, true, false, false),
            (10, false, false, true, false),
            (778, false, false, true, false),
            (11, false, false, false, true),
            (1, false, false, false, false),
        ] {
            let error = error(code);
            let found = (error.is_busy(), error.is_full(), error.is_read_only(), error.is_damage());
            assert_eq!(found, (busy, full, read_only, damage), "{code}");
        }
        assert!(CatalogError::Database(sqlx::Error::PoolTimedOut).is_busy());
    }
}
