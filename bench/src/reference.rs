//! What is measured beside the contenders, in every round: tar, gzip, and the least possible work.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::floor::{self, Floor};
use crate::inputs::{Inputs, Step};
use crate::run::{self, Usage};

/// One of each for every round.
#[derive(Debug, Default)]
pub(crate) struct References {
    /// `tar -xf web.tar`.
    pub(crate) extract: Vec<Usage>,
    /// `gzip -dc base.tar.gz`.
    pub(crate) inflate: Vec<Usage>,
    /// The least possible work of each step, in the order of [`Step::ALL`].
    pub(crate) floors: Vec<[Floor; 3]>,
}

impl References {
    /// Measures the floors and gzip once more.
    pub(crate) fn ingest(&mut self, inputs: &Inputs) -> anyhow::Result<()> {
        self.inflate.push(run::measured(Command::new("gzip").arg("-dc").arg(&inputs.base.gz))?);
        let mut known = HashSet::new();
        let mut floors = [Floor::default(); 3];
        for (floor, step) in floors.iter_mut().zip(Step::ALL) {
            *floor = floor::measure(inputs.of(step), &mut known)?;
        }
        self.floors.push(floors);
        Ok(())
    }

    /// Measures tar once more.
    pub(crate) fn restore(&mut self, inputs: &Inputs, destination: &Path) -> anyhow::Result<()> {
        fs::create_dir(destination).with_context(|| destination.display().to_string())?;
        let mut command = Command::new("tar");
        command.arg("-xf").arg(&inputs.web.tar).arg("-C").arg(destination);
        self.extract.push(run::measured(&command)?);
        fs::remove_dir_all(destination)?;
        Ok(())
    }

    /// The floors of one step, in seconds, of every round.
    pub(crate) fn floor(&self, step: Step, gzipped: bool) -> crate::stats::Samples {
        let place = Step::ALL.iter().position(|other| *other == step).unwrap_or_default();
        let of_round = self.floors.iter().filter_map(|floors| floors.get(place));
        of_round.map(|floor| floor.over_two_cores(gzipped)).collect()
    }
}
