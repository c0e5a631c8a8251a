//! From entries and content to a flist in a store, in threads joined by bounded channels.
//!
//! ```text
//! source ──units──> workers ──frames──> writers ──> store
//!                      │ ids, in units
//!                      └──────────────> assembler (the calling thread) ──objects──> workers
//! ```
//!
//! A *unit* is a stretch of the source of at most about 2 MiB. One worker hashes all chunks of it,
//! asks the store once which of them it has, and compresses only the others. The assembler puts the
//! units back in order and builds the tree, so that the result does not depend on which thread was
//! faster. The first error wins and ends every thread.

mod assembler;
mod budget;
mod claims;
mod control;
mod target;
mod units;
mod worker;
mod writer;

use crossbeam_channel::bounded;
use flisthub_flist::{BuiltTree, Manifest, TreeBuilder};
use flisthub_storage::{ChunkStore, Compressor, PutReport};

use crate::error::ConvertError;
use crate::options::{IngestOptions, IngestReport, Ingested};
use assembler::Assembler;
pub(crate) use budget::Budget;
use claims::Claims;
pub(crate) use control::Control;
pub(crate) use target::Target;
pub(crate) use units::Units;
use units::{Farewell, Message};
use worker::Worker;

/// Units and batches that may wait between two threads.
const WAITING: usize = 2;

/// What the writers did: to content, and to all other objects.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    content: PutReport,
    objects: PutReport,
}

/// What one run put into the store.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    /// Chunks that were read, each counted as often as it came.
    pub(crate) chunks: u64,
    /// What the store did not have of them.
    pub(crate) content: PutReport,
    /// What it did not have of all other objects.
    pub(crate) objects: PutReport,
}

impl Taken {
    /// Adds what another run put.
    pub(crate) fn add(&mut self, other: Self) {
        self.chunks += other.chunks;
        self.content.add(other.content);
        self.objects.add(other.objects);
    }
}

/// Runs `source` in a thread of its own, builds a tree of what it gives, and puts that and its manifest
/// into `store`.
pub(crate) fn ingest<F>(
    store: &dyn ChunkStore,
    options: &IngestOptions,
    source: F,
) -> Result<Ingested, ConvertError>
where
    F: FnOnce(&mut Units<'_>, &Control) -> Result<(), ConvertError> + Send,
{
    let (budget, tree) = (Budget::new(&options.limits), TreeBuilder::new());
    let (tree, taken) = run(store, options, &budget, tree, source)?;
    publishable(store, options, &tree, taken)
}

/// Runs `source` in a thread of its own, hands what it gives to `target`, and puts all chunks and objects
/// into `store`.
pub(crate) fn run<F, T>(
    store: &dyn ChunkStore,
    options: &IngestOptions,
    budget: &Budget,
    target: T,
    source: F,
) -> Result<(T::Built, Taken), ConvertError>
where
    F: FnOnce(&mut Units<'_>, &Control) -> Result<(), ConvertError> + Send,
    T: Target,
{
    let control = Control::new(options);
    let (control, claims) = (&control, &Claims::default());
    let (built, written) = std::thread::scope(|scope| {
        let (to_workers, units) = bounded(WAITING);
        let (to_writers, batches) = bounded(WAITING);
        // Room for the last word of each thread beside the units, so that none waits at its end.
        let (to_assembler, messages) = bounded(16 + options.workers);
        let writers: Vec<_> = (0..options.writers.max(1))
            .map(|_| {
                let batches = batches.clone();
                scope.spawn(move || control.keep(writer::write(store, claims, &batches)))
            })
            .collect();
        drop(batches);
        for _ in 0..options.workers.max(1) {
            let worker = Worker {
                store,
                claims,
                control,
                options,
                units: units.clone(),
                to_assembler: to_assembler.clone(),
                to_writers: to_writers.clone(),
            };
            scope.spawn(move || control.keep(worker.run()));
        }
        drop((units, to_writers));
        let source_units = to_workers.clone();
        scope.spawn(move || {
            let mut farewell = Farewell::new(&to_assembler);
            let mut units = Units::new(&source_units, control);
            let ended = source(&mut units, control).and_then(|()| units.finish());
            if let Some(count) = control.keep(ended) {
                farewell.say(Message::Ended(count));
            }
        });
        let mut assembler = Assembler::new(to_workers, messages, target, budget);
        let built = control.keep(assembler.run());
        // Ends the workers, and they the writers.
        drop(assembler);
        let written = writers
            .into_iter()
            .map(|writer| writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        (built, written)
    });
    control.first_error()?;
    let written: Option<Vec<Written>> = written;
    let (Some((built, chunks)), Some(written)) = (built, written) else {
        return Err(ConvertError::Cancelled);
    };
    let mut taken = Taken { chunks, ..Taken::default() };
    for Written { content, objects } in written {
        taken.content.add(content);
        taken.objects.add(objects);
    }
    Ok((built, taken))
}

/// Puts the manifest, now that everything it speaks of is there.
pub(crate) fn publishable(
    store: &dyn ChunkStore,
    options: &IngestOptions,
    tree: &BuiltTree,
    mut taken: Taken,
) -> Result<Ingested, ConvertError> {
    let mut manifest = Manifest::of(tree, options.profile);
    manifest.values.clone_from(&options.values);
    manifest.image_config.clone_from(&options.image_config);
    let chunk = manifest.to_chunk()?;
    let mut compressor = Compressor::new(options.level).map_err(ConvertError::Compressor)?;
    // A store behind a network cannot say what it had, so it is asked first, as for all else.
    if !store.missing(&[chunk.id()])?.is_empty() {
        let frame = compressor.compress(&chunk).map_err(ConvertError::Compressor)?;
        taken.objects.add(store.put(&[frame])?);
    }
    let report = IngestReport {
        files: tree.counts.regular,
        entries: tree.totals.entries,
        bytes: tree.totals.bytes,
        chunks: taken.chunks,
        new_chunks: taken.content.new,
        new_objects: taken.objects.new,
        stored_bytes: taken.content.stored_bytes + taken.objects.stored_bytes,
    };
    Ok(Ingested { manifest, flist: chunk.id(), counts: tree.counts, report })
}
