//! The catalog: users, tokens, repositories, names and their history, jobs. All SQL of the hub is here.
//!
//! One method is one transaction. Lookups give an `Option`; a row that cannot be is
//! [`CatalogError::Inconsistent`]. The catalog does not know the chunk store: whoever publishes makes
//! the objects durable first.
//!
//! The database is an SQLite file or a PostgreSQL database; both run the same statements, and what differs is in
//! `dialect`, `lease`, `snapshot` and `check`. The hub and the `flisthub` commands may use it at the same time:
//! readers never wait, writers take turns.

mod audit;
mod changes;
mod check;
mod condition;
mod connect;
mod copy;
mod dialect;
mod error;
mod facts;
mod generation;
mod history;
mod holdings;
mod hub_state;
mod image_layers;
mod items;
mod job_log;
mod job_row;
mod jobs;
mod keepers;
mod lane;
mod lease;
mod location;
mod members;
mod migrations;
mod name_row;
mod names;
mod pool;
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
mod concurrent_tests;
#[cfg(test)]
mod copy_tests;
#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod jobs_tests;
#[cfg(test)]
mod lost_tests;
#[cfg(test)]
mod migrations_tests;
#[cfg(test)]
mod names_tests;
#[cfg(test)]
mod plain;
#[cfg(test)]
#[path = "../../tests/suite/postgres.rs"]
#[expect(dead_code, reason = "the suite uses more of it")]
mod postgres;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::{Any, Transaction};

use crate::cursors::Cursors;
use crate::error::chain;
use dialect::Dialect;
use pool::Pool;

pub use audit::{Actor, AuditFilter, AuditRow};
pub use changes::{Change, MAX_HOPS, Written};
pub use condition::Condition;
pub use error::CatalogError;
pub use facts::FlistFacts;
pub use history::{HistoryRow, Source};
pub use items::{
    Basis, Checksum, CollectionFacts, Composed, IdPage, ItemBasis, ItemPage, ItemQuery, ItemRow,
    ItemSet, ItemSettings, Pending, Readable, TagCount,
};
pub use job_log::{JobNews, JobProgress, LOG_LINES, LogLine};
pub use job_row::{JobRow, JobState};
pub use jobs::{Claim, JobEnd, NewJob};
pub use keepers::Keeper;
pub use lane::Lane;
pub use lease::Holder;
pub use location::{Address, Location};
pub use members::RepositoryMember;
pub use name_row::{LinkRow, NameRow};
pub use names::{FlistRow, Kind, Named, Pointed, Target};
pub use repositories::{NewRepository, RepositoryRow, Viewer};
pub use sums::{Done, Sums};
pub use tags::MemberRow;
pub use tokens::{NewToken, TokenHash, TokenRow};
pub use users::{AccountRow, NewUser, UserChange, UserRow};

/// How long a server may take when the catalog is closed.
const CLOSING: Duration = Duration::from_secs(5);

/// The catalog. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog {
    pool: Pool,
    location: Arc<Location>,
    /// What keeps other hubs out, once it is taken.
    lease: Arc<OnceLock<lease::Lease>>,
    /// How often names have changed, or may have.
    changes: Arc<AtomicU64>,
    /// How many changes of names are being committed.
    committing: Arc<AtomicU64>,
    /// What was counted of items.
    counted: Arc<items::Counted>,
    /// Hides how many items there are in what says where a page ends.
    cursors: Arc<Cursors>,
}

impl Catalog {
    /// Opens the SQLite file, makes it if it is not there, and brings it up to date.
    pub async fn open(file: &Path) -> Result<Self, CatalogError> {
        Self::at(&Location::File(file.to_owned())).await
    }

    /// Opens a catalog and brings it up to date; an SQLite file is made if it is not there, a database's tables
    /// if it has none. While a hub works on a database of an earlier version, that is refused. A hub also takes the
    /// lease ([`Catalog::hold`]).
    pub async fn at(location: &Location) -> Result<Self, CatalogError> {
        let catalog = Self::connect(location).await?;
        catalog.migrate(migrations::STEPS.len()).await?;
        catalog.make_hub_state().await?;
        Ok(catalog)
    }

    async fn connect(location: &Location) -> Result<Self, CatalogError> {
        Ok(Self {
            pool: connect::pool(location).await?,
            location: Arc::new(location.clone()),
            lease: Arc::default(),
            changes: Arc::default(),
            counted: Arc::default(),
            committing: Arc::default(),
            cursors: Arc::default(),
        })
    }

    /// Refuses to change tables under a hub that works with them as they are.
    async fn migrate(&self, steps: usize) -> Result<(), CatalogError> {
        let dialect = self.location.dialect();
        let mut transaction = self.pool.begin_writing().await?;
        dialect.lock_migrations(&mut transaction).await?;
        if dialect == Dialect::Postgres
            && let Some(by) = lease::holder(&mut transaction).await?
            && migrations::any_missing(&mut transaction, steps).await?
        {
            return Err(CatalogError::InUse { by });
        }
        migrations::run(&mut transaction, dialect, steps).await?;
        Ok(transaction.commit().await?)
    }

    /// Starts a transaction that writes. No other writes until it ends. Every change goes through here.
    async fn write(&self) -> Result<Transaction<'static, Any>, CatalogError> {
        let mut transaction = self.pool.begin_writing().await?;
        if self.location.dialect() == Dialect::Postgres {
            lease::lock(&mut transaction, self.lease.get()).await?;
        }
        Ok(transaction)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), CatalogError> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Lets the lease go, waits for running queries and closes the connections.
    pub async fn close(&self) {
        self.let_go().await;
        match self.location.dialect() {
            // Whoever takes the file next needs it whole.
            Dialect::Sqlite => {
                self.pool.close().await;
                if let Err(error) = connect::fold_log(&self.location).await {
                    tracing::warn!(error = chain(&error), "SQLite's log stays beside the catalog");
                }
            }
            // A server that is silent must not keep the program from ending.
            Dialect::Postgres => {
                if tokio::time::timeout(CLOSING, self.pool.close()).await.is_err() {
                    tracing::warn!("the connections to the catalog were not closed in time");
                }
            }
        }
    }
}
