//! The hub's configuration: a TOML file whose every key has a default. The data directory and the
//! address to listen on are flags of `flisthub serve`, not keys.

mod images;
mod public_url;
mod store;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use images::Images;
pub use store::Store;

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
    /// Bounds on what a caller can make the hub do.
    pub limits: Limits,
    /// The chunk store.
    pub store: Store,
    /// Upload sessions.
    pub sessions: SessionTimes,
    /// The conversion of images.
    pub images: Images,
}

/// Bounds on what a caller can make the hub do, each with the attack it stops.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one uploaded archive, as sent. Default: 64 GiB. Stops one caller from filling the disk
    /// in one request.
    pub upload_bytes: u64,
    /// Bytes of one uploaded `.flist` file. Default: 256 MiB, enough for some millions of files. Stops one
    /// caller from taking as much memory: what the file refers to is held while it is looked up.
    pub flist_file_bytes: u64,
    /// Bytes of one request that sends chunks. Default: 1 GiB. Stops a request that never ends; a
    /// client splits.
    pub chunks_request_bytes: u64,
    /// Bytes of any other request body. Default: 64 KiB. Stops large bodies where small ones are
    /// expected. (A question which ids are missing has its own fixed bound, 4 MiB.)
    pub body_bytes: usize,
    /// Bytes of a request's line and headers together. Default: 32 KiB. Stops memory being filled with
    /// headers.
    pub header_bytes: usize,
    /// Entries of one archive or tree. Default: 4,000,000. Stops a small archive of endless empty
    /// files, which costs memory for names.
    pub entries: u64,
    /// Bytes of all files of one archive, holes included. Default: 16 TiB. Stops a sparse header of a
    /// few bytes that claims exabytes.
    pub file_bytes: u64,
    /// Bytes of one archive once decompressed. Default: 4 TiB. Stops an endless stream.
    pub archive_bytes: u64,
    /// Decompressed bytes for each compressed byte. Default: 200. Stops decompression bombs.
    pub expansion: u64,
    /// Decompressed bytes up to which `expansion` is not looked at. Default: 1 GiB.
    pub expansion_floor_bytes: u64,
    /// Bytes of memory that decompressing one archive may take. Default: 128 MiB. Stops archives whose
    /// dictionary or window is as large as they like.
    pub decoder_memory_bytes: u64,
    /// Bytes of one path. Default: 4,096, which is also the most. Stops paths that no system could
    /// extract.
    pub path_bytes: usize,
    /// Names in one path. Default: 1,024, which is also the most. Stops trees so deep that walking them
    /// is costly.
    pub path_depth: usize,
    /// Archive uploads at a time. Default: 4. Stops memory and threads from growing with callers; one
    /// more is answered 503 and may try again.
    pub uploads: usize,
    /// Requests that send chunks at a time, and as many again that fetch chunks or flists. Default: 64.
    /// One more waits for half of `request_seconds`, then is answered 503. Two counts, because readers
    /// need no token: however slow they are, they hold up no push.
    pub transfers: usize,
    /// Flists that are checked at a time before they are published. Default: 4. The rest wait their
    /// turn. Stops the threads from being taken by large trees alone.
    pub publishes: usize,
    /// Connections at a time. Default: 1,024. The rest wait in the system's queue. Stops descriptors
    /// from running out.
    pub connections: usize,
    /// Seconds a request may take, apart from the transfers named above. Default: 60. Stops requests
    /// from piling up behind a slow one.
    pub request_seconds: u64,
    /// Seconds a caller may take to send its headers, to send the next part of a body, or to take the
    /// next part of an answer. Default: 60. Stops callers that hold a connection open and do nothing.
    pub idle_seconds: u64,
    /// Bytes a second that an archive or chunks must come in with, on average over the time that the
    /// hub waits for them. Default: 1,024; 0 for any. Stops callers that hold a place by sending a byte
    /// now and then.
    pub slowest_bytes_per_second: u64,
    /// Seconds of waiting after which `slowest_bytes_per_second` is looked at. Default: 60. Leaves room
    /// for a slow start.
    pub slow_start_seconds: u64,
    /// Seconds that running requests get to finish at shutdown. Default: 30.
    pub shutdown_seconds: u64,
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

impl Default for Limits {
    fn default() -> Self {
        let archive = flisthub_converter::Limits::default();
        Self {
            upload_bytes: 64 << 30,
            flist_file_bytes: 256 << 20,
            chunks_request_bytes: 1 << 30,
            body_bytes: 64 << 10,
            header_bytes: 32 << 10,
            entries: archive.entries,
            file_bytes: archive.file_bytes,
            archive_bytes: archive.archive_bytes,
            expansion: archive.expansion,
            expansion_floor_bytes: archive.expansion_floor,
            decoder_memory_bytes: archive.decoder_memory,
            path_bytes: archive.path_bytes,
            path_depth: archive.depth,
            uploads: 4,
            transfers: 64,
            publishes: 4,
            connections: 1_024,
            request_seconds: 60,
            idle_seconds: 60,
            slowest_bytes_per_second: 1_024,
            slow_start_seconds: 60,
            shutdown_seconds: 30,
        }
    }
}

impl Limits {
    /// What the converter is told.
    pub fn archive(&self) -> flisthub_converter::Limits {
        flisthub_converter::Limits {
            entries: self.entries,
            file_bytes: self.file_bytes,
            archive_bytes: self.archive_bytes,
            expansion: self.expansion,
            expansion_floor: self.expansion_floor_bytes,
            decoder_memory: self.decoder_memory_bytes,
            path_bytes: self.path_bytes,
            depth: self.path_depth,
            ..flisthub_converter::Limits::default()
        }
    }

    /// What a tree that is to be published is held to: the same as an archive.
    pub fn tree(&self) -> flisthub_flist::VerifyLimits {
        flisthub_flist::VerifyLimits {
            entries: self.entries,
            bytes: self.file_bytes,
            path_bytes: self.path_bytes,
            path_depth: self.path_depth,
            ..flisthub_flist::VerifyLimits::default()
        }
    }
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
        let limits = &self.limits;
        for (key, number, most) in [
            ("limits.uploads", limits.uploads as u64, MOST_AT_A_TIME),
            ("limits.transfers", limits.transfers as u64, MOST_AT_A_TIME),
            ("limits.publishes", limits.publishes as u64, MOST_AT_A_TIME),
            ("limits.connections", limits.connections as u64, MOST_AT_A_TIME),
            ("limits.entries", limits.entries, u64::MAX),
            ("limits.expansion", limits.expansion, u64::MAX),
            ("limits.path_bytes", limits.path_bytes as u64, 4_096),
            ("limits.path_depth", limits.path_depth as u64, 1_024),
            ("limits.request_seconds", limits.request_seconds, LONGEST),
            ("limits.idle_seconds", limits.idle_seconds, LONGEST),
            // With these two, none at all makes sense.
            ("limits.slow_start_seconds", limits.slow_start_seconds.max(1), LONGEST),
            ("limits.shutdown_seconds", limits.shutdown_seconds.max(1), LONGEST),
            ("sessions.life_seconds", self.sessions.life_seconds, LONGEST),
            ("sessions.sweep_seconds", self.sessions.sweep_seconds, LONGEST),
        ] {
            if number == 0 {
                return Err(ConfigError::Value { key, need: "at least 1".to_owned() });
            }
            if number > most {
                return Err(ConfigError::Value { key, need: format!("at most {most}") });
            }
        }
        if limits.header_bytes < 8 << 10 {
            return Err(ConfigError::Value {
                key: "limits.header_bytes",
                need: "at least 8192".to_owned(),
            });
        }
        self.images.check()?;
        self.store.check()
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
        assert_eq!(keys, 47, "a key is missing from the example, or not counted here");
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
