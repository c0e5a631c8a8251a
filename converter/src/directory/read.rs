//! Reading one file of a local directory.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use flisthub_flist::{Metadata, TreePath};
use flisthub_storage::{Cut, Cutter};
use rustix::buffer::spare_capacity;
use rustix::fs::{Mode, OFlags, SeekFrom, Stat, fstat, openat, seek};
use rustix::io::{Errno, pread, read};

use super::meta::{Version, metadata, xattrs_of};
use crate::error::ConvertError;
use crate::xattr::XattrRules;

/// Bytes that are read of a large file at a time.
const BUFFER: usize = 512 << 10;

/// A file that was found, to be read by whichever thread gets this.
pub(crate) struct FileToRead {
    /// Where it stands in the tree.
    pub(crate) path: TreePath,
    /// Where it stands on disk, for messages.
    pub(super) shown: PathBuf,
    pub(super) directory: Arc<OwnedFd>,
    pub(super) name: Vec<u8>,
    /// What it was when it was found.
    pub(super) found: Version,
    pub(super) rules: XattrRules,
}

impl FileToRead {
    /// Reads it whole. For small files.
    pub(crate) fn read(&self) -> Result<(Bytes, Metadata), ConvertError> {
        let (file, stat) = self.open()?;
        let size = usize::try_from(stat.st_size).unwrap_or(0);
        let mut content = Vec::with_capacity(size + 1);
        // One byte more than there should be tells a file that grew.
        while content.len() <= size {
            let length = read(&file, spare_capacity(&mut content))
                .map_err(|error| self.error("reading", error))?;
            if length == 0 {
                break;
            }
            if content.len() == size {
                // A read that stops short has met the end; only one that fills the buffer has not.
                break;
            }
        }
        if content.len() != size {
            return Err(ConvertError::Changed(self.shown.clone()));
        }
        let metadata = self.metadata(&file, &stat)?;
        Ok((content.into(), metadata))
    }

    /// Reads it in parts, skipping what the file system knows to be holes. For large files; `part`
    /// gets each cut and how many bytes have been read.
    pub(super) fn read_in_parts(
        &self,
        mut cutter: Cutter,
        mut part: impl FnMut(Cut, u64) -> Result<(), ConvertError>,
    ) -> Result<Metadata, ConvertError> {
        let (file, stat) = self.open()?;
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let sparse = u64::try_from(stat.st_blocks).is_ok_and(|blocks| blocks < size / 512);
        let mut buffer = vec![0; BUFFER];
        let mut cuts = Vec::new();
        let (mut offset, mut taken) = (0, 0);
        while offset < size {
            let end = if sparse {
                let (data, end) = self.next_data(&file, offset, size)?;
                cutter.push_zeros(data - offset, &mut |cut| cuts.push(cut));
                offset = data;
                end
            } else {
                size
            };
            while offset < end {
                let most = usize::try_from(end - offset).unwrap_or(BUFFER).min(BUFFER);
                let room = buffer.get_mut(..most).unwrap_or_default();
                let length = pread(&file, &mut *room, offset)
                    .map_err(|error| self.error("reading", error))?;
                if length == 0 {
                    return Err(ConvertError::Changed(self.shown.clone()));
                }
                let bytes = room.get(..length).unwrap_or_default();
                cutter.push(bytes, &mut |cut| cuts.push(cut));
                (offset, taken) = (offset + length as u64, taken + length as u64);
                cuts.drain(..).try_for_each(|cut| part(cut, taken))?;
            }
        }
        cutter.finish(&mut |cut| cuts.push(cut));
        cuts.drain(..).try_for_each(|cut| part(cut, taken))?;
        self.metadata(&file, &stat)
    }

    /// Where the next data start and end, at or after `offset`.
    fn next_data(
        &self,
        file: &OwnedFd,
        offset: u64,
        size: u64,
    ) -> Result<(u64, u64), ConvertError> {
        let start = match seek(file, SeekFrom::Data(offset)) {
            Ok(start) => start.min(size),
            // Nothing but a hole up to the end.
            Err(Errno::NXIO) => return Ok((size, size)),
            Err(error) => return Err(self.error("looking for holes", error)),
        };
        let end = seek(file, SeekFrom::Hole(start))
            .map_err(|error| self.error("looking for holes", error))?;
        Ok((start, end.min(size)))
    }

    fn open(&self) -> Result<(OwnedFd, Stat), ConvertError> {
        // A pipe put in the file's place must not block us.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match openat(&self.directory, self.name.as_slice(), flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::LOOP | Errno::NOENT) => {
                return Err(ConvertError::Changed(self.shown.clone()));
            }
            Err(error) => return Err(self.error("opening", error)),
        };
        let stat = fstat(&file).map_err(|error| self.error("reading metadata", error))?;
        if Version::of(&stat) != self.found {
            return Err(ConvertError::Changed(self.shown.clone()));
        }
        Ok((file, stat))
    }

    /// The metadata, read after the content; makes sure that nothing changed meanwhile.
    fn metadata(&self, file: &OwnedFd, stat: &Stat) -> Result<Metadata, ConvertError> {
        let xattrs = xattrs_of(file, self.rules)
            .map_err(|error| self.error("reading extended attributes", error))?;
        let after = fstat(file).map_err(|error| self.error("reading metadata", error))?;
        if Version::of(&after) != self.found {
            return Err(ConvertError::Changed(self.shown.clone()));
        }
        Ok(Metadata { xattrs, ..metadata(stat) })
    }

    fn error(&self, doing: &'static str, error: Errno) -> ConvertError {
        ConvertError::File { path: self.shown.clone(), doing, source: error.into() }
    }
}
