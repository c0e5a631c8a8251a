//! Regular files: made new, written at their offsets, holes left out.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use flisthub_flist::{Metadata, TreePath};
use flisthub_storage::{Chunk, ChunkId};
use rustix::fs::{Mode, OFlags, ftruncate, openat};
use rustix::io::{Errno, pwrite};

use super::meta::apply_to_open;
use super::writer::Shared;
use crate::error::ExtractError;

/// A chunk and where in its file it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) id: ChunkId,
    pub(super) length: u32,
    pub(super) offset: u64,
}

/// A file that is not made yet, with all of its chunks.
pub(super) struct SmallFile {
    pub(super) path: TreePath,
    pub(super) metadata: Metadata,
    pub(super) size: u64,
    pub(super) chunks: Vec<Placed>,
}

/// A file that several writers write to. Whoever is done with it last gives it its metadata.
pub(super) struct LargeFile {
    pub(super) file: OwnedFd,
    pub(super) path: TreePath,
    pub(super) metadata: Metadata,
}

/// Chunks at hand, by id.
pub(super) type Chunks = HashMap<ChunkId, Chunk>;

/// Makes an empty file, with the permissions it is to have where nothing else forbids them.
pub(super) fn create(
    shared: &Shared<'_>,
    directory: &OwnedFd,
    name: &[u8],
    path: &TreePath,
    metadata: &Metadata,
) -> Result<OwnedFd, ExtractError> {
    // Attributes can only be set while the file may be written to.
    let mode = if metadata.xattrs.is_empty() { metadata.mode & 0o777 } else { 0o600 };
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(directory, name, flags, Mode::from_raw_mode(mode.into()))
        .map_err(|error| shared.error(path, "making the file", error))
}

/// Sets the length, so that a hole at the end is part of the file.
pub(super) fn set_size(
    shared: &Shared<'_>,
    file: &OwnedFd,
    path: &TreePath,
    size: u64,
) -> Result<(), ExtractError> {
    ftruncate(file, size).map_err(|error| shared.error(path, "setting the length", error))
}

impl SmallFile {
    /// Makes and writes the whole file.
    pub(super) fn write(
        &self,
        shared: &Shared<'_>,
        directory: &OwnedFd,
        name: &[u8],
        chunks: &Chunks,
    ) -> Result<(), ExtractError> {
        let file = create(shared, directory, name, &self.path, &self.metadata)?;
        write_chunks(shared, &file, &self.path, &self.chunks, chunks)?;
        let written = self.chunks.last().map_or(0, |last| last.offset + u64::from(last.length));
        if written < self.size {
            set_size(shared, &file, &self.path, self.size)?;
        }
        apply_to_open(shared, &file, &self.path, &self.metadata)
    }
}

impl LargeFile {
    /// Lets go of the file; the last to do so gives it its metadata.
    pub(super) fn done(self: Arc<Self>, shared: &Shared<'_>) -> Result<(), ExtractError> {
        match Arc::into_inner(self) {
            Some(Self { file, path, metadata }) => apply_to_open(shared, &file, &path, &metadata),
            None => Ok(()),
        }
    }
}

/// Writes some chunks of a file.
pub(super) fn write_chunks(
    shared: &Shared<'_>,
    file: &OwnedFd,
    path: &TreePath,
    placed: &[Placed],
    chunks: &Chunks,
) -> Result<(), ExtractError> {
    for Placed { id, length, offset } in placed {
        let missing = || ExtractError::MissingChunk { path: shared.on_disk(path), id: *id };
        let chunk = chunks.get(id).ok_or_else(missing)?;
        if chunk.length() != *length {
            return Err(shared.bad_flist(path, "a chunk is not as long as the file says"));
        }
        write_at(file, chunk.bytes(), *offset)
            .map_err(|error| shared.error(path, "writing", error))?;
    }
    Ok(())
}

fn write_at(file: &OwnedFd, mut bytes: &[u8], mut offset: u64) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match pwrite(file, bytes, offset) {
            Ok(0) => return Err(Errno::IO),
            Ok(length) => {
                bytes = bytes.get(length..).unwrap_or_default();
                offset += length as u64;
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
