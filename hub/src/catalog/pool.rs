//! The connections to a catalog: sqlx's pool, which says of a server that takes no connections the same as of one
//! whose connections are all in use, that time is over. Here the first is a server that is away.

use std::io;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryFutureExt as _, TryStreamExt as _};
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, Either, Error, Execute, Executor, SqlStr, Transaction};

use super::dialect::Dialect;

/// The connections to a catalog. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    inner: AnyPool,
    dialect: Dialect,
}

/// A server that made no connection within the time in which connections are waited for.
pub(super) fn away() -> Error {
    let message = "the server took no connection in time";
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, message))
}

impl Pool {
    pub(super) fn new(inner: AnyPool, dialect: Dialect) -> Self {
        Self { inner, dialect }
    }

    pub(super) async fn acquire(&self) -> Result<PoolConnection<Any>, Error> {
        self.inner.acquire().await.map_err(|error| self.told(error))
    }

    pub(super) async fn begin_with(
        &self,
        sql: &'static str,
    ) -> Result<Transaction<'static, Any>, Error> {
        self.inner.begin_with(sql).await.map_err(|error| self.told(error))
    }

    /// Waits until no connection is in use, and closes them.
    pub(super) async fn close(&self) {
        self.inner.close().await;
    }

    fn told(&self, error: Error) -> Error {
        let most = self.inner.options().get_max_connections();
        let all_in_use = self.inner.size() >= most && self.inner.num_idle() == 0;
        match (error, self.dialect) {
            (Error::PoolTimedOut, Dialect::Postgres) if !all_in_use => away(),
            (error, _) => error,
        }
    }
}

impl<'p> Executor<'p> for &'_ Pool {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let pool = self.clone();
        self.inner.fetch_many(query).map_err(move |error| pool.told(error)).boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let pool = self.clone();
        Box::pin(self.inner.fetch_optional(query).map_err(move |error| pool.told(error)))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        Box::pin(self.inner.prepare_with(sql, parameters).map_err(move |error| pool.told(error)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sqlx::any::AnyPoolOptions;

    use super::*;
    use crate::catalog::CatalogError;

    async fn ask(pool: &Pool) -> CatalogError {
        let (asked, began) = (sqlx::query("select 1").execute(pool).await, pool.acquire().await);
        assert_eq!(asked.as_ref().unwrap_err().to_string(), began.unwrap_err().to_string());
        asked.unwrap_err().into()
    }

    fn pool(url: &str) -> Pool {
        sqlx::any::install_default_drivers();
        let options = AnyPoolOptions::new().max_connections(1);
        let options = options.acquire_timeout(Duration::from_millis(50));
        Pool::new(options.connect_lazy(url).unwrap(), Dialect::Postgres)
    }

    #[tokio::test]
    async fn a_server_that_is_away_is_not_busy() {
        // Nobody listens where a program of the system would.
        let away = ask(&pool("postgres://flisthub@127.0.0.1:1/flisthub")).await;
        assert!(away.is_unreachable(), "{away:?}");
        // Whatever the database: all connections are in use.
        let full = pool("sqlite::memory:");
        let _taken = full.acquire().await.unwrap();
        let busy = ask(&full).await;
        assert!(busy.is_busy(), "{busy:?}");
    }
}
