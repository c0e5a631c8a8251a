//! `flisthub audit`: the log of changes, from the catalog alone, so that it works while the hub runs.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use clap::Args;

use super::Data;
use super::accounts::{close, open};
use super::report::harmless;
use super::users::time;
use crate::actions::accounts;
use crate::actions::{ActionError, Thing};
use crate::catalog::{AuditFilter, AuditRow, Catalog};
use crate::name::RepositoryName;

#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(flatten)]
    data: Data,
    /// Only what this user changed.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only what was changed in this repository.
    #[arg(long, value_name = "NAME")]
    repository: Option<String>,
    /// Only this action, such as `publish` or `token-create`.
    #[arg(long, value_name = "WORD")]
    action: Option<String>,
    /// How many changes to list, the newest first.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

impl Audit {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let catalog = open(&self.data).await?;
        let rows = self.rows(&catalog).await;
        let mut out = io::stdout().lock();
        for row in close(catalog, rows).await? {
            writeln!(out, "{}", harmless(&line(&row)))?;
        }
        Ok(())
    }

    async fn rows(&self, catalog: &Catalog) -> Result<Vec<AuditRow>, ActionError> {
        let user_id = match &self.user {
            Some(name) => Some(accounts::account(catalog, name).await?.user.id),
            None => None,
        };
        let repository_id = match &self.repository {
            Some(name) => {
                let found = catalog.repository(&RepositoryName::parse(name)?).await?;
                Some(found.ok_or_else(|| ActionError::not_found(Thing::Repository, name))?.id)
            }
            None => None,
        };
        let filter = AuditFilter { repository_id, user_id, action: self.action.clone() };
        Ok(catalog.audit(&filter, None, self.limit).await?)
    }
}

/// A change in one line.
fn line(row: &AuditRow) -> String {
    let by = &row.actor;
    let mut line = format!("{}  {} ({})", time(row.happened), by.name, by.credential);
    if let Some(address) = &by.address {
        let _ = write!(line, " from {address}");
    }
    let _ = write!(line, "  {} {}", row.action, row.subject);
    if let Some(detail) = &row.detail {
        let _ = write!(line, ": {detail}");
    }
    if let Some(request) = &by.request {
        let _ = write!(line, "  request {request}");
    }
    line.replace('\n', " ")
}
