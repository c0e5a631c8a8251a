//! An image in its registry: with whose credentials it is asked for, and which digest its name stands for.
//! How registries are spoken to is in the converter.

use std::sync::Arc;
use std::time::Duration;

use flisthub_converter::image::registry::{Credentials, RegistrySource};
use flisthub_converter::image::{Digest, ImageError};
use flisthub_flist::wire::RegistryCredentials;
use tokio::runtime::Handle;

use super::error::ActionError;
use crate::error::{Code, chain};
use crate::state::Hub;

/// How long a place among those who look up digests is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Credentials as they came in a request.
pub(super) fn credentials(asked: RegistryCredentials) -> Result<Credentials, ActionError> {
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
        return Err(ActionError::Invalid { code: Code::BAD_CREDENTIALS, message });
    }
    Ok(credentials)
}

/// As [`registry_source`], off the threads that serve requests: a file may be read for it.
pub(super) async fn opened(
    hub: &Hub,
    image: &str,
    credentials: Option<Credentials>,
) -> Result<RegistrySource, ActionError> {
    let (hub, image) = (hub.clone(), image.to_owned());
    tokio::task::spawn_blocking(move || registry_source(&hub, &image, credentials)).await?
}

/// The image in its registry, to which nothing connects yet. With the operator's own credentials, if the
/// configuration has some and the request brought none. Blocks: call it on a blocking thread of the runtime.
pub(super) fn registry_source(
    hub: &Hub,
    image: &str,
    credentials: Option<Credentials>,
) -> Result<RegistrySource, ActionError> {
    let registries = hub.images.registries(&hub.config).map_err(ActionError::internal)?;
    let make = |credentials| {
        RegistrySource::new(&registries, image, credentials, Handle::current())
            .map_err(ActionError::of_image)
    };
    match (credentials, &hub.config.images.docker_config) {
        (None, Some(file)) => {
            let own = Credentials::from_docker_config(file, make(None)?.registry());
            make(own.map_err(unusable)?)
        }
        (credentials, _) => make(credentials),
    }
}

/// The operator's credentials cannot be read. Where they are is for the log alone.
fn unusable(error: ImageError) -> ActionError {
    tracing::error!(error = chain(&error), "images.docker_config cannot be used");
    let reason = match error {
        ImageError::Bad { reason, .. } => reason,
        ImageError::File { source, .. } => source.to_string(),
        _ => "the log says why".to_owned(),
    };
    ActionError::Conversion {
        code: Code::BAD_DOCKER_CONFIG.word().to_owned(),
        message: format!(
            "the hub's own credentials for registries (`images.docker_config`) cannot be used: {reason}; \
             tell the operator, or give credentials with the request"
        ),
    }
}

/// The digest that the image's name stands for now, so that two names of one image are one job, and one
/// name that was moved is two. `None` where it cannot be learned, which the job itself will find the reason
/// of, or where too many are being learned.
pub(super) async fn digest(
    hub: &Hub,
    source: RegistrySource,
) -> Result<Option<String>, ActionError> {
    let place = Arc::clone(&hub.images.lookups).acquire_owned();
    let Ok(Ok(place)) = tokio::time::timeout(PATIENCE, place).await else { return Ok(None) };
    let resolve = move || {
        // Kept to the end of the work, also if the caller goes away before.
        let _place = place;
        source.resolve_digest().ok().map(|digest: Digest| digest.to_string())
    };
    Ok(tokio::task::spawn_blocking(resolve).await?)
}
