//! The catalog: users, tokens, repositories, names and their history, jobs. All SQL of the hub is here.
//!
//! One method is one transaction. Lookups give an `Option`; a row that cannot be is
//! [`CatalogError::Inconsistent`]. The catalog does not know the chunk store: whoever publishes makes
//! the objects durable first.
//!
//! The database is an SQLite file. The hub and the `flisthub` commands may use it at the same time:
//! readers never wait, writers take turns.

mod audit;
mod changes;
mod check;
mod condition;
mod error;
mod facts;
mod history;
mod holdings;
mod hub_state;
mod image_layers;
mod job_log;
mod job_row;
mod jobs;
mod keepers;
mod lane;
mod members;
mod migrations;
mod name_row;
mod names;
mod repositories;
mod rows;
mod snapshot;
mod sums;
mod tags;
mod tokens;
mod users;

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod jobs_tests;
#[cfg(test)]
mod migrations_tests;
#[cfg(test)]
mod names_tests;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions, Connection as _, Executor, Transaction};

pub use audit::{Actor, AuditFilter, AuditRow};
pub use changes::{Change, MAX_HOPS, Written};
pub use condition::Condition;
pub use error::CatalogError;
pub use facts::FlistFacts;
pub use history::{HistoryRow, Source};
pub use job_log::{JobNews, JobProgress, LOG_LINES, LogLine};
pub use job_row::{JobRow, JobState};
pub use jobs::{Claim, JobEnd, NewJob};
pub use keepers::Keeper;
pub use lane::Lane;
pub use members::RepositoryMember;
pub use name_row::{LinkRow, NameRow};
pub use names::{FlistRow, Kind, Named, Pointed, Target};
pub use repositories::{NewRepository, RepositoryRow, Viewer};
pub use sums::{Done, Sums};
pub use tags::MemberRow;
pub use tokens::{NewToken, TokenHash, TokenRow};
pub use users::{AccountRow, NewUser, UserRow};

/// Connections to the database. Reads are short and writers take turns, so few are enough.
const CONNECTIONS: u32 = 8;

/// Set on every connection. The wait comes first: switching a new file to WAL may itself have to wait.
const SETTINGS: &str = "
    pragma busy_timeout = 15000;
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = on;
";

/// The catalog. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog {
    pool: AnyPool,
    /// How often names have changed, or may have.
    changes: Arc<AtomicU64>,
}

/// Names are changing: what was remembered of them does not count any more once this is dropped.
struct NamesChange(Arc<AtomicU64>);

impl Drop for NamesChange {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Catalog {
    /// Opens the SQLite file, makes it if it is not there, and brings it up to date.
    pub async fn open(file: &Path) -> Result<Self, CatalogError> {
        let catalog = Self::connect(file).await?;
        catalog.migrate(migrations::STEPS.len()).await?;
        catalog.make_hub_state().await?;
        Ok(catalog)
    }

    async fn connect(file: &Path) -> Result<Self, CatalogError> {
        sqlx::any::install_default_drivers();
        let url = SqliteConnectOptions::new().filename(file).create_if_missing(true).to_url_lossy();
        // Alone first: the pool tries again and again, and in the end tells only that time is over.
        let mut first = AnyConnection::connect(url.as_str()).await?;
        first.execute(SETTINGS).await?;
        first.close().await?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(Duration::from_secs(15))
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(SETTINGS).await.map(|_| ()) })
            })
            // A commit that failed (the disk was full) has ended SQLite's transaction, but not the one
            // that sqlx counts: such a connection can begin no other.
            .before_acquire(|connection, _| {
                Box::pin(async move { Ok(!connection.is_in_transaction()) })
            })
            .connect(url.as_str())
            .await?;
        Ok(Self { pool, changes: Arc::default() })
    }

    async fn migrate(&self, steps: usize) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        migrations::run(&mut transaction, steps).await?;
        Ok(transaction.commit().await?)
    }

    /// Starts a transaction that writes. It takes the write lock at once: one that began by reading
    /// could find the lock taken later, and SQLite would fail it without waiting.
    async fn write(&self) -> Result<Transaction<'static, Any>, CatalogError> {
        Ok(self.pool.begin_with("begin immediate").await?)
    }

    fn names_change(&self) -> NamesChange {
        NamesChange(Arc::clone(&self.changes))
    }

    /// A number that differs whenever names have changed since it was asked for: who remembers what a name
    /// points at asks before, and looks again once the number is another. Only changes by this process
    /// count; the commands that change names do it through the hub that runs.
    pub fn names_generation(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), CatalogError> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Waits for running queries and closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
