//! A registry of this program's own, Debian's `docker-registry`, on a free loopback port.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;

use super::daemon::Daemon;
use super::stage::{NAME, Stage, Tag};
use crate::{page_cache, run};

/// A running registry with the images of the stage.
pub(super) struct Registry {
    daemon: Daemon,
    data: PathBuf,
    /// `127.0.0.1:PORT`.
    pub(super) address: String,
}

impl Registry {
    /// Starts one below `directory` and puts every image of the stage into it.
    pub(super) fn start(stage: &Stage, directory: &Path) -> anyhow::Result<Self> {
        let data = directory.join("registry");
        fs::create_dir(&data)?;
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: \"127.0.0.1:0\", secret: bench}}\n",
            data.display()
        );
        let file = directory.join("registry.yml");
        fs::write(&file, config)?;
        let arguments = ["serve".to_owned(), file.display().to_string()];
        let log = directory.join("registry.log");
        let mut daemon = Daemon::start("docker-registry", &arguments, &log)?;
        let address = daemon.wait_for(|daemon| Ok(listening(&daemon.log()?)))?;
        let registry = Self { daemon, data, address };
        for tag in Tag::ALL {
            let (from, to) = (stage.image(tag), format!("docker://{}", registry.image(tag)));
            let mut command = Command::new("skopeo");
            command.args(["--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false"]);
            run::plain(command.args([from, to]))?;
        }
        Ok(registry)
    }

    /// The name of an image, as everybody who fetches it says it.
    pub(super) fn image(&self, tag: Tag) -> String {
        format!("{}/{NAME}:{}", self.address, tag.word())
    }

    /// Has everything that it stores read, so that nobody waits for the disk.
    pub(super) fn warm(&self) -> anyhow::Result<()> {
        page_cache::load_all(&self.data)
    }

    /// Bytes of blobs and manifests that it sent since it started.
    pub(super) fn sent(&self) -> anyhow::Result<u64> {
        Ok(self.daemon.log()?.lines().filter_map(sent).sum())
    }

    /// Bytes that it keeps for these images: every blob once, and the manifests.
    pub(super) fn keeps(&self, tags: &[Tag]) -> anyhow::Result<u64> {
        let mut blobs = BTreeMap::new();
        for tag in tags {
            let mut command = Command::new("skopeo");
            command.args(["inspect", "--raw", "--tls-verify=false"]);
            let text = run::plain(command.arg(format!("docker://{}", self.image(*tag))))?;
            blobs.insert(text.clone(), text.len() as u64);
            let manifest: Value = serde_json::from_str(&text).context("a manifest")?;
            let layers = manifest.get("layers").and_then(Value::as_array).into_iter().flatten();
            for blob in manifest.get("config").into_iter().chain(layers) {
                let digest = blob.get("digest").and_then(Value::as_str).context("a digest")?;
                let size = blob.get("size").and_then(Value::as_u64).context("a size")?;
                blobs.insert(digest.to_owned(), size);
            }
        }
        Ok(blobs.values().sum())
    }
}

/// Where it says that it listens.
fn listening(log: &str) -> Option<String> {
    let (_, after) = log.split_once("listening on ")?;
    let end = after.find([',', '"'])?;
    after.get(..end).map(ToOwned::to_owned)
}

/// The bytes that one line of its access log says were sent: `… "GET /v2/… HTTP/1.1" 200 123 …`.
fn sent(line: &str) -> Option<u64> {
    let (_, request) = line.split_once("\"GET /v2/")?;
    let (_, answer) = request.split_once(" HTTP/1.1\" ")?;
    answer.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_read_from_the_log() {
        let get = "127.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET /v2/app/blobs/sha256:ab HTTP/1.1\" 200 1234 \"\" \"x\"";
        assert_eq!(sent(get), Some(1234));
        assert_eq!(sent(&get.replace("GET", "HEAD")), None);
        assert_eq!(sent("time=\"x\" level=info msg=\"response completed\""), None);
    }

    #[test]
    fn the_address_is_read_from_the_log() {
        let log = "time=\"x\" level=info msg=\"listening on 127.0.0.1:4711\" go.version=go1\n";
        assert_eq!(listening(log).as_deref(), Some("127.0.0.1:4711"));
        assert_eq!(listening("listening on "), None);
    }
}
