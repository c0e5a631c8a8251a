//! The command line: what can be typed, and which action it runs.

mod accounts;
mod any_certificate;
mod audit;
mod catalog;
mod ending;
mod healthcheck;
mod jobs;
mod local;
mod operate;
mod quantity;
mod reindex;
mod report;
mod restore;
mod serve;
mod show;
mod tokens;
mod undelete;
mod users;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::config::Config;
use crate::data::DataDirectory;
use crate::place;

/// A content-addressed hub for trees of files.
#[derive(Debug, Parser)]
#[command(name = "flisthub", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the hub until it is told to stop (SIGTERM or Ctrl-C).
    Serve(Serve),
    /// Ask the hub that runs on this machine whether it lives; exit code 0 if so, 1 if not. For images, which
    /// have no HTTP client of their own.
    Healthcheck(healthcheck::Healthcheck),
    /// Sweep: delete what no name needs, and give the space back. The running hub does it, or this
    /// program if none runs; so for all commands down to `undelete`.
    Gc(operate::Gc),
    /// Read and hash everything that is stored, and tell what is damaged.
    Scrub(operate::Scrub),
    /// Write a backup.
    Backup(operate::Backup),
    /// Tell how much space flists and repositories take.
    Space(operate::Space),
    /// Tell which names and paths keep a stored object.
    Why(operate::Why),
    /// List the newest jobs, or cancel one.
    Jobs(jobs::Jobs),
    /// Bring a deleted name back, while a sweep has not taken what it pointed at.
    Undelete(undelete::Undelete),
    /// Build the membership index anew from the catalog, and compose the STAC items of all names again, while
    /// no hub runs. A hub does so by itself where the index is not complete or the items are of another
    /// configuration.
    Reindex(reindex::Reindex),
    /// Make a data directory from a backup, or check the backup.
    Restore(restore::Restore),
    /// Move the catalog between its file and a PostgreSQL database.
    #[command(subcommand)]
    Catalog(catalog::CatalogCommand),
    /// Users. Works also while the hub runs.
    #[command(subcommand)]
    User(users::User),
    /// API tokens. Works also while the hub runs.
    #[command(subcommand)]
    Token(tokens::Token),
    /// List who changed what, when and from where. Works also while the hub runs.
    Audit(audit::Audit),
}

#[derive(Debug, Args)]
struct Data {
    /// The hub's data directory; made if it is not there.
    #[arg(long, value_name = "DIR", env = "FLISTHUB_DATA")]
    data: PathBuf,
    /// A TOML file; every key has a default.
    #[arg(long, value_name = "FILE", env = "FLISTHUB_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Serve {
    #[command(flatten)]
    data: Data,
    /// Address and port to listen on. Port 0 takes a free one; the line `listening on http://…` on
    /// standard output says which.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5555", env = "FLISTHUB_LISTEN")]
    listen: SocketAddr,
    /// What to log, to standard error: a level (`info`) or a filter as `tracing` knows it.
    #[arg(long, value_name = "FILTER", default_value = "info", env = "FLISTHUB_LOG")]
    log: String,
    /// Start although the store has lost what some of the newest names point at.
    #[arg(long)]
    accept_loss: bool,
    /// Log one JSON object a line.
    #[arg(long)]
    log_json: bool,
}

/// Runs what was typed. Gives the exit code: 0, or 1 for a job that failed, 2 for a scrub that found damage,
/// 130 for a job that was cancelled.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Gc(arguments) => return arguments.run().await,
        Command::Scrub(arguments) => return arguments.run().await,
        Command::Backup(arguments) => return arguments.run().await,
        Command::Space(arguments) => return arguments.run().await,
        Command::Why(arguments) => return arguments.run().await,
        Command::Jobs(arguments) => arguments.run().await,
        Command::Undelete(arguments) => arguments.run().await,
        Command::Reindex(arguments) => arguments.run().await,
        Command::Healthcheck(arguments) => arguments.run().await,
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Restore(arguments) => restore::run(arguments).await,
        Command::User(command) => command.run().await,
        Command::Token(command) => command.run().await,
        Command::Audit(arguments) => arguments.run().await,
        Command::Catalog(command) => catalog::run(command).await,
    }?;
    Ok(ExitCode::SUCCESS)
}

/// The data directory of a hub that is there. A mistyped one is not made by asking.
fn existing(path: &Path) -> anyhow::Result<DataDirectory> {
    let there = path.try_exists().with_context(|| format!("{}", path.display()))?;
    anyhow::ensure!(there, "there is no data directory {}", path.display());
    let data = DataDirectory::open(path)
        .with_context(|| format!("the data directory {}", path.display()))?;
    let has_catalog = place::is_there(&data).with_context(|| format!("{}", path.display()))?;
    anyhow::ensure!(
        has_catalog,
        "{} is no hub's data directory: it has no catalog",
        path.display()
    );
    Ok(data)
}

/// Refuses to work in this process on what belongs to another user.
fn refuse_anothers(data: &DataDirectory) -> anyhow::Result<()> {
    let refused = data.refuse_anothers();
    refused.with_context(|| format!("cannot work on {}", data.path().display()))
}

/// The configuration in a file, or without one the defaults, and what the environment says instead.
fn config(file: Option<&Path>) -> anyhow::Result<Config> {
    let mut config = match file {
        Some(file) => Config::read(file).context("the configuration cannot be used")?,
        None => Config::default(),
    };
    config.catalog.read_environment();
    config.check().context("the environment cannot be used")?;
    Ok(config)
}
