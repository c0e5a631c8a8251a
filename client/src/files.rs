//! Reading one file of a tree, whole or in part, without anything else of the tree.
//!
//! A broken connection is taken up where it ended, as long as the file stays what it was. The hub checks
//! what it reads; here nothing can be checked, since no chunk comes whole.

use bytes::Bytes;
use flisthub_flist::TreePath;
use reqwest::header::{ACCEPT_RANGES, CONTENT_RANGE, ETAG, HeaderName};
use reqwest::{Method, Response, StatusCode};

use crate::download::Download;
use crate::error::{ClientError, Refusal};
use crate::hub::{HubClient, bad_answer};
use crate::transport::Call;

/// How often in a row a download is taken up again that brought nothing new.
const REOPENED: u32 = 3;

/// Which bytes of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FileRange {
    /// All.
    #[default]
    Whole,
    /// From an offset to the end.
    From(u64),
    /// From the first offset to the second, both included.
    Between(u64, u64),
    /// The last so many.
    Last(u64),
}

impl FileRange {
    /// The header's value.
    fn header(self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::From(first) => Some(format!("bytes={first}-")),
            Self::Between(first, last) => Some(format!("bytes={first}-{last}")),
            Self::Last(count) => Some(format!("bytes=-{count}")),
        }
    }

    /// Whether these bytes may be what was asked for. A file may be shorter than asked.
    fn holds(self, place: Place) -> bool {
        match self {
            Self::Whole => place.next == 0,
            Self::From(first) => place.next == first,
            Self::Between(first, last) => {
                place.next == first && place.end.saturating_sub(1) <= last
            }
            Self::Last(count) => place.length() <= count,
        }
    }
}

/// What stands at a path.
#[derive(Debug)]
pub enum Found {
    /// A file, of which the bytes that were asked for come.
    File(Box<FileDownload>),
    /// A directory.
    Directory,
}

/// The bytes of a file, part by part.
#[derive(Debug)]
pub struct FileDownload {
    asked: Asked,
    download: Download,
    /// What the file is known by as long as its content is the same.
    tag: Option<String>,
    /// What is still to come.
    place: Place,
    /// How often it was taken up since something came.
    reopened: u32,
}

#[derive(Debug)]
struct Asked {
    hub: HubClient,
    what: String,
    repository: String,
    name: String,
    path: TreePath,
}

/// Bytes of a file: the next one, and where they end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    next: u64,
    end: u64,
}

impl Place {
    fn length(self) -> u64 {
        self.end.saturating_sub(self.next)
    }
}

impl HubClient {
    /// Begins to read what stands at `path` in a flist's tree. Symbolic links are followed within the tree.
    pub async fn file(
        &self,
        (repository, name): (&str, &str),
        path: &TreePath,
        range: FileRange,
    ) -> Result<Found, ClientError> {
        let what = format!("reading {repository}/{name}/{path}");
        let (repository, name) = (repository.to_owned(), name.to_owned());
        let asked = Asked { hub: self.clone(), what, repository, name, path: path.clone() };
        let answer = asked.open(range, None).await?;
        if is_directory(&answer) {
            return Ok(Found::Directory);
        }
        let tag = header(&answer, ETAG);
        let place = asked.place(&answer, range)?;
        let download = asked.download(answer);
        Ok(Found::File(Box::new(FileDownload { asked, download, tag, place, reopened: 0 })))
    }
}

impl FileDownload {
    /// The next part; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        loop {
            match self.download.next().await {
                Ok(Some(part)) => {
                    self.place.next += part.len() as u64;
                    self.reopened = 0;
                    return Ok(Some(part));
                }
                Ok(None) if self.place.next == self.place.end => return Ok(None),
                Ok(None) => {
                    let reason = "it has another length than it says";
                    return Err(bad_answer(&self.asked.what, reason));
                }
                Err(error @ (ClientError::Interrupted { .. } | ClientError::Stalled { .. })) => {
                    self.take_up(error).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Goes on where the connection broke, unless that was done too often.
    async fn take_up(&mut self, error: ClientError) -> Result<(), ClientError> {
        self.reopened += 1;
        let (Some(tag), true) = (&self.tag, self.reopened <= REOPENED && self.place.length() > 0)
        else {
            return Err(error);
        };
        let rest = FileRange::Between(self.place.next, self.place.end.saturating_sub(1));
        let answer =
            self.asked.open(rest, Some(tag.clone())).await.map_err(|error| match error {
                ClientError::Conflict(refusal) => ClientError::Conflict(Refusal {
                    status: refusal.status,
                    code: String::from("precondition_failed"),
                    detail: format!(
                        "{}: it became another file meanwhile; try again",
                        self.asked.what
                    ),
                }),
                error => error,
            })?;
        if self.asked.place(&answer, rest)? != self.place {
            return Err(bad_answer(&self.asked.what, "it does not go on where it broke off"));
        }
        self.download = self.asked.download(answer);
        Ok(())
    }
}

impl Asked {
    async fn open(&self, range: FileRange, tag: Option<String>) -> Result<Response, ClientError> {
        let range = range.header().map(|range| ("range", range));
        let tag = tag.map(|tag| ("if-match", tag));
        let path = ["api", "v1", "flists", &self.repository, &self.name, "files"];
        let tail = self.path.as_bytes();
        let call = Call {
            tail,
            headers: range.into_iter().chain(tag).collect(),
            ..Call::new(&self.what, Method::GET, &path)
        };
        self.hub.transport().open(&call).await
    }

    fn download(&self, answer: Response) -> Download {
        Download::new(self.hub.transport().clone(), self.what.clone(), answer)
    }

    /// Which bytes an answer brings.
    fn place(&self, answer: &Response, range: FileRange) -> Result<Place, ClientError> {
        let length = answer.content_length();
        let place = if answer.status() == StatusCode::PARTIAL_CONTENT {
            header(answer, CONTENT_RANGE).and_then(|text| content_range(&text))
        } else if range == FileRange::Whole {
            length.map(|end| Place { next: 0, end })
        } else {
            return Err(bad_answer(&self.what, "the hub does not know ranges"));
        };
        match place {
            Some(place) if Some(place.length()) == length && range.holds(place) => Ok(place),
            _ => Err(bad_answer(&self.what, "it does not say which bytes it brings")),
        }
    }
}

/// Whether an answer is a page of a directory: parts of such are not to be had.
fn is_directory(answer: &Response) -> bool {
    header(answer, ACCEPT_RANGES).as_deref() == Some("none")
}

/// Reads `bytes 0-99/1234`.
fn content_range(text: &str) -> Option<Place> {
    let (range, _) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (next, end) = (first.parse().ok()?, last.parse::<u64>().ok()?.checked_add(1)?);
    (next < end).then_some(Place { next, end })
}

fn header(answer: &Response, name: HeaderName) -> Option<String> {
    Some(answer.headers().get(name)?.to_str().ok()?.to_owned())
}
