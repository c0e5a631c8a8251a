//! What a caller proves to a registry who they are with, and where Docker keeps it.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use oci_spec::distribution::{ParseError, Reference};
use serde::Deserialize;

use crate::image::ImageError;

/// The most bytes of a `config.json` that are read.
const MAX_CONFIG: u64 = 1 << 20;

/// What goes to one registry, and to the token server that it names.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A user's name and password, or an access token in its place.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// An identity token, for which the registry's token server gives access (OAuth 2, `refresh_token`).
    Token(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basic { .. } => f.write_str("Basic(hidden)"),
            Self::Token(_) => f.write_str("Token(hidden)"),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(default)]
    auths: HashMap<String, Entry>,
    #[serde(default)]
    cred_helpers: HashMap<String, String>,
    #[serde(default)]
    creds_store: String,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    auth: String,
    #[serde(default)]
    identitytoken: String,
}

impl Credentials {
    /// What the Docker `config.json` at `path` holds for the registry `host[:port]`.
    pub fn from_docker_config(path: &Path, registry: &str) -> Result<Option<Self>, ImageError> {
        let failed = |source| {
            let (path, doing) = (path.to_owned(), "reading the credentials of registries");
            ImageError::File { path, doing, source }
        };
        let file = File::open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(MAX_CONFIG + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_CONFIG {
            return Err(bad(format!("it has more than {MAX_CONFIG} bytes")));
        }
        Self::from_docker_config_bytes(&bytes, registry)
    }

    /// What the Docker `config.json` at `path` holds for the registry of an image.
    pub fn of_image(path: &Path, image: &str) -> Result<Option<Self>, ImageError> {
        let reference: Reference = image.parse().map_err(|error: ParseError| {
            let (reference, reason) = (image.chars().take(200).collect(), error.to_string());
            ImageError::BadReference { reference, reason }
        })?;
        Self::from_docker_config(path, reference.registry())
    }

    /// What a Docker `config.json` holds for the registry `host[:port]`.
    ///
    /// Fails where the credentials are kept by a helper program, since none is run.
    pub fn from_docker_config_bytes(
        bytes: &[u8],
        registry: &str,
    ) -> Result<Option<Self>, ImageError> {
        // Where, but not what: a message could show a piece of a secret.
        let config: Config = serde_json::from_slice(bytes).map_err(|error| {
            bad(format!(
                "no Docker configuration (line {}, column {})",
                error.line(),
                error.column()
            ))
        })?;
        let registry = host(registry);
        let helper = |program: &str| {
            Err(bad(format!(
                "credentials for {registry} are kept by the helper program {program:?}, which is not \
                 run; put them into its `auths`, or give user name and password"
            )))
        };
        if let Some((_, program)) =
            config.cred_helpers.iter().find(|(key, _)| host(key) == registry)
        {
            return helper(program);
        }
        match config.auths.iter().find(|(key, _)| host(key) == registry) {
            None => Ok(None),
            Some((_, entry)) if !entry.identitytoken.is_empty() => {
                Ok(Some(Self::Token(entry.identitytoken.clone())))
            }
            Some((_, entry)) if !entry.auth.is_empty() => decode(&entry.auth, registry).map(Some),
            Some(_) if !config.creds_store.is_empty() => helper(&config.creds_store),
            Some(_) => Err(bad(format!("there is neither auth nor identitytoken for {registry}"))),
        }
    }
}

fn decode(auth: &str, registry: &str) -> Result<Credentials, ImageError> {
    let read = || {
        let bytes = STANDARD.decode(auth).or_else(|_| STANDARD_NO_PAD.decode(auth)).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (username, password) = text.split_once(':')?;
        // Docker ends it with zero bytes.
        let password = password.trim_end_matches('\0');
        Some(Credentials::Basic { username: username.to_owned(), password: password.to_owned() })
    };
    read().ok_or_else(|| bad(format!("auth of {registry} is no base64 of user:password")))
}

/// The registry that a key means: Docker writes `https://index.docker.io/v1/` for Docker Hub.
fn host(key: &str) -> &str {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let key = ["/v1", "/v2"]
        .iter()
        .fold(key.trim_end_matches('/'), |key, end| key.strip_suffix(end).unwrap_or(key));
    match key {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        key => key,
    }
}

fn bad(reason: String) -> ImageError {
    ImageError::Bad { what: "the Docker config.json", reason }
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
