//! borg: import of a tar, or archiving of a directory; extraction to a directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::{Contender, Ingest};
use crate::inputs::{Image, Step};
use crate::run::{self, Usage};

/// borg on a repository in a local directory.
pub(crate) struct Borg {
    /// Whether it reads the tar, or the tree.
    from_tar: bool,
    directory: PathBuf,
}

impl Borg {
    /// `borg import-tar`.
    pub(crate) fn import_tar() -> Self {
        Self { from_tar: true, directory: PathBuf::new() }
    }

    /// `borg create`.
    pub(crate) fn create() -> Self {
        Self { from_tar: false, directory: PathBuf::new() }
    }

    fn command(&self) -> Command {
        let mut command = Command::new("borg");
        command
            .env("BORG_REPO", self.repository())
            .env("BORG_BASE_DIR", self.directory.join("home"))
            .env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes");
        command
    }
}

/// An archive in the repository that the environment names.
fn archive(step: Step) -> String {
    format!("::{}", step.label())
}

impl Contender for Borg {
    fn title(&self) -> &'static str {
        if self.from_tar { "borg import-tar" } else { "borg create" }
    }

    fn settings(&self) -> &'static str {
        if self.from_tar {
            "of the .tar; `--encryption=none --compression zstd,1`"
        } else {
            "of the tree; `--encryption=none --compression zstd,1`; when the same tree comes again it skips files whose times and sizes are the same"
        }
    }

    fn start(&mut self, directory: &Path) -> anyhow::Result<()> {
        directory.clone_into(&mut self.directory);
        run::plain(self.command().args(["init", "--encryption=none"])).map(drop)
    }

    fn ingest(&mut self, step: Step, image: &Image) -> anyhow::Result<Ingest> {
        let mut command = self.command();
        if self.from_tar {
            command.args(["import-tar", "--compression", "zstd,1", &archive(step)]);
            command.arg(&image.tar);
        } else {
            command.args(["create", "--compression", "zstd,1", &archive(step), "."]);
            command.current_dir(&image.tree);
        }
        Ok(run::measured(&command)?.into())
    }

    fn compact(&mut self) -> anyhow::Result<()> {
        run::plain(self.command().arg("compact")).map(drop)
    }

    fn restore(&mut self, destination: &Path) -> anyhow::Result<Usage> {
        fs::create_dir(destination).with_context(|| destination.display().to_string())?;
        let mut command = self.command();
        command.args(["extract", "--numeric-ids", &archive(Step::Related)]);
        run::measured(command.current_dir(destination))
    }

    fn repository(&self) -> PathBuf {
        self.directory.join("repository")
    }
}
