//! Units of work, and the words that threads send to the assembler.

use crossbeam_channel::Sender;
use flisthub_flist::{LayerStep, Metadata, Piece, TreePath};

use super::control::Control;
use crate::error::ConvertError;
use crate::work::{Sink, Work};

/// Bytes of the source that one unit spans.
const SPAN: u64 = 2 << 20;
/// Bytes of metadata after which a unit ends. Attributes come from headers, which the span of content
/// does not count in full: each costs more memory than it has bytes.
const METADATA: usize = 1 << 20;
/// Steps that one unit holds.
const STEPS: usize = 1024;

/// A stretch of the source.
pub(super) struct Unit {
    /// Its place in the source, counted from 0; `None` if it only carries objects.
    pub(super) number: Option<u64>,
    /// Its steps, in order.
    pub(super) work: Vec<Work>,
}

/// What a worker made of one step.
pub(super) enum Done {
    Piece(Piece),
    File { path: TreePath, metadata: Metadata },
    Step(LayerStep),
}

/// A word to the assembler.
pub(super) enum Message {
    /// A unit has been hashed.
    Unit(u64, Vec<Done>),
    /// The source had so many units.
    Ended(u64),
    /// A thread is gone; no more will come of it.
    Failed,
}

/// Says that its thread is gone, also if the thread panics, unless it said something better.
pub(super) struct Farewell<'a> {
    to: &'a Sender<Message>,
    said: bool,
}

impl<'a> Farewell<'a> {
    pub(super) fn new(to: &'a Sender<Message>) -> Self {
        Self { to, said: false }
    }

    /// Says `message` instead. An assembler that is gone need not hear it.
    pub(super) fn say(&mut self, message: Message) {
        self.said = true;
        drop(self.to.send(message));
    }
}

impl Drop for Farewell<'_> {
    fn drop(&mut self) {
        if !self.said {
            self.say(Message::Failed);
        }
    }
}

/// Gathers work into units and sends them to the workers.
pub(crate) struct Units<'a> {
    to_workers: &'a Sender<Unit>,
    control: &'a Control,
    work: Vec<Work>,
    /// Where in the source the unit starts.
    start: u64,
    /// Bytes of memory that the metadata in it takes, roughly.
    metadata: usize,
    sent: u64,
}

impl<'a> Units<'a> {
    pub(super) fn new(to_workers: &'a Sender<Unit>, control: &'a Control) -> Self {
        Self { to_workers, control, work: Vec::new(), start: 0, metadata: 0, sent: 0 }
    }

    /// Sends what is left; gives the number of units.
    pub(super) fn finish(&mut self) -> Result<u64, ConvertError> {
        self.send()?;
        Ok(self.sent)
    }

    fn send(&mut self) -> Result<(), ConvertError> {
        self.control.check()?;
        let work = std::mem::take(&mut self.work);
        if work.is_empty() {
            return Ok(());
        }
        let piece = |work: &&Work| matches!(work, Work::Data(_) | Work::Hole(_));
        self.control.add_entries((work.len() - work.iter().filter(piece).count()) as u64);
        self.control.tell();
        let unit = Unit { number: Some(self.sent), work };
        self.sent += 1;
        self.to_workers.send(unit).map_err(|_| ConvertError::Cancelled)
    }
}

impl Sink for Units<'_> {
    fn take(&mut self, work: Work, position: u64) -> Result<(), ConvertError> {
        self.metadata += work.metadata_memory();
        self.work.push(work);
        if position.saturating_sub(self.start) >= SPAN
            || self.work.len() >= STEPS
            || self.metadata >= METADATA
        {
            self.start = position;
            self.metadata = 0;
            self.send()?;
        }
        Ok(())
    }
}
