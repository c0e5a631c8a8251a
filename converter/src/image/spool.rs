//! An archive of images in a file: where its members are, and a temporary copy of what is no plain file.
//!
//! The copy holds the archive without its compression, has no name in its directory, and is gone when
//! nobody reads from it any more.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ImageError;
use crate::envelope::Unpacked;
use crate::error::ConvertError;
use crate::input::Input;
use crate::limits::Limits;
use crate::source::BLOCK;
use crate::tar::{Index, Span, starts_archive};

/// Bytes that are copied at a time.
const BUFFER: usize = 512 << 10;

/// Bytes that a copy leaves free on its disk, which others write to.
const RESERVE: u64 = 512 << 20;

/// How many buffers are written between two looks at what is free.
const LOOK: u64 = 64;

/// Where and how archives are kept while they are read.
#[derive(Debug, Clone)]
pub struct Spool {
    /// The directory for temporary copies.
    pub directory: PathBuf,
    /// What an archive may ask for. `archive_bytes` bounds a copy.
    pub limits: Limits,
    /// Set to true by anyone to stop a copy.
    pub cancel: Option<Arc<AtomicBool>>,
}

impl Spool {
    /// Whether somebody asked to stop.
    pub(super) fn cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }

    /// Copies what `reader` gives, decompressed. `place` is for messages.
    fn copy(&self, reader: impl Read, place: &str) -> Result<File, ImageError> {
        let failed = |error| self.failed(place, error);
        let file = |doing| {
            let path = self.directory.clone();
            move |source| ImageError::File { path, doing, source }
        };
        let mut copy = tempfile::tempfile_in(&self.directory)
            .map_err(file("cannot make a temporary copy of the archive here"))?;
        let input = Input::default();
        let mut unpacked =
            Unpacked::open(input.watch(reader), &input, self.limits).map_err(failed)?;
        let mut buffer = vec![0; BUFFER];
        for count in 0_u64.. {
            if self.cancelled() {
                return Err(ImageError::Cancelled);
            }
            if count.is_multiple_of(LOOK) && free(&copy).is_some_and(|free| free < RESERVE) {
                return Err(file("the temporary copy of the archive would fill the disk")(
                    io::ErrorKind::StorageFull.into(),
                ));
            }
            let filled = unpacked.fill(&mut buffer).map_err(failed)?;
            if filled == 0 {
                return Ok(copy);
            }
            copy.write_all(buffer.get(..filled).unwrap_or_default())
                .map_err(file("cannot write the temporary copy of the archive"))?;
        }
        Ok(copy)
    }

    fn failed(&self, place: &str, source: ConvertError) -> ImageError {
        if self.cancelled() {
            return ImageError::Cancelled;
        }
        ImageError::Archive { place: place.to_owned(), source: Box::new(source) }
    }
}

/// Bytes that are free on the disk of a file; `None` where it does not say.
fn free(file: &File) -> Option<u64> {
    let disk = rustix::fs::fstatvfs(file).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// A tar archive in a file.
pub(super) struct TarFile {
    file: Arc<File>,
    index: Index,
    /// What it is called in messages.
    place: String,
}

impl TarFile {
    /// The archive at `path`. A copy is made only if it is compressed or no regular file.
    pub(super) fn open(path: &Path, place: &str, spool: &Spool) -> Result<Self, ImageError> {
        let failed =
            |doing| move |source| ImageError::File { path: path.to_owned(), doing, source };
        let file = File::open(path).map_err(failed("cannot open it"))?;
        let about = file.metadata().map_err(failed("cannot look at it"))?;
        let mut first = [0; BLOCK];
        let plain =
            about.is_file() && file.read_exact_at(&mut first, 0).is_ok() && starts_archive(&first);
        let file = if plain { file } else { spool.copy(file, place)? };
        Self::index(file, place, spool)
    }

    /// The archive that a reader gives, from a copy.
    pub(super) fn read(reader: impl Read, place: &str, spool: &Spool) -> Result<Self, ImageError> {
        Self::index(spool.copy(reader, place)?, place, spool)
    }

    fn index(file: File, place: &str, spool: &Spool) -> Result<Self, ImageError> {
        let index = Index::of(&file, &spool.limits).map_err(|error| spool.failed(place, error))?;
        Ok(Self { file: Arc::new(file), index, place: place.to_owned() })
    }

    /// Whether a member has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.index.has(name.as_bytes())
    }

    /// Where the content of a file stands; else what is wrong with the name, to be said after it.
    pub(super) fn find(&self, name: &str) -> Result<Span, &'static str> {
        self.index.find(name.as_bytes())
    }

    /// A whole small file.
    pub(super) fn document(&self, span: Span, most: usize) -> Result<Vec<u8>, ImageError> {
        let length = usize::try_from(span.length).ok().filter(|length| *length <= most);
        let length = length.ok_or_else(|| {
            let length = span.length;
            ImageError::TooLarge(format!(
                "{}: a document in it has {length} bytes; at most {most} are read",
                self.place
            ))
        })?;
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, span.offset).map_err(|source| {
            let source = Box::new(ConvertError::Read(source));
            ImageError::Archive { place: self.place.clone(), source }
        })?;
        Ok(bytes)
    }

    /// The bytes of a file, from its first.
    pub(super) fn reader(&self, span: Span) -> Box<dyn Read + Send> {
        Box::new(Piece { file: Arc::clone(&self.file), span })
    }
}

/// A piece of a file that several may read at a time.
struct Piece {
    file: Arc<File>,
    /// What is left.
    span: Span,
}

impl Read for Piece {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.span.length).unwrap_or(usize::MAX).min(buffer.len());
        let Some(buffer) = buffer.get_mut(..most).filter(|buffer| !buffer.is_empty()) else {
            return Ok(0);
        };
        let read = self.file.read_at(buffer, self.span.offset)?;
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive got shorter"));
        }
        self.span.offset += read as u64;
        self.span.length -= read as u64;
        Ok(read)
    }
}
