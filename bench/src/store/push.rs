//! One push after the other, as the hub does them, and how long each takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Instant;

use anyhow::Context as _;
use flisthub_flist::{VerifyLimits, verify};
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore as _, Clock as _, Compressor, DEFAULT_LEVEL, Frame, RocksStore,
    Session, SessionId, Sessions as _, SystemClock,
};

use super::names::Names;
use super::trees;
use super::turns::{Doing, Turns};

/// Chunks of a push that the store has, and chunks that are new.
const KNOWN: u64 = 1000;
const NEW: u64 = 1000;

/// Milliseconds of pushes by what the sweep did meanwhile.
pub(crate) type Times = BTreeMap<Doing, Vec<f64>>;

/// Makes pushes into a store of so many chunks.
pub(crate) struct Pusher {
    store: Arc<RocksStore>,
    stored: u64,
    pushes: u64,
    compressor: Compressor,
}

/// What a push brings.
struct Push {
    session: Session,
    chunks: Vec<ChunkId>,
    /// Of the chunks, then of the objects, the manifest last.
    frames: Vec<Frame>,
    manifest: ChunkId,
}

impl Pusher {
    pub(crate) fn new(store: Arc<RocksStore>, stored: u64) -> anyhow::Result<Self> {
        let compressor = Compressor::new(DEFAULT_LEVEL)?;
        Ok(Self { store, stored, pushes: 0, compressor })
    }

    /// Pushes until `stop`. A push during which the sweep turned to something else counts for nothing.
    pub(crate) fn run(
        &mut self,
        names: &Names,
        turns: &Turns,
        stop: &AtomicBool,
    ) -> anyhow::Result<Times> {
        let mut times = Times::new();
        while !stop.load(SeqCst) {
            let push = self.prepare()?;
            let turn = turns.now();
            let began = Instant::now();
            self.push(&push, names)?;
            let millis = began.elapsed().as_secs_f64() * 1e3;
            if turns.now() == turn {
                times.entry(turn.doing).or_default().push(millis);
            }
        }
        Ok(times)
    }

    /// Chunks from all over the store, and new ones.
    fn prepare(&mut self) -> anyhow::Result<Push> {
        let number = self.pushes;
        self.pushes += 1;
        // A prime number of steps apart, so that no two pushes ask for the same.
        let known = (0..KNOWN).map(|one| (number * KNOWN + one) * 7_919 % self.stored);
        let new = (0..NEW).map(|one| self.stored + number * NEW + one);
        let mut all: Vec<Chunk> = known.chain(new).map(trees::chunk).collect::<Result<_, _>>()?;
        let chunks: Vec<ChunkId> = all.iter().map(Chunk::id).collect();
        all.extend(trees::flist(&chunks)?);
        let frames: Vec<Frame> =
            all.iter().map(|chunk| self.compressor.compress(chunk)).collect::<Result<_, _>>()?;
        let manifest = frames.last().map(Frame::id).context("a flist without a manifest")?;
        let session = Session {
            id: SessionId::random()?,
            owner: "bench".to_owned(),
            repository: "bench".to_owned(),
            expires: SystemClock.now() + 3600,
        };
        Ok(Push { session, chunks, frames, manifest })
    }

    fn push(&self, push: &Push, names: &Names) -> anyhow::Result<()> {
        let store = &*self.store;
        store.open_session(&push.session)?;
        let absent = store.claim(&push.chunks)?;
        let (chunks, objects) = push.frames.split_at(push.chunks.len());
        let mut wanted = absent.iter().peekable();
        let mut sent: Vec<Frame> = Vec::with_capacity(absent.len() + objects.len());
        for frame in chunks {
            if wanted.next_if(|id| **id == frame.id()).is_some() {
                sent.push(frame.clone());
            }
        }
        sent.extend_from_slice(objects);
        store.put_in(&push.session.id, &sent)?;
        let inside = names.enter();
        verify(store, push.manifest, &VerifyLimits::default(), &[])?;
        store.flush()?;
        names.register(push.manifest);
        drop(inside);
        store.close_session(&push.session.id)?;
        Ok(())
    }
}
