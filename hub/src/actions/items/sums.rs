//! Checksums of the files that items declare: those that the repository knows are looked up, others computed within
//! bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flisthub_flist::{File, LoadError, Piece, pieces};
use flisthub_storage::{ChunkStore, Maintain, crash_point};
use ring::digest::{Context, SHA256};
use tokio::runtime::Handle;

use crate::catalog::{Catalog, Checksum};
use crate::error::chain;
use crate::state::Hub;

/// Zeros that are hashed at a time.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// Bytes of a file whose checksum is kept as soon as it is there: who is interrupted then goes on from there.
const LARGE: u64 = 64 << 20;

/// Has work end early that takes long, once somebody says so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(super) fn say(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_said(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a file has no checksum.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("it was to end")]
    Stopped,
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// Gives checksums. Used on a blocking thread of the runtime.
pub(super) struct Sums {
    catalog: Catalog,
    store: Arc<dyn Maintain>,
    runtime: Handle,
    repository_id: i64,
    /// Bytes that may still be read.
    left: u64,
    stop: Stop,
    /// What was computed.
    pub(super) computed: Vec<Checksum>,
    /// Whether something was left out that could be computed.
    pub(super) lacking: bool,
    /// Whether that is because the catalog or the store does not answer.
    pub(super) troubled: bool,
}

impl Sums {
    pub(super) fn new(hub: &Hub, repository_id: i64, left: u64, stop: Stop) -> Self {
        let (catalog, store) = (hub.catalog.clone(), hub.store.clone());
        let (computed, runtime) = (Vec::new(), Handle::current());
        let (lacking, troubled) = (false, false);
        Self { catalog, store, runtime, repository_id, left, stop, computed, lacking, troubled }
    }

    /// The SHA-256 of a file's content; `None`: it is not known yet.
    pub(super) fn of(&mut self, file: &File) -> Option<[u8; 32]> {
        let content = file.content_id();
        if let Some(known) = self.computed.iter().find(|known| known.content == content) {
            return Some(known.sha256);
        }
        match self.runtime.block_on(self.catalog.checksums(self.repository_id, &[content])) {
            Ok(known) => {
                if let Some(sha256) = known.get(&content) {
                    return Some(*sha256);
                }
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "checksums cannot be looked up");
                return self.not_now();
            }
        }
        let Some(left) = self.left.checked_sub(file.size) else {
            self.lacking = true;
            return None;
        };
        self.left = left;
        match hash(&*self.store, file, &self.stop) {
            Ok(sha256) => {
                self.keep(Checksum { content, sha256 }, file.size);
                Some(sha256)
            }
            Err(Failed::Stopped) => {
                self.lacking = true;
                None
            }
            Err(Failed::Load(error)) => {
                tracing::warn!(error = chain(&error), "a file's checksum cannot be computed");
                if matches!(error, LoadError::Store(_)) { self.not_now() } else { None }
            }
        }
    }

    /// One that is to be asked for again: for a publish, an item without it is better than none.
    fn not_now(&mut self) -> Option<[u8; 32]> {
        (self.lacking, self.troubled) = (true, true);
        None
    }

    /// Keeps one for the item; that of a large file also in the catalog, whatever becomes of the item.
    fn keep(&mut self, checksum: Checksum, size: u64) {
        if size >= LARGE {
            let large = [checksum];
            let kept = self.catalog.keep_checksums(self.repository_id, &large);
            if let Err(error) = self.runtime.block_on(kept) {
                tracing::warn!(error = chain(&error), "a checksum is not kept");
            }
            crash_point("items::summed");
        }
        self.computed.push(checksum);
    }
}

fn hash(store: &dyn ChunkStore, file: &File, stop: &Stop) -> Result<[u8; 32], Failed> {
    let mut hasher = Context::new(&SHA256);
    for piece in pieces(store, &file.pieces) {
        match piece? {
            Piece::Chunk { id, .. } => {
                if stop.is_said() {
                    return Err(Failed::Stopped);
                }
                let found = store.get(&[id]).map_err(LoadError::from)?.pop().flatten();
                let chunk = found.ok_or_else(|| LoadError::Missing(vec![id]))?;
                hasher.update(chunk.bytes());
            }
            Piece::Hole { length } => zeros(&mut hasher, length, stop)?,
        }
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(hasher.finish().as_ref());
    Ok(sha256)
}

fn zeros(hasher: &mut Context, mut left: u64, stop: &Stop) -> Result<(), Failed> {
    while left > 0 {
        if stop.is_said() {
            return Err(Failed::Stopped);
        }
        let some = usize::try_from(left).unwrap_or(usize::MAX).min(ZEROS.len());
        hasher.update(ZEROS.get(..some).unwrap_or_default());
        left = left.saturating_sub(some as u64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_hashed_until_somebody_says_stop() {
        let stop = Stop::default();
        let mut hasher = Context::new(&SHA256);
        let length = ZEROS.len() as u64 * 2 + 3;
        zeros(&mut hasher, length, &stop).unwrap();
        let expected = ring::digest::digest(&SHA256, &vec![0; usize::try_from(length).unwrap()]);
        assert_eq!(hasher.clone().finish().as_ref(), expected.as_ref());
        // More than anybody waits for.
        stop.say();
        let stopped = zeros(&mut hasher, u64::MAX, &stop);
        assert!(matches!(stopped, Err(Failed::Stopped)));
    }
}
