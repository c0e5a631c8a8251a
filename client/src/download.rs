//! Answers that are read while they arrive: a `.flist` file's bytes, and chunks.

use std::collections::VecDeque;

use bytes::Bytes;
use flisthub_storage::wire::RecordReader;
use flisthub_storage::{Chunk, ChunkId, Frame};
use reqwest::Response;

use crate::error::ClientError;
use crate::transport::Transport;

/// An answer's bytes, part by part.
#[derive(Debug)]
pub struct Download {
    transport: Transport,
    what: String,
    answer: Response,
    received: u64,
}

impl Download {
    pub(crate) fn new(transport: Transport, what: String, answer: Response) -> Self {
        Self { transport, what, answer, received: 0 }
    }

    /// The next part; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        let part = self.transport.next_part(&self.what, &mut self.answer).await?;
        self.received += part.as_ref().map_or(0, |part| part.len() as u64);
        Ok(part)
    }

    /// Bytes in all, where the hub says so.
    pub fn length(&self) -> Option<u64> {
        self.answer.content_length()
    }

    /// Bytes received so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    fn bad_answer(&self, reason: String) -> ClientError {
        ClientError::BadAnswer { what: self.what.clone(), reason }
    }
}

/// Chunks in the order they were asked for, each verified.
#[derive(Debug)]
pub struct ChunkDownload {
    download: Download,
    records: RecordReader,
    expected: VecDeque<ChunkId>,
}

impl ChunkDownload {
    pub(crate) fn new(download: Download, ids: &[ChunkId]) -> Self {
        let expected = ids.iter().copied().collect();
        Self { download, records: RecordReader::default(), expected }
    }

    /// The next chunk; `None` after the last one that was asked for.
    pub async fn next(&mut self) -> Result<Option<(Frame, Chunk)>, ClientError> {
        loop {
            if let Some((frame, chunk)) = self.records.next_record().map_err(|source| {
                ClientError::BadChunks { what: self.download.what.clone(), source }
            })? {
                return match self.expected.pop_front() {
                    Some(id) if id == frame.id() => Ok(Some((frame, chunk))),
                    Some(id) => Err(self
                        .download
                        .bad_answer(format!("it holds {} where {id} was asked for", frame.id()))),
                    None => Err(self
                        .download
                        .bad_answer(format!("it holds {}, which was not asked for", frame.id()))),
                };
            }
            match self.download.next().await? {
                Some(part) => self.records.push(&part),
                None => return self.end().map(|()| None),
            }
        }
    }

    /// Bytes received so far.
    pub fn received(&self) -> u64 {
        self.download.received()
    }

    fn end(&self) -> Result<(), ClientError> {
        self.records.finish().map_err(|source| ClientError::BadChunks {
            what: self.download.what.clone(),
            source,
        })?;
        match self.expected.len() {
            0 => Ok(()),
            left => Err(self.download.bad_answer(format!("it ends {left} chunks too early"))),
        }
    }
}
