//! Asking for the conversion of an image: who may, what is meant, and whether the same is under way
//! already. What the job then does is in `convert`.

use std::collections::HashSet;

use flisthub_converter::image::registry::{Credentials, RegistrySource};
use flisthub_converter::image::{Digest, ImageError, ParsePlatformError, Platform};
use flisthub_flist::wire::{Conversion, RegistryCredentials, default_name};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;

use super::error::{ActionError, Thing};
use super::resolve;
use crate::auth::{Caller, Right, allow_operate};
use crate::catalog::{JobRow, JobState};
use crate::jobs::{self, ConvertSpec, ImageFrom, JobSpec};
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
    if let Some(platform) = &asked.platform {
        given_platform(hub, Some(platform))?;
    }
    let credentials = asked.credentials.map(credentials).transpose()?;
    if source == ImageFrom::Registry {
        registry_source(hub, &asked.image, credentials.clone())?;
    }
    let name = FlistName::parse(&asked.name.unwrap_or_else(|| default_name(&asked.image)))?;
    if source != ImageFrom::Registry && credentials.is_some() {
        let message = "credentials are for registries; an engine needs none".to_owned();
        return Err(invalid("bad_credentials", message));
    }
    let digest = match source {
        ImageFrom::Registry => digest(hub, &asked.image, credentials.clone()).await?,
        ImageFrom::Docker | ImageFrom::Podman => None,
    };
    let no_random = || ActionError::internal("the system has no random numbers");
    let credentials = match credentials {
        Some(credentials) => Some(hub.images.vault.keep(credentials).ok_or_else(no_random)?),
        None => None,
    };
    let spec = ConvertSpec {
        user_id,
        repository: repository.name,
        name: name.as_str().to_owned(),
        image: asked.image,
        source,
        platform: asked.platform,
        digest,
        startup: asked.startup,
        credentials: credentials.clone(),
    };
    let started = jobs::start_shared(hub, &JobSpec::Convert(spec), user_id).await;
    if let Some(fingerprint) = &credentials {
        hub.images.vault.asked(fingerprint);
        forget(hub).await?;
    }
    Ok(started?)
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
            return Err(invalid("bad_source", message));
        }
    };
    allow_operate(caller)?;
    Ok(source)
}

fn credentials(asked: RegistryCredentials) -> Result<Credentials, ActionError> {
    let credentials = match asked {
        RegistryCredentials::Password { username, password } => {
            Credentials::Basic { username, password }
        }
        RegistryCredentials::Token { token } => Credentials::Token(token),
    };
    let empty = match &credentials {
        Credentials::Basic { username, .. } => username.is_empty() || username.contains(':'),
        Credentials::Token(token) => token.is_empty(),
    };
    if empty {
        let message = "a user name is not empty and has no colon; a token is not empty".to_owned();
        return Err(invalid("bad_credentials", message));
    }
    Ok(credentials)
}

/// The platform that was asked for, or the hub's own.
pub(super) fn given_platform(hub: &Hub, asked: Option<&str>) -> Result<Platform, ActionError> {
    match asked {
        None => Ok(hub.config.images.platform.clone()),
        Some(text) => text
            .parse()
            .map_err(|error: ParsePlatformError| invalid("bad_platform", error.to_string())),
    }
}

/// A place among the uploads that run.
pub(super) fn own_uploads(hub: &Hub) -> Result<OwnedSemaphorePermit, ActionError> {
    hub.uploads.clone().try_acquire_owned().map_err(|_| {
        ActionError::Busy("as many uploads are running as may; try again in a few seconds")
    })
}

/// The digest that the image's name stands for now, so that two names of one image are one job, and one
/// name that was moved is two. Where it cannot be learned, the job itself will find out why.
async fn digest(
    hub: &Hub,
    image: &str,
    credentials: Option<Credentials>,
) -> Result<Option<String>, ActionError> {
    let source = registry_source(hub, image, credentials)?;
    let resolve = move || source.resolve_digest().ok().map(|digest: Digest| digest.to_string());
    Ok(tokio::task::spawn_blocking(resolve).await?)
}

/// The image in its registry. With the operator's own credentials, if the configuration has some and the
/// request brought none.
pub(super) fn registry_source(
    hub: &Hub,
    image: &str,
    credentials: Option<Credentials>,
) -> Result<RegistrySource, ActionError> {
    let config = &hub.config.images;
    let registries = hub.images.registries(config).map_err(ActionError::internal)?;
    let bad = |error: ImageError| invalid("bad_reference", error.to_string());
    let make = |credentials| {
        RegistrySource::new(&registries, image, credentials, Handle::current()).map_err(bad)
    };
    match (credentials, &config.docker_config) {
        (None, Some(file)) => {
            let own = Credentials::from_docker_config(file, make(None)?.registry());
            make(own.map_err(ActionError::internal)?)
        }
        (credentials, _) => make(credentials),
    }
}

/// Forgets the credentials that no job needs any more.
pub(crate) async fn forget(hub: &Hub) -> Result<(), ActionError> {
    let mut needed = HashSet::new();
    // In this order: a job that starts between the two questions is in both answers.
    for state in [JobState::Queued, JobState::Running] {
        for row in hub.catalog.jobs_in(state).await? {
            if let Ok(JobSpec::Convert(spec)) = serde_json::from_str(&row.arguments) {
                needed.extend(spec.credentials);
            }
        }
    }
    hub.images.vault.retain(&needed);
    Ok(())
}

/// What came of a conversion that somebody waited for.
pub async fn outcome(hub: &Hub, job: JobRow) -> Result<serde_json::Value, ActionError> {
    let row = jobs::wait(hub, &job.id).await?;
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

fn invalid(code: &'static str, message: String) -> ActionError {
    ActionError::Invalid { code, message }
}
