//! Asking for the conversion of an image: who may, what is meant, and whether the same is under way
//! already. What the job then does is in `convert`.

use flisthub_converter::image::{ParsePlatformError, Platform};
use flisthub_flist::wire::{Conversion, default_name};

use super::error::{ActionError, Thing};
use super::publish::expect;
use super::{items, registries, resolve};
use crate::auth::{Caller, Right, allow_operate};
use crate::catalog::{Condition, JobRow, JobState};
use crate::error::Code;
use crate::jobs::{self, Asking, ConvertSpec, ImageFrom, JobSpec};
use crate::name::FlistName;
use crate::state::Hub;

/// Queues the conversion; gives its job, and whether that was there already: for the same caller, with the
/// same credentials, of the same image.
pub async fn start(
    hub: &Hub,
    caller: &Caller,
    asked: Conversion,
) -> Result<(JobRow, bool), ActionError> {
    let user_id = caller.user()?.id;
    let source = source(caller, asked.source.as_deref())?;
    let repository = match &asked.repository {
        Some(repository) => resolve::repository(hub, caller, Right::Write, repository).await?,
        None => resolve::own_repository(hub, caller).await?,
    };
    let name = asked.name.unwrap_or_else(|| default_name(&asked.image));
    let name = FlistName::parse(&name)?;
    expect(hub, &repository, &name, &Condition::NONE).await?;
    let platform = given_platform(hub, asked.platform.as_deref())?;
    if let Some(categories) = &asked.categories {
        items::settings::check(hub, categories)?;
    }
    let credentials = asked.credentials.map(registries::credentials).transpose()?;
    let registry = match source {
        ImageFrom::Registry => {
            Some(registries::opened(hub, &asked.image, credentials.clone()).await?)
        }
        ImageFrom::Docker | ImageFrom::Podman if credentials.is_some() => {
            let message = "credentials are for registries; an engine needs none".to_owned();
            return Err(invalid(Code::BAD_CREDENTIALS, message));
        }
        ImageFrom::Docker | ImageFrom::Podman => None,
    };
    let no_random = || ActionError::internal("the system has no random numbers");
    // Held until the job is there.
    let asking = credentials.map(|given| Asking::keep(hub, given).ok_or_else(no_random));
    let asking = asking.transpose()?;
    let mut spec = ConvertSpec {
        user_id,
        repository: repository.name,
        name: name.as_str().to_owned(),
        image: asked.image,
        source,
        platform: Some(platform.to_string()),
        digest: None,
        startup: asked.startup,
        categories: asked.categories,
        credentials: asking.as_ref().map(|asking| asking.fingerprint().to_owned()),
        admin: caller.is_admin(),
        only: caller.identity()?.only.clone(),
        member_of: caller.identity()?.member_of.clone(),
        token: caller.identity()?.token(),
    };
    jobs::room_for_conversion(hub, &spec).await?;
    if let Some(registry) = registry {
        spec.digest = registries::digest(hub, registry).await?;
    }
    Ok(jobs::start_shared(hub, &JobSpec::Convert(Box::new(spec)), &caller.actor()?).await?)
}

/// Where the image is. The engines of the hub's machine are the operator's.
fn source(caller: &Caller, source: Option<&str>) -> Result<ImageFrom, ActionError> {
    let source = match source {
        None | Some("registry") => return Ok(ImageFrom::Registry),
        Some("docker") => ImageFrom::Docker,
        Some("podman") => ImageFrom::Podman,
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            let message = format!("{other:?} is no source: registry, docker or podman");
            return Err(invalid(Code::BAD_SOURCE, message));
        }
    };
    allow_operate(caller)?;
    Ok(source)
}

/// The platform that was asked for, or the hub's own.
pub(super) fn given_platform(hub: &Hub, asked: Option<&str>) -> Result<Platform, ActionError> {
    match asked {
        None => Ok(hub.config.images.platform.clone()),
        Some(text) => text
            .parse()
            .map_err(|error: ParsePlatformError| invalid(Code::BAD_PLATFORM, error.to_string())),
    }
}

/// Queues the conversion and waits for what comes of it: the job's result. If the caller goes away, the job
/// goes on.
pub async fn run(
    hub: &Hub,
    caller: &Caller,
    asked: Conversion,
) -> Result<serde_json::Value, ActionError> {
    let waiting = hub.jobs.waiting(caller.user()?.id).ok_or(ActionError::Busy(
        "as many callers wait for conversions as may; POST /api/v1/conversions needs no waiting",
    ))?;
    let (row, _) = start(hub, caller, asked).await?;
    let ended = waiting.wait(hub, &row.id).await?;
    outcome(ended.ok_or(ActionError::Busy(
        "the hub stops; look at the conversion's job when it has started again",
    ))?)
}

/// What came of a conversion.
fn outcome(row: JobRow) -> Result<serde_json::Value, ActionError> {
    match row.state {
        JobState::Succeeded => Ok(row
            .result
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or(serde_json::Value::Null)),
        JobState::Cancelled => {
            Err(ActionError::Conflict("the conversion was cancelled".to_owned()))
        }
        JobState::Queued | JobState::Running | JobState::Failed => Err(ActionError::Conversion {
            code: row.error_code.unwrap_or_default(),
            message: row.error.unwrap_or_default(),
        }),
    }
}

/// The configuration of the image that a flist was made of, as the image has it.
pub async fn image_config(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    name: &str,
) -> Result<Vec<u8>, ActionError> {
    let row = resolve::flist(hub, caller, repository, name).await?;
    let (store, id) = (hub.store.clone(), row.flist.id);
    let load = move || flisthub_flist::Manifest::load(&*store, id);
    let manifest = tokio::task::spawn_blocking(load).await?.map_err(ActionError::of_load)?;
    let none = || ActionError::not_found(Thing::ImageConfig, format!("{repository}/{name}"));
    manifest.image_config.ok_or_else(none)
}

fn invalid(code: Code, message: String) -> ActionError {
    ActionError::Invalid { code, message }
}
