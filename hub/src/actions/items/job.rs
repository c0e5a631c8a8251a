//! The job that composes items again of names that have not changed: the configuration is another, a repository is in
//! other collections, or checksums lack. Before, it reads the values of items that an older release wrote. The catalog
//! knows which names (`catalog::Pending`); the job takes them one by one, and the next one goes on where it was
//! interrupted.

use std::time::Duration;

use flisthub_storage::{Monitor, Progress};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::compose::Set;
use super::recompose::{Again, How, one};
use super::sums::Stop;
use super::walk::Walk;
use crate::actions::error::ActionError;
use crate::actions::publish::AT_ONCE;
use crate::catalog::{Actor, CatalogError, JobState, Pending};
use crate::error::chain;
use crate::jobs::{self, JobError, JobSpec, StartError};
use crate::name::FlistName;
use crate::state::Hub;

/// How often work that takes long is looked after.
const TICK: Duration = Duration::from_millis(200);

/// How often names are tried for which the catalog was too busy, and values of items.
const TRIES: usize = 3;

/// How long to wait before that.
const PAUSE: Duration = Duration::from_secs(5);

/// Names for which the catalog was too busy, after which the job ends.
const MOST_LEFT: usize = 100;

/// What became of a marked name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Became {
    /// Its item is written, or it has none.
    Composed,
    /// The same, and more of its checksums can be computed.
    Lacking,
    /// Its item cannot be composed, and stays as it was.
    GivenUp,
    /// The catalog was too busy; the name is still marked.
    Busy,
}

/// Has the items composed again soon that are marked. If no job can be queued, the next one does it, or the next start.
pub(crate) async fn soon(hub: &Hub) {
    match jobs::start(hub, &JobSpec::Items {}, &Actor::operator()).await {
        Ok(_) | Err(StartError::Waits(_)) => {}
        Err(error) => tracing::warn!(error = chain(&error), "items are composed again later"),
    }
}

/// Has all items composed again if what they depend on in the configuration is not what it was, and those that are
/// still marked. Called before the jobs of the last process are looked after: one of them that the end of that process
/// cut off is not helped by another, which would be as many times tried again as the hub dies of it.
pub(crate) async fn if_needed(hub: &Hub) -> Result<(), CatalogError> {
    hub.catalog.items_are_of(&hub.stac.hash(), false).await?;
    let kind = JobSpec::Items {}.kind();
    let cut_off = hub.catalog.jobs_in(JobState::Running).await?;
    let cut_off = cut_off.iter().any(|job| job.kind == kind);
    let catalog = &hub.catalog;
    let is_due =
        catalog.has_unread_items().await? || !catalog.pending_items(None, 1).await?.is_empty();
    if !cut_off && is_due {
        soon(hub).await;
    }
    Ok(())
}

/// Composes all items again. Called on a blocking thread.
pub(crate) fn all(hub: &Hub, monitor: &dyn Monitor) -> Result<Value, JobError> {
    Handle::current().block_on(hub.catalog.items_are_of(&hub.stac.hash(), true))?;
    work(hub, monitor)
}

/// The job: composes the items that are marked. Something that is wrong with one is no reason to leave out the others.
pub(crate) fn work(hub: &Hub, monitor: &dyn Monitor) -> Result<Value, JobError> {
    read(hub, monitor)?;
    let (mut names, mut failed) = (0_u64, 0_u64);
    for attempt in 1.. {
        let mut walk = Walk::default();
        while let Some(name) = Handle::current().block_on(walk.next(&hub.catalog))? {
            if monitor.cancelled() {
                return Err(JobError::Cancelled);
            }
            match again(hub, &name, monitor)? {
                Became::Composed => names += 1,
                Became::Lacking => walk.again(),
                Became::GivenUp => failed += 1,
                Became::Busy if walk.left() < MOST_LEFT => walk.leave(name),
                Became::Busy => return Err(busy(walk.left())),
            }
            monitor.progress(Progress { phase: "items", done: names + failed, total: None });
        }
        match walk.left() {
            0 => break,
            left if attempt >= TRIES => return Err(busy(left)),
            _ => pause(monitor)?,
        }
    }
    Ok(json!({ "names": names, "failed": failed }))
}

/// Reads what filters ask for of items that were written without it.
fn read(hub: &Hub, monitor: &dyn Monitor) -> Result<(), JobError> {
    let (mut after, mut attempt) = (0, 1);
    loop {
        match Handle::current().block_on(hub.catalog.read_items(after)) {
            Ok(Some(last)) => (after, attempt) = (last, 1),
            Ok(None) => return Ok(()),
            Err(error) if error.is_busy() && attempt < TRIES => {
                tracing::warn!(error = chain(&error), "values of items are read again later");
                attempt += 1;
                pause(monitor)?;
            }
            Err(error) => return Err(error.into()),
        }
        if monitor.cancelled() {
            return Err(JobError::Cancelled);
        }
    }
}

fn busy(names: usize) -> JobError {
    let message = format!("the catalog is too busy: {names} names or more stay for the next job");
    JobError::Failed { code: "busy", message }
}

/// Waits a little.
fn pause(monitor: &dyn Monitor) -> Result<(), JobError> {
    let mut left = PAUSE;
    while !left.is_zero() {
        if monitor.cancelled() {
            return Err(JobError::Cancelled);
        }
        std::thread::sleep(TICK.min(left));
        left = left.saturating_sub(TICK);
    }
    Ok(())
}

/// Composes one. What fails that is not the name's fault ends the job: the name stays marked.
fn again(hub: &Hub, pending: &Pending, monitor: &dyn Monitor) -> Result<Became, JobError> {
    let runtime = Handle::current();
    let composed = runtime.block_on(watched(hub, pending, monitor));
    if monitor.cancelled() {
        return Err(JobError::Cancelled);
    }
    let (repository, name) = (pending.repository_id, pending.name.as_str());
    match composed {
        Ok(Some(Again { written: true, lacking, .. })) => {
            return Ok(if lacking { Became::Lacking } else { Became::Composed });
        }
        // No flist, which is in no collection.
        Ok(None) => {
            runtime.block_on(hub.catalog.give_up_item(repository, name))?;
            return Ok(Became::Composed);
        }
        Ok(Some(Again { warnings, .. })) => {
            tracing::warn!(repository, name, ?warnings, "an item stays as it was");
        }
        Err(ActionError::Busy(why)) => {
            tracing::warn!(repository, name, why, "an item is composed again later");
            return Ok(Became::Busy);
        }
        Err(error @ (ActionError::Damaged(_) | ActionError::Invalid { .. })) => {
            tracing::warn!(repository, name, error = chain(&error), "an item stays as it was");
        }
        Err(error) => return Err(JobError::failed(&error)),
    }
    runtime.block_on(hub.catalog.give_up_item(repository, name))?;
    Ok(Became::GivenUp)
}

/// Composes one, and has it end early when the job is to end.
async fn watched(
    hub: &Hub,
    pending: &Pending,
    monitor: &dyn Monitor,
) -> Result<Option<Again>, ActionError> {
    let Some(repository) = hub.catalog.repository_by_id(pending.repository_id).await? else {
        return Ok(None);
    };
    let name = FlistName::parse(&pending.name)?;
    let (by, stop) = (Actor::operator(), Stop::default());
    // First all items as far as that is soon done, then what takes long.
    let sums = (!pending.sums).then_some(AT_ONCE);
    let how = How { set: &Set::Nothing, by: &by, seen: None, sums, stop: &stop };
    let mut composing = std::pin::pin!(one(hub, &repository, &name, how));
    loop {
        tokio::select! {
            composed = &mut composing => return composed,
            () = tokio::time::sleep(TICK), if !stop.is_said() => {
                if monitor.cancelled() {
                    stop.say();
                }
            }
        }
    }
}
