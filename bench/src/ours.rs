//! Our own ways in and out: upload of a tar over HTTP, push of a directory, pull.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use tokio::runtime::Handle;

use crate::hub::{Hub, Programs, USER};
use crate::inputs::{Image, Step};
use crate::peers::{Contender, Ingest};
use crate::process::Process;
use crate::run::{self, Usage};
use crate::upload::{self, Report};

/// How an image gets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Tar,
    Gzip,
    Push,
}

/// A hub with an empty store, and one way in.
struct Ours {
    way: Way,
    programs: Programs,
    handle: Handle,
    directory: PathBuf,
    hub: Option<Hub>,
}

/// Every way of ours.
pub(crate) fn all(programs: &Programs, handle: &Handle) -> Vec<Box<dyn Contender>> {
    [Way::Tar, Way::Gzip, Way::Push]
        .into_iter()
        .map(|way| -> Box<dyn Contender> {
            Box::new(Ours {
                way,
                programs: programs.clone(),
                handle: handle.clone(),
                directory: PathBuf::new(),
                hub: None,
            })
        })
        .collect()
}

impl Ours {
    fn hub(&self) -> anyhow::Result<&Hub> {
        self.hub.as_ref().context("no hub was started")
    }

    fn upload(&self, archive: &Path) -> anyhow::Result<(Usage, Report)> {
        let hub = self.hub()?;
        let name = archive.file_name().context("an archive without a name")?.to_string_lossy();
        let file = File::open(archive).with_context(|| archive.display().to_string())?;
        rustix::fs::sync();
        let before = Process::this().cpu()?;
        let began = Instant::now();
        let report = upload::upload(hub, &name, file, &self.handle)?;
        let wall = began.elapsed().as_secs_f64();
        let cpu = Process::this().cpu()? - before;
        Ok((Usage { wall, cpu, ..Usage::default() }, report))
    }

    fn push(&self, image: &Image) -> anyhow::Result<(Usage, Report)> {
        let mut command = self.hub()?.client(&["push"]);
        let (usage, output) = run::measured_output(command.arg(&image.tree).arg(image.name))?;
        let report = serde_json::from_str(&output).context("hub-client prints no JSON")?;
        Ok((usage, Report::read(&report)?))
    }

    /// Adds the hub's share to what `work` costs.
    fn with_hub<T>(
        &self,
        work: impl FnOnce() -> anyhow::Result<(Usage, T)>,
    ) -> anyhow::Result<(Usage, T)> {
        let hub = self.hub()?;
        hub.process().forget_peak()?;
        let before = hub.process().cpu()?;
        let (mut usage, other) = work()?;
        hub.settle()?;
        usage.hub_peak = hub.process().peak()?;
        usage.cpu += hub.process().cpu()? - before;
        Ok((usage, other))
    }
}

impl Contender for Ours {
    fn title(&self) -> &'static str {
        match self.way {
            Way::Tar => "flisthub, upload of .tar",
            Way::Gzip => "flisthub, upload of .tar.gz",
            Way::Push => "flisthub, push of the tree",
        }
    }

    fn settings(&self) -> &'static str {
        match self.way {
            Way::Tar => {
                "one HTTP request to `flisthub serve`; defaults (zstd 1); out by `hub-client pull`"
            }
            Way::Gzip => "the same, of the file made by `gzip -6`",
            Way::Push => {
                "`hub-client push DIRECTORY`, every file read each time; out by `hub-client pull`"
            }
        }
    }

    fn ours(&self) -> bool {
        true
    }

    fn gzipped(&self) -> Option<bool> {
        match self.way {
            Way::Tar => Some(false),
            Way::Gzip => Some(true),
            Way::Push => None,
        }
    }

    fn start(&mut self, directory: &Path) -> anyhow::Result<()> {
        directory.clone_into(&mut self.directory);
        self.hub = Some(Hub::start(&self.programs, directory)?);
        Ok(())
    }

    fn ingest(&mut self, _step: Step, image: &Image) -> anyhow::Result<Ingest> {
        let (usage, report) = self.with_hub(|| match self.way {
            Way::Tar => self.upload(&image.tar),
            Way::Gzip => self.upload(&image.gz),
            Way::Push => self.push(image),
        })?;
        Ok(Ingest { usage, payload: Some(report.stored_bytes) })
    }

    /// The store has no such step: it is measured as it lies there.
    fn compact(&mut self) -> anyhow::Result<()> {
        Ok(())
    }

    fn restore(&mut self, destination: &Path) -> anyhow::Result<Usage> {
        let name = format!("{USER}/{}", Step::Related.label());
        let mut command = self.hub()?.client(&["pull", &name]);
        let pull = || Ok((run::measured(command.arg(destination))?, ()));
        Ok(self.with_hub(pull)?.0)
    }

    fn repository(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Restarts once before it stops: at its start the store moves what is only in its log into its
    /// final files, so that what lies there afterwards is the lasting size.
    fn stop(&mut self) -> anyhow::Result<()> {
        let hub = self.hub.take().context("no hub was started")?.restart()?;
        hub.settle()?;
        hub.stop()
    }
}
