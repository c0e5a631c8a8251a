//! Puts hashed units back in order and hands what they hold to a target, a tree or a layer.
//!
//! Objects that the target is made of go to the workers like any other chunk. While units still come in,
//! they are sent only when that does not stop this thread from listening: the workers may be waiting
//! for it.

use std::collections::HashMap;

use crossbeam_channel::{Receiver, Sender, select};
use flisthub_flist::{FileBuilder, LayerStep, Piece};
use flisthub_storage::{Chunk, StoreError};

use super::budget::Budget;
use super::target::Target;
use super::units::{Done, Message, Unit};
use crate::error::ConvertError;
use crate::work::Work;

/// Bytes of objects that make a unit.
const OBJECT_BYTES: usize = 1 << 20;
/// Objects that make a unit.
const OBJECTS: usize = 512;

pub(super) struct Assembler<'a, T> {
    to_workers: Sender<Unit>,
    messages: Receiver<Message>,
    target: T,
    file: FileBuilder,
    chunks: u64,
    objects: Objects,
    budget: &'a Budget,
}

impl<'a, T: Target> Assembler<'a, T> {
    pub(super) fn new(
        to_workers: Sender<Unit>,
        messages: Receiver<Message>,
        target: T,
        budget: &'a Budget,
    ) -> Self {
        let (file, objects) = (FileBuilder::new(), Objects::default());
        Self { to_workers, messages, target, file, chunks: 0, objects, budget }
    }

    /// Builds the target; gives it and the number of chunks that its files were read as.
    pub(super) fn run(&mut self) -> Result<(T::Built, u64), ConvertError> {
        self.listen()?;
        let (objects, to_workers) = (&mut self.objects, &self.to_workers);
        let built = std::mem::take(&mut self.target).finish(&mut |chunk| {
            objects.add(chunk);
            if objects.enough() { send(to_workers, objects.take()) } else { Ok(()) }
        })?;
        send(to_workers, objects.take())?;
        Ok((built, self.chunks))
    }

    /// Takes all units, in their order.
    fn listen(&mut self) -> Result<(), ConvertError> {
        let mut early: HashMap<u64, Vec<Done>> = HashMap::new();
        let (mut next, mut last) = (0, None);
        while last != Some(next) {
            let Some(message) = self.hear()? else { continue };
            match message {
                Message::Failed => return Err(ConvertError::Cancelled),
                Message::Ended(count) => last = Some(count),
                Message::Unit(number, unit) => {
                    early.insert(number, unit);
                }
            }
            while let Some(unit) = early.remove(&next) {
                unit.into_iter().try_for_each(|done| self.take(done))?;
                next += 1;
            }
        }
        Ok(())
    }

    /// The next message; `None` if objects were sent instead.
    fn hear(&mut self) -> Result<Option<Message>, ConvertError> {
        let cancelled = |_| ConvertError::Cancelled;
        if !self.objects.enough() {
            return self.messages.recv().map(Some).map_err(cancelled);
        }
        // What is sent is taken only once it can be sent.
        select! {
            recv(self.messages) -> message => message.map(Some).map_err(cancelled),
            send(self.to_workers, self.objects.take()) -> sent => {
                sent.map(|()| None).map_err(|_| ConvertError::Cancelled)
            }
        }
    }

    fn take(&mut self, done: Done) -> Result<(), ConvertError> {
        let objects = &mut self.objects;
        let mut emit = |chunk| {
            objects.add(chunk);
            Ok(())
        };
        match done {
            Done::Piece(piece) => {
                self.chunks += u64::from(matches!(piece, Piece::Chunk { .. }));
                self.file.push(piece, &mut emit)?;
            }
            Done::File { path, metadata } => {
                let content = std::mem::take(&mut self.file).finish(&mut emit)?;
                let step = LayerStep::Entry { path, metadata, content };
                self.budget.hold(&step)?;
                self.target.take(step)?;
            }
            Done::Step(step) => {
                self.budget.hold(&step)?;
                self.target.take(step)?;
            }
        }
        Ok(())
    }
}

fn send(to_workers: &Sender<Unit>, unit: Unit) -> Result<(), StoreError> {
    to_workers.send(unit).map_err(|_| StoreError::backend("the ingest was stopped"))
}

/// Objects on their way.
#[derive(Default)]
struct Objects {
    chunks: Vec<Chunk>,
    bytes: usize,
}

impl Objects {
    fn add(&mut self, chunk: Chunk) {
        self.bytes += chunk.bytes().len();
        self.chunks.push(chunk);
    }

    fn enough(&self) -> bool {
        self.bytes >= OBJECT_BYTES || self.chunks.len() >= OBJECTS
    }

    fn take(&mut self) -> Unit {
        self.bytes = 0;
        let work = self.chunks.drain(..).map(Work::Object).collect();
        Unit { number: None, work }
    }
}
