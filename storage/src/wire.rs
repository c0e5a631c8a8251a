//! The chunk wire format: how stored objects travel between programs.
//!
//! A body is records, one after the other, with nothing around them:
//!
//! ```text
//! kind          1 byte   Kind::code
//! id           32 bytes
//! length        4 bytes  big endian, bytes of content, at most 1 MiB
//! frame length  4 bytes  big endian, bytes that follow
//! frame         one zstd frame
//! ```
//!
//! A list of ids is the 32-byte ids, one after the other. Both are frozen in `docs/flist-format.md`.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::chunk::{Chunk, MAX_CHUNK};
use crate::frame::{Frame, FrameError};
use crate::id::{ChunkId, Kind};

/// Bytes before a record's frame.
pub const HEADER_LENGTH: usize = 41;

/// Media type of a body of records.
pub const CHUNKS_TYPE: &str = "application/vnd.flisthub.chunks";

/// Media type of a list of ids.
pub const IDS_TYPE: &str = "application/vnd.flisthub.ids";

/// Why a body of records cannot be read. Everything before the bad record was good.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The record's first byte is no kind.
    #[error("record {index}: {code} is no kind of object")]
    Kind {
        /// Which record, counted from 0.
        index: u64,
        /// The byte found.
        code: u8,
    },
    /// The stated lengths are beyond what a stored object can have.
    #[error("record {index}, {id}: stated lengths {length} and {frame_length} are too large")]
    TooLong {
        /// Which record, counted from 0.
        index: u64,
        /// The record's id.
        id: ChunkId,
        /// Stated length of the content.
        length: u32,
        /// Stated length of the frame.
        frame_length: u32,
    },
    /// The record's frame breaks a rule.
    #[error("record {index}")]
    Frame {
        /// Which record, counted from 0.
        index: u64,
        /// What is wrong with it.
        #[source]
        source: FrameError,
    },
    /// The body ends within a record.
    #[error("the body ends in the middle of record {index}")]
    Truncated {
        /// Which record, counted from 0.
        index: u64,
    },
    /// The list of ids is not a multiple of 32 bytes.
    #[error("a list of ids must be a multiple of 32 bytes, not {length}")]
    Ids {
        /// How many bytes there are.
        length: usize,
    },
}

/// Appends one record.
pub fn write_record(frame: &Frame, out: &mut BytesMut) {
    out.reserve(HEADER_LENGTH + frame.bytes().len());
    out.put_u8(frame.kind().code());
    out.put_slice(frame.id().as_bytes());
    out.put_u32(frame.length());
    // A frame is at most compressBound(1 MiB).
    out.put_u32(u32::try_from(frame.bytes().len()).unwrap_or(u32::MAX));
    out.put_slice(frame.bytes());
}

/// Reads records from a body that arrives in parts. Holds at most one record.
#[derive(Debug, Default)]
pub struct RecordReader {
    buffer: BytesMut,
    index: u64,
}

impl RecordReader {
    /// Takes the next part of the body.
    pub fn push(&mut self, part: &[u8]) {
        self.buffer.extend_from_slice(part);
    }

    /// The next whole record, verified; `None` if more of the body is needed.
    pub fn next_record(&mut self) -> Result<Option<(Frame, Chunk)>, WireError> {
        let index = self.index;
        let Some((mut header, _)) = self.buffer.split_at_checked(HEADER_LENGTH) else {
            return Ok(None);
        };
        let code = header.get_u8();
        let kind = Kind::from_code(code).ok_or(WireError::Kind { index, code })?;
        let mut id = [0; 32];
        header.copy_to_slice(&mut id);
        let id = ChunkId::from_bytes(id);
        let (length, frame_length) = (header.get_u32(), header.get_u32());
        if length as usize > MAX_CHUNK
            || frame_length as usize > zstd_safe::compress_bound(length as usize)
        {
            return Err(WireError::TooLong { index, id, length, frame_length });
        }
        if self.buffer.len() < HEADER_LENGTH + frame_length as usize {
            return Ok(None);
        }
        self.buffer.advance(HEADER_LENGTH);
        let bytes = self.buffer.split_to(frame_length as usize).freeze();
        self.index += 1;
        Frame::verify(kind, id, length, bytes)
            .map(Some)
            .map_err(|source| WireError::Frame { index, source })
    }

    /// Ends the body: fails if part of a record is left.
    pub fn finish(&self) -> Result<(), WireError> {
        if self.buffer.is_empty() {
            Ok(())
        } else {
            Err(WireError::Truncated { index: self.index })
        }
    }
}

/// Writes a list of ids.
pub fn write_ids(ids: &[ChunkId]) -> Bytes {
    ids.iter().flat_map(|id| *id.as_bytes()).collect()
}

/// Reads a list of ids.
pub fn read_ids(body: &[u8]) -> Result<Vec<ChunkId>, WireError> {
    if !body.len().is_multiple_of(32) {
        return Err(WireError::Ids { length: body.len() });
    }
    Ok(body.chunks_exact(32).filter_map(ChunkId::from_slice).collect())
}
