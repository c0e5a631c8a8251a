//! Who fetches images: our hub, skopeo with umoci, and a Docker engine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::engine::Engine;
use super::stage::Tag;
use crate::hub::{Hub, Programs};
use crate::run::{self, Usage};

/// Somebody who fetches an image and makes a tree of it.
pub(super) trait Contender {
    /// What is run, for the tables.
    fn title(&self) -> &'static str;

    /// How it is set up, for the tables.
    fn settings(&self) -> &'static str;

    /// Begins with nothing, below `directory`, which is empty and its own.
    fn start(&mut self, directory: &Path) -> anyhow::Result<()>;

    /// Fetches and unpacks an image of the registry.
    fn take(&mut self, tag: Tag, image: &str) -> anyhow::Result<Usage>;

    /// Our hub, if this is one.
    fn hub(&self) -> Option<&Hub> {
        None
    }

    /// Ends what it has running.
    fn stop(&mut self);
}

/// All of them. `registry` is the address of the one that our hub may ask.
pub(super) fn all(programs: &Programs, registry: &str) -> Vec<Box<dyn Contender>> {
    vec![
        Box::new(Ours { programs: programs.clone(), registry: registry.to_owned(), hub: None }),
        Box::new(Layout::default()),
        Box::new(Docker::default()),
    ]
}

/// A hub that may ask the registry at this address.
pub(super) fn hub(programs: &Programs, registry: &str, directory: &Path) -> anyhow::Result<Hub> {
    let (host, _) = registry.rsplit_once(':').context("an address without a port")?;
    let config = format!(
        "[images]\nhosts = [\"{host}\"]\nprivate_hosts = [\"{host}\"]\n\
         plain_http_hosts = [\"{host}\"]\n"
    );
    Hub::start_with(programs, directory, Some(&config))
}

/// Converts an image into a flist.
pub(super) fn convert(hub: &Hub, tag: Tag, image: &str) -> anyhow::Result<Usage> {
    hub.process().forget_peak()?;
    let before = hub.process().cpu()?;
    let command = hub.client(&["convert", image, "--name", tag.word()]);
    let mut usage = run::measured(&command)?;
    hub.settle()?;
    usage.hub_peak = hub.process().peak()?;
    usage.cpu += hub.process().cpu()? - before;
    Ok(usage)
}

struct Ours {
    programs: Programs,
    registry: String,
    hub: Option<Hub>,
}

impl Contender for Ours {
    fn title(&self) -> &'static str {
        "flisthub"
    }

    fn settings(&self) -> &'static str {
        "`hub-client convert`, `flisthub serve` with default settings; the flist is durable when it answers; memory is the hub's"
    }

    fn start(&mut self, directory: &Path) -> anyhow::Result<()> {
        self.hub = Some(hub(&self.programs, &self.registry, directory)?);
        Ok(())
    }

    fn take(&mut self, tag: Tag, image: &str) -> anyhow::Result<Usage> {
        convert(self.hub.as_ref().context("no hub was started")?, tag, image)
    }

    fn hub(&self) -> Option<&Hub> {
        self.hub.as_ref()
    }

    fn stop(&mut self) {
        self.hub = None;
    }
}

#[derive(Default)]
struct Layout {
    directory: PathBuf,
}

impl Contender for Layout {
    fn title(&self) -> &'static str {
        "skopeo and umoci"
    }

    fn settings(&self) -> &'static str {
        "`skopeo copy docker://… oci:…`, then `umoci unpack` into a new directory; no `fsync`; memory is that of the larger of both"
    }

    fn start(&mut self, directory: &Path) -> anyhow::Result<()> {
        directory.clone_into(&mut self.directory);
        Ok(())
    }

    fn take(&mut self, tag: Tag, image: &str) -> anyhow::Result<Usage> {
        let mut skopeo = Command::new("skopeo");
        skopeo.args(["--insecure-policy", "copy", "--quiet", "--src-tls-verify=false"]);
        skopeo.arg(format!("docker://{image}")).arg(format!("oci:oci:{}", tag.word()));
        let copied = run::measured(skopeo.current_dir(&self.directory))?;
        let mut umoci = Command::new("umoci");
        umoci.args(["unpack", "--image"]).arg(format!("oci:{}", tag.word()));
        umoci.arg(format!("bundle-{}", tag.word()));
        let unpacked = run::measured(umoci.current_dir(&self.directory))?;
        Ok(Usage {
            wall: copied.wall + unpacked.wall,
            cpu: copied.cpu + unpacked.cpu,
            program_peak: copied.program_peak.max(unpacked.program_peak),
            hub_peak: 0,
        })
    }

    fn stop(&mut self) {}
}

#[derive(Default)]
struct Docker {
    engine: Option<Engine>,
}

impl Contender for Docker {
    fn title(&self) -> &'static str {
        "docker pull"
    }

    fn settings(&self) -> &'static str {
        "a `dockerd` of its own, overlay2, defaults; memory is that of `dockerd` without the processes that unpack"
    }

    fn start(&mut self, directory: &Path) -> anyhow::Result<()> {
        self.engine = Some(Engine::start(directory)?);
        Ok(())
    }

    fn take(&mut self, _: Tag, image: &str) -> anyhow::Result<Usage> {
        self.engine.as_ref().context("no engine was started")?.pull(image)
    }

    fn stop(&mut self) {
        self.engine = None;
    }
}
