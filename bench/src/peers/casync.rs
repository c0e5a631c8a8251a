//! casync: an index and a chunk store made of a directory, and back.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::{Contender, Ingest};
use crate::inputs::{Image, Step};
use crate::run::{self, Usage};

/// casync with a store in a local directory.
#[derive(Default)]
pub(crate) struct Casync {
    directory: PathBuf,
}

impl Casync {
    fn command(&self, verb: &str) -> Command {
        let mut store = std::ffi::OsString::from("--store=");
        store.push(self.repository().join("store"));
        let mut command = Command::new("casync");
        command.arg(verb).arg(store);
        command
    }

    fn index(&self, step: Step) -> PathBuf {
        self.repository().join(step.label()).with_extension("caidx")
    }
}

impl Contender for Casync {
    fn title(&self) -> &'static str {
        "casync make"
    }

    fn settings(&self) -> &'static str {
        "of the tree; defaults (zstd, chunks of 64 KiB on average); no encryption"
    }

    fn start(&mut self, directory: &Path) -> anyhow::Result<()> {
        directory.clone_into(&mut self.directory);
        std::fs::create_dir(self.repository()).context("no directory for the store")
    }

    fn ingest(&mut self, step: Step, image: &Image) -> anyhow::Result<Ingest> {
        let mut command = self.command("make");
        Ok(run::measured(command.arg(self.index(step)).arg(&image.tree))?.into())
    }

    /// Drops what no index names; here every chunk is named.
    fn compact(&mut self) -> anyhow::Result<()> {
        let mut command = self.command("gc");
        run::plain(command.args(Step::ALL.map(|step| self.index(step)))).map(drop)
    }

    fn restore(&mut self, destination: &Path) -> anyhow::Result<Usage> {
        let mut command = self.command("extract");
        run::measured(command.arg(self.index(Step::Related)).arg(destination))
    }

    fn repository(&self) -> PathBuf {
        self.directory.join("repository")
    }
}
