//! Reading a `.flist` file, strictly: each record must be the object that has to come at its place.

use std::io::{self, Read};

use flisthub_storage::{Chunk, ChunkId, Kind, MAX_CHUNK, Mismatch, StoreError};

use crate::flist_file::{MAGIC, Order, RECORD_HEADER};
use crate::manifest::Manifest;
use crate::object::{Emit, LoadError, decode_as};

/// Why bytes are not a `.flist` file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The first bytes are not those of a `.flist` file of a known version.
    #[error("not a .flist file of version 1")]
    Magic,
    /// The file ends early.
    #[error("the .flist file ends early, in object {index}")]
    Truncated {
        /// Which object, counted from 0.
        index: u64,
    },
    /// Bytes are left after the last object.
    #[error("bytes are left after the last object of the .flist file")]
    Trailing,
    /// Another kind of object, or a longer one, than can come there.
    #[error("object {index} of the .flist file must be a {kind} of at most 1 MiB")]
    Unexpected {
        /// Which object, counted from 0.
        index: u64,
        /// What must come.
        kind: Kind,
    },
    /// The object's bytes are not what the one above it names.
    #[error("object {index} of the .flist file is not the one that must come")]
    WrongId {
        /// Which object, counted from 0.
        index: u64,
        /// What it is and what it should be.
        #[source]
        source: Mismatch,
    },
    /// The file is larger than the reader allows.
    #[error("the .flist file is larger than {limit} bytes")]
    TooLarge {
        /// The most bytes allowed.
        limit: u64,
    },
    /// An object breaks the format.
    #[error(transparent)]
    Object(#[from] LoadError),
    /// What was read could not be handed on.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The source failed.
    #[error("the .flist file cannot be read")]
    Read(#[source] io::Error),
}

/// Reads a `.flist` file of at most `limit` bytes. Its manifest must have the id `expected`, if one is
/// given. Each object goes to `emit` as soon as it is verified. Gives the manifest and its id.
pub fn read_flist(
    source: impl Read,
    expected: Option<ChunkId>,
    limit: u64,
    emit: &mut Emit<'_>,
) -> Result<(ChunkId, Manifest), FileError> {
    let mut records = Records { source, index: 0, left: limit, limit };
    records.magic()?;
    let object = records.next(Kind::Manifest, expected)?;
    let manifest = decode_as(Kind::Manifest, &object, Manifest::decode)?;
    let id = object.id();
    let mut order = Order::of(id);
    order.next();
    order.came(&object)?;
    emit(object)?;
    while let Some((kind, id)) = order.next() {
        let object = records.next(kind, Some(id))?;
        order.came(&object)?;
        emit(object)?;
    }
    records.end()?;
    Ok((id, manifest))
}

struct Records<R> {
    source: R,
    index: u64,
    left: u64,
    limit: u64,
}

impl<R: Read> Records<R> {
    fn magic(&mut self) -> Result<(), FileError> {
        let mut magic = [0; MAGIC.len()];
        match self.source.read_exact(&mut magic) {
            Ok(()) if magic == MAGIC => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                Err(FileError::Read(error))
            }
            _ => Err(FileError::Magic),
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), FileError> {
        let limit = self.limit;
        self.left =
            self.left.checked_sub(buffer.len() as u64).ok_or(FileError::TooLarge { limit })?;
        self.source.read_exact(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => FileError::Truncated { index: self.index },
            _ => FileError::Read(error),
        })
    }

    /// The next record's object, of that kind and (if given) that id.
    fn next(&mut self, kind: Kind, id: Option<ChunkId>) -> Result<Chunk, FileError> {
        let index = self.index;
        let mut header = [0; RECORD_HEADER];
        self.fill(&mut header)?;
        let [code, length @ ..] = header;
        let length = u32::from_be_bytes(length) as usize;
        if code != kind.code() || length > MAX_CHUNK {
            return Err(FileError::Unexpected { index, kind });
        }
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        self.index += 1;
        let object = match id {
            Some(id) => Chunk::verify(kind, id, bytes),
            None => Chunk::new(kind, bytes),
        };
        object.map_err(|source| FileError::WrongId { index, source })
    }

    fn end(mut self) -> Result<(), FileError> {
        match self.source.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(FileError::Trailing),
            Err(error) => Err(FileError::Read(error)),
        }
    }
}
