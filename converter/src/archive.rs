//! An archive from any reader, into the pipeline: one thread reads and decompresses, another splits.

use std::io::Read;

use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender, bounded};
use flisthub_storage::ChunkStore;

use crate::envelope::Unpacked;
use crate::error::ConvertError;
use crate::options::{IngestOptions, Ingested};
use crate::pipeline::{self, Control, Units};
use crate::tar::{Meaning, read_archive};

/// Bytes that are decompressed at a time.
const BUFFER: usize = 512 << 10;
/// Buffers between the two threads.
const AHEAD: usize = 4;
/// Emptied buffers that are kept for use again, so that memory is not fetched anew for each.
const KEPT: usize = 32;

/// Puts the tree that a tar archive holds into `store`: plain, or compressed by gzip, zstd, xz or
/// bzip2, whatever its name. Reads the input once and to its end; holds at most about 40 MB whatever
/// its size, beside the tree's own entries.
///
/// Everything but the manifest is put first, so that a manifest is never there before its objects.
/// The caller calls [`ChunkStore::flush`] before it tells anyone.
///
/// A `reader` that blocks for ever blocks this for ever, also after a failure: give it a time limit.
pub fn ingest_archive(
    reader: impl Read + Send,
    store: &dyn ChunkStore,
    options: &IngestOptions,
) -> Result<Ingested, ConvertError> {
    pipeline::ingest(store, options, |units, control| {
        read(reader, Meaning::Tree, options, (units, control), |_| {})
    })
}

/// Reads an archive in two threads, this and another. `seen` sees every block of it without its
/// compression, in order.
pub(crate) fn read(
    reader: impl Read + Send,
    meaning: Meaning,
    options: &IngestOptions,
    (units, control): (&mut Units<'_>, &Control),
    mut seen: impl FnMut(&[u8]),
) -> Result<(), ConvertError> {
    let (sender, receiver): (_, Receiver<Result<Bytes, ConvertError>>) = bounded(AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || unpack(reader, control, options, &sender));
        // Owns the channel's end, so that the other thread stops when this one does.
        let blocks = receiver.into_iter().inspect(|block| {
            if let Ok(block) = block {
                seen(block);
            }
        });
        read_archive(blocks, meaning, options, units)
    })
}

/// Reads to the end of the input or the first error, or until nobody listens.
fn unpack(
    reader: impl Read,
    control: &Control,
    options: &IngestOptions,
    sender: &Sender<Result<Bytes, ConvertError>>,
) {
    let watched = control.input.watch(reader);
    let mut unpacked = match Unpacked::open(watched, &control.input, options.limits) {
        Ok(unpacked) => unpacked,
        Err(error) => return drop(sender.send(Err(error))),
    };
    let (give_back, kept) = bounded(KEPT);
    loop {
        let mut bytes = kept.try_recv().unwrap_or_else(|_| vec![0; BUFFER]);
        let filled = control.check().and_then(|()| unpacked.fill(&mut bytes));
        control.tell();
        let block = match filled {
            Ok(0) => return,
            Ok(length) => {
                Ok(Bytes::from_owner(Buffer { bytes, length, give_back: give_back.clone() }))
            }
            Err(error) => Err(error),
        };
        let failed = block.is_err();
        if sender.send(block).is_err() || failed {
            return;
        }
    }
}

/// A filled buffer that goes back to be used again once nobody looks at it any more.
struct Buffer {
    bytes: Vec<u8>,
    length: usize,
    give_back: Sender<Vec<u8>>,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // When enough are kept already, this one is freed.
        drop(self.give_back.try_send(std::mem::take(&mut self.bytes)));
    }
}
