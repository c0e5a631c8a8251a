//! Merging: flists that the caller may read become a new one under a name that the caller may write. The
//! new objects go into an upload session of the merge's own; then the flist is published like any other.

use flisthub_flist::wire::{MergeRequest, MergeRule, MergeSummary};
use flisthub_flist::{ImageConfig, MAX_SOURCES, MIN_SOURCES, MergeOptions, Merged, Rule};
use flisthub_storage::{ChunkId, InSession, PutReport};
use tokio::sync::OwnedSemaphorePermit;

use super::error::{ActionError, Thing};
use super::merge_report::{refused, summary};
use super::publish::{Publication, Published, publish};
use super::put_objects::PutObjects;
use super::resolve;
use super::sessions::{self, OwnSession};
use crate::auth::{Caller, Right};
use crate::catalog::Source;
use crate::error::Code;
use crate::name::{FlistName, NameError, RepositoryName};
use crate::state::Hub;

/// Sources by name, in the order given.
struct Sources {
    /// As `repository/name`.
    names: Vec<String>,
    flists: Vec<ChunkId>,
}

/// Merges `request.sources` and makes the target, a repository and a name, point at the result.
pub async fn merge(
    hub: &Hub,
    caller: &Caller,
    target: (&str, &str),
    request: &MergeRequest,
) -> Result<(Published, MergeSummary), ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, target.0).await?;
    let name = FlistName::parse(target.1)?;
    let names = source_names(&request.sources)?;
    let options = MergeOptions {
        rule: rule(request.rule),
        image_config: image_config(request.image_config.as_deref(), &names)?,
        max_entries: hub.config.limits.entries,
    };
    let sources = find(hub, caller, names).await?;
    let running = sessions::place(hub)?;
    let session = sessions::open(hub, caller, &repository.name).await?;
    let session = OwnSession::new(hub, &session);
    let (merged, put) = merge_trees(hub, running, &session, &sources, options).await?;
    let publication = Publication {
        detail: Some(detail(request.rule, &sources)),
        bases: sources.flists.clone(),
        ..Publication::new(caller, repository, name, Source::Merge, merged.flist)?
    };
    let published = publish(hub, publication).await?;
    Ok((published, summary(sources.names, request.rule, &merged.report, put)))
}

/// Checks the names of the sources; gives them in their one form.
fn source_names(sources: &[String]) -> Result<Vec<String>, ActionError> {
    let invalid = |message| ActionError::Invalid { code: Code::BAD_SOURCES, message };
    let count = sources.len();
    if !(MIN_SOURCES..=MAX_SOURCES).contains(&count) {
        let message = format!("a merge has {MIN_SOURCES} to {MAX_SOURCES} sources, not {count}");
        return Err(invalid(message));
    }
    let mut names: Vec<String> = Vec::with_capacity(count);
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
fn source_name(source: &str) -> Result<String, ActionError> {
    let invalid = |message| ActionError::Invalid { code: Code::BAD_SOURCE, message };
    let Some((repository, name)) = source.split_once('/') else {
        let shown: String = source.chars().filter(|char| !char.is_control()).take(128).collect();
        return Err(invalid(format!("the source `{shown}` is not a REPOSITORY/NAME")));
    };
    let name = RepositoryName::parse(repository)
        .and_then(|repository| Ok((repository, FlistName::parse(name)?)))
        .map_err(|error: NameError| invalid(format!("a source is no name: {error}")))?;
    Ok(format!("{}/{}", name.0, name.1))
}

fn rule(rule: MergeRule) -> Rule {
    match rule {
        MergeRule::FirstWins => Rule::FirstWins,
        MergeRule::LastWins => Rule::LastWins,
        MergeRule::Refuse => Rule::Refuse,
    }
}

fn image_config(asked: Option<&str>, names: &[String]) -> Result<ImageConfig, ActionError> {
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
async fn find(hub: &Hub, caller: &Caller, names: Vec<String>) -> Result<Sources, ActionError> {
    let mut flists = Vec::with_capacity(names.len());
    for full in &names {
        let (repository, name) = full.split_once('/').unwrap_or_default();
        let found = resolve::flist(hub, caller, repository, name).await;
        // Which of the sources it is must be told, whatever of it is not there.
        let row = found.map_err(|error| match error {
            ActionError::NotFound { .. } => ActionError::not_found(Thing::Flist, full),
            error => error,
        })?;
        flists.push(row.flist.id);
    }
    Ok(Sources { names, flists })
}

async fn merge_trees(
    hub: &Hub,
    running: OwnedSemaphorePermit,
    session: &OwnSession,
    sources: &Sources,
    options: MergeOptions,
) -> Result<(Merged, PutReport), ActionError> {
    let store = InSession::new(session.store(), session.id());
    let (flists, names) = (sources.flists.clone(), sources.names.clone());
    let level = hub.config.store.compression_level;
    let work = move || {
        // Kept to the end of the work, also if the caller goes away before.
        let _running = running;
        let mut new = PutObjects::new(&store, level)?;
        let merged =
            flisthub_flist::merge(&store, &flists, &options, &mut |object| new.take(object))
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
