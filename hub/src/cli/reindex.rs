//! `flisthub reindex`: builds the membership index anew from the catalog, and composes all items again, while no hub
//! runs.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use flisthub_storage::{Monitor, Progress};

use super::local;
use super::operate::Operator;
use crate::actions::items;
use crate::catalog::Kind;
use crate::reindex::{self, Reindexed};
use crate::state::Hub;

/// Between two lines about how far the items are.
const EVERY: Duration = Duration::from_secs(5);

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
        let done = anew(&hub).await;
        let closed = local::close(&hub).await;
        let (Reindexed { flists, rows, broken }, items) = done?;
        closed?;
        let mut out = std::io::stdout();
        if self.operator.json {
            let shown = serde_json::json!({ "flists": flists, "rows": rows, "broken": broken, "items": items });
            writeln!(out, "{shown}")?;
        } else {
            writeln!(out, "{flists} flists are entered: {rows} rows, {broken} broken objects")?;
            let number =
                |key| items.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
            let (names, failed) = (number("names"), number("failed"));
            writeln!(out, "the items of {names} names are composed, {failed} stay as they were")?;
        }
        Ok(())
    }
}

/// Builds the membership index, and then the items, which are made of what it lets be read.
async fn anew(hub: &Hub) -> anyhow::Result<(Reindexed, serde_json::Value)> {
    let done = reindex::anew(hub, OnStandardError).await?;
    let names = hub.catalog.sums().await?.names;
    let flists = names.iter().filter(|(kind, _)| *kind == Kind::Flist);
    let items = ItemsOnStandardError::new(flists.map(|(_, names)| names).sum());
    let hub = hub.clone();
    let items = tokio::task::spawn_blocking(move || items::all(&hub, &items)).await??;
    Ok((done, items))
}

fn say(line: &str) {
    // Nobody may be there to read it.
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// Tells of the index on standard error.
struct OnStandardError;

impl Monitor for OnStandardError {
    fn progress(&self, progress: Progress) {
        let Progress { done, total, .. } = progress;
        say(&format!("{done} of {} flists", total.unwrap_or_default()));
    }

    fn note(&self, line: String) {
        say(&line);
    }

    fn cancelled(&self) -> bool {
        false
    }
}

/// Tells of the items, now and then: it is told of each name.
struct ItemsOnStandardError {
    /// Names that are flists.
    names: u64,
    /// When a line was written.
    told: Mutex<Instant>,
}

impl ItemsOnStandardError {
    fn new(names: u64) -> Self {
        Self { names, told: Mutex::new(Instant::now()) }
    }

    /// The line to write about so many names, if it is time for one.
    fn line(&self, done: u64, now: Instant) -> Option<String> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(*told) < EVERY {
            return None;
        }
        *told = now;
        Some(format!("the items of {done} of {} names", self.names))
    }
}

impl Monitor for ItemsOnStandardError {
    fn progress(&self, progress: Progress) {
        if let Some(line) = self.line(progress.done, Instant::now()) {
            say(&line);
        }
    }

    fn note(&self, line: String) {
        say(&line);
    }

    fn cancelled(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_items_there_are_few_lines() {
        let items = ItemsOnStandardError::new(2_000);
        let begun = *items.told.lock().unwrap();
        let at = |done: u64| items.line(done, begun + Duration::from_millis(10 * done));
        let lines: Vec<String> = (1..=2_000).filter_map(at).collect();
        let told = [500, 1_000, 1_500, 2_000];
        assert_eq!(lines, told.map(|done| format!("the items of {done} of 2000 names")));
    }
}
