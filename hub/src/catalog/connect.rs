//! Connecting to the database that holds the catalog.

use std::path::Path;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Executor as _};

use super::error::CatalogError;
use super::location::Location;

/// How long a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// The connections to a catalog.
pub(super) async fn pool(location: &Location) -> Result<AnyPool, CatalogError> {
    let options = options(location)?;
    let settings = location.dialect().settings();
    // Alone first: the pool tries again and again, and in the end tells only that time is over.
    let first = async {
        let mut first = AnyConnection::connect_with(&options).await?;
        first.execute(settings).await?;
        first.close().await
    };
    tokio::time::timeout(PATIENCE, first).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    let pool = AnyPoolOptions::new()
        .max_connections(location.connections())
        .acquire_timeout(PATIENCE)
        .after_connect(move |connection, _| {
            Box::pin(async move { connection.execute(settings).await.map(|_| ()) })
        })
        // A commit that failed (the disk was full) has ended SQLite's transaction, but not the one
        // that sqlx counts: such a connection can begin no other.
        .before_acquire(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        })
        .connect_with(options)
        .await?;
    Ok(pool)
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
