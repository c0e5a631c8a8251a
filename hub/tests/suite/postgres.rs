//! A database of its own for each data directory of a test, where the tests run on PostgreSQL:
//! `FLISTHUB_TEST_POSTGRES` is then the address of a server that is there for them alone. Unit tests use this
//! file, too.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use flisthub_hub::catalog::{Address, Catalog, Location};
use flisthub_hub::config::{self, Config};
use sqlx::{Connection as _, Executor as _};
use url::Url;

/// For how long a hub of a test that was killed keeps the next one waiting.
pub(crate) const LEASE: Duration = Duration::from_secs(1);

#[expect(clippy::disallowed_methods, reason = "test binaries have no command line of their own")]
static SERVER: LazyLock<Option<Url>> = LazyLock::new(|| {
    let url = std::env::var("FLISTHUB_TEST_POSTGRES").ok().filter(|url| !url.is_empty())?;
    Some(url.parse().unwrap())
});

/// The databases by data directory.
static MADE: LazyLock<Mutex<HashMap<PathBuf, String>>> = LazyLock::new(Mutex::default);

/// Whether the tests run on PostgreSQL. Says so for one that is about SQLite's file itself and does nothing then.
pub(crate) fn skips(why: &str) -> bool {
    let skips = SERVER.is_some();
    if skips {
        eprintln!("skipped on PostgreSQL: {why}");
    }
    skips
}

/// Whether a test with a server of its own is left out: those run where the others run on PostgreSQL.
pub(crate) fn skips_without() -> bool {
    let skips = SERVER.is_none();
    if skips {
        eprintln!("skipped: scripts/test-postgres runs it");
    }
    skips
}

/// The address of a database on the server.
pub(crate) fn at_server(database: &str) -> Option<String> {
    let mut url = SERVER.as_ref()?.clone();
    url.set_path(database);
    Some(url.to_string())
}

/// Where the catalog of a data directory is.
pub(crate) fn location(data: &Path) -> Location {
    let file = Location::File(data.join("catalog.sqlite"));
    url(data).map_or(file, |url| at(&url))
}

/// The server's database for it; `None` on SQLite.
pub(crate) fn server(data: &Path) -> Option<Location> {
    url(data).map(|url| at(&url))
}

/// A configuration for it.
pub(crate) fn config(data: &Path, config: Config) -> Config {
    let own = config.catalog.clone();
    let catalog = config::Catalog { url: url(data), lease_seconds: LEASE.as_secs(), ..own };
    Config { catalog, ..config }
}

/// Has a child process use it.
pub(crate) fn tell(child: &mut Command, data: &Path) {
    if let Some(url) = url(data) {
        child.env("FLISTHUB_CATALOG_URL", url);
    }
}

fn at(url: &str) -> Location {
    Location::Postgres { address: Address::parse(url).unwrap(), connections: 8, lease: LEASE }
}

/// The address of the database of a data directory, made when it is asked for the first time; `None` on SQLite.
pub(crate) fn url(data: &Path) -> Option<String> {
    let server = SERVER.as_ref()?;
    let data = std::path::absolute(data).unwrap();
    let mut made = MADE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let template = format!("flisthub_test_{}", std::process::id());
    let of = |name: &str| {
        let mut url = server.clone();
        url.set_path(name);
        url.to_string()
    };
    if let Some(name) = made.get(&data) {
        return Some(of(name));
    }
    let name = format!("{template}_{}", made.len());
    let mut orders = Vec::new();
    // Those whose tests are over.
    for (data, name) in &mut *made {
        if !name.is_empty() && !root(data).exists() {
            orders.push(format!("drop database if exists {name} with (force)"));
            name.clear();
        }
    }
    let url = of(&name);
    let is_first = made.is_empty();
    let empty = of(&template);
    made.insert(data, name.clone());
    // On a thread: the caller may be in a runtime.
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            if is_first {
                order(server, &format!("create database {template}")).await;
                make_empty(&empty).await;
            }
            for drop in orders {
                order(server, &drop).await;
            }
            order(server, &format!("create database {name} template {template}")).await;
        });
    };
    std::thread::scope(|scope| scope.spawn(work).join().unwrap());
    Some(url)
}

/// The temporary directory that a data directory is in.
fn root(data: &Path) -> &Path {
    let temporary = std::env::temp_dir();
    data.ancestors().find(|above| above.parent() == Some(&temporary)).unwrap_or(data)
}

async fn order(server: &Url, sql: &str) {
    let mut connection = sqlx::PgConnection::connect(server.as_str()).await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

/// Makes the tables, and leaves no sign of a hub.
async fn make_empty(url: &str) {
    Catalog::at(&at(url)).await.unwrap().close().await;
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    connection.execute("delete from hub_state").await.unwrap();
    connection.close().await.unwrap();
}
