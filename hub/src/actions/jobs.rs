//! Jobs over HTTP: starting, listing, looking at, following and cancelling them. What a job does and how it
//! is run is in `crate::jobs`; conversions are started elsewhere.

use super::error::{ActionError, Thing};
use crate::auth::{Caller, Denied, Right, allow_job, allow_operate, visible_jobs};
use crate::catalog::{JobRow, LogLine};
use crate::error::Code;
use crate::jobs::{self, CancelError, Follow, Followed, JobSpec, StartError};
use crate::name::RepositoryName;
use crate::state::Hub;

/// The list that its cursors are for.
const CURSORS: &str = "jobs";

/// Jobs on a page, unless asked for otherwise.
const PAGE: u32 = 50;

/// The most jobs on a page.
const MOST_PAGE: u32 = 500;

/// Lines of its log that come with a job.
const TAIL: u32 = 100;

/// A page of jobs, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The jobs.
    pub rows: Vec<JobRow>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// Whether the caller may queue jobs at all, looked at before what they send is.
pub fn may_start(caller: &Caller) -> Result<(), ActionError> {
    Ok(allow_operate(caller)?)
}

/// Queues a job.
pub async fn start(hub: &Hub, caller: &Caller, spec: &JobSpec) -> Result<JobRow, ActionError> {
    allow_operate(caller)?;
    if matches!(spec, JobSpec::Convert(_)) {
        let message = "conversions are asked for with POST /api/v1/conversions".to_owned();
        return Err(ActionError::Invalid { code: Code::BAD_JOB, message });
    }
    // A token must not be a way to make files anywhere on the hub's machine.
    if matches!(spec, JobSpec::Backup { .. }) {
        return Err(ActionError::Unprocessable {
            code: Code::ONLY_AT_THE_MACHINE,
            message:
                "a backup names a directory on the hub's machine, so it can only be asked for \
                      there: run `flisthub backup`"
                    .to_owned(),
        });
    }
    Ok(jobs::start(hub, spec, &caller.actor()?).await?)
}

/// A page of the jobs that the caller may look at.
pub async fn list(
    hub: &Hub,
    caller: &Caller,
    cursor: Option<&str>,
    limit: Option<u32>,
) -> Result<Page, ActionError> {
    let whose = visible_jobs(caller)?;
    let invalid = |message: String| ActionError::Invalid { code: Code::BAD_PAGE, message };
    let limit = limit.unwrap_or(PAGE);
    if !(1..=MOST_PAGE).contains(&limit) {
        return Err(invalid(format!("limit must be from 1 to {MOST_PAGE}")));
    }
    let unknown = || invalid("cursor must be what the page before gave as next".to_owned());
    let before = cursor.map(|cursor| hub.cursors.open(CURSORS, cursor).ok_or_else(unknown));
    let before = before.transpose()?;
    let rows = hub.catalog.jobs(whose, before, limit).await?;
    let full = rows.len() == limit as usize;
    let next = rows.last().filter(|last| full && last.sequence > 1);
    let next = next.map(|last| hub.cursors.seal(CURSORS, last.sequence));
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        if within(hub, caller, &row).await? {
            shown.push(row);
        }
    }
    Ok(Page { rows: shown, next })
}

/// A job and the end of its log.
pub async fn get(
    hub: &Hub,
    caller: &Caller,
    id: &str,
) -> Result<(JobRow, Vec<LogLine>), ActionError> {
    let row = one(hub, caller, Right::Read, id).await?;
    let end = hub.catalog.job_log_end(id).await?;
    let log = hub.catalog.job_log(id, end.saturating_sub(u64::from(TAIL)), TAIL).await?;
    Ok((row, log))
}

/// Follows a job; of its log, from after the line `after`.
pub async fn follow(
    hub: &Hub,
    caller: &Caller,
    id: &str,
    after: u64,
) -> Result<Followed, ActionError> {
    one(hub, caller, Right::Read, id).await?;
    let follow = Follow::after(hub, id, after);
    follow.within_bounds().ok_or(ActionError::Busy(
        "as many callers follow jobs as may; ask for the job itself now and then instead",
    ))
}

/// Asks a job to end.
pub async fn cancel(hub: &Hub, caller: &Caller, id: &str) -> Result<(), ActionError> {
    one(hub, caller, Right::Write, id).await?;
    Ok(jobs::cancel(hub, id, &caller.actor()?).await?)
}

/// A job, if the caller has that right to it. To others it is as if there were none.
async fn one(hub: &Hub, caller: &Caller, right: Right, id: &str) -> Result<JobRow, ActionError> {
    let unknown = || ActionError::not_found(Thing::Job, id);
    // Who is nobody in particular does not even hear which jobs there are not.
    visible_jobs(caller)?;
    let row = hub.catalog.job(id).await?.ok_or_else(unknown)?;
    match allow_job(caller, right, row.user_id) {
        Ok(()) if within(hub, caller, &row).await? => Ok(row),
        Ok(()) | Err(Denied::NotOwner) => Err(unknown()),
        Err(denied) => Err(denied.into()),
    }
}

/// Whether a job is within what the caller's token is limited to: it works for a repository that is.
async fn within(hub: &Hub, caller: &Caller, row: &JobRow) -> Result<bool, ActionError> {
    let Caller::User(identity) = caller else { return Ok(true) };
    let Some(only) = &identity.only else { return Ok(true) };
    let Ok(JobSpec::Convert(spec)) = serde_json::from_str(&row.arguments) else { return Ok(false) };
    let Ok(name) = RepositoryName::parse(&spec.repository) else { return Ok(false) };
    let repository = hub.catalog.repository(&name).await?;
    Ok(repository.is_some_and(|repository| only.contains(&repository.id)))
}

impl From<CancelError> for ActionError {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::Unknown(id) => Self::not_found(Thing::Job, id),
            CancelError::Ended { .. } => Self::Conflict(error.to_string()),
            CancelError::Catalog(error) => error.into(),
        }
    }
}

impl From<StartError> for ActionError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Spec(error) => {
                Self::Invalid { code: Code::BAD_JOB, message: error.to_string() }
            }
            StartError::Full | StartError::Waits(_) => Self::Conflict(error.to_string()),
            StartError::ConversionsFull => {
                Self::Busy("as many conversions wait as may; try again when some of them are done")
            }
            StartError::UserFull => Self::Busy(
                "as many of your conversions wait as may; try again when some of them are done, or \
                 cancel one",
            ),
            StartError::Catalog(error) => error.into(),
        }
    }
}
