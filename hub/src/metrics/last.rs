//! When upkeep was done last and what came of it, from the jobs' rows.

use std::collections::BTreeMap;

use serde_json::Value;

use super::sheet::float;
use crate::catalog::{Catalog, CatalogError, JobRow};
use crate::jobs::JobSpec;

/// The kinds that this is about.
const KINDS: [&str; 3] = ["sweep", "scrub", "backup"];

/// The last job of a kind that did what was asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Last {
    id: String,
    /// When it ended, in seconds since the Unix epoch.
    pub(super) finished: f64,
    /// How many seconds it took.
    pub(super) seconds: f64,
    /// What came of it, as the job's result has it.
    result: Value,
}

/// The last jobs, by kind.
pub(super) type Lasts = BTreeMap<&'static str, Last>;

/// Brings up to date what is known. A result may be long, so it is read once.
pub(super) async fn refresh(catalog: &Catalog, known: Lasts) -> Result<Lasts, CatalogError> {
    let mut known = known;
    for kind in KINDS {
        let done = catalog.done_lately(kind).await?;
        let Some(newest) = done.into_iter().find(|done| changed_something(&done.arguments)) else {
            continue;
        };
        if known.get(kind).is_some_and(|last| last.id == newest.id) {
            continue;
        }
        if let Some(last) = catalog.job(&newest.id).await?.and_then(Last::of) {
            known.insert(kind, last);
        }
    }
    Ok(known)
}

/// Whether the job was not one that only tells what it would do.
fn changed_something(arguments: &str) -> bool {
    let spec = serde_json::from_str::<JobSpec>(arguments);
    !matches!(spec, Ok(JobSpec::Sweep { dry_run: true, .. }) | Err(_))
}

impl Last {
    fn of(row: JobRow) -> Option<Self> {
        let (started, finished) = (row.started?, row.finished?);
        let result = serde_json::from_str(&row.result?).ok()?;
        let seconds = float(finished.saturating_sub(started));
        Some(Self { id: row.id, finished: float(finished), seconds, result })
    }

    /// A number of the result.
    pub(super) fn number(&self, pointer: &str) -> f64 {
        self.result.pointer(pointer).and_then(Value::as_f64).unwrap_or(0.0)
    }

    /// How many a list of the result has.
    pub(super) fn length(&self, pointer: &str) -> f64 {
        let list = self.result.pointer(pointer).and_then(Value::as_array);
        float(list.map_or(0, Vec::len) as u64)
    }

    /// Whether the result says so.
    pub(super) fn says(&self, pointer: &str) -> bool {
        self.result.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
    }
}
