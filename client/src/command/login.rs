//! `hub-client login URL`, `logout` and `password`

use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use flisthub_client::{ClientError, HubClient, Patience};
use flisthub_flist::wire::Me;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::cli::Session;
use crate::config::{Config, Environment};
use crate::failure::usage;
use crate::output::Output;
use crate::secret::{ask, ask_twice};

/// Log in to a hub with a password, or with a token that you have, and remember the token.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The hub's address, http:// or https://.
    #[arg(value_name = "URL")]
    address: String,

    /// Your name at the hub: the password is read from standard input, or asked for. Without it, a token is.
    #[arg(long, short, value_name = "NAME")]
    user: Option<String>,
}

/// Forget the token that `login` stored, and revoke it if a password was given for it.
#[derive(Debug, Args)]
pub(crate) struct LogoutArguments {}

/// Give yourself another password. Ends all your logins; other tokens stay.
#[derive(Debug, Args)]
pub(crate) struct PasswordArguments {}

#[derive(Serialize)]
struct LoggedIn<'a> {
    url: &'a str,
    user: &'a str,
    repositories: &'a [String],
    expires: Option<u64>,
    config: &'a str,
}

#[derive(Serialize)]
struct LoggedOut<'a> {
    url: &'a str,
    revoked: bool,
}

#[derive(Serialize)]
struct Changed<'a> {
    password_changed: &'a str,
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
    let roots = environment.roots()?;
    // Tells of a bad address before anything is asked for.
    let stranger = HubClient::trusting(&arguments.address, None, Patience::default(), &roots)?;
    warn_if_open(&arguments.address, output);
    let token = match &arguments.user {
        None => ask("Token", "token")?.trim().to_owned(),
        Some(user) => {
            let password = ask("Password", "password")?;
            runtime.block_on(stranger.login(user, &password))?.token
        }
    };
    let hub = HubClient::trusting(&arguments.address, Some(&token), Patience::default(), &roots)?;
    let me = match (remember(&hub, token, &path, runtime), &arguments.user) {
        (Err(error), Some(_)) => return Err(give_back(&hub, runtime, error)),
        (remembered, _) => remembered?,
    };
    let url = hub.address();
    if environment.token.is_some() {
        output.warn("FLISTHUB_TOKEN is set and goes before the token that was just stored");
    }
    let path = path.display().to_string();
    let Me { user, repositories, expires, .. } = &me;
    let answer = LoggedIn { url, user, repositories, expires: *expires, config: &path };
    let text = format!("logged in to {url} as {user}; the token is in {path}");
    output.result(&answer, &text)
}

/// Asks the hub whose the token is, and stores it.
fn remember(hub: &HubClient, token: String, path: &Path, runtime: &Runtime) -> anyhow::Result<Me> {
    let me = runtime.block_on(hub.me())?;
    Config { url: hub.address().to_owned(), token }.save(path)?;
    Ok(me)
}

/// Revokes a token that was made for a password and that nobody has: it would live on. Gives the error on.
fn give_back(hub: &HubClient, runtime: &Runtime, error: anyhow::Error) -> anyhow::Error {
    match runtime.block_on(hub.logout()) {
        Ok(()) => error,
        Err(given) if is_worthless(&given) => error,
        Err(_) => error.context(
            "not logged in, and the token that the hub made may live on until it ends by itself; `hub-client \
             token list` shows it",
        ),
    }
}

/// Whether the hub does not take the token any more.
fn is_worthless(error: &ClientError) -> bool {
    matches!(error, ClientError::NotAllowed(refusal) if refusal.status == 401)
}

/// Forgets the stored token. What was made by `token create` or by the operator may be in use elsewhere, so only
/// what a password was given for is revoked.
pub(crate) fn logout(
    environment: &Environment,
    runtime: &Runtime,
    output: Output,
) -> anyhow::Result<()> {
    let path = environment.config_file();
    let stored = path.as_deref().map(|path| Config::load(path, output)).transpose()?.flatten();
    let (Some(path), Some(Config { url, token })) = (path, stored) else {
        return Err(usage("you are not logged in: there is no stored token"));
    };
    let hub = HubClient::trusting(&url, Some(&token), Patience::default(), &environment.roots()?)?;
    let (revoked, what) = match runtime.block_on(revoke_login(&hub)) {
        Ok(true) => (true, "and the token is revoked"),
        Ok(false) => (false, "the token itself stays as it is"),
        Err(error) if is_worthless(&error) => (false, "the hub did not take the token any more"),
        // Without the file nobody could revoke it later.
        Err(error) => {
            return Err(error).with_context(|| {
                let path = path.display();
                format!(
                    "it is not certain that the token is revoked, so it stays in {path}; try again, or \
                     remove that file"
                )
            });
        }
    };
    let gone = std::fs::remove_file(&path);
    gone.with_context(|| format!("cannot remove {}", path.display()))?;
    let text = format!("logged out of {url}; {what}");
    output.result(&LoggedOut { url: &url, revoked }, &text)
}

/// Revokes the client's token if it was made for a password. Says whether it was.
async fn revoke_login(hub: &HubClient) -> Result<bool, ClientError> {
    let login = hub.me().await?.credential == "login";
    if login {
        hub.logout().await?;
    }
    Ok(login)
}

pub(crate) fn password(_: &PasswordArguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let me = runtime.block_on(hub.me())?;
    let current = ask("Current password", "current password")?;
    let new = ask_twice("New password", "new password")?;
    runtime.block_on(hub.change_password(&current, &new))?;
    let text = format!("the password of {} is changed; log in again", me.user);
    output.result(&Changed { password_changed: &me.user }, &text)
}

/// Over plain HTTP anyone on the way can take the token.
fn warn_if_open(address: &str, output: Output) {
    let Some(rest) = address.strip_prefix("http://") else { return };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    if !(host == "localhost" || host.starts_with("127.") || rest.starts_with("[::1]")) {
        output
            .warn("what you type travels unencrypted over http://; use https:// if the hub has it");
    }
}
