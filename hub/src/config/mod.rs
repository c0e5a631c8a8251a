//! The hub's configuration: a TOML file whose every key has a default. The data directory and the
//! address to listen on are flags of `flisthub serve`, not keys.

mod access;
mod catalog;
mod cors;
mod images;
mod issuers;
mod limits;
mod metrics;
mod pattern;
mod proxies;
mod public_url;
mod stac;
mod store;
mod tls;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use access::{Access, Creators};
pub use catalog::Catalog;
pub use cors::Cors;
pub use images::Images;
pub use issuers::{Algorithm, Issuer, KeyFile, MostScope};
pub use limits::Limits;
pub use metrics::Metrics;
pub use pattern::{Pattern, PatternError};
pub use proxies::{Proxies, ProxyHeader};
pub use stac::Stac;
pub use store::Store;
pub use tls::Tls;

/// The most of anything that runs at a time: far below what the runtime can count.
const MOST_AT_A_TIME: u64 = 1_000_000;

/// The longest time, a year in seconds: far below what clocks can count.
const LONGEST: u64 = 365 * 86_400;

/// Everything that can be configured. `docs/flisthub.example.toml` shows it with its defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Repositories that listings mark as official. Default: none.
    pub official_repositories: Vec<String>,
    /// What absolute links to this hub begin with: `http` or `https`, a host, perhaps a port and a path.
    /// Never taken from a request. Default: none; links then begin with the address that `flisthub serve`
    /// listens on.
    pub public_url: Option<String>,
    /// Whether every change over HTTP is refused, as for a mirror. Reading goes on, and so does what the
    /// operator does: upkeep, users and tokens. Default: false.
    pub read_only: bool,
    /// Who may do what.
    pub access: Access,
    /// Ranges of addresses of proxies in front of the hub, which are believed for whom they ask
    /// (`proxy_header`) and under which id (`X-Request-Id`). Default: none. Stops others from calling
    /// under addresses that are not theirs.
    pub trusted_proxies: Proxies,
    /// The header in which they say for whom: `x-forwarded-for`, the default, or `forwarded`. The other is
    /// never read. Stops callers from saying it themselves in the one that the proxies pass on.
    pub proxy_header: ProxyHeader,
    /// Bounds on what a caller can make the hub do.
    pub limits: Limits,
    /// The catalog.
    pub catalog: Catalog,
    /// The chunk store.
    pub store: Store,
    /// Upload sessions.
    pub sessions: SessionTimes,
    /// The conversion of images.
    pub images: Images,
    /// Encrypted connections.
    pub tls: Tls,
    /// Pages of other sites.
    pub cors: Cors,
    /// What is told to whoever watches over the hub.
    pub metrics: Metrics,
    /// The STAC catalogue.
    pub stac: Stac,
    /// Who else may say who is calling. Default: nobody.
    pub issuers: Vec<Issuer>,
}

/// How long upload sessions live.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionTimes {
    /// Seconds from opening a session to its end. Default: 86,400 (a day). Long enough for a push over
    /// a slow line.
    pub life_seconds: u64,
    /// Seconds between two sweeps of ended sessions. Default: 3,600 (an hour).
    pub sweep_seconds: u64,
}

impl Default for SessionTimes {
    fn default() -> Self {
        Self { life_seconds: 86_400, sweep_seconds: 3_600 }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: cannot be read")]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not TOML, has a key that is not known, or a value of the wrong type.
    #[error("{file}: {source}")]
    Parse {
        /// The file.
        file: PathBuf,
        /// Where and what.
        source: Box<toml::de::Error>,
    },
    /// A value makes no sense.
    #[error("{key} must be {need}")]
    Value {
        /// The key.
        key: &'static str,
        /// What it must be.
        need: String,
    },
}

impl Config {
    /// Reads a file and checks it.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| ConfigError::Read { file: file.to_owned(), source })?;
        let config: Self = toml::from_str(&text).map_err(|source| ConfigError::Parse {
            file: file.to_owned(),
            source: source.into(),
        })?;
        config.check()?;
        Ok(config)
    }

    /// The configured public address, without a `/` at its end.
    pub fn public_url(&self) -> Option<&str> {
        self.public_url.as_deref().map(public_url::trimmed)
    }

    /// Refuses values with which the hub would do nothing or fail later.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.public_url.as_deref().map_or(Ok(()), public_url::check)?;
        for (key, number) in [
            ("access.login_seconds", self.access.login_seconds),
            ("sessions.life_seconds", self.sessions.life_seconds),
            ("sessions.sweep_seconds", self.sessions.sweep_seconds),
        ] {
            within(key, number, LONGEST)?;
        }
        self.limits.check()?;
        self.tls.check()?;
        self.cors.check()?;
        self.catalog.check()?;
        self.images.check()?;
        issuers::check(&self.issuers)?;
        self.store.check()
    }
}

/// A number from 1 to `most`.
fn within(key: &'static str, number: u64, most: u64) -> Result<(), ConfigError> {
    match number {
        0 => Err(ConfigError::Value { key, need: "at least 1".to_owned() }),
        number if number > most => Err(ConfigError::Value { key, need: format!("at most {most}") }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use flisthub_storage::Profile;

    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("hub.toml");
        std::fs::write(&file, text).unwrap();
        Config::read(&file)
    }

    #[test]
    fn the_example_shows_every_key_with_its_default() {
        let example = include_str!("../../../docs/flisthub.example.toml");
        assert_eq!(parse(example).unwrap(), Config::default());
        let keys = example.lines().filter(|line| line.contains(" = ")).count();
        assert_eq!(keys, 76, "a key is missing from the example, or not counted here");
        assert_eq!(parse("").unwrap(), Config::default());
    }

    #[test]
    fn unknown_keys_and_senseless_values_are_refused() {
        for (text, word) in [
            ("colour = 1", "colour"),
            ("public_url = \"hub.example.com\"", "public_url must be http"),
            ("read_only = \"yes\"", "read_only"),
            ("[limits]\nuplods = 1", "uplods"),
            ("[limits]\nuploads = -1", "uploads"),
            ("[limits]\nuploads = 0", "limits.uploads"),
            ("[limits]\nheader_bytes = 100", "limits.header_bytes"),
            ("[store]\nopen_files = 31", "store.open_files must be from 32"),
            ("trusted_proxies = [\"10.0.0.0/33\"]", "10.0.0.0/33"),
            ("[tls]\nkey = \"x\"", "tls.certificate and tls.key must be given both"),
            ("[tls]\nhandshakes = 0", "tls.handshakes"),
            ("[cors]\norigins = [\"a.example\"]", "cors.origins"),
            ("[limits]\nrequest_burst = 0", "limits.request_burst"),
            ("[store]\ncompression_level = 40", "store.compression_level"),
            ("[store]\ncompression_level = 0", "store.compression_level must be from 1 to 19"),
            ("[store]\ngrace_seconds = 0", "store.grace_seconds"),
            ("[store]\ngrace_seconds = 31_536_001", "store.grace_seconds"),
            (
                "[store]\nprofile = \"coarse\"",
                "there are standard (fastcdc-2020/64k-256k-1024k), fine",
            ),
            ("[store]\nchunk_cache_bytes = 1_099_511_627_777", "store.chunk_cache_bytes"),
            ("[store]\nread_cache_bytes = 1_099_511_627_777", "store.read_cache_bytes"),
            ("[store]\nreclaim_garbage_percent = 0", "store.reclaim_garbage_percent"),
            ("[store]\nreclaim_garbage_percent = 101", "from 1 to 100"),
            ("[store]\nreclaim_bytes_per_second = 1_048_575", "at least 1048576"),
            ("[limits]\nconnections = 9223372036854775807", "limits.connections"),
            ("[limits]\nuploads = 1_000_001", "at most 1000000"),
            ("[limits]\nidle_seconds = 9223372036854775807", "limits.idle_seconds"),
            ("[limits]\nshutdown_seconds = 9223372036854775807", "limits.shutdown_seconds"),
            ("[limits]\npath_bytes = 4_097", "limits.path_bytes"),
            ("[sessions]\nsweep_seconds = 9223372036854775807", "sessions.sweep_seconds"),
            ("[limits]\nshutdown_notice_seconds = 31_536_001", "limits.shutdown_notice_seconds"),
            ("[metrics]\nlisten = \"here\"", "listen"),
            ("[stac]\nconfig = \"a.yaml\"", "config"),
            ("[images]\nconversions = 0", "images.conversions must be from 1"),
            ("[images]\nqueued_conversions = 0", "images.queued_conversions"),
            ("[images]\nqueued_per_user = 1_000_001", "images.queued_per_user"),
            ("[images]\nlayers_at_a_time = 0", "images.layers_at_a_time"),
            ("[images]\nplatform = \"linux\"", "os/architecture"),
            ("[images]\nhosts = [\"http://x/y\"]", "images.hosts"),
            ("= 1", "hub.toml"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
        assert!(matches!(Config::read(Path::new("/no/such")), Err(ConfigError::Read { .. })));
    }

    #[test]
    fn a_profile_is_named_by_its_word_or_as_in_manifests() {
        for profile in Profile::ALL {
            for name in [profile.word(), profile.name()] {
                let config = parse(&format!("[store]\nprofile = {name:?}")).unwrap();
                assert_eq!(config.store.profile, profile);
            }
        }
    }
}
