//! Reaching things below one directory by handles, one name at a time, so that no symbolic link is
//! ever followed and nothing outside can be met, whatever others do to the tree meanwhile.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use flisthub_flist::TreePath;
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

/// Handles kept open along the current path. A deeper directory is reached from the last of them, so
/// that a deep tree does not use up the handles of the process.
const KEPT: usize = 64;

/// How a directory is opened.
pub(crate) const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens directories below a root. Cheap when asked for paths near the one before.
pub(crate) struct Handles {
    root: Arc<OwnedFd>,
    /// The directories from the root down to the one asked for last.
    kept: Vec<(Vec<u8>, Arc<OwnedFd>)>,
}

impl Handles {
    /// Opens below `root`.
    pub(crate) fn new(root: OwnedFd) -> Self {
        Self { root: Arc::new(root), kept: Vec::new() }
    }

    /// The directory at `path`.
    pub(crate) fn open(&mut self, path: &TreePath) -> Result<Arc<OwnedFd>, Errno> {
        let same =
            self.kept.iter().zip(path.names()).take_while(|((kept, _), name)| kept == name).count();
        self.kept.truncate(same);
        let mut handle = self.kept.last().map_or(&self.root, |(_, handle)| handle).clone();
        for name in path.names().skip(same) {
            handle = Arc::new(openat(&handle, name, DIRECTORY, Mode::empty())?);
            if self.kept.len() < KEPT {
                self.kept.push((name.to_vec(), handle.clone()));
            }
        }
        Ok(handle)
    }
}

/// A path for the calls that take no handle: what the kernel shows of the handle's directory, and one
/// name in it. For calls that do not follow a link in the last place.
pub(crate) fn proc_path(directory: &OwnedFd, name: &[u8]) -> Vec<u8> {
    let mut path = format!("/proc/self/fd/{}/", directory.as_raw_fd()).into_bytes();
    path.extend_from_slice(name);
    path
}
