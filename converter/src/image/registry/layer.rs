//! A layer's bytes while they arrive: a task receives them, a thread reads them, a bounded channel lies
//! between. A connection that breaks off is taken up again where it broke.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use reqwest::header::{CONTENT_RANGE, HeaderMap, HeaderValue, RANGE};
use reqwest::{Method, StatusCode};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::session::Session;
use super::transport::{Answer, Broken};
use super::{Cancel, TICK};
use crate::image::{Blob, ImageError};

/// Parts that may wait between the two sides. They have at most some hundred kilobytes.
const WAITING: usize = 16;

/// How often one layer is taken up again.
const MAX_BREAKS: u32 = 5;

enum Part {
    Data(Bytes),
    /// All came. A channel that closes without this, or a failure, is a runtime that ended.
    End,
    Failed(ImageError),
}

/// Asks for a layer.
pub(super) async fn open(session: &Session, blob: Blob) -> Result<Answer, ImageError> {
    let what = name(blob);
    let mut answer =
        session.ask(Method::GET, "blobs", &blob.digest.to_string(), HeaderMap::new()).await?;
    if answer.status() != StatusCode::OK {
        return Err(session.refusal(&mut answer, &what).await);
    }
    match answer.length() {
        Some(length) if length != blob.size => Err(wrong_size(blob, length.to_string())),
        _ => Ok(answer),
    }
}

/// Receives the layer that `answer` begins, and gives the side to read it from.
pub(super) fn start(
    handle: &Handle,
    session: Arc<Session>,
    blob: Blob,
    answer: Answer,
) -> LayerReader {
    let (sender, receiver) = mpsc::channel(WAITING);
    handle.spawn(async move {
        let mut receiving =
            Receiving { session, blob, answer, at: 0, breaks: 0, waited: Duration::ZERO };
        tokio::select! {
            () = receiving.run(&sender) => {}
            // Nobody reads any more.
            () = sender.closed() => {}
        }
    });
    let (handle, cancel) = (handle.clone(), Cancel::default());
    LayerReader { receiver, handle, cancel, part: Bytes::new(), ended: false }
}

struct Receiving {
    session: Arc<Session>,
    blob: Blob,
    answer: Answer,
    /// Bytes received.
    at: u64,
    breaks: u32,
    /// How long the registry was waited for; not how long it has waited.
    waited: Duration,
}

impl Receiving {
    async fn run(&mut self, sender: &mpsc::Sender<Part>) {
        loop {
            let begun = Instant::now();
            let next = self.next().await;
            self.waited = self.waited.saturating_add(begun.elapsed());
            let part = match next {
                Ok(Some(_)) if self.is_slow() => Part::Failed(self.too_slow()),
                Ok(Some(bytes)) => Part::Data(bytes),
                Ok(None) => Part::End,
                Err(failure) => Part::Failed(failure),
            };
            let last = !matches!(part, Part::Data(_));
            if sender.send(part).await.is_err() || last {
                return;
            }
        }
    }

    /// Whether it comes too slowly to be waited for: somebody may hold a place for ever by that.
    fn is_slow(&self) -> bool {
        let options = &self.session.shared.options;
        let least = options.slowest_bytes_per_second.saturating_mul(self.waited.as_secs());
        self.waited > options.slow_start && self.at < least
    }

    fn too_slow(&self) -> ImageError {
        let least = self.session.shared.options.slowest_bytes_per_second;
        ImageError::Unreachable {
            host: self.answer.host.clone(),
            reason: format!("{} comes at less than {least} bytes a second", name(self.blob)),
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, ImageError> {
        loop {
            match self.answer.next().await {
                Ok(Some(bytes)) => {
                    self.at = self.at.saturating_add(bytes.len() as u64);
                    if self.at > self.blob.size {
                        return Err(wrong_size(self.blob, "more".to_owned()));
                    }
                    return Ok(Some(bytes));
                }
                Ok(None) if self.at < self.blob.size => {
                    return Err(wrong_size(self.blob, self.at.to_string()));
                }
                Ok(None) => return Ok(None),
                // All is there, and the digest will tell.
                Err(Broken::Lost(_)) if self.at == self.blob.size => return Ok(None),
                Err(Broken::Lost(failure)) => self.resume(failure).await?,
                Err(Broken::Silent(failure)) => return Err(failure),
            }
        }
    }

    /// Asks for the rest, after `failure`; again and again while the registry is not there.
    async fn resume(&mut self, failure: ImageError) -> Result<(), ImageError> {
        let range = HeaderValue::from_str(&format!("bytes={}-", self.at));
        let headers: HeaderMap = range.ok().map(|range| (RANGE, range)).into_iter().collect();
        let key = self.blob.digest.to_string();
        let mut pause = self.session.shared.options.pause;
        while self.breaks < MAX_BREAKS {
            self.breaks += 1;
            match self.session.ask(Method::GET, "blobs", &key, headers.clone()).await {
                Ok(answer) if continues(&answer, self.at) => {
                    self.answer = answer;
                    return Ok(());
                }
                Ok(_) => break,
                Err(ImageError::Unreachable { .. }) => {
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2);
                }
                Err(other) => return Err(other),
            }
        }
        Err(failure)
    }
}

/// Whether an answer is the part that begins at `at`.
fn continues(answer: &Answer, at: u64) -> bool {
    answer.status() == StatusCode::PARTIAL_CONTENT && starts_at(answer.headers()) == Some(at)
}

/// The offset of the first byte of a partial answer (RFC 9110, section 14.4).
fn starts_at(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    text.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

fn name(blob: Blob) -> String {
    format!("layer {}", blob.digest)
}

fn wrong_size(blob: Blob, found: String) -> ImageError {
    ImageError::SizeMismatch { what: name(blob), expected: blob.size, found }
}

/// Reads a layer on a blocking thread. Failures are [`io::Error`]s around an [`ImageError`].
pub(super) struct LayerReader {
    receiver: mpsc::Receiver<Part>,
    handle: Handle,
    cancel: Cancel,
    part: Bytes,
    ended: bool,
}

impl LayerReader {
    /// Fails soon after `cancel` is set, also where nothing comes.
    pub(super) fn cancelled_by(self, cancel: Cancel) -> Self {
        Self { cancel, ..self }
    }

    /// The next part; `None` if the runtime ended.
    fn next_part(&mut self) -> io::Result<Option<Part>> {
        while !self.cancel.load(Relaxed) {
            let next = self.receiver.recv();
            let next = self.handle.block_on(async { tokio::time::timeout(TICK, next).await });
            if let Ok(part) = next {
                return Ok(part);
            }
        }
        Err(io::Error::other(ImageError::Cancelled))
    }
}

impl Read for LayerReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.part.is_empty() && !self.ended {
            match self.next_part()? {
                Some(Part::Data(part)) => self.part = part,
                Some(Part::End) => self.ended = true,
                Some(Part::Failed(failure)) => return Err(io::Error::other(failure)),
                None => return Err(io::Error::other("the program is ending")),
            }
        }
        let length = self.part.len().min(buffer.len());
        let (into, _) = buffer.split_at_mut(length);
        self.part.copy_to_slice(into);
        Ok(length)
    }
}
