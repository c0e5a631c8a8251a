//! Frames made ahead of the store by a second thread, so that the store is what is measured. What the
//! store had to wait for them is told apart.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use anyhow::Context as _;
use flisthub_storage::{Chunk, Compressor, DEFAULT_LEVEL, Frame, Kind};

use crate::generate::Bytes;

/// Batches that lie ready, at most.
const AHEAD: usize = 64;

/// What chunks hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Bytes that do not compress.
    Random,
    /// Text that zstd level 1 makes about 2.4 times smaller.
    Text,
}

/// Batches of distinct chunks, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) content: Content,
    /// Two plans of different seeds have no chunk in common.
    pub(crate) seed: u64,
    /// Bytes of a chunk.
    pub(crate) chunk: usize,
    /// Chunks in a batch.
    pub(crate) batch: usize,
    pub(crate) batches: u64,
    /// Whether all of it is made before measuring begins: what takes longer to compress than to write.
    pub(crate) ready: bool,
}

impl Plan {
    /// Content bytes of all.
    pub(crate) fn bytes(&self) -> u64 {
        (self.chunk * self.batch) as u64 * self.batches
    }

    /// Begins to make the batches.
    pub(crate) fn start(self) -> anyhow::Result<Feed> {
        let ahead = if self.ready { usize::try_from(self.batches)? } else { AHEAD };
        let (sender, receiver) = sync_channel(ahead);
        let maker = std::thread::spawn(move || {
            let mut maker = Maker::new(self)?;
            for _ in 0..self.batches {
                // Nobody listens any more after an error elsewhere.
                if sender.send(maker.batch()?).is_err() {
                    break;
                }
            }
            anyhow::Ok(())
        });
        let mut feed = Feed { receiver, maker: Some(maker), waited: 0.0 };
        if self.ready {
            feed.join()?;
        }
        Ok(feed)
    }

    /// Makes all batches at once.
    pub(crate) fn all(self) -> anyhow::Result<Vec<Vec<Frame>>> {
        let mut maker = Maker::new(self)?;
        (0..self.batches).map(|_| maker.batch()).collect()
    }
}

struct Maker {
    plan: Plan,
    bytes: Bytes,
    compressor: Compressor,
}

impl Maker {
    fn new(plan: Plan) -> anyhow::Result<Self> {
        let compressor = Compressor::new(DEFAULT_LEVEL)?;
        Ok(Self { plan, bytes: Bytes::new(plan.seed), compressor })
    }

    fn batch(&mut self) -> anyhow::Result<Vec<Frame>> {
        (0..self.plan.batch).map(|_| self.frame()).collect()
    }

    fn frame(&mut self) -> anyhow::Result<Frame> {
        let mut content = Vec::with_capacity(self.plan.chunk + 64);
        match self.plan.content {
            Content::Random => self.bytes.random(&mut content, self.plan.chunk),
            Content::Text => self.bytes.text(&mut content, self.plan.chunk),
        }
        Ok(self.compressor.compress(&Chunk::new(Kind::Content, content)?)?)
    }
}

/// Batches as they come.
pub(crate) struct Feed {
    receiver: Receiver<Vec<Frame>>,
    maker: Option<JoinHandle<anyhow::Result<()>>>,
    waited: f64,
}

impl Feed {
    /// The next batch, or nothing after the last.
    pub(crate) fn next(&mut self) -> Option<Vec<Frame>> {
        let began = Instant::now();
        let batch = self.receiver.recv().ok();
        self.waited += began.elapsed().as_secs_f64();
        batch
    }

    /// Seconds for which [`Self::next`] had to wait, all in all. Fails if making batches failed.
    pub(crate) fn finish(mut self) -> anyhow::Result<f64> {
        self.join()?;
        Ok(self.waited)
    }

    fn join(&mut self) -> anyhow::Result<()> {
        let Some(maker) = self.maker.take() else { return Ok(()) };
        maker.join().ok().context("the thread that makes chunks ended without a word")?
    }
}
