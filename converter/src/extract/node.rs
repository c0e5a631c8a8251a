//! Symbolic links, devices, pipes and sockets.

use std::os::fd::{AsRawFd, OwnedFd};

use flisthub_flist::{Content, Device, Metadata, TreePath};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, chmodat, fstat, makedev, mknodat, openat, symlinkat,
};
use rustix::io::Errno;

use super::meta::{apply_owner_at, apply_time_at, mode};
use super::summary::NotRestored;
use super::writer::Shared;
use crate::error::ExtractError;

/// What stands in a directory and has no content of its own.
pub(super) struct Node {
    pub(super) path: TreePath,
    pub(super) metadata: Metadata,
    pub(super) content: Content,
}

/// Makes the node. A device that may not be made is left out and counted.
pub(super) fn make(
    shared: &Shared<'_>,
    directory: &OwnedFd,
    name: &[u8],
    node: &Node,
) -> Result<(), ExtractError> {
    let Node { path, metadata, content } = node;
    let device = |device: &Device| makedev(device.major, device.minor);
    let (kind, number) = match content {
        Content::Symlink { target } => {
            symlinkat(target.as_slice(), directory, name)
                .map_err(|error| shared.error(path, "making the link", error))?;
            apply_owner_at(shared, directory, name, path, metadata)?;
            return apply_time_at(shared, directory, name, path, metadata);
        }
        Content::CharDevice(number) => (FileType::CharacterDevice, device(number)),
        Content::BlockDevice(number) => (FileType::BlockDevice, device(number)),
        Content::Fifo => (FileType::Fifo, 0),
        Content::Socket => (FileType::Socket, 0),
        Content::File { .. } | Content::Directory { .. } => return Ok(()),
    };
    match mknodat(directory, name, kind, Mode::RUSR | Mode::WUSR, number) {
        Ok(()) => {}
        Err(Errno::PERM) if matches!(kind, FileType::CharacterDevice | FileType::BlockDevice) => {
            shared.leave_out(NotRestored::Device, path);
            return Ok(());
        }
        Err(error) => return Err(shared.error(path, "making the device, pipe or socket", error)),
    }
    let owned = apply_owner_at(shared, directory, name, path, metadata)?;
    set_mode(directory, name, kind, mode(shared, path, metadata, owned))
        .map_err(|error| shared.error(path, "setting the mode", error))?;
    apply_time_at(shared, directory, name, path, metadata)
}

/// There is no call that sets a mode by name without following a link, so the node is pinned by a
/// handle first.
fn set_mode(directory: &OwnedFd, name: &[u8], kind: FileType, mode: Mode) -> Result<(), Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let node = openat(directory, name, flags, Mode::empty())?;
    if FileType::from_raw_mode(fstat(&node)?.st_mode) != kind {
        return Err(Errno::EXIST);
    }
    let path = format!("/proc/self/fd/{}", node.as_raw_fd());
    chmodat(CWD, path, mode, AtFlags::empty())
}
