//! A tree from a store, onto a local disk.
//!
//! The calling thread walks the tree and makes directories; writer threads fetch content in batches
//! and make everything else. Hard links follow once all files are there, then the directories'
//! own metadata, deepest first, because making things in a directory changes it.
//!
//! Nothing can be written outside the destination: every step is taken from a directory's handle by
//! one checked name, everything is made new (an existing name is an error), and no symbolic link is
//! followed.

mod file;
mod meta;
mod node;
mod plan;
mod summary;
mod writer;

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crossbeam_channel::bounded;
use flisthub_flist::{Counts, Manifest, TreePath};
use flisthub_storage::{ChunkId, ChunkStore};
use rustix::fs::{CWD, Dir, Mode, OFlags, fremovexattr, linkat, mkdirat, open};
use rustix::io::Errno;

use crate::beneath::Handles;
use crate::error::ExtractError;
use crate::options::OnProgress;
use meta::apply_to_open;
use plan::{Plan, Planned};
pub use summary::{NotRestored, Skipped, Summary};
use writer::Shared;

/// Choices for one extraction.
#[derive(Clone)]
pub struct ExtractOptions {
    /// Write into a directory that holds something already. What is there stays; a name that the tree
    /// has too is an error.
    pub into_existing: bool,
    /// Threads that fetch and write. Each holds up to about 12 MiB.
    pub writers: usize,
    /// Told how many content bytes and entries have been written.
    pub progress: Option<OnProgress>,
    /// Set to true by anyone to stop.
    pub cancel: Option<Arc<AtomicBool>>,
}

impl Default for ExtractOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self { into_existing: false, writers: cores.clamp(2, 8), progress: None, cancel: None }
    }
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtractReport {
    /// How many entries of each sort the tree has.
    pub counts: Counts,
    /// Content bytes of the files, holes included.
    pub bytes: u64,
    /// What only root may do, and was left out.
    pub needs_root: Summary,
    /// What the file system cannot keep, and was left out.
    pub unsupported: Summary,
}

/// Writes the flist's tree to `destination`, which must be absent or an empty directory unless
/// `options` say otherwise. Its parent must exist. Restores content with its holes, owners, modes,
/// times, extended attributes, hard links, devices, pipes and sockets; what needs rights that the
/// caller has not is left out and counted.
pub fn extract(
    store: &dyn ChunkStore,
    flist: ChunkId,
    destination: &Path,
    options: &ExtractOptions,
) -> Result<ExtractReport, ExtractError> {
    let manifest = Manifest::load(store, flist)?;
    let root = prepare(destination, options)?;
    let shared = Shared::new(store, destination, options);
    let mut handles = Handles::new(root);
    let planned = std::thread::scope(|scope| {
        let (sender, receiver) = bounded(options.writers.max(1));
        for _ in 0..options.writers.max(1) {
            let (receiver, shared) = (receiver.clone(), &shared);
            scope.spawn(move || shared.keep(writer::run(shared, &receiver)));
        }
        drop(receiver);
        let mut plan = Plan::new(&shared, &mut handles, sender);
        let planned = shared.keep(plan.run(&manifest));
        drop(plan);
        planned
    });
    let planned = shared.finish(planned)?;
    link(&shared, &mut handles, &planned.links)?;
    finish_directories(&shared, &mut handles, &planned)?;
    let (needs_root, unsupported) = shared.summaries();
    Ok(ExtractReport { counts: planned.counts, bytes: planned.bytes, needs_root, unsupported })
}

/// Makes or checks the destination; gives its handle.
fn prepare(destination: &Path, options: &ExtractOptions) -> Result<OwnedFd, ExtractError> {
    let error = |doing, error: Errno| ExtractError::File {
        path: destination.to_owned(),
        doing,
        source: error.into(),
    };
    match mkdirat(CWD, destination, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(problem) => return Err(error("making the directory", problem)),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = match open(destination, flags, Mode::empty()) {
        Ok(root) => root,
        Err(Errno::NOTDIR) => return Err(ExtractError::NotEmpty(destination.to_owned())),
        Err(problem) => return Err(error("opening the directory", problem)),
    };
    let names = Dir::read_from(&root).map_err(|problem| error("reading the directory", problem))?;
    for entry in names {
        let entry = entry.map_err(|problem| error("reading the directory", problem))?;
        if !options.into_existing && !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            return Err(ExtractError::NotEmpty(destination.to_owned()));
        }
    }
    // A list that new entries inherit would come with each of them. The tree brings its own.
    for name in ["system.posix_acl_default", "system.posix_acl_access"] {
        match fremovexattr(&root, name) {
            Ok(()) | Err(Errno::NODATA | Errno::NOTSUP) => {}
            Err(problem) => return Err(error("removing an inherited access list", problem)),
        }
    }
    Ok(root)
}

/// Makes the hard links, now that what they link to is there.
fn link(
    shared: &Shared<'_>,
    handles: &mut Handles,
    links: &HashMap<TreePath, Vec<TreePath>>,
) -> Result<(), ExtractError> {
    for (first, others) in links {
        if shared.was_left_out(first) {
            for path in others {
                shared.leave_out(NotRestored::Device, path);
            }
            continue;
        }
        let Some((above, name)) = first.split_last() else { continue };
        let from = handles.open(&above).map_err(|error| shared.error(&above, "opening", error))?;
        for path in others {
            let Some((above, link)) = path.split_last() else { continue };
            let to =
                handles.open(&above).map_err(|error| shared.error(&above, "opening", error))?;
            linkat(&from, name.as_bytes(), &to, link.as_bytes(), rustix::fs::AtFlags::empty())
                .map_err(|error| shared.error(path, "making the hard link", error))?;
        }
    }
    Ok(())
}

/// Gives the directories their metadata, deepest first.
fn finish_directories(
    shared: &Shared<'_>,
    handles: &mut Handles,
    planned: &Planned,
) -> Result<(), ExtractError> {
    for (path, metadata) in planned.directories.iter().rev() {
        let handle = handles.open(path).map_err(|error| shared.error(path, "opening", error))?;
        apply_to_open(shared, &handle, path, metadata)?;
    }
    Ok(())
}
