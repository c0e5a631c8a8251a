//! What can go wrong in the catalog.

use super::changes::MAX_HOPS;
use super::lease::Holder;
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
    /// What an item was composed from is not what is there now: compose it again.
    #[error("what an item is made of has changed meanwhile; try again")]
    StaleItem,
    /// A search takes longer than any may.
    #[error("the search takes too long; ask for less")]
    SlowSearch,
    /// The text is no cursor of a search with that order.
    #[error("the cursor is none that this hub gave out for a search in that order")]
    BadCursor,
    /// A row holds what this program never writes. Someone edited the file, or a disk lies.
    #[error("the catalog's table {table} holds an impossible row: {row}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
    },
    /// A hub works on this catalog already.
    #[error(
        "the catalog belongs to the hub with the process {} on {}, which has worked on it since {} and \
         still does: one hub at a time; stop that one, or give this one a catalog of its own",
        by.pid,
        by.host,
        date(by.since)
    )]
    Held {
        /// Who.
        by: Holder,
    },
    /// It is of an earlier version, and a hub of that version works on it.
    #[error(
        "the catalog must be brought up to date, and the hub with the process {} on {} works on it as it \
         is: stop that hub first; if it does not run any more, try again when its lease is over",
        by.pid,
        by.host
    )]
    InUse {
        /// Who.
        by: Holder,
    },
    /// There is a catalog already where one is to be copied to.
    #[error("{place} holds a catalog already; a copy needs an empty database")]
    NotEmpty {
        /// Where.
        place: String,
    },
    /// Another hub took over the catalog while this one did not answer.
    #[error("another hub has taken over the catalog; this one changes nothing meanwhile")]
    LeaseLost,
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

/// What a database's code means for those who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Full,
    Busy,
    ReadOnly,
    Damage,
    Unreachable,
}

impl CatalogError {
    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        self.trouble() == Some(Trouble::Full)
    }

    /// Whether others kept the database busy for longer than anybody waits.
    pub fn is_busy(&self) -> bool {
        self.trouble() == Some(Trouble::Busy)
    }

    /// Whether the disk takes no writes, or fails.
    pub fn is_read_only(&self) -> bool {
        self.trouble() == Some(Trouble::ReadOnly)
    }

    /// Whether the file, or the server's files, are damaged.
    pub fn is_damage(&self) -> bool {
        self.trouble() == Some(Trouble::Damage)
    }

    /// Whether the server does not answer, or not us. If it was lost in the middle of a change, the change was
    /// made whole or not at all; which, is not known here.
    pub fn is_unreachable(&self) -> bool {
        self.trouble() == Some(Trouble::Unreachable)
    }

    fn trouble(&self) -> Option<Trouble> {
        let (Self::Database(error)
        | Self::Migrate(
            sqlx::migrate::MigrateError::Execute(error)
            | sqlx::migrate::MigrateError::ExecuteMigration(error, _),
        )) = self
        else {
            return None;
        };
        match error {
            sqlx::Error::PoolTimedOut => Some(Trouble::Busy),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::BeginFailed => {
                Some(Trouble::Unreachable)
            }
            sqlx::Error::Database(error) => of_code(&error.code()?),
            _ => None,
        }
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

/// Whether a database says that others keep it busy.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| of_code(&code)) == Some(Trouble::Busy)
}

/// What a code means. PostgreSQL's have five letters or digits, SQLite's are numbers of fewer; the lowest byte of
/// SQLite's extended ones is the primary one.
fn of_code(code: &str) -> Option<Trouble> {
    if code.len() == 5 {
        return of_state(code);
    }
    match code.parse::<u32>().ok()? & 0xFF {
        BUSY => Some(Trouble::Busy),
        FULL => Some(Trouble::Full),
        READ_ONLY | IO_ERROR | CANNOT_OPEN => Some(Trouble::ReadOnly),
        CORRUPT | NOT_A_DATABASE => Some(Trouble::Damage),
        _ => None,
    }
}

/// The same for PostgreSQL's SQLSTATE, from its documentation.
fn of_state(state: &str) -> Option<Trouble> {
    match state {
        // disk_full
        "53100" => Some(Trouble::Full),
        // lock_not_available, serialization_failure, deadlock_detected, query_canceled,
        // out_of_memory, too_many_connections
        "55P03" | "40001" | "40P01" | "57014" | "53200" | "53300" => Some(Trouble::Busy),
        // read_only_sql_transaction (a standby), io_error
        "25006" | "58030" => Some(Trouble::ReadOnly),
        // data_corrupted, index_corrupted
        "XX001" | "XX002" => Some(Trouble::Damage),
        // 25P03: the server ended a transaction in which it heard nothing. 3D000: no such database. 55000: it
        // takes no connections. The classes: connections, authorisation, the operator's doing (shutdown, start).
        "25P03" | "3D000" | "55000" => Some(Trouble::Unreachable),
        _ if ["08", "28", "57P"].iter().any(|class| state.starts_with(class)) => {
            Some(Trouble::Unreachable)
        }
        _ => None,
    }
}

/// A time for people.
fn date(seconds: u64) -> String {
    let time = std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds));
    time.map_or_else(|| seconds.to_string(), httpdate::fmt_http_date)
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use sqlx::error::{DatabaseError, ErrorKind};

    use super::*;

    /// What SQLite answers, with the result code.
    #[derive(Debug)]
    struct Answered(&'static str);

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
            Self::Database(sqlx::Error::Database(Box::new(Answered("5"))))
        }
    }

    #[test]
    fn codes_are_known_with_their_extensions() {
        use Trouble::{Busy, Damage, Full, ReadOnly, Unreachable};
        let error = |code| CatalogError::Database(sqlx::Error::Database(Box::new(Answered(code))));
        for (code, trouble) in [
            ("5", Some(Busy)),
            ("517", Some(Busy)),
            ("13", Some(Full)),
            ("10", Some(ReadOnly)),
            ("778", Some(ReadOnly)),
            ("11", Some(Damage)),
            ("1", None),
            ("53100", Some(Full)),
            ("55P03", Some(Busy)),
            ("25006", Some(ReadOnly)),
            ("XX002", Some(Damage)),
            ("55000", Some(Unreachable)),
            ("57P01", Some(Unreachable)),
            ("08006", Some(Unreachable)),
            // 0x0600 + 5 and a busy SQLite file end in the same byte.
            ("01541", None),
            ("23505", None),
        ] {
            assert_eq!(error(code).trouble(), trouble, "{code}");
        }
        assert!(CatalogError::Database(sqlx::Error::PoolTimedOut).is_busy());
    }
}
