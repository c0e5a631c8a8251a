//! `hub-client login URL`

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use anyhow::Context as _;
use clap::Args;
use flisthub_client::{HubClient, Patience};
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::config::{Config, Environment};
use crate::failure::usage;
use crate::output::Output;

/// The longest token that is read, in bytes.
const MAX_TOKEN: u64 = 8192;

/// Check a token with a hub and remember both. The token is read from standard input, or asked for.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The hub's address, http:// or https://.
    #[arg(value_name = "URL")]
    address: String,
}

#[derive(Serialize)]
struct LoggedIn<'a> {
    url: &'a str,
    user: &'a str,
    repositories: &'a [String],
    config: &'a str,
}

pub(crate) fn run(
    arguments: &Arguments,
    environment: &Environment,
    runtime: &Runtime,
    output: Output,
) -> anyhow::Result<()> {
    let path = environment.config_file().ok_or_else(|| {
        usage("there is no place for the configuration: set HOME or XDG_CONFIG_HOME")
    })?;
    // Tells of a bad address before a token is asked for.
    HubClient::new(&arguments.address, None, Patience::default())?;
    warn_if_open(&arguments.address, output);
    let token = read_token()?;
    let hub = HubClient::new(&arguments.address, Some(&token), Patience::default())?;
    let me = runtime.block_on(hub.me())?;
    let url = hub.address();
    Config { url: url.to_owned(), token }.save(&path)?;
    if environment.token.is_some() {
        output.warn("FLISTHUB_TOKEN is set and goes before the token that was just stored");
    }
    let path = path.display().to_string();
    let answer = LoggedIn { url, user: &me.user, repositories: &me.repositories, config: &path };
    let text = format!("logged in to {url} as {}; the token is in {path}", me.user);
    output.result(&answer, &text)
}

fn read_token() -> anyhow::Result<String> {
    let line = if io::stdin().is_terminal() {
        rpassword::prompt_password("Token: ").context("cannot ask for the token")?
    } else {
        let mut line = String::new();
        let read = io::stdin().lock().take(MAX_TOKEN).read_line(&mut line);
        read.context("cannot read the token from standard input")?;
        line
    };
    match line.trim() {
        "" => Err(usage("no token: give it on standard input, one line")),
        token => Ok(token.to_owned()),
    }
}

/// Over plain HTTP anyone on the way can take the token.
fn warn_if_open(address: &str, output: Output) {
    let Some(rest) = address.strip_prefix("http://") else { return };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    if !(host == "localhost" || host.starts_with("127.") || rest.starts_with("[::1]")) {
        output.warn("the token travels unencrypted over http://; use https:// if the hub has it");
    }
}
