//! `flisthub token`: tokens, in the catalog alone, so that it works while the hub runs.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use flisthub_storage::{Clock as _, SystemClock};

use super::Data;
use super::accounts::{close, open};
use super::report::harmless;
use super::users::time;
use crate::actions::accounts::{self, Wanted};
use crate::auth::{Expiry, Scope};
use crate::catalog::{Actor, Catalog, TokenRow};

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make a token. It is printed alone on the last line and cannot be shown again.
    Create {
        /// Whose token it is.
        #[arg(long, value_name = "NAME")]
        user: String,
        #[command(flatten)]
        data: Data,
        /// What it is for.
        #[arg(long, value_name = "TEXT", default_value = "")]
        label: String,
        /// What it allows: read, write (includes read) or admin (everything; for admins). Of several, the widest
        /// counts.
        #[arg(long, value_name = "SCOPE", num_args = 1.., value_delimiter = ',', default_value = "write")]
        scope: Vec<Scope>,
        /// A repository that it is limited to; may be given several times. Without it, it reaches as far as the user
        /// does.
        #[arg(long, value_name = "REPOSITORY")]
        repository: Vec<String>,
        /// How long it lives: `never`, or a number with s, m, h or d.
        #[arg(long, value_name = "LIFE", default_value = "never", allow_hyphen_values = true)]
        expires: Expiry,
    },
    /// List the tokens of a user, newest first, revoked ones too. None is shown itself.
    List {
        /// Whose.
        #[arg(long, value_name = "NAME")]
        user: String,
        #[command(flatten)]
        data: Data,
    },
    /// Revoke a token: from then on it is worth nothing.
    Revoke {
        /// The token's number, as `token list` shows it.
        id: i64,
        #[command(flatten)]
        data: Data,
    },
}

impl Token {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create { user, data, label, scope, repository, expires } => {
                let scope = scope.into_iter().max().unwrap_or(Scope::Write);
                let wanted = Wanted { label, scope, repositories: repository, expiry: expires };
                create(&data, &user, wanted).await
            }
            Self::List { user, data } => list(&data, &user).await,
            Self::Revoke { id, data } => revoke(&data, id).await,
        }
    }
}

async fn create(data: &Data, user: &str, wanted: Wanted) -> anyhow::Result<()> {
    let catalog = open(data).await?;
    let made = accounts::make_token(&catalog, user, wanted, SystemClock.now()).await;
    let made = close(catalog, made).await;
    let (token, id) = made.with_context(|| format!("cannot make a token for {user:?}"))?;
    // Beside the token, which scripts take from standard output.
    writeln!(io::stderr(), "token {id} of {user}")?;
    writeln!(io::stdout(), "{}", token.reveal())?;
    Ok(())
}

async fn list(data: &Data, user: &str) -> anyhow::Result<()> {
    let catalog = open(data).await?;
    let lines = lines(&catalog, user).await;
    let mut out = io::stdout().lock();
    for line in close(catalog, lines).await? {
        writeln!(out, "{}", harmless(&line))?;
    }
    Ok(())
}

async fn lines(catalog: &Catalog, user: &str) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for row in accounts::tokens(catalog, user).await? {
        lines.push(line(catalog, &row).await?);
    }
    Ok(lines)
}

/// A token in one line.
async fn line(catalog: &Catalog, row: &TokenRow) -> anyhow::Result<String> {
    let (kind, scope) = (row.kind.word(), row.scope.word());
    let mut line = format!("{:>19}  {kind:<5}  {scope:<5}  ", row.id);
    let _ = match (row.revoked, row.expires) {
        (Some(at), _) => write!(line, "revoked {}", time(at)),
        (None, Some(at)) => write!(line, "until {}", time(at)),
        (None, None) => write!(line, "for ever"),
    };
    if let Some(only) = &row.only {
        let mut names = Vec::with_capacity(only.len());
        for id in only {
            names.extend(catalog.repository_by_id(*id).await?.map(|found| found.name));
        }
        let _ = write!(line, "  only {}", names.join(", "));
    }
    let _ = write!(line, "  {}", row.label);
    Ok(line.trim_end().replace('\n', " "))
}

async fn revoke(data: &Data, id: i64) -> anyhow::Result<()> {
    let catalog = open(data).await?;
    let revoked = catalog.revoke_token(id, &Actor::operator(), SystemClock.now()).await;
    if !close(catalog, revoked).await? {
        bail!("there is no token {id}, or it was revoked before; `flisthub token list` lists them");
    }
    writeln!(io::stdout(), "token {id} is revoked")?;
    Ok(())
}
