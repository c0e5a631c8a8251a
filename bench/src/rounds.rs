//! The order of the measurements: in each round every contender starts with an empty repository, and
//! each step is done by all of them, one after the other, before the next step begins. So a machine
//! that becomes slower becomes slower for all. Who comes first changes from round to round.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tokio::runtime::Handle;

use crate::hub::Programs;
use crate::inputs::{self, Inputs, Step};
use crate::ours;
use crate::peers::{self, Contender, Ingest};
use crate::reference::References;
use crate::run::Usage;
use crate::size::{self, Parts, Size};

/// Everything measured of one contender, one of each for every round.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) title: &'static str,
    pub(crate) settings: &'static str,
    pub(crate) ours: bool,
    /// See [`Contender::gzipped`].
    pub(crate) gzipped: Option<bool>,
    pub(crate) new: Vec<Ingest>,
    pub(crate) related: Vec<Ingest>,
    pub(crate) again: Vec<Ingest>,
    /// Sum of file lengths by which the repository grew when the same came again.
    pub(crate) growth: Vec<u64>,
    /// Both images, after the peer's own compaction; with our hub still running.
    pub(crate) stored: Vec<Size>,
    /// What `stored` is made of, for ours.
    pub(crate) parts: Vec<Parts>,
    /// The same after a restart, where there is something to restart.
    pub(crate) lasting: Vec<Size>,
    /// What `lasting` is made of, for ours.
    pub(crate) lasting_parts: Vec<Parts>,
    pub(crate) restore: Vec<Usage>,
    /// Entries that rsync finds different from what tar makes, in the worst round.
    pub(crate) differences: usize,
}

impl Measured {
    /// The ingests of one step.
    pub(crate) fn ingests(&self, step: Step) -> &[Ingest] {
        match step {
            Step::New => &self.new,
            Step::Related => &self.related,
            Step::Again => &self.again,
        }
    }

    fn push(&mut self, step: Step, ingest: Ingest) {
        match step {
            Step::New => self.new.push(ingest),
            Step::Related => self.related.push(ingest),
            Step::Again => self.again.push(ingest),
        }
    }
}

/// What was measured in one run.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) runs: u32,
    pub(crate) contenders: Vec<Measured>,
    pub(crate) references: References,
}

/// A contender with its place and what is known of it.
struct Seat {
    contender: Box<dyn Contender>,
    directory: PathBuf,
    measured: Measured,
}

/// Measures everything `runs` times.
pub(crate) fn measure(
    inputs: &Inputs,
    runs: u32,
    work: &Path,
    programs: &Programs,
    handle: &Handle,
) -> anyhow::Result<Results> {
    let contenders = ours::all(programs, handle).into_iter().chain(peers::all());
    let mut seats: Vec<Seat> = contenders
        .enumerate()
        .map(|(index, contender)| Seat {
            directory: work.join(format!("contender.{index}")),
            measured: Measured {
                title: contender.title(),
                settings: contender.settings(),
                ours: contender.ours(),
                gzipped: contender.gzipped(),
                ..Measured::default()
            },
            contender,
        })
        .collect();
    let order: Vec<&'static str> = seats.iter().map(|seat| seat.measured.title).collect();
    let mut references = References::default();
    for number in 0..runs {
        eprintln!("round {} of {runs}", number + 1);
        round(inputs, &mut seats, &mut references, work)?;
        seats.rotate_left(1);
    }
    seats.sort_by_key(|seat| order.iter().position(|title| *title == seat.measured.title));
    let contenders = seats.into_iter().map(|seat| seat.measured).collect();
    Ok(Results { runs, contenders, references })
}

fn round(
    inputs: &Inputs,
    seats: &mut [Seat],
    references: &mut References,
    work: &Path,
) -> anyhow::Result<()> {
    let restored = work.join("restored");
    for seat in &mut *seats {
        seat.start()?;
    }
    eprintln!("  references");
    references.ingest(inputs)?;
    for step in Step::ALL {
        eprintln!("  ingest {step:?}");
        for seat in &mut *seats {
            seat.ingest(step, inputs)?;
        }
    }
    eprintln!("  size and restore");
    references.restore(inputs, &restored)?;
    for seat in &mut *seats {
        seat.restore(inputs, &restored)?;
    }
    for seat in &mut *seats {
        seat.stop()?;
    }
    Ok(())
}

impl Seat {
    fn start(&mut self) -> anyhow::Result<()> {
        fs::create_dir(&self.directory)?;
        self.contender.start(&self.directory).with_context(|| self.measured.title)
    }

    fn ingest(&mut self, step: Step, inputs: &Inputs) -> anyhow::Result<()> {
        let repository = self.contender.repository();
        let before = size::of(&repository)?.files;
        let ingest = self.contender.ingest(step, inputs.of(step));
        let ingest = ingest.with_context(|| format!("{}, {step:?}", self.measured.title))?;
        if step == Step::Again {
            let after = size::of(&repository)?.files;
            self.measured.growth.push(after.saturating_sub(before));
        }
        self.measured.push(step, ingest);
        Ok(())
    }

    fn restore(&mut self, inputs: &Inputs, restored: &Path) -> anyhow::Result<()> {
        let title = self.measured.title;
        self.contender.compact().context(title)?;
        self.measured.stored.push(size::of(&self.contender.repository())?);
        if self.measured.ours {
            self.measured.parts.push(size::parts(&self.contender.repository())?);
        }
        let usage =
            self.contender.restore(restored).with_context(|| format!("{title}, restore"))?;
        self.measured.restore.push(usage);
        let differences = inputs::differences(&inputs.web.tree, restored)?;
        self.measured.differences = self.measured.differences.max(differences);
        fs::remove_dir_all(restored).context("the restored tree is not removed")
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        self.contender.stop().context(self.measured.title)?;
        self.measured.lasting.push(size::of(&self.contender.repository())?);
        if self.measured.ours {
            self.measured.lasting_parts.push(size::parts(&self.contender.repository())?);
        }
        fs::remove_dir_all(&self.directory).context("a repository is not removed")
    }
}
