//! The row of a job as it is read, and the words for where a job stands.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row};

use super::error::CatalogError;
use super::rows::{inconsistent, number};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// It waits for its turn.
    Queued,
    /// It runs.
    Running,
    /// It did what was asked.
    Succeeded,
    /// It could not.
    Failed,
    /// It ended because somebody asked for that.
    Cancelled,
}

impl JobState {
    const ALL: [Self; 5] =
        [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled];

    /// The word in the catalog and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens to the job.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A row of `jobs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// 32 hex digits.
    pub id: String,
    /// 1 for the first job of all.
    pub sequence: u64,
    /// What sort of job, in a word.
    pub kind: String,
    /// Where it stands.
    pub state: JobState,
    /// What was asked for, as JSON.
    pub arguments: String,
    /// What came out, as JSON. Lists of jobs go without it: it may be long.
    pub result: Option<String>,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// Why it failed, in a stable word.
    pub error_code: Option<String>,
    /// What it does at the moment.
    pub phase: Option<String>,
    /// How much of that is done.
    pub done: u64,
    /// How much there is, where that is known.
    pub total: Option<u64>,
    /// How far its parts are, as JSON. Lists of jobs go without it, as without the result.
    pub parts: Option<String>,
    /// Whether somebody wants it to end.
    pub cancel_asked: bool,
    /// How often the hub died while it ran.
    pub attempts: u64,
    /// Whether a command runs it, or ran it last, and no hub.
    pub by_command: bool,
    /// Number of who asked for it; `None`: the operator.
    pub user_id: Option<i64>,
    /// Name of who asked for it.
    pub user: Option<String>,
    /// When it was asked for, in seconds since the Unix epoch, as the two below.
    pub created: u64,
    /// When it was last started.
    pub started: Option<u64>,
    /// When it ended.
    pub finished: Option<u64>,
}

/// The query for jobs, each a [`JobRow`]: `long` are the columns that may be long, `rest` says which jobs.
fn query(long: &str, rest: &str) -> String {
    format!(
        "select jobs.id, jobs.sequence, jobs.kind, jobs.state, jobs.arguments, {long}, jobs.error,
         jobs.error_code, jobs.phase, jobs.done, jobs.total, jobs.cancel_asked, jobs.attempts,
         jobs.by_command, jobs.user_id, users.name as user_name, jobs.created_at, jobs.started_at,
         jobs.finished_at
         from jobs left join users on users.id = jobs.user_id {rest}"
    )
}

/// The query for many jobs, without their results and parts.
pub(super) fn list(rest: &str) -> String {
    query("null as result, null as parts", rest)
}

impl FromRow<'_, AnyRow> for JobRow {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        let id: String = row.try_get("id")?;
        let impossible = |error: CatalogError| sqlx::Error::Decode(error.into());
        let count = |value: i64| number("jobs", &id, value).map_err(impossible);
        let perhaps = |value: Option<i64>| value.map(count).transpose();
        let state: String = row.try_get("state")?;
        Ok(Self {
            sequence: count(row.try_get("sequence")?)?,
            kind: row.try_get("kind")?,
            state: JobState::from_word(&state)
                .ok_or_else(|| impossible(inconsistent("jobs", &id)))?,
            arguments: row.try_get("arguments")?,
            result: row.try_get("result")?,
            error: row.try_get("error")?,
            error_code: row.try_get("error_code")?,
            phase: row.try_get("phase")?,
            done: count(row.try_get("done")?)?,
            total: perhaps(row.try_get("total")?)?,
            parts: row.try_get("parts")?,
            cancel_asked: row.try_get::<i16, _>("cancel_asked")? != 0,
            attempts: count(row.try_get("attempts")?)?,
            by_command: row.try_get::<i16, _>("by_command")? != 0,
            user_id: row.try_get("user_id")?,
            user: row.try_get("user_name")?,
            created: count(row.try_get("created_at")?)?,
            started: perhaps(row.try_get("started_at")?)?,
            finished: perhaps(row.try_get("finished_at")?)?,
            id,
        })
    }
}

/// Reads one job.
pub(super) async fn read(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<JobRow>, CatalogError> {
    let sql = query("jobs.result, jobs.parts", "where jobs.id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(connection).await?)
}
