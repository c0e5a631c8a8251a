//! The command line: what can be typed, and which action it runs.

mod accounts;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::auth::{Expiry, Scope};

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
    /// Users. Works also while the hub runs.
    #[command(subcommand)]
    User(User),
    /// API tokens. Works also while the hub runs.
    #[command(subcommand)]
    Token(TokenCommand),
}

#[derive(Debug, Args)]
struct Data {
    /// The hub's data directory; made if it is not there.
    #[arg(long, value_name = "DIR", env = "FLISTHUB_DATA")]
    data: PathBuf,
}

#[derive(Debug, Args)]
struct Serve {
    #[command(flatten)]
    data: Data,
    /// Address and port to listen on. Port 0 takes a free one; the line `listening on http://…` on
    /// standard output says which.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5555", env = "FLISTHUB_LISTEN")]
    listen: SocketAddr,
    /// A TOML file; every key has a default.
    #[arg(long, value_name = "FILE", env = "FLISTHUB_CONFIG")]
    config: Option<PathBuf>,
    /// What to log, to standard error: a level (`info`) or a filter as `tracing` knows it.
    #[arg(long, value_name = "FILTER", default_value = "info", env = "FLISTHUB_LOG")]
    log: String,
    /// Log one JSON object a line.
    #[arg(long)]
    log_json: bool,
}

#[derive(Debug, Subcommand)]
enum User {
    /// Make a user, and the repository of the same name.
    Add {
        /// The user's name.
        name: String,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token. It is printed alone on the last line and cannot be shown again.
    Create {
        /// Whose token it is.
        #[arg(long, value_name = "NAME")]
        user: String,
        #[command(flatten)]
        data: Data,
        /// What it allows: read, write (includes read) or admin (any repository). Of several, the
        /// widest counts.
        #[arg(long, value_name = "SCOPE", num_args = 1.., value_delimiter = ',', default_value = "write")]
        scope: Vec<Scope>,
        /// How long it lives: `never`, or a number with s, m, h or d.
        #[arg(long, value_name = "LIFE", default_value = "never", allow_hyphen_values = true)]
        expires: Expiry,
    },
}

/// Runs what was typed.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::User(User::Add { name, data }) => accounts::add_user(&data, &name).await,
        Command::Token(TokenCommand::Create { user, data, scope, expires }) => {
            let scope = scope.into_iter().max().unwrap_or(Scope::Write);
            accounts::create_token(&data, &user, scope, expires).await
        }
    }
}
