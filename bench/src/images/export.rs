//! How fast a flist comes out as `.tar.zst`, beside `zstd -1` of the same tar.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context as _;
use tokio::runtime::Handle;

use super::stage::Tag;
use crate::hub::{Hub, USER};
use crate::run;

/// One export, in seconds, beside zstd's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exported {
    /// Bytes of the tar.
    pub(crate) tar: u64,
    /// Bytes of our `.tar.zst`, and of zstd's.
    pub(crate) ours: u64,
    pub(crate) theirs: u64,
    /// Seconds of the export.
    pub(crate) export: f64,
    /// Seconds of `zstd -1 -T1` and of `zstd -1 -T0`.
    pub(crate) one: f64,
    pub(crate) all: f64,
    /// Processor seconds of the hub.
    pub(crate) cpu: f64,
}

/// Exports the flist of an image and throws it away; has zstd do the same with its tar. `work` is an empty
/// directory.
pub(super) fn measure(
    hub: &Hub,
    tag: Tag,
    work: &Path,
    handle: &Handle,
) -> anyhow::Result<Exported> {
    let tar = work.join("export.tar");
    let bytes = export(hub, tag, "tar", &mut File::create(&tar)?, handle)?;
    check(hub, tag, &tar, work, handle)?;
    let compress = |threads: &str| {
        let mut command = Command::new("zstd");
        run::measured(command.args(["-1", "-q", threads, "-c"]).arg(&tar)).map(|usage| usage.wall)
    };
    let one = compress("-T1")?;
    hub.settle()?;
    rustix::fs::sync();
    let (before, began) = (hub.process().cpu()?, Instant::now());
    let ours = export(hub, tag, "tar.zst", &mut io::sink(), handle)?;
    let export = began.elapsed().as_secs_f64();
    let cpu = hub.process().cpu()? - before;
    let all = compress("-T0")?;
    let theirs = {
        let small = work.join("zstd.tar.zst");
        run::plain(Command::new("zstd").args(["-1", "-q", "-T1"]).arg(&tar).arg("-o").arg(&small))?;
        small.metadata()?.len()
    };
    Ok(Exported { tar: bytes, ours, theirs, export, one, all, cpu })
}

/// What comes compressed must be the tar that comes plain.
fn check(hub: &Hub, tag: Tag, tar: &Path, work: &Path, handle: &Handle) -> anyhow::Result<()> {
    let packed = work.join("export.tar.zst");
    export(hub, tag, "tar.zst", &mut File::create(&packed)?, handle)?;
    let mut zstd = Command::new("zstd")
        .args(["-dcq"])
        .arg(&packed)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("zstd cannot be run")?;
    let output = zstd.stdout.take().context("zstd has no output")?;
    let same = Command::new("cmp").arg("-").arg(tar).stdin(output).status()?.success();
    let unpacked = zstd.wait()?.success();
    anyhow::ensure!(same && unpacked, "the .tar.zst of the export is not its .tar");
    Ok(())
}

/// Writes an export to `to`; gives its length.
fn export(
    hub: &Hub,
    tag: Tag,
    format: &str,
    to: &mut (dyn Write + Send),
    handle: &Handle,
) -> anyhow::Result<u64> {
    let url = format!("{}/api/v1/flists/{USER}/{}/export?format={format}", hub.url, tag.word());
    // Fails only when a provider is there already, and then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    handle.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let mut answer =
            client.get(url).bearer_auth(&hub.token).send().await?.error_for_status()?;
        let mut length = 0;
        while let Some(piece) = answer.chunk().await.context("the export broke off")? {
            to.write_all(&piece)?;
            length += piece.len() as u64;
        }
        Ok(length)
    })
}
