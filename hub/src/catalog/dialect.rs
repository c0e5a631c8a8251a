//! What differs between SQLite and PostgreSQL. All other SQL is the same text on both.

use sqlx::{AnyConnection, Executor as _};

use super::error::CatalogError;

/// The database that holds the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A file that this process opens.
    Sqlite,
    /// A server.
    Postgres,
}

/// Set on every connection. The wait comes first: switching a new file to WAL may itself have to wait. Each keeps up to
/// 16 MiB of the file: what a search of items reads again and again is more than the 2 MiB that it has by itself.
const SQLITE: &str = "
    pragma busy_timeout = 15000;
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = on;
    pragma cache_size = -16384;
";

/// Set on every connection. What is committed is durable, whatever the server is configured to; stricter
/// settings stay. A hub whose machine is gone in the middle of a change must not hold its lock until TCP
/// notices, which takes hours.
const POSTGRES: &str = "
    set client_min_messages = warning;
    set lock_timeout = 15000;
    set idle_in_transaction_session_timeout = 30000;
    set tcp_user_timeout = 30000;
    set default_transaction_isolation = 'read committed';
    select set_config('synchronous_commit', 'on', false)
    where current_setting('synchronous_commit') = 'off';
";

/// Held while migrations run, so that of two programs that start together one waits for the other: an
/// arbitrary number, the bytes `flisthub`.
const MIGRATING: i64 = 0x666c_6973_7468_7562;

/// Gives every text column of the catalog the order of its bytes, as in SQLite: pages and comparisons are then
/// the same on every server, whatever its locale. Nothing is done to columns that have it.
const ORDER_BY_BYTES: &str = r#"
    do $$
    declare one record;
    begin
        for one in select c.table_name, c.column_name
                   from information_schema.columns as c
                   join information_schema.tables as t using (table_schema, table_name)
                   where c.table_schema = current_schema() and t.table_type = 'BASE TABLE'
                     and c.data_type = 'text' and c.collation_name is distinct from 'C'
                     and left(c.table_name, 1) <> '_'
        loop
            execute format('alter table %I alter column %I type text collate "C"',
                           one.table_name, one.column_name);
        end loop;
    end $$
"#;

impl Dialect {
    /// The settings of a connection.
    pub(super) fn settings(self) -> &'static str {
        match self {
            Self::Sqlite => SQLITE,
            Self::Postgres => POSTGRES,
        }
    }

    /// How a transaction begins that writes. SQLite's takes the write lock at once: one that began by reading
    /// could find the lock taken later, and SQLite would fail it without waiting. In PostgreSQL's, every
    /// statement sees what was committed before it; `lease::lock` makes writers take turns.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "begin immediate",
            Self::Postgres => "begin isolation level read committed read write",
        }
    }

    /// How a transaction begins that reads one state, however long it takes.
    pub(super) fn begin_snapshot(self) -> &'static str {
        match self {
            Self::Sqlite => "begin",
            Self::Postgres => "begin isolation level repeatable read read only",
        }
    }

    /// Makes a transaction in which migrations are to run the only one.
    pub(super) async fn lock_migrations(
        self,
        connection: &mut AnyConnection,
    ) -> Result<(), CatalogError> {
        if self == Self::Postgres {
            sqlx::query("select pg_advisory_xact_lock($1)")
                .bind(MIGRATING)
                .execute(connection)
                .await?;
        }
        Ok(())
    }

    /// What is left to do when the steps have been applied.
    pub(super) async fn after_migrations(
        self,
        connection: &mut AnyConnection,
    ) -> Result<(), CatalogError> {
        if self == Self::Postgres {
            connection.execute(ORDER_BY_BYTES).await?;
        }
        Ok(())
    }
}
