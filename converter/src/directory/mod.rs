//! A local directory, into the pipeline: one thread walks, the workers read small files.
//!
//! Nothing outside the directory is met: every step is taken from a directory's handle, and symbolic
//! links are kept, never followed. A file that changes while it is read is refused, because what was
//! read of it never existed as a whole.

mod meta;
mod read;
mod walk;

use std::path::Path;

use flisthub_storage::ChunkStore;
use rustix::fs::{Mode, OFlags, open};

use crate::error::ConvertError;
use crate::options::{IngestOptions, Ingested};
use crate::pipeline;
pub(crate) use read::FileToRead;
use walk::Walker;

/// Puts the tree below `path`, its root's own metadata included, into `store`. Gives the same flist
/// as a tar archive that holds the tree whole.
///
/// As for an archive, the caller calls [`ChunkStore::flush`] before it tells anyone.
pub fn ingest_directory(
    path: &Path,
    store: &dyn ChunkStore,
    options: &IngestOptions,
) -> Result<Ingested, ConvertError> {
    // The path itself may lead through links: it is what the caller wrote.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = open(path, flags, Mode::empty()).map_err(|error| ConvertError::File {
        path: path.to_owned(),
        doing: "opening the directory",
        source: error.into(),
    })?;
    pipeline::ingest(store, options, |units, control| {
        Walker::new(path, root, options, control, units).run()
    })
}
