//! What can be measured beside others: the trait, and the programs that do such work elsewhere.

mod borg;
mod casync;
mod restic;

use std::path::{Path, PathBuf};

use crate::inputs::{Image, Step};
use crate::run::Usage;

/// What one ingest cost and wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ingest {
    pub(crate) usage: Usage,
    /// Payload bytes that it says it wrote, if it says so.
    pub(crate) payload: Option<u64>,
}

impl From<Usage> for Ingest {
    fn from(usage: Usage) -> Self {
        Self { usage, payload: None }
    }
}

/// A program, or a way of using it, that takes root filesystems in and gives them back.
pub(crate) trait Contender {
    /// What is run, for the tables.
    fn title(&self) -> &'static str;

    /// How it is set up, for the tables.
    fn settings(&self) -> &'static str;

    /// Whether it is ours.
    fn ours(&self) -> bool {
        false
    }

    /// Whether it takes the archive itself, and then whether the gzipped one.
    fn gzipped(&self) -> Option<bool> {
        None
    }

    /// Makes an empty repository below `directory`, which is empty and its own.
    fn start(&mut self, directory: &Path) -> anyhow::Result<()>;

    /// Takes an image in.
    fn ingest(&mut self, step: Step, image: &Image) -> anyhow::Result<Ingest>;

    /// Makes the repository as small as the program can.
    fn compact(&mut self) -> anyhow::Result<()>;

    /// Gives back what [`Step::Related`] took in, into `destination`, which is not there yet.
    fn restore(&mut self, destination: &Path) -> anyhow::Result<Usage>;

    /// The directory whose size is the stored size.
    fn repository(&self) -> PathBuf;

    /// Ends what it has running.
    fn stop(&mut self) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Every peer.
pub(crate) fn all() -> Vec<Box<dyn Contender>> {
    vec![
        Box::new(restic::Restic::default()),
        Box::new(borg::Borg::import_tar()),
        Box::new(borg::Borg::create()),
        Box::new(casync::Casync::default()),
    ]
}
