//! `flisthub user`: users, in the catalog alone, so that it works while the hub runs. The first admin is made here,
//! and nowhere else.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use flisthub_storage::{Clock as _, SystemClock};

use super::accounts::{close, open};
use super::report::harmless;
use super::{Data, config};
use crate::actions::accounts;
use crate::auth::{Password, Visibility};
use crate::catalog::{AccountRow, Actor, Catalog};
use crate::name::RepositoryName;

/// The longest password that is read, in bytes: longer than any that is taken.
const LONGEST: u64 = 8_192;

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Make a user, and the repository of the same name, which the user owns.
    Add {
        /// The user's name.
        name: String,
        /// Let the user operate the hub, with a token of the scope admin.
        #[arg(long)]
        admin: bool,
        /// Who may read the repository: public, internal or private. As configured unless given.
        #[arg(long, value_name = "WHO")]
        visibility: Option<Visibility>,
        #[command(flatten)]
        data: Data,
    },
    /// List the users.
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Let a user operate the hub, with a token of the scope admin.
    Admin {
        #[command(flatten)]
        named: Named,
        /// Let it no longer.
        #[arg(long)]
        remove: bool,
    },
    /// Shut a user out: from now on, no token of theirs is taken.
    Disable(Named),
    /// Let a user in again.
    Enable(Named),
    /// Give a user a password, asked for at the terminal or read from standard input. Ends the user's logins.
    Password(Named),
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The user's name.
    name: String,
    #[command(flatten)]
    data: Data,
}

impl User {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { name, admin, visibility, data } => {
                add(&data, &name, admin, visibility).await
            }
            Self::List { data } => list(&data).await,
            Self::Admin { named, remove } => {
                let word = if remove { "no admin any more" } else { "an admin" };
                change(&named, word, async |catalog, by, now| {
                    catalog.set_admin(&named.name, !remove, by, now).await
                })
                .await
            }
            Self::Disable(named) => {
                change(&named, "disabled", async |catalog, by, now| {
                    catalog.set_disabled(&named.name, true, by, now).await
                })
                .await
            }
            Self::Enable(named) => {
                change(&named, "enabled", async |catalog, by, now| {
                    catalog.set_disabled(&named.name, false, by, now).await
                })
                .await
            }
            Self::Password(named) => password(&named).await,
        }
    }
}

async fn add(
    data: &Data,
    name: &str,
    admin: bool,
    visibility: Option<Visibility>,
) -> anyhow::Result<()> {
    // Looked at before the data directory is made: a refused name leaves nothing behind.
    RepositoryName::parse(name).with_context(|| format!("cannot add user {name:?}"))?;
    let configured = config(data.config.as_deref())?.access.default_visibility;
    let visibility = visibility.unwrap_or(configured);
    let catalog = open(data).await?;
    let now = SystemClock.now();
    let added = accounts::add_user_as(&catalog, name, admin, visibility, now).await;
    close(catalog, added).await.with_context(|| format!("cannot add user {name:?}"))?;
    writeln!(io::stdout(), "user {name} and repository {name} are made")?;
    Ok(())
}

async fn list(data: &Data) -> anyhow::Result<()> {
    let catalog = open(data).await?;
    let users = accounts::users(&catalog).await;
    let users = close(catalog, users).await?;
    let mut out = io::stdout().lock();
    for user in &users {
        writeln!(out, "{}", harmless(&line(user)))?;
    }
    Ok(())
}

/// A user in one line.
fn line(row: &AccountRow) -> String {
    let mut line = format!("{}  since {}", row.user.name, time(row.created));
    if row.user.admin {
        line.push_str("  admin");
    }
    if !row.has_password {
        line.push_str("  no password");
    }
    if let Some(at) = row.disabled {
        let _ = write!(line, "  disabled since {}", time(at));
    }
    line
}

/// Seconds since the Unix epoch as a date and time.
pub(super) fn time(seconds: u64) -> String {
    // The last second of the year 9999, which is as far as the format goes.
    let seconds = seconds.min(253_402_300_799);
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Changes a user and says what the user is now.
async fn change(
    named: &Named,
    word: &str,
    change: impl AsyncFnOnce(&Catalog, &Actor, u64) -> Result<bool, crate::catalog::CatalogError>,
) -> anyhow::Result<()> {
    let catalog = open(&named.data).await?;
    let done = change(&catalog, &Actor::operator(), SystemClock.now()).await;
    if !close(catalog, done).await? {
        bail!("there is no user {:?}; `flisthub user list` lists them", named.name);
    }
    writeln!(io::stdout(), "{} is {word}", named.name)?;
    Ok(())
}

async fn password(named: &Named) -> anyhow::Result<()> {
    let kept = ask()?.hash()?;
    change(named, "given the new password; earlier logins have ended", async |catalog, by, now| {
        catalog.set_password(&named.name, &kept, by, now).await
    })
    .await
}

/// Asks for a password: at the terminal twice and without showing it, else a line of standard input. It is never an
/// argument, which others on the machine could read.
fn ask() -> anyhow::Result<Password> {
    let text = if io::stdin().is_terminal() {
        let prompt = |text| rpassword::prompt_password(text).context("cannot ask for the password");
        let text = prompt("New password: ")?;
        if prompt("New password again: ")? != text {
            bail!("these are two different passwords; nothing was changed");
        }
        text
    } else {
        let mut line = String::new();
        let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
        read.context("cannot read the password from standard input")?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    Ok(Password::new(text)?)
}
