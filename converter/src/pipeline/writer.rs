//! Puts frames into the store in large batches: content apart from everything else, so that what is
//! new of each can be told.

use crossbeam_channel::Receiver;
use flisthub_storage::{ChunkStore, Frame, Kind, PutReport};

use super::Written;
use super::claims::Claims;
use crate::error::ConvertError;

/// Bytes of frames after which a batch is put.
const BATCH_BYTES: usize = 4 << 20;
/// Frames after which a batch is put.
const BATCH_FRAMES: usize = 4096;

/// Writes until nobody sends any more.
pub(super) fn write(
    store: &dyn ChunkStore,
    claims: &Claims,
    batches: &Receiver<Vec<Frame>>,
) -> Result<Written, ConvertError> {
    let (mut content, mut objects) = (Batch::default(), Batch::default());
    for frames in batches {
        for frame in frames {
            let batch = if frame.kind() == Kind::Content { &mut content } else { &mut objects };
            batch.add(frame);
        }
        content.put_if_large(store, claims)?;
        objects.put_if_large(store, claims)?;
    }
    content.put(store, claims)?;
    objects.put(store, claims)?;
    Ok(Written { content: content.report, objects: objects.report })
}

#[derive(Default)]
struct Batch {
    frames: Vec<Frame>,
    bytes: usize,
    report: PutReport,
}

impl Batch {
    fn add(&mut self, frame: Frame) {
        self.bytes += frame.bytes().len();
        self.frames.push(frame);
    }

    fn put_if_large(
        &mut self,
        store: &dyn ChunkStore,
        claims: &Claims,
    ) -> Result<(), ConvertError> {
        if self.bytes >= BATCH_BYTES || self.frames.len() >= BATCH_FRAMES {
            self.put(store, claims)?;
        }
        Ok(())
    }

    fn put(&mut self, store: &dyn ChunkStore, claims: &Claims) -> Result<(), ConvertError> {
        if !self.frames.is_empty() {
            self.report.add(store.put(&self.frames)?);
            claims.release(self.frames.drain(..).map(|frame| frame.id()));
            self.bytes = 0;
        }
        Ok(())
    }
}
