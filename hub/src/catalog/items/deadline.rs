//! The time that an answer about items may take: one for all of its statements. Whoever reads looks at it between them;
//! PostgreSQL ends a statement by itself as well, SQLite does not.

use std::time::{Duration, Instant};

use sqlx::{Any, AnyConnection, AssertSqlSafe, Transaction};

use crate::catalog::Catalog;
use crate::catalog::dialect::Dialect;
use crate::catalog::error::CatalogError;

/// How long an answer may take.
const LONGEST: Duration = Duration::from_secs(20);

/// So long the server's time for one statement stands as it was set first: most answers are there by then.
const QUICK: Duration = Duration::from_secs(1);

/// When an answer is given up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    until: Instant,
    dialect: Dialect,
}

impl Deadline {
    /// The database that answers.
    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether the time is over.
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Gives an answer up whose time is over.
    pub(super) fn check(&self) -> Result<(), CatalogError> {
        if self.is_over() { Err(CatalogError::SlowSearch) } else { Ok(()) }
    }

    /// The same before a statement, which the server ends when the time is over.
    pub(super) async fn before_statement(
        &self,
        reading: &mut AnyConnection,
    ) -> Result<(), CatalogError> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left + QUICK < LONGEST {
            self.tell(reading, left).await?;
        }
        self.check()
    }

    /// Tells the server how long a statement may take from now on.
    async fn tell(&self, reading: &mut AnyConnection, left: Duration) -> Result<(), CatalogError> {
        if self.dialect == Dialect::Postgres {
            // Rounded up: what the server ends is over here, too. And zero would be for ever.
            let millis = left.as_millis().saturating_add(1);
            let sql = format!("set local statement_timeout = {millis}");
            sqlx::query(AssertSqlSafe(sql)).persistent(false).execute(reading).await?;
        }
        Ok(())
    }

    /// What an error is to whoever asked: a statement that was ended because the time is over, or a wait for a
    /// connection until then, is no database that others keep busy.
    pub(super) fn told(&self, error: CatalogError) -> CatalogError {
        if error.is_busy() && self.is_over() { CatalogError::SlowSearch } else { error }
    }
}

impl Catalog {
    /// The time of an answer that begins now.
    pub(super) fn deadline(&self) -> Deadline {
        self.deadline_at(Instant::now() + LONGEST)
    }

    /// An answer's time that ends then.
    pub(super) fn deadline_at(&self, until: Instant) -> Deadline {
        Deadline { until, dialect: self.location.dialect() }
    }

    /// Begins to read one state of the catalog for an answer.
    pub(super) async fn read_until(
        &self,
        deadline: &Deadline,
    ) -> Result<Transaction<'static, Any>, CatalogError> {
        let begin = self.location.dialect().begin_snapshot();
        let mut reading = self.pool.begin_with(begin).await?;
        let left = deadline.until.saturating_duration_since(Instant::now());
        deadline.tell(&mut reading, left).await?;
        Ok(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::items::stage::Stage;

    #[tokio::test]
    async fn a_server_ends_a_statement_when_the_time_is_over() {
        let stage = Stage::new().await;
        if stage.catalog.location.dialect() == Dialect::Sqlite {
            eprintln!("skipped on SQLite: nothing ends its statements");
            return;
        }
        let deadline = stage.catalog.deadline_at(Instant::now() + Duration::from_millis(200));
        let mut reading = stage.catalog.read_until(&deadline).await.unwrap();
        deadline.before_statement(&mut reading).await.unwrap();
        let slow = sqlx::query("select pg_sleep(60)").execute(&mut *reading).await;
        let told = deadline.told(slow.unwrap_err().into());
        assert!(matches!(told, CatalogError::SlowSearch), "{told:?}");
        drop(reading);
        // The next answer has a time of its own.
        let deadline = stage.catalog.deadline();
        let mut reading = stage.catalog.read_until(&deadline).await.unwrap();
        sqlx::query("select pg_sleep(0.3)").execute(&mut *reading).await.unwrap();
        reading.rollback().await.unwrap();
    }

    #[tokio::test]
    async fn a_busy_database_is_no_slow_search_before_the_time_is_over() {
        let stage = Stage::new().await;
        let told = stage.catalog.deadline().told(CatalogError::busy());
        assert!(told.is_busy(), "{told:?}");
        let over = stage.catalog.deadline_at(Instant::now());
        assert!(matches!(over.told(CatalogError::busy()), CatalogError::SlowSearch));
        assert!(matches!(over.told(CatalogError::BadCursor), CatalogError::BadCursor));
    }
}
