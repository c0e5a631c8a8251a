//! Puts hashed units back in order and builds the tree from them.
//!
//! Objects that the tree is made of go to the workers like any other chunk. While units still come in,
//! they are sent only when that does not stop this thread from listening: the workers may be waiting
//! for it.

use std::collections::HashMap;

use crossbeam_channel::{Receiver, Sender, select};
use flisthub_flist::{
    BuiltTree, Content, FileBuilder, Metadata, Piece, Pieces, TreeBuilder, TreePath,
};
use flisthub_storage::{Chunk, StoreError};

use super::units::{Done, Message, Unit};
use crate::error::{ConvertError, shown};
use crate::limits::{Limit, Limits};
use crate::work::Work;
use crate::xattr;

/// Bytes of objects that make a unit.
const OBJECT_BYTES: usize = 1 << 20;
/// Objects that make a unit.
const OBJECTS: usize = 512;

pub(super) struct Assembler {
    to_workers: Sender<Unit>,
    messages: Receiver<Message>,
    tree: TreeBuilder,
    file: FileBuilder,
    chunks: u64,
    objects: Objects,
    /// Bytes that the entries take in memory, roughly, and how many they may.
    memory: (u64, u64),
}

/// What an entry is counted as in memory, beside what it holds: more than it takes in the tree, for
/// the steps before that hold it too.
const ENTRY_MEMORY: usize = 500;

impl Assembler {
    pub(super) fn new(
        to_workers: Sender<Unit>,
        messages: Receiver<Message>,
        limits: &Limits,
    ) -> Self {
        Self {
            to_workers,
            messages,
            tree: TreeBuilder::new(),
            file: FileBuilder::new(),
            chunks: 0,
            objects: Objects::default(),
            memory: (0, limits.tree_memory),
        }
    }

    /// Builds the tree; gives it and the number of chunks that its files were read as.
    pub(super) fn run(&mut self) -> Result<(BuiltTree, u64), ConvertError> {
        self.listen()?;
        let (objects, to_workers) = (&mut self.objects, &self.to_workers);
        let tree = std::mem::take(&mut self.tree).finish(&mut |chunk| {
            objects.add(chunk);
            if objects.enough() { send(to_workers, objects.take()) } else { Ok(()) }
        })?;
        send(to_workers, objects.take())?;
        Ok((tree, self.chunks))
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
                self.hold(&path, Some(&metadata), Some(&content))?;
                self.tree.add(&path, metadata, content)?;
            }
            Done::Directory { path, metadata } => {
                self.hold(&path, Some(&metadata), None)?;
                self.tree.add_directory(&path, metadata)?;
            }
            Done::Other { path, metadata, content } => {
                self.hold(&path, Some(&metadata), Some(&content))?;
                self.tree.add(&path, metadata, content)?;
            }
            Done::HardLink { path, target } => {
                self.hold(&path, None, None)?;
                self.tree.add_hard_link(&path, &target)?;
            }
        }
        Ok(())
    }

    /// Counts what an entry takes in memory.
    fn hold(
        &mut self,
        path: &TreePath,
        metadata: Option<&Metadata>,
        content: Option<&Content>,
    ) -> Result<(), ConvertError> {
        let held = match content {
            Some(Content::File { pieces: Pieces::Inline(pieces), .. }) => {
                size_of_val(pieces.as_slice())
            }
            Some(Content::Symlink { target }) => target.len(),
            _ => 0,
        };
        let xattrs = metadata.map_or(0, |metadata| xattr::size(&metadata.xattrs));
        self.memory.0 += (ENTRY_MEMORY + path.as_bytes().len() + xattrs + held) as u64;
        if self.memory.0 > self.memory.1 {
            let limit = Limit::TreeMemory(self.memory.1);
            return Err(ConvertError::Limit { limit, entry: Some(shown(path.as_bytes())) });
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
