//! Why a merge was not done.

use flisthub_storage::{ChunkId, StoreError};

use super::options::{MAX_SOURCES, MIN_SOURCES};
use super::report::MergeReport;
use crate::error::BuildError;
use crate::object::LoadError;

/// Why flists cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Too few sources, or too many.
    #[error("a merge has {MIN_SOURCES} to {MAX_SOURCES} sources, not {0}")]
    Sources(usize),
    /// The image configuration is to come from a source that there is not.
    #[error("there is no source {index} to take the image configuration from; there are {count}")]
    NoSuchSource {
        /// The place that was named, counted from 0.
        index: usize,
        /// How many sources there are.
        count: usize,
    },
    /// The manifest or the links of a source cannot be read.
    #[error("the manifest or the links of source {id} cannot be read")]
    Source {
        /// The source.
        id: ChunkId,
        /// Why not.
        #[source]
        error: Box<LoadError>,
    },
    /// A directory cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The rule is to refuse conflicts, and there are some. Nothing that was emitted is of use.
    #[error("{} paths are in conflict, the first is {}", .0.conflict_count, .0.conflicts.first().map(|first| first.path.to_string()).unwrap_or_default())]
    Conflicts(Box<MergeReport>),
    /// The sources differ in more than may be read.
    #[error("the directories that differ, or the hard links, have more than {0} entries")]
    TooManyEntries(u64),
    /// Free values and image configuration of the sources are more than a manifest holds.
    #[error("the manifest would be larger than 1 MiB: the sources have too many free values")]
    ManifestTooLarge,
    /// The tree cannot be made.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl MergeError {
    pub(super) fn of_source(id: ChunkId, error: LoadError) -> Self {
        Self::Source { id, error: error.into() }
    }
}

impl From<StoreError> for MergeError {
    fn from(error: StoreError) -> Self {
        Self::Build(error.into())
    }
}
