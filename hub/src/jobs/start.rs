//! Queueing a job, and why that may not be.

use super::{ConvertSpec, JobSpec, SpecError};
use crate::catalog::{Actor, CatalogError, JobRow, JobState, Lane, NewJob};
use crate::name::RepositoryName;
use crate::state::Hub;

/// Jobs of upkeep that may wait at a time. Bounds what a script that asks again and again can pile up.
const MOST_QUEUED: usize = 100;

/// Why a job was not queued.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It cannot be as asked for.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// Too many wait already.
    #[error("{MOST_QUEUED} jobs wait already; try again when some of them are done")]
    Full,
    /// As many conversions wait as the configuration allows.
    #[error("as many conversions wait as may; try again when some of them are done")]
    ConversionsFull,
    /// As many conversions of that user wait as the configuration allows.
    #[error("as many conversions of this user wait as may; try again when some of them are done")]
    UserFull,
    /// The same is to be done already.
    #[error("the same job waits already: {0}; it runs when those before it are done")]
    Waits(String),
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Queues a job that somebody asks for, unless the same one waits already.
pub async fn start(hub: &Hub, spec: &JobSpec, by: &Actor) -> Result<JobRow, StartError> {
    let arguments = arguments(spec)?;
    let _starting = hub.jobs.starting.lock().await;
    let queued = hub.catalog.jobs_in(JobState::Queued).await?;
    if let Some(same) = queued.iter().rfind(|row| row.arguments == arguments) {
        return Err(StartError::Waits(same.id.clone()));
    }
    queue(hub, spec, arguments, &queued, by).await
}

/// Queues a job of a user, unless the same job of the same user waits or runs already: then that one is
/// given, and `true`.
pub async fn start_shared(
    hub: &Hub,
    spec: &JobSpec,
    by: &Actor,
) -> Result<(JobRow, bool), StartError> {
    let arguments = arguments(spec)?;
    let _starting = hub.jobs.starting.lock().await;
    let queued = hub.catalog.jobs_in(JobState::Queued).await?;
    let running = hub.catalog.jobs_in(JobState::Running).await?;
    let same = |row: &&JobRow| {
        row.user_id == by.user_id
            && !row.cancel_asked
            && serde_json::from_str(&row.arguments).is_ok_and(|other| spec.is_same(&other))
    };
    // In this order: one that starts between the two questions is in both lists, and in none in the other.
    if let Some(same) = queued.iter().chain(&running).find(same) {
        return Ok((same.clone(), true));
    }
    Ok((queue(hub, spec, arguments, &queued, by).await?, false))
}

/// Refuses a user's conversion that would find its queue full, before its digest is looked up: unless it may
/// turn out to be the same as one that waits or runs.
pub async fn room_for_conversion(hub: &Hub, spec: &ConvertSpec) -> Result<(), StartError> {
    let queued = hub.catalog.jobs_in(JobState::Queued).await?;
    let room = check_room(hub, Lane::Conversions, &queued, Some(spec.user_id));
    if room.is_ok() {
        return room;
    }
    let running = hub.catalog.jobs_in(JobState::Running).await?;
    let may_be_same = |row: &JobRow| match serde_json::from_str(&row.arguments) {
        Ok(JobSpec::Convert(other)) => spec.may_be_same(&other),
        _ => false,
    };
    if queued.iter().chain(&running).any(may_be_same) { Ok(()) } else { room }
}

fn arguments(spec: &JobSpec) -> Result<String, SpecError> {
    spec.check()?;
    // Of all there is in a specification only a path can be what JSON cannot hold.
    serde_json::to_string(spec).map_err(|_| SpecError::NotUnicode)
}

/// Queues a job while `hub.jobs.starting` is held. `queued` are those that wait already.
async fn queue(
    hub: &Hub,
    spec: &JobSpec,
    arguments: String,
    queued: &[JobRow],
    by: &Actor,
) -> Result<JobRow, StartError> {
    check_room(hub, Lane::of(spec.kind()), queued, by.user_id)?;
    let (repository_id, detail) = if let JobSpec::Convert(spec) = spec {
        let name = format!("to {}/{}", spec.repository, spec.name);
        (repository_of(hub, spec).await?, Some(name))
    } else {
        (None, None)
    };
    let job = NewJob { kind: spec.kind(), arguments, by, detail, repository_id };
    let row = hub.catalog.insert_job(&job, hub.clock.now()).await?;
    tracing::info!(job = row.id, kind = row.kind, "job queued");
    hub.jobs.wake();
    hub.jobs.tell_change();
    Ok(row)
}

/// The number of the repository that a conversion is to publish into.
async fn repository_of(hub: &Hub, spec: &ConvertSpec) -> Result<Option<i64>, CatalogError> {
    let Ok(name) = RepositoryName::parse(&spec.repository) else { return Ok(None) };
    Ok(hub.catalog.repository(&name).await?.map(|row| row.id))
}

/// Refuses a job of a lane whose queue is full.
fn check_room(
    hub: &Hub,
    lane: Lane,
    queued: &[JobRow],
    user_id: Option<i64>,
) -> Result<(), StartError> {
    let waiting = || queued.iter().filter(|row| Lane::of(&row.kind) == lane);
    let images = &hub.config.images;
    match lane {
        Lane::Upkeep if waiting().count() >= MOST_QUEUED => Err(StartError::Full),
        Lane::Conversions if waiting().count() >= images.queued_conversions => {
            Err(StartError::ConversionsFull)
        }
        Lane::Conversions
            if waiting().filter(|row| row.user_id == user_id).count() >= images.queued_per_user =>
        {
            Err(StartError::UserFull)
        }
        // Of items the same job never waits twice, so only one ever does.
        Lane::Upkeep | Lane::Conversions | Lane::Items => Ok(()),
    }
}
