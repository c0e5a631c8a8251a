//! The catalog's part of the configuration: `[catalog]`.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use super::ConfigError;
use crate::catalog::Address;

/// The most connections: PostgreSQL itself takes 100 unless told otherwise.
const MOST_CONNECTIONS: u32 = 1_000;

/// The longest lease, a day.
const LONGEST_LEASE: u64 = 86_400;

/// The environment's word for `url`: it may hold a password, and what stands in the arguments of a program
/// every user of the machine can read.
const URL: &str = "FLISTHUB_CATALOG_URL";

/// The environment's word for `password_file`.
const PASSWORD_FILE: &str = "FLISTHUB_CATALOG_PASSWORD_FILE";

/// The catalog.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Catalog {
    /// The PostgreSQL database that holds the catalog, as `postgres://user@host:port/database?sslmode=verify-full`.
    /// `FLISTHUB_CATALOG_URL` in the environment comes before it. Default: none; the catalog is then the file
    /// `catalog.sqlite` in the data directory.
    pub url: Option<String>,
    /// A file that holds the password for `url`, and nothing else but perhaps a line end.
    /// `FLISTHUB_CATALOG_PASSWORD_FILE` in the environment comes before it. Default: none; then the address,
    /// `PGPASSWORD` or the file that `PGPASSFILE` names may have it. Keeps the password out of configuration
    /// files and environments that others see.
    pub password_file: Option<PathBuf>,
    /// Connections to the database of `url` at most. Default: 8. Stops one hub from taking all that the server
    /// has.
    pub connections: u32,
    /// Seconds for which a hub that does not answer any more keeps another one from the database of `url`.
    /// Default: 15. Stops two hubs from changing one catalog; the second one waits so long for a dead one.
    pub lease_seconds: u64,
}

impl Default for Catalog {
    fn default() -> Self {
        Self { url: None, password_file: None, connections: 8, lease_seconds: 15 }
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog")
            .field("url", &self.url.as_ref().map(|_| ".."))
            .field("password_file", &self.password_file)
            .field("connections", &self.connections)
            .field("lease_seconds", &self.lease_seconds)
            .finish()
    }
}

impl Catalog {
    /// Takes what the environment says instead.
    #[expect(
        clippy::disallowed_methods,
        reason = "an address with a password is no argument: others see a command line"
    )]
    pub(crate) fn read_environment(&mut self) {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        self.url = set(URL).or(self.url.take());
        self.password_file = set(PASSWORD_FILE).map(PathBuf::from).or(self.password_file.take());
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key, need: String| Err(ConfigError::Value { key, need });
        if let Some(Err(why)) = self.url.as_deref().map(Address::parse) {
            let need = "postgres://user@host/database, with what is special in it percent-encoded";
            return wrong("catalog.url", format!("{need}; it is {why}"));
        }
        if !(2..=MOST_CONNECTIONS).contains(&self.connections) {
            return wrong("catalog.connections", format!("from 2 to {MOST_CONNECTIONS}"));
        }
        if !(1..=LONGEST_LEASE).contains(&self.lease_seconds) {
            return wrong("catalog.lease_seconds", format!("from 1 to {LONGEST_LEASE}"));
        }
        Ok(())
    }
}
