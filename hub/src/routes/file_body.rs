//! The body of an answer about a file, and the headers that describe it: all of it, one part, several
//! parts (RFC 9110, 14.6), or its stored frames.

use std::convert::Infallible;
use std::ops::Range;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderName,
};
use axum::response::Response;
use bytes::Bytes;
use flisthub_flist::File;
use flisthub_storage::ChunkId;
use futures_util::stream;

use super::range::Verdict;
use super::ranged::{content_range, set};
use crate::actions::files::{Reading, Step, read};
use crate::error::ApiError;
use crate::state::Hub;

/// A file that is to be sent.
pub(super) struct Whole<'a> {
    pub(super) file: &'a File,
    /// Its type.
    pub(super) kind: &'a str,
    /// The id of its content.
    pub(super) content: ChunkId,
    /// Whether it is sent as frames, where it is sent whole.
    pub(super) frames: bool,
}

/// What is to be sent.
pub(super) struct Planned {
    pub(super) status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    /// Bytes of the body, if that is known before it is made.
    length: Option<u64>,
    steps: Vec<Step>,
}

impl Whole<'_> {
    /// What a verdict that gives content comes to.
    pub(super) fn steps(&self, verdict: Verdict) -> Planned {
        match verdict {
            Verdict::Part(range) => self.part(range),
            Verdict::Parts(ranges) => self.parts(&ranges),
            _ => self.whole(),
        }
    }

    fn whole(&self) -> Planned {
        let (mut headers, size) = (vec![(CONTENT_TYPE, self.kind.to_owned())], self.file.size);
        let (step, length) = if self.frames {
            headers.push((CONTENT_ENCODING, "zstd".to_owned()));
            (Step::Frames, None)
        } else {
            (Step::Content(0..size), Some(size))
        };
        Planned { status: StatusCode::OK, headers, length, steps: vec![step] }
    }

    fn part(&self, range: Range<u64>) -> Planned {
        let headers = vec![
            (CONTENT_TYPE, self.kind.to_owned()),
            (CONTENT_RANGE, content_range(&range, self.file.size)),
        ];
        let length = Some(range.end.saturating_sub(range.start));
        let steps = vec![Step::Content(range)];
        Planned { status: StatusCode::PARTIAL_CONTENT, headers, length, steps }
    }

    /// The content's id bounds the parts: no content has its own id in it.
    fn parts(&self, ranges: &[Range<u64>]) -> Planned {
        let (bound, mut steps, mut length) = (self.content, Vec::new(), 0_u64);
        let mut literal = |steps: &mut Vec<Step>, text: String| {
            length = length.saturating_add(text.len() as u64);
            steps.push(Step::Literal(text.into()));
        };
        let mut before = "";
        for range in ranges {
            let head = format!(
                "{before}--{bound}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
                self.kind,
                content_range(range, self.file.size)
            );
            before = "\r\n";
            literal(&mut steps, head);
            steps.push(Step::Content(range.clone()));
        }
        literal(&mut steps, format!("{before}--{bound}--\r\n"));
        let content = ranges.iter().map(|range| range.end.saturating_sub(range.start));
        let length = content.fold(length, u64::saturating_add);
        let headers = vec![(CONTENT_TYPE, format!("multipart/byteranges; boundary={bound}"))];
        Planned { status: StatusCode::PARTIAL_CONTENT, headers, length: Some(length), steps }
    }
}

impl Planned {
    /// Puts the body and what describes it into an answer; for `HEAD` the latter alone.
    pub(super) async fn send(
        self,
        hub: &Hub,
        file: &File,
        head: bool,
        response: &mut Response,
    ) -> Result<(), ApiError> {
        for (name, value) in self.headers {
            set(response, name, &value);
        }
        if let Some(length) = self.length {
            set(response, CONTENT_LENGTH, &length.to_string());
        }
        *response.body_mut() = match (head, self.length) {
            (true, Some(_)) => Body::empty(),
            // No body, but not one that is known to be of length 0, which would be said.
            (true, None) => Body::from_stream(stream::empty::<Result<Bytes, Infallible>>()),
            (false, _) => match read(hub, file, &self.steps).await? {
                Reading::Whole(bytes) => Body::from(bytes),
                Reading::Parts(parts) => Body::from_stream(parts),
            },
        };
        Ok(())
    }
}
