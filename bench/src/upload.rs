//! Uploads an archive as a browser or curl would: one streamed multipart request. The archive comes
//! from a reader and is never whole in memory.

use std::io::{self, Read};
use std::thread;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::hub::Hub;

/// Bytes of one piece of the stream, and how many wait at most.
const PIECE: usize = 256 << 10;
const WAITING: usize = 4;

const BOUNDARY: &str = "flisthub-bench-f2a94c0e";

/// What the hub says of an upload (`payload.report` of its answer).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Report {
    pub(crate) entries: u64,
    /// Content bytes.
    pub(crate) bytes: u64,
    pub(crate) chunks: u64,
    pub(crate) new_chunks: u64,
    /// Frame bytes written, of chunks and of objects.
    pub(crate) stored_bytes: u64,
}

impl Report {
    /// Reads what the hub or `hub-client push` reports.
    pub(crate) fn read(report: &Value) -> anyhow::Result<Self> {
        let number = |key: &str| {
            let value = report.get(key).and_then(Value::as_u64);
            value.with_context(|| format!("the report has no number {key:?}: {report}"))
        };
        Ok(Self {
            entries: number("entries")?,
            bytes: number("bytes")?,
            chunks: number("chunks")?,
            new_chunks: number("new_chunks")?,
            stored_bytes: number("stored_bytes")?,
        })
    }
}

/// Sends `archive` to the hub as the file `name`, and waits for the answer.
pub(crate) fn upload(
    hub: &Hub,
    name: &str,
    archive: impl Read + Send + 'static,
    handle: &Handle,
) -> anyhow::Result<Report> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    let body = io::Cursor::new(head).chain(archive).chain(io::Cursor::new(tail));
    let url = format!("{}/api/flist/me/upload", hub.url);
    let (status, text) = handle.block_on(send(&url, &hub.token, body))?;
    anyhow::ensure!(status.is_success(), "{name}: the hub answers {status}: {text}");
    let answer: Value = serde_json::from_str(&text).context("the answer is not JSON")?;
    let report = answer.pointer("/payload/report");
    Report::read(report.with_context(|| format!("the answer has no report: {text}"))?)
}

async fn send(
    url: &str,
    token: &str,
    body: impl Read + Send + 'static,
) -> anyhow::Result<(reqwest::StatusCode, String)> {
    // Fails only when a provider is there already, and then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let pieces = stream::unfold(read_ahead(body), async |mut pieces| {
        pieces.recv().await.map(|piece| (piece, pieces))
    });
    let answer = client
        .post(url)
        .bearer_auth(token)
        .header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(reqwest::Body::wrap_stream(pieces))
        .send()
        .await
        .context("the upload broke off")?;
    let status = answer.status();
    Ok((status, answer.text().await.context("the answer broke off")?))
}

/// Reads in a thread of its own, a few pieces ahead of the network.
fn read_ahead(mut body: impl Read + Send + 'static) -> mpsc::Receiver<io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    thread::spawn(move || {
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let read = body.by_ref().take(PIECE as u64).read_to_end(&mut piece);
            let last = !matches!(read, Ok(1..));
            let piece = read.map(|_| Bytes::from(piece));
            // Nobody listens any more: the request is over.
            if sender.blocking_send(piece).is_err() || last {
                return;
            }
        }
    });
    receiver
}
