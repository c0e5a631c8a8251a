//! Connecting to the database that holds the catalog.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, ConnectOptions as _, Connection as _, Executor as _};

use super::dialect::Dialect;
use super::error::{CatalogError, is_busy};
use super::location::Location;
use super::pool::{Pool, away};

/// Until a database that was locked is asked again.
const AGAIN: Duration = Duration::from_millis(5);

/// How long a connection is waited for. A new one to an SQLite file may have to wait for the one that writes; a
/// server that takes none is away, and callers are to know soon.
fn patience(dialect: Dialect) -> Duration {
    match dialect {
        Dialect::Sqlite => Duration::from_secs(15),
        Dialect::Postgres => Duration::from_secs(5),
    }
}

/// The connections to a catalog.
pub(super) async fn pool(location: &Location) -> Result<Pool, CatalogError> {
    let options = options(location)?;
    let dialect = location.dialect();
    let patience = patience(dialect);
    // Alone first: the pool tries again and again, and in the end tells only that time is over.
    let first = async {
        let mut first = AnyConnection::connect_with(&options).await?;
        settle(&mut first, dialect).await?;
        first.close().await
    };
    tokio::time::timeout(patience, first).await.map_err(|_| match dialect {
        Dialect::Sqlite => sqlx::Error::PoolTimedOut,
        Dialect::Postgres => away(),
    })??;
    let pool = |connections| {
        AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(patience)
            .after_connect(move |connection, _| Box::pin(settle(connection, dialect)))
            // A commit that failed (the disk was full) has ended SQLite's transaction, but not the one
            // that sqlx counts: such a connection can begin no other.
            .before_acquire(|connection, _| {
                Box::pin(async move { Ok(!connection.is_in_transaction()) })
            })
            .connect_with(options.clone())
    };
    let shared = pool(location.connections()).await?;
    let writing = match dialect {
        Dialect::Sqlite => pool(1).await?,
        Dialect::Postgres => shared.clone(),
    };
    Ok(Pool::new(shared, writing, dialect))
}

/// Makes the settings of a connection. SQLite itself waits for no lock while programs that open a new file at the same
/// moment give it its log: it is asked again for as long as a connection is waited for.
async fn settle(connection: &mut AnyConnection, dialect: Dialect) -> Result<(), sqlx::Error> {
    let began = Instant::now();
    loop {
        match connection.execute(dialect.settings()).await {
            Err(error) if is_busy(&error) && began.elapsed() < patience(dialect) => {
                tokio::time::sleep(AGAIN).await;
            }
            settled => return settled.map(|_| ()),
        }
    }
}

/// Brings SQLite's log into the catalog's file where the last connections left it: of two that end at the same
/// moment, each takes the other for the last. One that comes alone and goes again does what they did not. Where
/// another program has the file, the log stays.
pub(super) async fn fold_log(location: &Location) -> Result<(), CatalogError> {
    let Location::File(file) = location else { return Ok(()) };
    let mut log = file.clone().into_os_string();
    log.push("-wal");
    if !(file.exists() && Path::new(&log).exists()) {
        return Ok(());
    }
    let mut alone = AnyConnection::connect_with(&options(location)?).await?;
    settle(&mut alone, location.dialect()).await?;
    Ok(alone.close().await?)
}

fn options(location: &Location) -> Result<AnyConnectOptions, CatalogError> {
    sqlx::any::install_default_drivers();
    let options = match location {
        Location::File(file) => AnyConnectOptions::from_url(&file_url(file))?,
        Location::Postgres { address, .. } => address.url().parse::<AnyConnectOptions>()?,
    };
    Ok(options)
}

fn file_url(file: &Path) -> url::Url {
    SqliteConnectOptions::new().filename(file).create_if_missing(true).to_url_lossy()
}
