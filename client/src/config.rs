//! Which hub to speak to and with which token: the environment, and the file that `login` writes.
//!
//! A token goes only to the hub it was given for: the stored one is not used with another address.
//! Nothing here derives `Debug`, so that no message can hold a token by accident.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};

use crate::failure::usage;
use crate::output::Output;

/// What the environment says.
#[derive(Default)]
pub(crate) struct Environment {
    /// `FLISTHUB_TOKEN`.
    pub(crate) token: Option<String>,
    /// `--ca-file`, or `FLISTHUB_CA_FILE`.
    pub(crate) ca_file: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, or `.config` in the home directory.
    pub(crate) config_home: Option<PathBuf>,
    /// `NO_COLOR` is set, or the terminal is a dumb one.
    pub(crate) no_colour: bool,
    /// Of images and where they come from.
    pub(crate) images: Images,
}

/// What the environment says of images.
#[derive(Default)]
pub(crate) struct Images {
    /// `FLISTHUB_REGISTRY_USERNAME`.
    pub(crate) registry_username: Option<String>,
    /// `FLISTHUB_REGISTRY_PASSWORD`.
    pub(crate) registry_password: Option<String>,
    /// Where Docker keeps what opens registries.
    pub(crate) docker_config: Option<PathBuf>,
    /// `DOCKER_HOST`: where Docker's own programs look for the engine.
    pub(crate) docker_host: Option<String>,
    /// `CONTAINER_HOST`: where Podman's look.
    pub(crate) podman_host: Option<String>,
    /// `XDG_RUNTIME_DIR`, where a user's own Podman listens.
    pub(crate) runtime: Option<PathBuf>,
}

impl Environment {
    /// What is in the file of certificates to trust; nothing without one.
    pub(crate) fn roots(&self) -> anyhow::Result<Vec<u8>> {
        let Some(file) = &self.ca_file else { return Ok(Vec::new()) };
        fs::read(file)
            .with_context(|| format!("cannot read the certificates to trust in {}", file.display()))
    }

    /// Where the configuration file is.
    pub(crate) fn config_file(&self) -> Option<PathBuf> {
        self.config_home.as_ref().map(|home| home.join("flisthub").join("client.toml"))
    }
}

/// The configuration file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The hub's address.
    pub(crate) url: String,
    /// The token for that hub.
    pub(crate) token: String,
}

impl Config {
    /// Reads the file; `None` if there is none.
    pub(crate) fn load(path: &Path, output: Output) -> anyhow::Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        if fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0) {
            let path = path.display();
            output.warn(&format!("{path}: others can read your token; chmod 600 it"));
        }
        // The parser's message quotes the line, which may be the token's.
        let config = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| {
                text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
            });
            anyhow!(
                "{}, line {line}: not a configuration that `hub-client login` writes; log in again",
                path.display()
            )
        })?;
        Ok(Some(config))
    }

    /// Writes the file, readable by its owner alone. A reader sees the old file or the new one.
    pub(crate) fn save(&self, path: &Path) -> anyhow::Result<()> {
        let directory = path.parent().unwrap_or(Path::new("."));
        let text = toml::to_string(self).context("the configuration cannot be written as TOML")?;
        let write = || -> io::Result<()> {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
            // Made with mode 0600; removed again if it is not put in place.
            let mut file = tempfile::NamedTempFile::new_in(directory)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The hub and the token that this call uses.
pub(crate) struct Settings {
    pub(crate) url: String,
    pub(crate) token: Option<String>,
}

impl Settings {
    /// Takes the address from the command line or `FLISTHUB_URL` and the token from
    /// `FLISTHUB_TOKEN`; what is missing comes from the configuration file.
    pub(crate) fn find(
        url: Option<String>,
        environment: Environment,
        output: Output,
    ) -> anyhow::Result<Self> {
        if let (Some(url), Some(token)) = (&url, &environment.token) {
            return Ok(Self { url: url.clone(), token: Some(token.clone()) });
        }
        let config = match environment.config_file() {
            Some(path) => Config::load(&path, output)?,
            None => None,
        };
        let Some(url) = url.or_else(|| config.as_ref().map(|config| config.url.clone())) else {
            return Err(usage(
                "no hub is known: run `hub-client login URL`, or set FLISTHUB_URL or --url",
            ));
        };
        let stored = config.filter(|config| same_hub(&config.url, &url)).map(|config| config.token);
        Ok(Self { token: environment.token.or(stored), url })
    }
}

fn same_hub(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(home: &Path, token: Option<&str>) -> Environment {
        Environment {
            token: token.map(str::to_owned),
            config_home: Some(home.to_owned()),
            ..Environment::default()
        }
    }

    fn logged_in() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        let config = Config { url: "http://hub.example".into(), token: "stored".into() };
        config.save(&environment(home.path(), None).config_file().unwrap()).unwrap();
        home
    }

    fn token(home: &Path, url: Option<&str>, token: Option<&str>) -> Option<String> {
        let url = url.map(str::to_owned);
        Settings::find(url, environment(home, token), Output::new(true)).unwrap().token
    }

    #[test]
    fn a_stored_token_goes_to_its_own_hub_alone() {
        let home = logged_in();
        assert_eq!(token(home.path(), None, None).as_deref(), Some("stored"));
        assert_eq!(
            token(home.path(), Some("http://hub.example/"), None).as_deref(),
            Some("stored")
        );
        assert_eq!(token(home.path(), Some("http://hub.example.evil"), None), None);
        assert_eq!(token(home.path(), None, Some("given")).as_deref(), Some("given"));
    }

    #[test]
    fn the_file_is_its_owners_alone_and_nothing_else_is_left() {
        let home = logged_in();
        let directory = home.path().join("flisthub");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&directory.join("client.toml")), 0o600);
        assert_eq!(mode(&directory), 0o700);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    }

    #[test]
    fn a_broken_file_is_named_and_its_content_is_not() {
        let home = logged_in();
        let path = environment(home.path(), None).config_file().unwrap();
        fs::write(&path, "url = \"http://x\"\ntoken = secret-token\n").unwrap();
        let error = Config::load(&path, Output::new(true)).err().unwrap().to_string();
        assert!(error.contains("client.toml, line 2") && !error.contains("secret"), "{error}");
    }
}
