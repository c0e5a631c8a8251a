//! Owner, attributes, mode and times, in the order in which none undoes another.
//!
//! A change of owner clears setuid bits and capabilities, so it comes first. Attributes come before the
//! mode, because a mode without write permission would forbid them. Times come last.

use std::os::fd::OwnedFd;

use flisthub_flist::{Metadata, TreePath};
use rustix::fs::{
    AtFlags, Gid, Mode, Timespec, Timestamps, UTIME_OMIT, Uid, XattrFlags, chownat, fchmod, fchown,
    fsetxattr, fstat, futimens, lsetxattr, utimensat,
};
use rustix::io::Errno;

use super::summary::NotRestored;
use super::writer::Shared;
use crate::beneath::proc_path;
use crate::error::ExtractError;

/// Gives an open file or directory its metadata. What it has already is not set again: asking is much
/// cheaper than a change that changes nothing.
pub(super) fn apply_to_open(
    shared: &Shared<'_>,
    file: &OwnedFd,
    path: &TreePath,
    metadata: &Metadata,
) -> Result<(), ExtractError> {
    let stat = fstat(file).map_err(|error| shared.error(path, "reading the metadata", error))?;
    let owned = (stat.st_uid, stat.st_gid) == (metadata.uid, metadata.gid) || {
        let (uid, gid) = owner(metadata);
        tolerate_owner(shared, path, fchown(file, uid, gid))?
    };
    for (name, value) in &metadata.xattrs {
        let set = fsetxattr(file, name.as_slice(), value, XattrFlags::empty());
        tolerate_xattr(shared, path, set)?;
    }
    let mode = mode(shared, path, metadata, owned);
    // An access list changes the mode with it, and a change of owner only takes bits away that a new
    // file does not have.
    if !metadata.xattrs.is_empty() || stat.st_mode & 0o7777 != mode.as_raw_mode() {
        fchmod(file, mode).map_err(|error| shared.error(path, "setting the mode", error))?;
    }
    futimens(file, &times(metadata)).map_err(|error| shared.error(path, "setting the time", error))
}

/// Gives what stands at `name`, itself if it is a link, its owner and attributes. Says whether the
/// owner was restored.
pub(super) fn apply_owner_at(
    shared: &Shared<'_>,
    directory: &OwnedFd,
    name: &[u8],
    path: &TreePath,
    metadata: &Metadata,
) -> Result<bool, ExtractError> {
    let (uid, gid) = owner(metadata);
    let changed = chownat(directory, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW);
    let owned = tolerate_owner(shared, path, changed)?;
    for (key, value) in &metadata.xattrs {
        let at = proc_path(directory, name);
        let set = lsetxattr(at, key.as_slice(), value, XattrFlags::empty());
        tolerate_xattr(shared, path, set)?;
    }
    Ok(owned)
}

/// Gives what stands at `name`, itself if it is a link, its modification time.
pub(super) fn apply_time_at(
    shared: &Shared<'_>,
    directory: &OwnedFd,
    name: &[u8],
    path: &TreePath,
    metadata: &Metadata,
) -> Result<(), ExtractError> {
    utimensat(directory, name, &times(metadata), AtFlags::SYMLINK_NOFOLLOW)
        .map_err(|error| shared.error(path, "setting the time", error))
}

/// The mode to set: without setuid and setgid where the owner is not the one they speak of.
pub(super) fn mode(shared: &Shared<'_>, path: &TreePath, metadata: &Metadata, owned: bool) -> Mode {
    let mut mode = metadata.mode;
    if !owned && mode & 0o6000 != 0 {
        shared.needs_root(NotRestored::SetId, path);
        mode &= !0o6000;
    }
    Mode::from_raw_mode(mode.into())
}

fn owner(metadata: &Metadata) -> (Option<Uid>, Option<Gid>) {
    (Some(Uid::from_raw(metadata.uid)), Some(Gid::from_raw(metadata.gid)))
}

fn times(metadata: &Metadata) -> Timestamps {
    Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec {
            tv_sec: metadata.mtime,
            tv_nsec: metadata.mtime_nanos.into(),
        },
    }
}

fn tolerate_owner(
    shared: &Shared<'_>,
    path: &TreePath,
    result: Result<(), Errno>,
) -> Result<bool, ExtractError> {
    match result {
        Ok(()) => Ok(true),
        // Inside a user namespace a number without a mapping is EINVAL.
        Err(Errno::PERM | Errno::INVAL) => {
            shared.needs_root(NotRestored::Owner, path);
            Ok(false)
        }
        Err(error) => Err(shared.error(path, "setting the owner", error)),
    }
}

fn tolerate_xattr(
    shared: &Shared<'_>,
    path: &TreePath,
    result: Result<(), Errno>,
) -> Result<(), ExtractError> {
    match result {
        Ok(()) => Ok(()),
        Err(Errno::PERM | Errno::ACCESS) => {
            shared.needs_root(NotRestored::Xattr, path);
            Ok(())
        }
        Err(Errno::NOTSUP) => {
            shared.unsupported(NotRestored::Xattr, path);
            Ok(())
        }
        Err(error) => Err(shared.error(path, "setting an extended attribute", error)),
    }
}
