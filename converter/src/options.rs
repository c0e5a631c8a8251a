//! What a caller may choose, and what it is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use flisthub_flist::{Counts, Manifest};
use flisthub_storage::{ChunkId, DEFAULT_LEVEL, Profile};

use crate::limits::Limits;

/// How far an ingest has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that were read: compressed ones of an archive, file content of a
    /// directory.
    pub bytes_in: u64,
    /// Entries found so far.
    pub entries: u64,
}

/// Called now and then, from several threads.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// Choices for one ingest.
#[derive(Clone)]
pub struct IngestOptions {
    /// What the input may ask for.
    pub limits: Limits,
    /// Free key-values for the manifest.
    pub values: BTreeMap<String, String>,
    /// The configuration of a container image for the manifest, as the image has it.
    pub image_config: Option<Vec<u8>>,
    /// How files are cut. The manifest names it, so that the same tree has another id under another
    /// profile.
    pub profile: Profile,
    /// zstd level of new chunks.
    pub level: i32,
    /// Threads that hash and compress. Each holds about 4 MiB.
    pub workers: usize,
    /// Threads that put batches into the store. More than one helps where each put waits for a
    /// network. Each holds up to 8 MiB.
    pub writers: usize,
    /// Keep attributes that belong to one machine: `security.selinux`, `security.ima`,
    /// `security.evm` and `trusted.overlay.*`.
    pub keep_machine_xattrs: bool,
    /// Told how far the ingest has come.
    pub progress: Option<OnProgress>,
    /// Set to true by anyone to stop the ingest.
    pub cancel: Option<Arc<AtomicBool>>,
}

impl Default for IngestOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            limits: Limits::default(),
            values: BTreeMap::new(),
            image_config: None,
            profile: Profile::default(),
            level: DEFAULT_LEVEL,
            workers: cores.clamp(2, 8),
            writers: 1,
            keep_machine_xattrs: false,
            progress: None,
            cancel: None,
        }
    }
}

/// A tree that is in the store, manifest and all. Nothing is durable before the caller's barrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    /// The manifest.
    pub manifest: Manifest,
    /// The manifest's id, which is the flist's.
    pub flist: ChunkId,
    /// How many entries of each sort there are.
    pub counts: Counts,
    /// What it took.
    pub report: IngestReport,
}

/// What an ingest took. The new counts are exact: what two parts of one ingest share counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IngestReport {
    /// Regular files of the tree.
    pub files: u64,
    /// Entries of the tree at any depth.
    pub entries: u64,
    /// Content bytes of its files, holes included.
    pub bytes: u64,
    /// Chunks that were read, each counted as often as it came.
    pub chunks: u64,
    /// Those of them that the store did not have.
    pub new_chunks: u64,
    /// Directory, list, links objects and manifests that the store did not have.
    pub new_objects: u64,
    /// Frame bytes written for all that was new.
    pub stored_bytes: u64,
}
