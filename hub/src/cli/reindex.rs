//! `flisthub reindex`: builds the membership index anew from the catalog, while no hub runs.

use std::io::Write as _;

use anyhow::bail;
use clap::Args;
use flisthub_storage::{Monitor, Progress};

use super::local;
use super::operate::Operator;
use crate::reindex::{self, Reindexed};

#[derive(Debug, Args)]
pub(super) struct Reindex {
    #[command(flatten)]
    operator: Operator,
}

impl Reindex {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        if self.operator.hub().await?.is_some() {
            bail!(
                "a hub runs on this data directory; stop it first, and start it again afterwards"
            );
        }
        let hub = self.operator.open().await?;
        let done = reindex::anew(&hub, OnStandardError).await;
        let closed = local::close(&hub).await;
        let Reindexed { flists, rows, broken } = done?;
        closed?;
        let mut out = std::io::stdout();
        if self.operator.json {
            let shown = serde_json::json!({ "flists": flists, "rows": rows, "broken": broken });
            writeln!(out, "{shown}")?;
        } else {
            writeln!(out, "{flists} flists are entered: {rows} rows, {broken} broken objects")?;
        }
        Ok(())
    }
}

/// Tells of it on standard error.
struct OnStandardError;

impl OnStandardError {
    fn say(line: &str) {
        // Nobody may be there to read it.
        drop(writeln!(std::io::stderr(), "{line}"));
    }
}

impl Monitor for OnStandardError {
    fn progress(&self, progress: Progress) {
        let Progress { done, total, .. } = progress;
        Self::say(&format!("{done} of {} flists", total.unwrap_or_default()));
    }

    fn note(&self, line: String) {
        Self::say(&line);
    }

    fn cancelled(&self) -> bool {
        false
    }
}
