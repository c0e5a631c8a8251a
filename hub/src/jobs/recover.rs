//! Jobs that were running when their hub died. Called by the process that has the chunk store open, before
//! it runs any: so whoever ran them is gone.

use super::JobSpec;
use crate::catalog::{CatalogError, JobEnd, JobNews, JobRow, JobState};
use crate::state::Hub;

/// How often a hub may die while it runs one job: then the job may be what kills it.
const MOST_DEATHS: u64 = 3;

/// The word for a job that was cut off.
pub(crate) const INTERRUPTED: &str = "interrupted";

/// What becomes of a job.
enum Fate {
    /// It waits for its turn again.
    Queue,
    /// It has ended.
    End(JobEnd),
}

/// Puts jobs that were running back into the queue, or ends them with the reason.
pub async fn recover(hub: &Hub) -> Result<(), CatalogError> {
    let now = hub.clock.now();
    for row in hub.catalog.jobs_in(JobState::Running).await? {
        let who = if row.by_command { "command" } else { "hub" };
        let news = JobNews::line(format!("the {who} stopped while this job ran"));
        hub.catalog.record_job(&row.id, &news, now).await?;
        match fate(&row) {
            Fate::Queue => {
                tracing::warn!(job = row.id, kind = row.kind, "job was cut off; queued again");
                hub.catalog.requeue_job(&row.id, true).await?;
            }
            Fate::End(end) => {
                tracing::warn!(job = row.id, kind = row.kind, ?end, "job was cut off");
                hub.catalog.finish_job(&row.id, &end, now).await?;
            }
        }
    }
    hub.jobs.tell_change();
    Ok(())
}

fn fate(row: &JobRow) -> Fate {
    if row.cancel_asked {
        return Fate::End(JobEnd::Cancelled);
    }
    if row.by_command {
        let message = "the command that ran this job ended before the job did; run it again";
        return Fate::End(interrupted(message.to_owned()));
    }
    let spec = match serde_json::from_str::<JobSpec>(&row.arguments) {
        Ok(spec) => spec,
        Err(error) => return Fate::End(unknown(&error)),
    };
    if !spec.may_start_again() {
        return Fate::End(interrupted(spec.why_not_again().to_owned()));
    }
    let deaths = row.attempts.saturating_add(1);
    if deaths >= MOST_DEATHS {
        return Fate::End(interrupted(format!(
            "the hub stopped {deaths} times while this job ran, so it is not tried again by itself; \
             look at the hub's log for the cause, then run it again"
        )));
    }
    Fate::Queue
}

/// The end of a job that was cut off and is not done again by itself.
pub(super) fn interrupted(message: String) -> JobEnd {
    JobEnd::Failed { code: INTERRUPTED, message }
}

/// The end of a job that only another version of the hub knows.
pub(super) fn unknown(error: &serde_json::Error) -> JobEnd {
    let message = format!("this version of the hub does not know such a job: {error}");
    JobEnd::Failed { code: "unknown_job", message }
}
