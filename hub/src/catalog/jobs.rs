//! Jobs: queueing, claiming, listing and every change of state. When a job runs and what becomes of one
//! whose hub died is decided in `crate::jobs`; the row itself is in `job_row`, its log in `job_log`.

use sqlx::AnyConnection;

use super::Catalog;
use super::audit::{Actor, Noted, note};
use super::error::CatalogError;
use super::job_row::{JobRow, JobState, list, read};
use super::lane::Lane;
use super::rows::{column, inconsistent, random_hex};
use crate::error::cut;

/// Finished jobs of each lane whose rows are kept.
const KEPT: i64 = 1_000;

/// Those of them that may be one user's conversions.
const KEPT_OF_USER: i64 = 100;

/// Bytes that are kept of the reason of a failure.
const REASON_BYTES: usize = 4_096;

/// A job to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob<'a> {
    /// What sort of job, in a word.
    pub kind: &'a str,
    /// What is asked for, as JSON.
    pub arguments: String,
    /// Who asks.
    pub by: &'a Actor,
    /// What the audit log says of it beside its kind, for people: where a conversion is to publish.
    pub detail: Option<String>,
    /// The repository that it is to change.
    pub repository_id: Option<i64>,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEnd {
    /// It did what was asked; its result as JSON.
    Succeeded(String),
    /// It could not.
    Failed {
        /// Why, in a stable word.
        code: &'static str,
        /// Why, for people.
        message: String,
    },
    /// It ended because somebody asked for that.
    Cancelled,
}

/// Who takes a queued job to run it, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim<'a> {
    /// The hub: the oldest of a lane.
    Oldest(Lane),
    /// A command that does one job by itself: the one with this id.
    ByCommand(&'a str),
}

impl Catalog {
    /// Queues a job.
    pub async fn insert_job(&self, job: &NewJob<'_>, now: u64) -> Result<JobRow, CatalogError> {
        let id = random_hex()?;
        let mut transaction = self.write().await?;
        sqlx::query(
            "insert into jobs (id, sequence, kind, state, arguments, done, cancel_asked, attempts,
                               user_id, created_at)
             select $1, coalesce(max(sequence), 0) + 1, $2, $3, $4, 0, 0, 0, $5, $6 from jobs",
        )
        .bind(&id)
        .bind(job.kind)
        .bind(JobState::Queued.word())
        .bind(&job.arguments)
        .bind(job.by.user_id)
        .bind(column(now))
        .execute(&mut *transaction)
        .await?;
        let row = read(&mut transaction, &id).await?.ok_or_else(|| inconsistent("jobs", &id))?;
        let detail = match &job.detail {
            Some(detail) => format!("{} {detail}", job.kind),
            None => job.kind.to_owned(),
        };
        let noted = Noted {
            action: "job-start",
            repository_id: job.repository_id,
            subject: &format!("job {id}"),
            detail: Some(&detail),
        };
        note(&mut transaction, job.by, noted, now).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// A job.
    pub async fn job(&self, id: &str) -> Result<Option<JobRow>, CatalogError> {
        read(&mut *self.pool.acquire().await?, id).await
    }

    /// A page of jobs without their results, newest first, from before the one with the sequence number
    /// `before` (`None`: from the newest); only those of one user, if that one is named.
    pub async fn jobs(
        &self,
        user_id: Option<i64>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<JobRow>, CatalogError> {
        let sql = list(
            "where jobs.sequence < $1 and ($2 is null or jobs.user_id = $2)
             order by jobs.sequence desc limit $3",
        );
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(column(before.unwrap_or(u64::MAX)))
            .bind(user_id)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?)
    }

    /// Every job in a state without its result, oldest first.
    pub async fn jobs_in(&self, state: JobState) -> Result<Vec<JobRow>, CatalogError> {
        let sql = list("where jobs.state = $1 order by jobs.sequence");
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(state.word())
            .fetch_all(&self.pool)
            .await?)
    }

    /// Takes a queued job as running; `None` if there is no such one.
    pub async fn claim_job(
        &self,
        claim: Claim<'_>,
        now: u64,
    ) -> Result<Option<JobRow>, CatalogError> {
        let (condition, id) = match claim {
            Claim::Oldest(lane) => (lane.condition(), None),
            Claim::ByCommand(id) => ("id = $2", Some(id)),
        };
        let sql = format!(
            "select id from jobs where state = $1 and {condition} order by sequence limit 1"
        );
        let mut transaction = self.write().await?;
        let next: Option<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(JobState::Queued.word())
            .bind(id)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some((id,)) = next else { return Ok(None) };
        sqlx::query(
            "update jobs set state = $1, started_at = $2, phase = null, done = 0, total = null,
                             parts = null, by_command = $3
             where id = $4",
        )
        .bind(JobState::Running.word())
        .bind(column(now))
        .bind(i64::from(matches!(claim, Claim::ByCommand(_))))
        .bind(&id)
        .execute(&mut *transaction)
        .await?;
        let row = read(&mut transaction, &id).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Asks a job to end: a queued one ends at once, a running one when it hears of it, and nothing
    /// happens to one that has ended. Gives the job as it stood before.
    pub async fn ask_cancel(
        &self,
        id: &str,
        by: &Actor,
        now: u64,
    ) -> Result<Option<JobRow>, CatalogError> {
        let mut transaction = self.write().await?;
        let Some(row) = read(&mut transaction, id).await? else { return Ok(None) };
        if !row.state.is_end() && !row.cancel_asked {
            let subject = format!("job {id}");
            let (action, detail) = ("job-cancel", Some(row.kind.as_str()));
            let noted = Noted { action, repository_id: None, subject: &subject, detail };
            note(&mut transaction, by, noted, now).await?;
        }
        match row.state {
            JobState::Queued => end(&mut transaction, id, &JobEnd::Cancelled, now).await?,
            JobState::Running => {
                sqlx::query("update jobs set cancel_asked = 1 where id = $1")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            }
            JobState::Succeeded | JobState::Failed | JobState::Cancelled => {}
        }
        transaction.commit().await?;
        Ok(Some(row))
    }

    /// Puts a running job back into the queue. `died`: because its hub died, which is counted.
    pub async fn requeue_job(&self, id: &str, died: bool) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "update jobs set state = $1, attempts = attempts + $2, phase = null, done = 0,
                             total = null, parts = null
             where id = $3 and state = $4",
        )
        .bind(JobState::Queued.word())
        .bind(i64::from(died))
        .bind(id)
        .bind(JobState::Running.word())
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Ends a job, and forgets the oldest of very many that have ended.
    pub async fn finish_job(&self, id: &str, how: &JobEnd, now: u64) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        end(&mut transaction, id, how, now).await?;
        // For each lane by itself: what users ask for does not push out what a scrub has found.
        for lane in [Lane::Upkeep, Lane::Conversions, Lane::Items] {
            let ended = format!("finished_at is not null and {}", lane.condition());
            // And for each user: what one asks for does not push out what the others did.
            let of_user = match lane {
                Lane::Upkeep | Lane::Items => KEPT,
                Lane::Conversions => KEPT_OF_USER,
            };
            let sql = format!(
                "delete from jobs where {ended} and sequence not in
                     (select sequence from
                          (select sequence, row_number() over
                               (partition by user_id order by sequence desc) as place
                           from jobs where {ended}) as ranked
                      where place <= $1 order by sequence desc limit $2)"
            );
            let forget = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(of_user).bind(KEPT);
            forget.execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// What has ended stays as it ended.
async fn end(
    connection: &mut AnyConnection,
    id: &str,
    how: &JobEnd,
    now: u64,
) -> Result<(), CatalogError> {
    let (state, result, failed) = match how {
        JobEnd::Succeeded(result) => (JobState::Succeeded, Some(result.as_str()), None),
        JobEnd::Failed { code, message } => {
            (JobState::Failed, None, Some((*code, message.as_str())))
        }
        JobEnd::Cancelled => (JobState::Cancelled, None, None),
    };
    sqlx::query(
        "update jobs set state = $1, result = $2, error = $3, error_code = $4, finished_at = $5,
                         cancel_asked = case when $1 = 'cancelled' then 1 else cancel_asked end
         where id = $6 and finished_at is null",
    )
    .bind(state.word())
    .bind(result)
    .bind(failed.map(|(_, message)| cut(message, REASON_BYTES)))
    .bind(failed.map(|(code, _)| code))
    .bind(column(now))
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}
