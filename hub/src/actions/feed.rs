//! From a request's body to blocking work: the request's task hands parts to a thread, through a
//! bounded channel, so that neither a whole body nor a whole file is ever held.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;

use super::error::ActionError;

/// Parts that may wait between the two sides. hyper's parts are at most some hundred kilobytes.
const WAITING: usize = 16;

enum Part {
    Data(Bytes),
    /// The body ended where it should. A channel that closes without this is a body cut short.
    End,
}

/// The side that gives.
pub(super) struct Feed(mpsc::Sender<Part>);

/// The side that reads, on a blocking thread.
pub(super) struct FeedReader {
    receiver: mpsc::Receiver<Part>,
    part: Bytes,
    ended: bool,
}

/// How a body was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pumped {
    /// All of it.
    Whole,
    /// The reader wanted no more of it; why, the reader says.
    ReaderGone,
}

/// The two ends of a feed.
pub(super) fn feed() -> (Feed, FeedReader) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Feed(sender), FeedReader { receiver, part: Bytes::new(), ended: false })
}

impl Feed {
    /// Hands over a body of at most `most` bytes, up to but not including its end.
    pub(super) async fn pump(
        &self,
        body: &mut (impl Stream<Item = Result<Bytes, ActionError>> + Unpin),
        most: u64,
    ) -> Result<Pumped, ActionError> {
        let mut total = 0_u64;
        while let Some(part) = body.next().await {
            let part = part?;
            total = total.saturating_add(part.len() as u64);
            if total > most {
                return Err(ActionError::TooLarge(format!("the body has more than {most} bytes")));
            }
            if self.0.send(Part::Data(part)).await.is_err() {
                return Ok(Pumped::ReaderGone);
            }
        }
        Ok(Pumped::Whole)
    }

    /// Says that the body came whole.
    pub(super) async fn end(self) {
        // A reader that is gone needs no end.
        let _ = self.0.send(Part::End).await;
    }
}

impl FeedReader {
    /// The next part; `None` at the end. Fails when the other side went away first.
    pub(super) fn next_part(&mut self) -> io::Result<Option<Bytes>> {
        if self.ended {
            return Ok(None);
        }
        match self.receiver.blocking_recv() {
            Some(Part::Data(part)) => Ok(Some(part)),
            Some(Part::End) => {
                self.ended = true;
                Ok(None)
            }
            None => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the upload was cut off")),
        }
    }
}

impl Read for FeedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.part.is_empty() {
            match self.next_part()? {
                Some(part) => self.part = part,
                None => return Ok(0),
            }
        }
        let length = self.part.len().min(buffer.len());
        let (into, _) = buffer.split_at_mut(length);
        self.part.copy_to_slice(into);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn body(parts: &[&'static str]) -> impl Stream<Item = Result<Bytes, ActionError>> + Unpin {
        stream::iter(parts.iter().map(|part| Ok(Bytes::from(*part))).collect::<Vec<_>>())
    }

    async fn read(mut reader: FeedReader) -> io::Result<String> {
        tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).map(|_| text)
        })
        .await
        .unwrap()
    }

    #[tokio::test]
    async fn a_whole_body_arrives() {
        let (feed, reader) = feed();
        feed.pump(&mut body(&["abc", "", "de"]), 10).await.unwrap();
        feed.end().await;
        assert_eq!(read(reader).await.unwrap(), "abcde");
    }

    #[tokio::test]
    async fn a_body_without_an_end_is_an_error_to_the_reader() {
        let (feed, reader) = feed();
        feed.pump(&mut body(&["abc"]), 10).await.unwrap();
        drop(feed);
        let error = read(reader).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    }

    #[tokio::test]
    async fn too_long_a_body_is_refused() {
        let (feed, _reader) = feed();
        let pumped = feed.pump(&mut body(&["abcdef", "ghijk"]), 10).await;
        assert!(matches!(pumped, Err(ActionError::TooLarge(_))));
    }

    #[tokio::test]
    async fn a_reader_that_stops_is_noticed() {
        let (feed, reader) = feed();
        drop(reader);
        let pumped = feed.pump(&mut body(&["abc", "de"]), 10).await.unwrap();
        assert_eq!(pumped, Pumped::ReaderGone);
    }
}
