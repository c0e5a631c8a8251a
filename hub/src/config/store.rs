//! The chunk store's part of the configuration: `[store]`.

use flisthub_storage::Profile;
use serde::{Deserialize, Deserializer};

use super::{ConfigError, LONGEST};

/// The most memory for objects, a tebibyte: far below what can be asked of the system.
const MOST_MEMORY: u64 = 1 << 40;

/// The slowest that space may be given back: below it a large store would never be done.
const SLOWEST_RECLAIM: u64 = 1 << 20;

/// The chunk store.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// How the files of uploaded archives are cut, and how `hub-client push` is told to cut. Default:
    /// `standard`. Content that was cut otherwise before is stored again when it comes again; all that
    /// is stored stays readable.
    #[serde(deserialize_with = "profile")]
    pub profile: Profile,
    /// Files that the store keeps open. Default: 1,024; fewer where the system allows fewer. Stops the
    /// store from needing a descriptor when there is none.
    pub open_files: i32,
    /// zstd level of new frames, 1 to 19. Default: 1.
    pub compression_level: i32,
    /// Bytes of memory for the store's blocks, indexes and filters. Default: 64 MiB.
    pub block_cache_bytes: usize,
    /// Bytes of memory for objects that were read lately, decoded; 0 for none. Default: 32 MiB.
    pub chunk_cache_bytes: usize,
    /// Bytes of memory for what was read by path: directories as they decode, and small chunks; 0 for none.
    /// Default: 64 MiB.
    pub read_cache_bytes: usize,
    /// Bytes of memory for writes that are not in their final files. Default: 64 MiB.
    pub write_buffer_bytes: usize,
    /// Seconds for which a sweep spares what was put or asked for, unless the sweep is told otherwise,
    /// and for which a deleted name can be restored. Default: 86,400 (a day). Longer than any upload
    /// takes.
    pub grace_seconds: u64,
    /// Percent of garbage in the files of content, 1 to 100, from which a sweep copies what lives in
    /// them to give the rest back. Default: 25. Fewer give back more space and copy more.
    pub reclaim_garbage_percent: u64,
    /// Bytes a second that this copying writes at most, at least 1 MiB. Default: 64 MiB. Leaves the
    /// disk to uploads and downloads.
    pub reclaim_bytes_per_second: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            open_files: 1_024,
            profile: Profile::default(),
            compression_level: flisthub_storage::DEFAULT_LEVEL,
            block_cache_bytes: 64 << 20,
            chunk_cache_bytes: 32 << 20,
            read_cache_bytes: 64 << 20,
            write_buffer_bytes: 64 << 20,
            grace_seconds: flisthub_storage::DEFAULT_GRACE,
            reclaim_garbage_percent: 25,
            reclaim_bytes_per_second: 64 << 20,
        }
    }
}

impl Store {
    /// Refuses values with which the store would do nothing or fail later.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let fits = |holds, key, need: String| {
            if holds { Ok(()) } else { Err(ConfigError::Value { key, need }) }
        };
        fits(
            (32..=1_000_000).contains(&self.open_files),
            "store.open_files",
            "from 32 to 1000000".to_owned(),
        )?;
        fits(
            (1..=19).contains(&self.compression_level),
            "store.compression_level",
            "from 1 to 19".to_owned(),
        )?;
        fits(
            self.chunk_cache_bytes as u64 <= MOST_MEMORY,
            "store.chunk_cache_bytes",
            format!("at most {MOST_MEMORY}"),
        )?;
        fits(
            self.read_cache_bytes as u64 <= MOST_MEMORY,
            "store.read_cache_bytes",
            format!("at most {MOST_MEMORY}"),
        )?;
        fits(
            (1..=LONGEST).contains(&self.grace_seconds),
            "store.grace_seconds",
            format!("from 1 to {LONGEST}"),
        )?;
        fits(
            (1..=100).contains(&self.reclaim_garbage_percent),
            "store.reclaim_garbage_percent",
            "from 1 to 100".to_owned(),
        )?;
        fits(
            self.reclaim_bytes_per_second >= SLOWEST_RECLAIM,
            "store.reclaim_bytes_per_second",
            format!("at least {SLOWEST_RECLAIM}"),
        )
    }
}

fn profile<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Profile, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}
