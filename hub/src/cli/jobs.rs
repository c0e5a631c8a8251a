//! `flisthub jobs`: the newest jobs, and cancelling one. Without a hub this works on the catalog alone.

use std::fmt::Write as _;
use std::io::Write as _;

use clap::{Args, Subcommand};
use flisthub_flist::wire::JobInfo;

use super::operate::Operator;
use super::report::harmless;
use crate::control::ClientError;
use crate::control::protocol::{Ask, Tell};
use crate::jobs::{cancel_in, wire};

/// Jobs that are listed.
const LISTED: u32 = 50;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Jobs {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    operator: Option<Operator>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Ask a job to end.
    Cancel {
        /// The job's id.
        id: String,
        #[command(flatten)]
        operator: Operator,
    },
}

impl Jobs {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match (self.what, self.operator) {
            (Some(What::Cancel { id, operator }), _) => cancel(&operator, id).await,
            (None, Some(operator)) => list(&operator).await,
            (None, None) => anyhow::bail!("name the data directory with --data"),
        }
    }
}

async fn list(operator: &Operator) -> anyhow::Result<()> {
    let jobs = if let Some(client) = operator.hub().await? {
        match client.answer(&Ask::Jobs {}).await? {
            Tell::Jobs { jobs } => jobs,
            other => return Err(ClientError::NotUnderstood(format!("{other:?}")).into()),
        }
    } else {
        let catalog = operator.catalog().await?;
        let rows = catalog.jobs(None, None, LISTED).await;
        catalog.close().await;
        rows?.into_iter().map(wire::job).collect()
    };
    let mut out = std::io::stdout().lock();
    if operator.json {
        writeln!(out, "{}", serde_json::to_string(&jobs)?)?;
        return Ok(());
    }
    for job in &jobs {
        writeln!(out, "{}", harmless(&line(job)))?;
    }
    Ok(())
}

/// One job in one line.
fn line(job: &JobInfo) -> String {
    let mut line = format!("{}  {:9}  {}", job.id, job.state, job.kind);
    if let ("running", Some(phase)) = (job.state.as_str(), &job.phase) {
        let _ = write!(line, "  {phase} {}", job.done);
        if let Some(total) = job.total {
            let _ = write!(line, " of {total}");
        }
    }
    if let Some(error) = &job.error {
        let _ = write!(line, "  {error}");
    }
    line
}

async fn cancel(operator: &Operator, id: String) -> anyhow::Result<()> {
    if let Some(client) = operator.hub().await? {
        client.answer(&Ask::Cancel { id: Some(id) }).await?;
        return Ok(());
    }
    let catalog = operator.catalog().await?;
    let cancelled = cancel_in(&catalog, &id).await;
    catalog.close().await;
    Ok(cancelled?)
}
