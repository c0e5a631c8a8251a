//! The connections to a catalog: sqlx's pool, which says of a server that takes no connections the same as of one
//! whose connections are all in use, that time is over. Here the first is a server that is away.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::pool::PoolConnection;
use sqlx::{
    Any, AnyConnection, AnyPool, Connection as _, Either, Error, Execute, Executor, SqlStr,
    Transaction,
};
use tokio::sync::Mutex;

use super::dialect::Dialect;

/// How long a server may take to answer, where it is to be known whether it is away.
const PROBE: Duration = Duration::from_secs(2);

/// What PostgreSQL says when it takes no more connections (`too_many_connections`).
const TOO_MANY: &str = "53300";

/// The connections to a catalog. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    inner: AnyPool,
    /// Where transactions come from that write: of an SQLite file one connection of their own, which keeps what it
    /// has read of the file from one to the next, and which they take in the order in which they come.
    writing: AnyPool,
    dialect: Dialect,
    /// When it was tried last whether the server is there, and whether it was.
    tried: Arc<Mutex<Option<(Instant, bool)>>>,
}

/// A server that made no connection within the time in which connections are waited for.
pub(super) fn away() -> Error {
    let message = "the server took no connection in time";
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, message))
}

impl Pool {
    pub(super) fn new(inner: AnyPool, writing: AnyPool, dialect: Dialect) -> Self {
        Self { inner, writing, dialect, tried: Arc::default() }
    }

    pub(super) async fn acquire(&self) -> Result<PoolConnection<Any>, Error> {
        or_told(self, self.inner.acquire()).await
    }

    pub(super) async fn begin_with(
        &self,
        sql: &'static str,
    ) -> Result<Transaction<'static, Any>, Error> {
        or_told(self, self.inner.begin_with(sql)).await
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin_writing(&self) -> Result<Transaction<'static, Any>, Error> {
        or_told(self, self.writing.begin_with(self.dialect.begin())).await
    }

    /// Waits until no connection is in use, and closes them.
    pub(super) async fn close(&self) {
        self.writing.close().await;
        self.inner.close().await;
    }

    /// Tries the server once more where time was over: the pool counts connections that are only tried for as
    /// connections in use.
    async fn told(&self, error: Error) -> Error {
        if !matches!((&error, self.dialect), (Error::PoolTimedOut, Dialect::Postgres)) {
            return error;
        }
        // One tries for all who wait: there may be as many of them as requests.
        let mut tried = self.tried.lock().await;
        let lately = tried.filter(|(when, _)| when.elapsed() < PROBE);
        let is_there = match lately {
            Some((_, is_there)) => is_there,
            None => self.is_there().await,
        };
        if lately.is_none() {
            *tried = Some((Instant::now(), is_there));
        }
        if is_there { error } else { away() }
    }

    /// Whether the server answers in time, if only that all its own connections are in use.
    async fn is_there(&self) -> bool {
        let options = self.inner.connect_options();
        let probe = async { AnyConnection::connect_with(&options).await?.close().await };
        match tokio::time::timeout(PROBE, probe).await {
            Ok(Err(Error::Database(error))) => error.code().as_deref() == Some(TOO_MANY),
            Ok(connected) => connected.is_ok(),
            Err(_) => false,
        }
    }
}

async fn or_told<T>(
    pool: &Pool,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match asked.await {
        Ok(got) => Ok(got),
        Err(error) => Err(pool.told(error).await),
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
        let told = move |error| {
            let pool = pool.clone();
            async move { Err(pool.told(error).await) }
        };
        self.inner.fetch_many(query).or_else(told).boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let pool = self.clone();
        Box::pin(async move { or_told(&pool, pool.inner.fetch_optional(query)).await })
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
        Box::pin(async move { or_told(&pool, pool.inner.prepare_with(sql, parameters)).await })
    }
}

#[cfg(test)]
mod tests {
    use sqlx::any::AnyPoolOptions;

    use super::*;
    use crate::catalog::CatalogError;

    async fn ask(pool: &Pool) -> CatalogError {
        let (asked, began) = (sqlx::query("select 1").execute(pool).await, pool.acquire().await);
        assert_eq!(asked.as_ref().unwrap_err().to_string(), began.unwrap_err().to_string());
        asked.unwrap_err().into()
    }

    fn pool(url: &str, patience: Duration) -> Pool {
        sqlx::any::install_default_drivers();
        let options = AnyPoolOptions::new().max_connections(1).acquire_timeout(patience);
        let pool = options.connect_lazy(url).unwrap();
        Pool::new(pool.clone(), pool, Dialect::Postgres)
    }

    #[tokio::test]
    async fn a_server_that_is_away_is_not_busy() {
        // Nobody listens where a program of the system would.
        let away = pool("postgres://flisthub@127.0.0.1:1/flisthub", Duration::from_millis(50));
        // Several at once: all that the pool may make are being tried.
        let answers = tokio::join!(ask(&away), ask(&away), ask(&away));
        for away in [answers.0, answers.1, answers.2] {
            assert!(away.is_unreachable(), "{away:?}");
        }
        // Whatever the database: all connections are in use. The first is there in time also on a busy machine.
        let full = pool("sqlite::memory:", Duration::from_secs(2));
        let _taken = full.acquire().await.unwrap();
        let busy = ask(&full).await;
        assert!(busy.is_busy(), "{busy:?}");
    }
}
