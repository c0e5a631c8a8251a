//! A tar in order, made by several threads.
//!
//! ```text
//! walk ──batches──> packers
//!  └──places, in order──> the calling thread, which waits for each in turn
//! ```
//!
//! There are only so many places, so memory does not grow with the tree: at most about 64 MiB.

use crossbeam_channel::{Receiver, Sender, bounded};

use super::batch::{Batch, Batcher};
use super::error::ExportError;
use super::options::Measured;
use super::pack::{Form, Packed, Packer};
use super::plan::Source;
use crate::options::Progress;

type Answer = Result<Packed, ExportError>;

struct Job {
    batch: Batch,
    answer: Sender<Answer>,
}

/// Packs what `source` has and gives it to `take` in order.
pub(super) fn stream(
    source: &Source<'_>,
    form: Form,
    take: &mut dyn FnMut(Packed) -> Result<(), ExportError>,
) -> Result<Measured, ExportError> {
    let workers = source.options.workers.max(1);
    std::thread::scope(|scope| {
        let (to_packers, jobs) = bounded::<Job>(workers);
        let (to_writer, places) = bounded::<Receiver<Answer>>(workers + 1);
        for _ in 0..workers {
            let jobs = jobs.clone();
            scope.spawn(move || run(source, form, &jobs));
        }
        drop(jobs);
        let walk = scope.spawn(move || {
            let mut batcher = Batcher::new(source.store, |batch| {
                let (answer, place) = bounded(1);
                let gone = |_| ExportError::Cancelled;
                to_writer.send(place).map_err(|_| ExportError::Cancelled)?;
                to_packers.send(Job { batch, answer }).map_err(gone)
            });
            let measured = source.walk(&mut batcher)?;
            batcher.finish().map(|()| measured)
        });
        // Lets its end of the channel go, which ends the walk, and that the packers.
        let taken = consume(source, places, take);
        let walked = walk.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        taken.and(walked)
    })
}

fn run(source: &Source<'_>, form: Form, jobs: &Receiver<Job>) {
    let mut packer = Packer::new(source.store, form);
    for Job { batch, answer } in jobs {
        let done = match &mut packer {
            Ok(packer) => packer.pack(&batch),
            Err(_) => Packer::new(source.store, form).and_then(|mut packer| packer.pack(&batch)),
        };
        // Whoever waited may have given up.
        let _ = answer.send(done);
    }
}

fn consume(
    source: &Source<'_>,
    places: Receiver<Receiver<Answer>>,
    take: &mut dyn FnMut(Packed) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let mut done = Progress::default();
    for place in places {
        source.options.check()?;
        let packed = place.recv().map_err(|_| ExportError::Cancelled)??;
        done.bytes_in += packed.bytes;
        done.entries += packed.entries;
        take(packed)?;
        if let Some(progress) = &source.options.progress {
            progress(done);
        }
    }
    Ok(())
}
