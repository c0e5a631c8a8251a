//! `hub-client login URL`, `logout` and `password`

use anyhow::Context as _;
use clap::Args;
use flisthub_client::{HubClient, Patience};
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
    let me = runtime.block_on(hub.me())?;
    let url = hub.address();
    Config { url: url.to_owned(), token }.save(&path)?;
    if environment.token.is_some() {
        output.warn("FLISTHUB_TOKEN is set and goes before the token that was just stored");
    }
    let path = path.display().to_string();
    let Me { user, repositories, expires, .. } = &me;
    let answer = LoggedIn { url, user, repositories, expires: *expires, config: &path };
    let text = format!("logged in to {url} as {user}; the token is in {path}");
    output.result(&answer, &text)
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
    let revoked = runtime.block_on(async {
        let login = hub.me().await?.credential == "login";
        if login {
            hub.logout().await?;
        }
        Ok::<_, flisthub_client::ClientError>(login)
    });
    let gone = std::fs::remove_file(&path);
    gone.with_context(|| format!("cannot remove {}", path.display()))?;
    let revoked = match revoked {
        Ok(revoked) => revoked,
        // It is worth nothing already.
        Err(flisthub_client::ClientError::NotAllowed(_)) => false,
        Err(error) => {
            return Err(error).context(
                "the stored token is forgotten here, but the hub could not be asked to revoke it",
            );
        }
    };
    let what = if revoked { "and the token is revoked" } else { "the token itself stays as it is" };
    let text = format!("logged out of {url}; {what}");
    output.result(&LoggedOut { url: &url, revoked }, &text)
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
