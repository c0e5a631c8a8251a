//! The lease of a catalog on PostgreSQL: one row says which hub works on it, and every change locks that row
//! first. So changes take turns, and one by a hub that lost the lease is refused in the same transaction in
//! which it would have been made, whatever clocks say. Until when a lease counts is told by the database's clock
//! alone.
//!
//! On SQLite there is none: the chunk store beside the file admits one process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::AnyConnection;
use tokio::task::AbortHandle;

use super::error::CatalogError;
use super::pool::Pool;
use super::rows::{column, inconsistent, number, random_hex};
use super::{Catalog, Location};

/// The database's clock, in milliseconds since the Unix epoch.
const NOW: &str = "(extract(epoch from clock_timestamp()) * 1000)::bigint";

/// Between two looks at another's lease.
const LOOK: Duration = Duration::from_millis(250);

/// How long a hub that ends waits for the database to let the lease go.
const LETTING_GO: Duration = Duration::from_secs(3);

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its machine.
    pub host: String,
    /// Its process there.
    pub pid: i64,
    /// When it took the lease, in seconds since the Unix epoch.
    pub since: u64,
}

/// The lease that this process took. Dropped, it is not renewed any more.
#[derive(Debug)]
pub(super) struct Lease {
    own: Arc<Own>,
    renewing: AbortHandle,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

/// What the one who renews it knows.
#[derive(Debug)]
struct Own {
    holder: String,
    length: Duration,
    lost: AtomicBool,
}

/// The row as it is.
struct Seen {
    holder: String,
    by: Holder,
    renewed_until: i64,
}

impl Catalog {
    /// Takes the lease for this process, and renews it from then on until the catalog is closed. Where a hub
    /// had it that does not run any more, this waits until its time is over; it gives up when the lease is
    /// renewed meanwhile. On SQLite nothing happens.
    pub async fn hold(&self) -> Result<(), CatalogError> {
        let Location::Postgres { lease: length, .. } = *self.location else { return Ok(()) };
        let own = Own { holder: random_hex()?, length, lost: AtomicBool::new(false) };
        let first = seen(&self.pool).await?;
        let mut told = false;
        while !own.take(&self.pool).await? {
            if !std::mem::replace(&mut told, true) {
                let Holder { host, pid, .. } = &first.by;
                tracing::info!(
                    host,
                    pid,
                    "waiting for the end of the lease of the hub that had the catalog"
                );
            }
            let now = seen(&self.pool).await?;
            if now.holder != first.holder || now.renewed_until > first.renewed_until {
                return Err(CatalogError::Held { by: now.by });
            }
            tokio::time::sleep(LOOK).await;
        }
        let own = Arc::new(own);
        let again = renew_again_and_again(self.pool.clone(), own.clone(), self.changes.clone());
        let renewing = tokio::spawn(again).abort_handle();
        // Set once: one process takes it once.
        drop(self.lease.set(Lease { own, renewing }));
        Ok(())
    }

    /// Whether this process may change the catalog, as far as it knows: nobody has taken the lease from it. Where
    /// none is needed, so it is.
    pub fn holds(&self) -> bool {
        self.lease.get().is_none_or(|lease| !lease.own.lost.load(Ordering::SeqCst))
    }

    /// Lets the lease go, for the next hub not to wait. If the database does not answer, it does wait.
    pub(super) async fn let_go(&self) {
        let Some(lease) = self.lease.get() else { return };
        lease.renewing.abort();
        let sql = "update lease set holder = '', renewed_until = 0 where id = 1 and holder = $1";
        let freed = sqlx::query(sql).bind(&lease.own.holder).execute(&self.pool);
        if !matches!(tokio::time::timeout(LETTING_GO, freed).await, Ok(Ok(_))) {
            tracing::warn!("the catalog's lease was not let go; the next hub waits for its end");
        }
    }
}

/// Which hub has the lease at this moment. None has one of a catalog that is older than leases.
pub(super) async fn holder(connection: &mut AnyConnection) -> Result<Option<Holder>, CatalogError> {
    let sql = "select to_regclass('lease') is not null";
    let (is_there,): (bool,) = sqlx::query_as(sql).fetch_one(&mut *connection).await?;
    if !is_there {
        return Ok(None);
    }
    let sql = format!(
        "select host, pid, taken_at from lease
         where id = 1 and holder <> '' and renewed_until >= {NOW}"
    );
    let row: Option<(String, i64, i64)> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_optional(connection).await?;
    let holder = |(host, pid, taken_at)| {
        let since = number("lease", "1", taken_at)? / 1000;
        Ok(Holder { host, pid, since })
    };
    row.map(holder).transpose()
}

/// Makes a transaction the only one that writes, until it ends, and refuses it to a hub that lost the lease.
/// Programs that are no hub have none and wait for their turn alone.
pub(super) async fn lock(
    connection: &mut AnyConnection,
    lease: Option<&Lease>,
) -> Result<(), CatalogError> {
    let row: Option<(String,)> = sqlx::query_as("select holder from lease where id = 1 for update")
        .fetch_optional(connection)
        .await?;
    let (holder,) = row.ok_or_else(|| inconsistent("lease", "1"))?;
    match lease {
        Some(lease) if lease.own.holder != holder => {
            lease.own.note(false);
            Err(CatalogError::LeaseLost)
        }
        _ => Ok(()),
    }
}

impl Own {
    /// Takes the lease if it is free, or over, or this process has it. Says whether it has it now.
    async fn take(&self, pool: &Pool) -> Result<bool, CatalogError> {
        let sql = format!(
            "update lease set holder = $1, host = $2, pid = $3, renewed_until = {NOW} + $4,
                              taken_at = case when holder = $1 then taken_at else {NOW} end
             where id = 1 and (holder = '' or holder = $1 or renewed_until < {NOW})"
        );
        let length = u64::try_from(self.length.as_millis()).unwrap_or(u64::MAX);
        let done = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(&self.holder)
            .bind(host())
            .bind(i64::from(std::process::id()))
            .bind(column(length))
            .execute(pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes whether it is had, for the log.
    fn note(&self, taken: bool) {
        match (taken, self.lost.swap(!taken, Ordering::SeqCst)) {
            (true, true) => tracing::info!("this hub has the catalog's lease again"),
            (false, false) => tracing::error!(
                "another hub has taken over the catalog: this one changes nothing until it has \
                 the lease again"
            ),
            _ => {}
        }
    }
}

/// Three times in each lease, so that one may fail. While another has it, what was remembered of names counts
/// for nothing.
async fn renew_again_and_again(pool: Pool, own: Arc<Own>, changes: Arc<AtomicU64>) {
    let mut ticks = tokio::time::interval(own.length / 3);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let was_lost = own.lost.load(Ordering::SeqCst);
        // A machine that vanished answers nothing, not even that a connection is closed.
        let Ok(taken) = tokio::time::timeout(own.length / 3, own.take(&pool)).await else {
            tracing::warn!("the catalog's lease could not be renewed: no answer");
            continue;
        };
        match taken {
            Ok(taken) => {
                own.note(taken);
                if was_lost || !taken {
                    changes.fetch_add(1, Ordering::SeqCst);
                }
            }
            Err(error) => {
                let error = crate::error::chain(&error);
                tracing::warn!(error, "the catalog's lease could not be renewed");
            }
        }
    }
}

async fn seen(pool: &Pool) -> Result<Seen, CatalogError> {
    let row: Option<(String, String, i64, i64, i64)> =
        sqlx::query_as("select holder, host, pid, taken_at, renewed_until from lease where id = 1")
            .fetch_optional(pool)
            .await?;
    let (holder, host, pid, taken_at, renewed_until) =
        row.ok_or_else(|| inconsistent("lease", "1"))?;
    let since = number("lease", "1", taken_at)? / 1000;
    Ok(Seen { holder, by: Holder { host, pid, since }, renewed_until })
}

/// The name of this machine, for people.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}
