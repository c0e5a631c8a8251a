//! `flisthub catalog copy`: moves a hub's catalog from its file to a PostgreSQL database, or back. It needs the hub
//! to be stopped.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use flisthub_storage::{RocksOptions, RocksStore, SystemClock};

use crate::catalog::{Catalog, Location};
use crate::data::DataDirectory;
use crate::place;

#[derive(Debug, Subcommand)]
pub(super) enum CatalogCommand {
    /// Copy the catalog of a stopped hub to the configured PostgreSQL database, or from there into the data
    /// directory. What it is copied from stays; a file is renamed to `catalog.sqlite.moved`.
    Copy(Copy),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// From `catalog.sqlite` to the database that `catalog.url` names.
    Postgres,
    /// From that database into `catalog.sqlite`.
    Sqlite,
}

#[derive(Debug, Args)]
pub(super) struct Copy {
    /// Where the catalog is to be from then on.
    #[arg(long, value_enum)]
    to: Kind,
    /// The hub's data directory.
    #[arg(long, value_name = "DIR", env = "FLISTHUB_DATA")]
    data: PathBuf,
    /// The hub's configuration file. It, or `FLISTHUB_CATALOG_URL`, names the database.
    #[arg(long, value_name = "FILE", env = "FLISTHUB_CONFIG")]
    config: Option<PathBuf>,
}

pub(super) async fn run(CatalogCommand::Copy(arguments): CatalogCommand) -> anyhow::Result<()> {
    let config = super::config(arguments.config.as_deref())?;
    let data = super::existing(&arguments.data)?;
    super::refuse_anothers(&data)?;
    let Some(server) = place::server(&config.catalog)? else {
        anyhow::bail!("neither `catalog.url` nor FLISTHUB_CATALOG_URL names a database");
    };
    // Whoever has the store open works on the catalog.
    let options = RocksOptions::default();
    let _store = RocksStore::open(&data.chunks(), &options, Arc::new(SystemClock))
        .context("stop the hub first")?;
    let file = data.catalog();
    let there = file.try_exists().with_context(|| format!("{}", file.display()))?;
    match arguments.to {
        Kind::Postgres => {
            anyhow::ensure!(there, "there is no {}", file.display());
            let catalog = Catalog::open(&file).await?;
            let copied = catalog.copy_to(&server).await;
            catalog.close().await;
            copied.with_context(|| format!("cannot copy to {server}"))?;
            place::moved_to_server(&data)?;
        }
        Kind::Sqlite => {
            anyhow::ensure!(!there, "{} is there already; move it away", file.display());
            let catalog = Catalog::at(&server).await?;
            // Also where it is the catalog of another data directory by mistake: no hub may work on it.
            catalog.hold().await?;
            let copied = copy_whole(&catalog, &data).await;
            catalog.close().await;
            copied.with_context(|| format!("cannot copy from {server}"))?;
            place::moved_to_file(&data)?;
        }
    }
    writeln!(std::io::stdout(), "the catalog is copied")?;
    Ok(())
}

/// A file that is not whole never has the catalog's name, and none has the log of an earlier one beside it: SQLite
/// would apply it.
async fn copy_whole(catalog: &Catalog, data: &DataDirectory) -> anyhow::Result<()> {
    let partial = data.path().join("catalog.sqlite.partial");
    let beside =
        ["", "-wal", "-shm"].map(|left| data.path().join(format!("catalog.sqlite.partial{left}")));
    for left in beside.into_iter().chain(data.catalog_logs()) {
        match std::fs::remove_file(&left) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{}", left.display()));
            }
            _ => {}
        }
    }
    catalog.copy_to(&Location::File(partial.clone())).await?;
    std::fs::File::open(&partial)?.sync_all()?;
    std::fs::rename(&partial, data.catalog())?;
    std::fs::File::open(data.path())?.sync_all()?;
    Ok(())
}
