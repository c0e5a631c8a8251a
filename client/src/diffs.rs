//! Comparing two flists: what the hub finds comes line by line, while it looks for more.

use bytes::{Bytes, BytesMut};
use flisthub_flist::wire::DiffLine;
use reqwest::Method;

use crate::download::Download;
use crate::error::ClientError;
use crate::hub::{HubClient, PUBLISH_PATIENCE, bad_answer};
use crate::transport::{Call, read_json};

/// Bytes of one line. A path alone has far fewer.
const MAX_LINE: usize = 1 << 20;

/// What differs, line by line.
#[derive(Debug)]
pub struct Differences {
    what: String,
    download: Download,
    /// What was read and has no line end yet, and how much of it was searched for one.
    read: BytesMut,
    searched: usize,
    ended: bool,
}

impl HubClient {
    /// Begins to compare `from` with `to`, each a `repository/name`, perhaps with `@revision`.
    pub async fn diff(&self, from: &str, to: &str) -> Result<Differences, ClientError> {
        let what = format!("comparing {from} with {to}");
        let path = ["api", "v1", "diff"];
        let query = [("from", from), ("to", to)];
        // The hub may have much to look through before it begins.
        let patience = PUBLISH_PATIENCE;
        let call = Call { query: &query, patience, ..Call::new(&what, Method::GET, &path) };
        let answer = self.transport().open(&call).await?;
        let download = Download::new(self.transport().clone(), what.clone(), answer);
        Ok(Differences { what, download, read: BytesMut::new(), searched: 0, ended: false })
    }
}

impl Differences {
    /// The next line, as it came and as it is meant; `None` after the summary.
    pub async fn next(&mut self) -> Result<Option<(Bytes, DiffLine)>, ClientError> {
        let Some(line) = self.line().await? else {
            let reason = "it ends without a summary";
            return if self.ended { Ok(None) } else { Err(bad_answer(&self.what, reason)) };
        };
        if self.ended {
            return Err(bad_answer(&self.what, "it goes on after the summary"));
        }
        let read: DiffLine = read_json(&self.what, &line)?;
        self.ended = matches!(read, DiffLine::Summary { .. });
        Ok(Some((line, read)))
    }

    async fn line(&mut self) -> Result<Option<Bytes>, ClientError> {
        loop {
            let (_, unsearched) = self.read.split_at(self.searched);
            if let Some(at) = unsearched.iter().position(|byte| *byte == b'\n') {
                let mut line = self.read.split_to(self.searched + at + 1);
                line.truncate(line.len() - 1);
                self.searched = 0;
                return Ok(Some(line.freeze()));
            }
            self.searched = self.read.len();
            if self.searched > MAX_LINE {
                return Err(bad_answer(&self.what, "a line is longer than any that a hub sends"));
            }
            match self.download.next().await? {
                Some(part) => self.read.extend_from_slice(&part),
                // What has no line end was cut off.
                None => return Ok(None),
            }
        }
    }
}
