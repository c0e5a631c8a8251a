//! restic: backup and restore of a directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Contender, Ingest};
use crate::inputs::{Image, Step};
use crate::run::{self, Usage};

/// restic on a repository in a local directory.
#[derive(Default)]
pub(crate) struct Restic {
    directory: PathBuf,
}

impl Restic {
    fn command(&self) -> Command {
        let mut command = Command::new("restic");
        command
            .env("RESTIC_REPOSITORY", self.repository())
            .env("RESTIC_PASSWORD_FILE", self.directory.join("password"))
            .env("RESTIC_CACHE_DIR", self.directory.join("cache"))
            .arg("--quiet");
        command
    }
}

impl Contender for Restic {
    fn title(&self) -> &'static str {
        "restic backup"
    }

    fn settings(&self) -> &'static str {
        "of the tree; repository format 2, `--compression auto` (zstd); it always encrypts; own cache; when the same tree comes again it skips files whose times and sizes are the same"
    }

    fn start(&mut self, directory: &Path) -> anyhow::Result<()> {
        directory.clone_into(&mut self.directory);
        fs::write(self.directory.join("password"), "measured, not secret")?;
        run::plain(self.command().args(["init", "--repository-version", "2"])).map(drop)
    }

    fn ingest(&mut self, step: Step, image: &Image) -> anyhow::Result<Ingest> {
        let mut command = self.command();
        command.args(["backup", "--compression", "auto", "--tag", step.label(), "."]);
        Ok(run::measured(command.current_dir(&image.tree))?.into())
    }

    fn compact(&mut self) -> anyhow::Result<()> {
        run::plain(self.command().arg("prune")).map(drop)
    }

    fn restore(&mut self, destination: &Path) -> anyhow::Result<Usage> {
        let mut command = self.command();
        command.args(["restore", "latest", "--tag", Step::Related.label(), "--target"]);
        run::measured(command.arg(destination))
    }

    fn repository(&self) -> PathBuf {
        self.directory.join("repository")
    }
}
