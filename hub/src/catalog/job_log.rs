//! What a running job tells: how far it and its parts are, and the lines of its log.

use sqlx::AnyConnection;

use super::Catalog;
use super::error::CatalogError;
use super::rows::{column, number};
use crate::error::cut;

/// Lines that are kept of one job's log. The last of them says that more were dropped.
pub const LOG_LINES: u64 = 10_000;

/// Bytes that are kept of one line.
const LINE_BYTES: usize = 4_096;

/// A line of a job's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// 1 for the job's first line.
    pub line: u64,
    /// When it was said, in seconds since the Unix epoch.
    pub at: u64,
    /// What was said.
    pub text: String,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobProgress {
    /// What it does, in a word or two.
    pub phase: &'static str,
    /// How much of that is done.
    pub done: u64,
    /// How much there is, where that is known.
    pub total: Option<u64>,
}

/// What is new of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobNews {
    /// Where it is now; `None`: no news.
    pub progress: Option<JobProgress>,
    /// How far its parts are now, as JSON; `None`: no news.
    pub parts: Option<String>,
    /// New lines of its log.
    pub lines: Vec<String>,
}

impl JobNews {
    /// One new line, and nothing else.
    pub fn line(line: String) -> Self {
        Self { lines: vec![line], ..Self::default() }
    }

    /// Whether nothing is new.
    pub fn is_empty(&self) -> bool {
        self.progress.is_none() && self.parts.is_none() && self.lines.is_empty()
    }
}

impl Catalog {
    /// Writes what is new of a running job. Says whether somebody wants the job to end.
    pub async fn record_job(
        &self,
        id: &str,
        news: &JobNews,
        now: u64,
    ) -> Result<bool, CatalogError> {
        if !news.is_empty() {
            let mut transaction = self.write().await?;
            if let Some(progress) = news.progress {
                sqlx::query("update jobs set phase = $1, done = $2, total = $3 where id = $4")
                    .bind(progress.phase)
                    .bind(column(progress.done))
                    .bind(progress.total.map(column))
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            }
            if let Some(parts) = &news.parts {
                sqlx::query("update jobs set parts = $1 where id = $2")
                    .bind(parts)
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            }
            append(&mut transaction, id, &news.lines, now).await?;
            transaction.commit().await?;
        }
        let row: Option<(i16,)> = sqlx::query_as("select cancel_asked from jobs where id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some_and(|(asked,)| asked != 0))
    }

    /// At most `limit` lines of a job's log from after the line `after`, oldest first.
    pub async fn job_log(
        &self,
        id: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogLine>, CatalogError> {
        let rows: Vec<(i64, i64, String)> = sqlx::query_as(
            "select line, logged_at, message from job_log
             where job_id = $1 and line > $2 order by line limit $3",
        )
        .bind(id)
        .bind(column(after))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let read = |(line, at, text)| {
            let count = |column| number("job_log", id, column);
            Ok(LogLine { line: count(line)?, at: count(at)?, text })
        };
        rows.into_iter().map(read).collect()
    }

    /// The number of the last line of a job's log; 0 where there is none.
    pub async fn job_log_end(&self, id: &str) -> Result<u64, CatalogError> {
        last(&mut *self.pool.acquire().await?, id).await
    }
}

async fn last(connection: &mut AnyConnection, id: &str) -> Result<u64, CatalogError> {
    let (last,): (i64,) =
        sqlx::query_as("select coalesce(max(line), 0) from job_log where job_id = $1")
            .bind(id)
            .fetch_one(connection)
            .await?;
    number("job_log", id, last)
}

async fn append(
    connection: &mut AnyConnection,
    id: &str,
    lines: &[String],
    now: u64,
) -> Result<(), CatalogError> {
    if lines.is_empty() {
        return Ok(());
    }
    let from = last(connection, id).await?;
    for (line, text) in (from + 1..=LOG_LINES).zip(lines) {
        let text =
            if line == LOG_LINES { "the log is full: what follows is not kept" } else { text };
        sqlx::query(
            "insert into job_log (job_id, line, logged_at, message) values ($1, $2, $3, $4)",
        )
        .bind(id)
        .bind(column(line))
        .bind(column(now))
        .bind(cut(text, LINE_BYTES))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
