//! Jobs as JSON: long tasks, how far they are, and their logs. What a job may be asked to do is the hub's.

use flisthub_storage::Part;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A long task and how far it is. Times are seconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobInfo {
    /// Its id, 32 hex digits.
    pub id: String,
    /// `sweep`, `scrub`, `backup`, `space`, `why` or `convert`.
    pub kind: String,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    pub state: String,
    /// What was asked for; its `kind` is the one above.
    pub arguments: Value,
    /// What came out, once it has succeeded. A page of jobs goes without.
    pub result: Option<Value>,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// Why it failed, in a stable word.
    #[serde(default)]
    pub error_code: Option<String>,
    /// What it does at the moment, in a word or two.
    pub phase: Option<String>,
    /// How much of the phase is done, in the phase's own unit.
    pub done: u64,
    /// How much there is; absent where nobody knows before the end.
    pub total: Option<u64>,
    /// How far its parts are, where it has some that go on side by side. A page of jobs goes without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<JobPart>,
    /// Whether somebody wants it to end.
    pub cancel_asked: bool,
    /// How often the hub died while it ran.
    pub attempts: u64,
    /// Who asked for it; absent for the operator at the machine.
    pub user: Option<String>,
    /// When it was asked for.
    pub created: u64,
    /// When it was last started.
    pub started: Option<u64>,
    /// When it ended.
    pub finished: Option<u64>,
}

/// How far one part of a job is, such as one layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobPart {
    /// What it is, for people.
    pub name: String,
    /// Bytes of it that were read.
    pub done: u64,
    /// Bytes it has; absent where nobody knows before the end.
    pub total: Option<u64>,
    /// Entries that were made of it.
    pub entries: u64,
    /// `waiting`, `running`, `reused` or `done`.
    pub state: String,
}

impl From<&Part> for JobPart {
    fn from(part: &Part) -> Self {
        Self {
            name: part.name.clone(),
            done: part.done,
            total: part.total,
            entries: part.entries,
            state: part.state.word().to_owned(),
        }
    }
}

/// A line of a job's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobLine {
    /// 1 for the first line.
    pub line: u64,
    /// When it was said, in seconds since the Unix epoch.
    pub at: u64,
    /// What was said.
    pub text: String,
}

/// A job and the end of its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobDetail {
    /// The job.
    #[serde(flatten)]
    pub job: JobInfo,
    /// The last lines of its log, oldest first.
    pub log: Vec<JobLine>,
}

/// A page of jobs, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<JobInfo>,
    /// What to ask for as `cursor` to get the next page; absent on the last one.
    pub next: Option<String>,
}
