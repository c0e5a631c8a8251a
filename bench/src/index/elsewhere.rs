//! Promotions and merges of a tree of 100,000 files over HTTP: into the repository that has its content, and into
//! one that has nothing of it.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::milliseconds;
use crate::hub::{Hub, USER};
use crate::stats::Samples;
use crate::upload;

/// Milliseconds of requests to their last byte.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) promote_known: Samples,
    pub(crate) promote_new: Samples,
    pub(crate) merge_known: Samples,
    pub(crate) merge_new: Samples,
}

/// Measures once, with the flist `tree` of the user, which is there.
pub(super) fn measure(
    hub: &Hub,
    tree: &str,
    results: &mut Results,
    handle: &Handle,
) -> anyhow::Result<()> {
    let second = format!("{tree}-second");
    upload::upload(hub, &format!("{second}.tar"), std::io::Cursor::new(small()?), handle)?;
    let from = format!("{USER}/{tree}");
    let promotion = json!({ "from": from });
    let merge = json!({ "sources": [from, format!("{USER}/{second}")] });
    let (for_promotion, for_merge) = (format!("{tree}-promoted"), format!("{tree}-merged"));
    for repository in [&for_promotion, &for_merge] {
        post(hub, "/api/v1/repositories", &json!({ "name": repository }), handle)?;
    }
    hub.settle()?;
    for (repository, verb, body, took) in [
        (USER, "promote", &promotion, &mut results.promote_known),
        (&for_promotion, "promote", &promotion, &mut results.promote_new),
        (USER, "merge", &merge, &mut results.merge_known),
        (&for_merge, "merge", &merge, &mut results.merge_new),
    ] {
        let path = format!("/api/v1/flists/{repository}/{tree}-by-{verb}/{verb}");
        took.push(post(hub, &path, body, handle)?);
        hub.settle()?;
    }
    Ok(())
}

/// Asks; gives what the question took.
fn post(hub: &Hub, path: &str, body: &Value, handle: &Handle) -> anyhow::Result<f64> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let request = client
        .post(format!("{}{path}", hub.url))
        .bearer_auth(&hub.token)
        .header("content-type", "application/json")
        .body(body.to_string());
    let began = Instant::now();
    handle.block_on(async { request.send().await?.error_for_status()?.bytes().await })?;
    Ok(milliseconds(began))
}

/// An archive with one file, beside the tree's directories.
fn small() -> anyhow::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_path("beside")?;
    header.set_mode(0o644);
    header.set_size(4);
    header.set_cksum();
    archive.append(&header, &b"more"[..])?;
    Ok(archive.into_inner()?)
}
