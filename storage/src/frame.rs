//! The stored form of a chunk: one plain zstd frame.
//!
//! A frame has its content size in the header and no dictionary, and RocksDB compresses nothing on
//! top, so that a file, a tar layer or an HTTP body is a concatenation of stored frames. Bytes that
//! do not shrink are kept in raw blocks, which is what zstd itself does with them.

use std::cell::RefCell;

use bytes::Bytes;
use zstd::bulk;
use zstd_safe::{CParameter, DParameter};

use crate::chunk::{Chunk, MAX_CHUNK, Mismatch};
use crate::frame_header::{self, MAX_WINDOW};
use crate::id::{ChunkId, Kind};

/// zstd's level for new frames. Measured on a root filesystem: level 1 gives 0.43 GB/s a core at
/// ratio 0.42, level 3 gives 0.34 GB/s at 0.40.
pub const DEFAULT_LEVEL: i32 = 1;

/// log2 of [`MAX_WINDOW`].
const MAX_WINDOW_LOG: u32 = 23;

/// A compressed chunk. It is made by compressing a [`Chunk`] or by checking bytes against an id, so it
/// always decodes to what its id names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    kind: Kind,
    id: ChunkId,
    length: u32,
    bytes: Bytes,
}

/// Why bytes are not an acceptable frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// They do not start with a zstd frame that states its content size.
    #[error("{id}: not a zstd frame with a content size")]
    NotAFrame {
        /// The id they were offered as.
        id: ChunkId,
    },
    /// Something stands before or after the one frame, or the frame is cut short.
    #[error("{id}: {length} bytes are not exactly one zstd frame")]
    NotOneFrame {
        /// The id they were offered as.
        id: ChunkId,
        /// How many bytes there are.
        length: usize,
    },
    /// The frame names a dictionary.
    #[error("{id}: the frame needs a dictionary")]
    Dictionary {
        /// The id it was offered as.
        id: ChunkId,
    },
    /// The frame needs too much memory to decode.
    #[error("{id}: the frame asks for a window of {window} bytes; at most 8 MiB are allowed")]
    Window {
        /// The id it was offered as.
        id: ChunkId,
        /// Bytes asked for.
        window: u64,
    },
    /// The content size is not the stated length, or more than 1 MiB.
    #[error("{id}: the frame holds {content_size} bytes where {length} are stated (at most 1 MiB)")]
    Length {
        /// The id it was offered as.
        id: ChunkId,
        /// What the frame's header says.
        content_size: u64,
        /// What was stated beside it.
        length: u32,
    },
    /// The frame is longer than zstd ever needs for that content.
    #[error("{id}: a frame of {frame_length} bytes is too long for {length} bytes of content")]
    Padded {
        /// The id it was offered as.
        id: ChunkId,
        /// Length of the frame.
        frame_length: usize,
        /// Length of the content.
        length: u32,
    },
    /// The frame cannot be decoded.
    #[error("{id}: the frame is damaged")]
    Damaged {
        /// The id it was offered as.
        id: ChunkId,
        /// What zstd says.
        #[source]
        source: std::io::Error,
    },
    /// The content is not what the id names.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

impl Frame {
    /// Accepts `bytes` as the stored form of `id` if they keep every rule of the chunk wire format
    /// (`docs/flist-format.md`) and their content hashes to `id`; gives the content beside the frame, since it had to be decoded
    /// anyway.
    pub fn verify(
        kind: Kind,
        id: ChunkId,
        length: u32,
        bytes: impl Into<Bytes>,
    ) -> Result<(Self, Chunk), FrameError> {
        let bytes = bytes.into();
        check_rules(id, length, &bytes)?;
        let content =
            decode(&bytes, length).map_err(|source| FrameError::Damaged { id, source })?;
        if content.len() != length as usize {
            let content_size = content.len() as u64;
            return Err(FrameError::Length { id, content_size, length });
        }
        let chunk = Chunk::verify(kind, id, content)?;
        Ok((Self { kind, id, length, bytes }, chunk))
    }

    /// What the content is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The id of the content.
    pub fn id(&self) -> ChunkId {
        self.id
    }

    /// Length of the content in bytes.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// The compressed bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The content, decoded again.
    pub fn decode(&self) -> Result<Chunk, FrameError> {
        Self::verify(self.kind, self.id, self.length, self.bytes.clone()).map(|(_, chunk)| chunk)
    }
}

fn check_rules(id: ChunkId, length: u32, bytes: &[u8]) -> Result<(), FrameError> {
    let header = frame_header::read(bytes).ok_or(FrameError::NotAFrame { id })?;
    let content_size = header.content_size.ok_or(FrameError::NotAFrame { id })?;
    if header.dictionary {
        return Err(FrameError::Dictionary { id });
    }
    if header.window > MAX_WINDOW {
        return Err(FrameError::Window { id, window: header.window });
    }
    if content_size != u64::from(length) || length as usize > MAX_CHUNK {
        return Err(FrameError::Length { id, content_size, length });
    }
    if zstd_safe::find_frame_compressed_size(bytes) != Ok(bytes.len()) {
        return Err(FrameError::NotOneFrame { id, length: bytes.len() });
    }
    if bytes.len() > zstd_safe::compress_bound(length as usize) {
        return Err(FrameError::Padded { id, frame_length: bytes.len(), length });
    }
    Ok(())
}

thread_local! {
    /// zstd's working memory for decoding, kept between calls: to make it anew costs more than to
    /// decode a small frame.
    static DECOMPRESSOR: RefCell<Option<bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

fn decode(bytes: &[u8], length: u32) -> std::io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = if let Some(decompressor) = kept {
            decompressor
        } else {
            let mut new = bulk::Decompressor::new()?;
            new.set_parameter(DParameter::WindowLogMax(MAX_WINDOW_LOG))?;
            kept.insert(new)
        };
        decompressor.decompress(bytes, length as usize)
    })
}

/// Turns chunks into frames. Keeps zstd's working memory between calls, so make one per thread.
pub struct Compressor {
    inner: bulk::Compressor<'static>,
    /// Room for the longest frame there can be. Frames are copied out of it, so that none holds on to
    /// more memory than it has bytes.
    buffer: Vec<u8>,
}

impl Compressor {
    /// A compressor of the given zstd level (see [`DEFAULT_LEVEL`]).
    pub fn new(level: i32) -> std::io::Result<Self> {
        let mut inner = bulk::Compressor::new(level)?;
        inner.set_parameter(CParameter::ContentSizeFlag(true))?;
        inner.set_parameter(CParameter::ChecksumFlag(false))?;
        inner.set_parameter(CParameter::DictIdFlag(false))?;
        Ok(Self { inner, buffer: Vec::new() })
    }

    /// Compresses one chunk.
    pub fn compress(&mut self, chunk: &Chunk) -> std::io::Result<Frame> {
        self.buffer.clear();
        self.buffer.reserve(zstd_safe::compress_bound(chunk.bytes().len()));
        self.inner.compress_to_buffer(chunk.bytes(), &mut self.buffer)?;
        let bytes = Bytes::copy_from_slice(&self.buffer);
        Ok(Frame { kind: chunk.kind(), id: chunk.id(), length: chunk.length(), bytes })
    }
}
