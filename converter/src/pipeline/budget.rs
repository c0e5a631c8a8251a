//! How much memory the entries of an ingest may take until the tree is built. The layers of one image
//! share one budget.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use flisthub_flist::{Content, Layer, LayerStep, Pieces};

use crate::error::{ConvertError, shown};
use crate::limits::{Limit, Limits};
use crate::xattr;

/// What an entry is counted as, beside what it holds: more than it takes in the tree, for the steps
/// before that hold it too.
const ENTRY: usize = 500;

/// Bytes that are held, roughly, and how many may be.
#[derive(Debug)]
pub(crate) struct Budget {
    held: AtomicU64,
    most: u64,
}

impl Budget {
    /// Nothing is held yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { held: AtomicU64::new(0), most: limits.tree_memory }
    }

    /// Counts what an entry takes.
    pub(super) fn hold(&self, step: &LayerStep) -> Result<(), ConvertError> {
        let (path, metadata, content) = match step {
            LayerStep::Directory { path, metadata } => (path, Some(metadata), None),
            LayerStep::Entry { path, metadata, content } => (path, Some(metadata), Some(content)),
            LayerStep::HardLink { path, .. }
            | LayerStep::Whiteout(path)
            | LayerStep::Opaque(path) => (path, None, None),
        };
        let held = match content {
            Some(Content::File { pieces: Pieces::Inline(pieces), .. }) => {
                size_of_val(pieces.as_slice())
            }
            Some(Content::Symlink { target }) => target.len(),
            _ => 0,
        };
        let xattrs = metadata.map_or(0, |metadata| xattr::size(&metadata.xattrs));
        let bytes = (ENTRY + path.as_bytes().len() + xattrs + held) as u64;
        if self.held.fetch_add(bytes, Relaxed).saturating_add(bytes) <= self.most {
            return Ok(());
        }
        let limit = Limit::TreeMemory(self.most);
        Err(ConvertError::Limit { limit, entry: Some(shown(path.as_bytes())) })
    }

    /// Counts a layer that was not read here.
    pub(crate) fn hold_layer(&self, layer: &Layer) -> Result<(), ConvertError> {
        layer.steps.iter().try_for_each(|step| self.hold(step))
    }
}
