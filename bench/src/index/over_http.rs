//! The index as a client of a hub feels it: two hubs, one of which is one pool for all.

use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use flisthub_storage::ChunkId;
use flisthub_storage::wire::{read_ids, write_ids};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::{ASKED, TREES, elsewhere, milliseconds, objects};
use crate::hub::{Hub, Programs, USER};
use crate::stats::Samples;
use crate::upload;

/// Milliseconds of requests to their last byte.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// `missing` for 100,000 ids, all of them there: in one pool, and with the index.
    pub(crate) missing_pool: Samples,
    pub(crate) missing: Samples,
    /// Uploading an archive of 100,000 small files.
    pub(crate) upload_pool: Samples,
    pub(crate) upload: Samples,
}

pub(crate) fn measure(
    runs: u32,
    directory: &Path,
    programs: &Programs,
    handle: &Handle,
    all: &mut super::Results,
) -> anyhow::Result<()> {
    // Whoever came first has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let results = &mut all.over_http;
    let start = |name: &str, config| {
        let place = directory.join(name);
        std::fs::create_dir(&place)?;
        Hub::start_with(programs, &place, config)
    };
    let pool = start("pool", Some("[access]\npublic_pool = true\n"))?;
    let indexed = start("indexed", None)?;
    for run in 1..=runs {
        eprintln!("the index over HTTP: run {run} of {runs}");
        for (hub, upload, missing) in [
            (&pool, &mut results.upload_pool, &mut results.missing_pool),
            (&indexed, &mut results.upload, &mut results.missing),
        ] {
            let (archive, ids) = archive(run)?;
            let began = Instant::now();
            upload::upload(hub, &format!("tree-{run}.tar"), std::io::Cursor::new(archive), handle)?;
            upload.push(milliseconds(began));
            hub.settle()?;
            missing.push(handle.block_on(ask(hub, &ids))?);
        }
        elsewhere::measure(&indexed, &format!("tree-{run}"), &mut all.elsewhere, handle)?;
    }
    Ok(())
}

/// An archive with the content of the first kind of tree, and the ids of its chunks.
fn archive(run: u32) -> anyhow::Result<(Vec<u8>, Vec<ChunkId>)> {
    let tree = TREES.first().copied().context("a tree")?;
    let objects = objects(tree, (run, 2))?;
    let mut archive = tar::Builder::new(Vec::new());
    let mut ids = Vec::with_capacity(ASKED);
    for (number, chunk) in objects.iter().take(ASKED).enumerate() {
        let mut header = tar::Header::new_ustar();
        header.set_path(format!("directory-{:03}/file-{number:06}", number % 1000))?;
        header.set_mode(0o644);
        header.set_size(u64::from(chunk.length()));
        header.set_cksum();
        archive.append(&header, &chunk.bytes()[..])?;
        ids.push(chunk.id());
    }
    Ok((archive.into_inner()?, ids))
}

/// Opens a session and asks; gives what the question took.
async fn ask(hub: &Hub, ids: &[ChunkId]) -> anyhow::Result<f64> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let opened = client
        .post(format!("{}/api/v1/sessions", hub.url))
        .bearer_auth(&hub.token)
        .header("content-type", "application/json")
        .body(json!({ "repository": USER }).to_string());
    let opened = opened.send().await?.error_for_status()?.bytes().await?;
    let opened: Value = serde_json::from_slice(&opened)?;
    let session = opened.get("session").and_then(Value::as_str).context("a session")?;
    let request = client
        .post(format!("{}/api/v1/sessions/{session}/missing", hub.url))
        .bearer_auth(&hub.token)
        .header("content-type", flisthub_storage::wire::IDS_TYPE)
        .body(write_ids(ids));
    let began = Instant::now();
    let answer = request.send().await?.error_for_status()?.bytes().await?;
    let took = milliseconds(began);
    let missing = read_ids(&answer)?;
    anyhow::ensure!(missing.is_empty(), "{} are said to be missing", missing.len());
    Ok(took)
}
