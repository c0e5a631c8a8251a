//! What a request carries. A payload can be sent any number of times, so that an attempt can be repeated.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flisthub_storage::Frame;
use flisthub_storage::wire::{CHUNKS_TYPE, HEADER_LENGTH, IDS_TYPE, write_record};
use futures_util::stream;
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;

/// The slowest line that is waited for, in bytes a second.
const SLOWEST: u64 = 8 << 10;

/// The body of a request.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// None.
    Empty,
    /// A JSON document.
    Json(Bytes),
    /// Ids, 32 bytes each.
    Ids(Bytes),
    /// Chunk records, written one at a time while they travel.
    Chunks(Arc<[Frame]>),
}

impl Payload {
    /// Puts this body on a request.
    pub(crate) fn attach(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Empty => request,
            Self::Json(body) => request.header(CONTENT_TYPE, "application/json").body(body.clone()),
            Self::Ids(body) => request.header(CONTENT_TYPE, IDS_TYPE).body(body.clone()),
            Self::Chunks(frames) => {
                let body = reqwest::Body::wrap_stream(stream::iter(Records::new(frames)));
                request.header(CONTENT_TYPE, CHUNKS_TYPE).body(body)
            }
        }
    }

    /// Bytes that travel.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Json(body) | Self::Ids(body) => body.len() as u64,
            Self::Chunks(frames) => frames.iter().map(record_length).sum(),
        }
    }

    /// How long a slow line takes for it.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(self.length() / SLOWEST)
    }
}

/// Bytes that a frame takes on the wire.
pub(crate) fn record_length(frame: &Frame) -> u64 {
    (HEADER_LENGTH + frame.bytes().len()) as u64
}

/// The records of some frames, one part each.
struct Records {
    frames: Arc<[Frame]>,
    next: usize,
}

impl Records {
    fn new(frames: &Arc<[Frame]>) -> Self {
        Self { frames: Arc::clone(frames), next: 0 }
    }
}

impl Iterator for Records {
    type Item = Result<Bytes, Infallible>;

    fn next(&mut self) -> Option<Self::Item> {
        let frame = self.frames.get(self.next)?;
        self.next += 1;
        let mut record = BytesMut::new();
        write_record(frame, &mut record);
        Some(Ok(record.freeze()))
    }
}
