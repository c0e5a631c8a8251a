//! Merging: flists that the caller may read become a new one under a name that the caller may write. The
//! new objects go into an upload session of the merge's own; then the flist is published like any other.

use flisthub_flist::wire::{MergeRequest, MergeRule, MergeSummary};
use flisthub_flist::{ImageConfig, MAX_SOURCES, MIN_SOURCES, MergeOptions, Merged, Rule};
use flisthub_storage::{ChunkId, PutReport, Reach, Visible};

use super::error::ActionError;
use super::merge_report::{refused, summary};
use super::publish::{self, Publication, Published};
use super::put_objects::PutObjects;
use super::running::Running;
use super::sessions::{self, OwnSession};
use super::{reach, resolve};
use crate::auth::{Caller, Right};
use crate::catalog::{Condition, FlistRow, Source, Target};
use crate::error::Code;
use crate::name::FlistName;
use crate::state::Hub;

/// Sources by name, in the order given.
struct Sources {
    /// As `repository/name`.
    names: Vec<String>,
    flists: Vec<ChunkId>,
    /// What the caller may use: what the target's repository and those of the sources hold.
    reach: Reach,
}

/// Merges `request.sources` and makes the target, a repository and a name, point at the result. A dry run
/// does the merge, and stores and changes nothing.
pub async fn merge(
    hub: &Hub,
    caller: &Caller,
    target: (&str, &str),
    request: &MergeRequest,
    condition: Condition,
) -> Result<(Published, MergeSummary), ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, target.0).await?;
    let name = FlistName::parse(target.1)?;
    let names = source_names(&request.sources)?;
    let options = MergeOptions {
        rule: rule(request.rule),
        image_config: image_config(request.image_config.as_deref(), &names)?,
        max_entries: hub.config.limits.entries,
    };
    publish::expect(hub, &repository, &name, &condition).await?;
    let sources = find(hub, caller, names, reach::of(hub, caller, &repository)).await?;
    let running = sessions::place(hub)?;
    let new = |merged: &Merged, reach: Reach| {
        let target = repository.clone();
        let new = Publication::new(hub, caller, target, name, Source::Merge, merged.flist);
        let (detail, bases) = (Some(detail(request.rule, &sources)), sources.flists.clone());
        Publication { detail, reach, bases, condition, ..new }
    };
    let (published, report, put) = if request.dry_run {
        let (merged, put) = merge_trees(hub, running, None, &sources, options).await?;
        let flist = would_be(hub, &merged)?;
        (
            publish::rehearse(hub, new(&merged, sources.reach.clone()), flist).await?,
            merged.report,
            put,
        )
    } else {
        let session = sessions::open(hub, caller, &repository.name).await?;
        let session = OwnSession::new(hub, &session);
        let (merged, put) = merge_trees(hub, running, Some(&session), &sources, options).await?;
        let publication = new(&merged, sources.reach.with_session(session.id()));
        (publish::publish(hub, publication).await?, merged.report, put)
    };
    Ok((published, summary(sources.names, request.rule, &report, put)))
}

/// The result of a merge that was not stored. Its totals are the only thing about it that a publish could
/// refuse.
fn would_be(hub: &Hub, merged: &Merged) -> Result<FlistRow, ActionError> {
    let (limits, totals) = (hub.config.limits.tree(), merged.manifest.totals);
    for (count, limit, what) in [
        (totals.entries, limits.entries, "entries"),
        (totals.bytes, limits.bytes, "bytes of files"),
    ] {
        if count > limit {
            return Err(ActionError::TooLarge(format!(
                "{}: more than {limit} {what}",
                merged.flist
            )));
        }
    }
    Ok(FlistRow { id: merged.flist, entries: totals.entries, bytes: totals.bytes })
}

/// Checks the names of the sources; gives them in their one form.
fn source_names(sources: &[String]) -> Result<Vec<Target>, ActionError> {
    let invalid = |message| ActionError::Invalid { code: Code::BAD_SOURCES, message };
    let count = sources.len();
    if !(MIN_SOURCES..=MAX_SOURCES).contains(&count) {
        let message = format!("a merge has {MIN_SOURCES} to {MAX_SOURCES} sources, not {count}");
        return Err(invalid(message));
    }
    let mut names: Vec<Target> = Vec::with_capacity(count);
    for source in sources {
        let name = source_name(source)?;
        if names.contains(&name) {
            return Err(invalid(format!("the source {name} is named twice")));
        }
        names.push(name);
    }
    Ok(names)
}

/// `repository/name`, also when `.flist` follows.
fn source_name(source: &str) -> Result<Target, ActionError> {
    resolve::parse_target(source, Code::BAD_SOURCE)
}

fn rule(rule: MergeRule) -> Rule {
    match rule {
        MergeRule::FirstWins => Rule::FirstWins,
        MergeRule::LastWins => Rule::LastWins,
        MergeRule::Refuse => Rule::Refuse,
    }
}

fn image_config(asked: Option<&str>, names: &[Target]) -> Result<ImageConfig, ActionError> {
    match asked {
        None => Ok(ImageConfig::First),
        Some("none") => Ok(ImageConfig::None),
        Some(asked) => {
            let name = source_name(asked)?;
            let place = names.iter().position(|known| *known == name);
            place.map(ImageConfig::Of).ok_or_else(|| ActionError::Invalid {
                code: Code::BAD_IMAGE_CONFIG,
                message: format!(
                    "`image_config` is {name}, which is none of the sources; name one of them, or `none`"
                ),
            })
        }
    }
}

/// What the sources point at now. The caller must be allowed to read each.
async fn find(
    hub: &Hub,
    caller: &Caller,
    names: Vec<Target>,
    reach: Reach,
) -> Result<Sources, ActionError> {
    let mut flists = Vec::with_capacity(names.len());
    for name in &names {
        let (source, holder) = resolve::held_source(hub, caller, name).await?;
        flists.push(source.flist.id);
        if let Some(holder) = holder {
            reach.look_in(holder);
        }
    }
    Ok(Sources { names: names.iter().map(ToString::to_string).collect(), flists, reach })
}

/// Merges the trees. New objects go into `session`; without one, nowhere.
async fn merge_trees(
    hub: &Hub,
    running: Running,
    session: Option<&OwnSession>,
    sources: &Sources,
    options: MergeOptions,
) -> Result<(Merged, PutReport), ActionError> {
    let (flists, names) = (sources.flists.clone(), sources.names.clone());
    let level = hub.config.store.compression_level;
    let store = hub.store.clone();
    let in_session = session.map(|session| session.view(&sources.reach));
    let visible = Visible::new(store.clone(), sources.reach.clone());
    let work = move || {
        // Kept to the end of the work, also if the caller goes away before.
        let _running = running;
        let mut new = match &in_session {
            Some(session) => PutObjects::new(session, level)?,
            None => PutObjects::nowhere(&visible, level)?,
        };
        let merged =
            flisthub_flist::merge(&*store, &flists, &options, &mut |object| new.take(object))
                .map_err(|error| refused(error, &names))?;
        Ok((merged, new.finish()?))
    };
    tokio::task::spawn_blocking(work).await?
}

/// Where the result comes from, for its name's history.
fn detail(rule: MergeRule, sources: &Sources) -> String {
    let named = sources.names.iter().zip(&sources.flists).map(|(name, id)| format!(" {name}@{id}"));
    format!("{}:{}", rule.word(), named.collect::<String>())
}
