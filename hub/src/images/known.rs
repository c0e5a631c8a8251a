//! Which known layers one conversion may use: those that the caller may read anyway, and whose content is
//! still there for them.
//!
//! Knowing a digest grants nothing. An image can name any layer, so a layer is used again only for a caller
//! who may read a repository into which an image of that layer was converted, and only if all of its content is
//! held by repositories that the caller may read.

use std::collections::HashSet;

use flisthub_converter::image::{Digest, LayerCache};
use flisthub_flist::{Layer, LoadError, Piece, Pieces, hold, pieces};
use flisthub_storage::{ChunkId, ChunkStore, InSession, Kind, Owner, Reference};
use tokio::runtime::Handle;

use super::LayerFiles;
use crate::actions::{ActionError, reach, resolve};
use crate::auth::Caller;
use crate::error::chain;
use crate::state::Hub;

/// Ids that the store is asked about at a time.
const BATCH: usize = 65_536;

/// The layers that a caller's conversion may use.
pub(crate) struct KnownLayers<'a> {
    /// The hub.
    pub(crate) hub: &'a Hub,
    /// Who asks.
    pub(crate) caller: &'a Caller,
    /// The store, as the conversion's session sees it: what is asked for is claimed.
    pub(crate) store: &'a InSession,
    /// The files.
    pub(crate) files: LayerFiles,
    /// The runtime, for questions to the catalog.
    pub(crate) handle: Handle,
}

impl KnownLayers<'_> {
    fn may_use(&self, diff_id: &Digest) -> Result<bool, ActionError> {
        let digest = diff_id.to_string();
        let holders = self.handle.block_on(self.hub.catalog.repositories_with_layer(&digest))?;
        for holder in &holders {
            if self.handle.block_on(resolve::may_read_in(self.hub, self.caller, holder))? {
                // It holds the layer's content, however many others do.
                if let Some(owner) = reach::owner(holder.id) {
                    self.store.reach().look_in(owner);
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the store has all that the layer names. A sweep spares it for at least half the grace from now; a
    /// conversion that takes longer, and loses some of it, is done again without known layers.
    fn is_whole(store: &dyn ChunkStore, layer: &Layer) -> bool {
        let ids: Vec<ChunkId> = layer.references().collect();
        if !has_all(store, &ids) {
            return false;
        }
        layer.lists().all(|list| {
            let chunk = |piece| match piece {
                Ok(Piece::Chunk { id, .. }) => Some(Ok(id)),
                Ok(Piece::Hole { .. }) => None,
                Err(error) => Some(Err(error)),
            };
            let ids: Result<Vec<ChunkId>, _> = pieces(store, list).filter_map(chunk).collect();
            ids.is_ok_and(|ids| has_all(store, &ids))
        })
    }

    /// Lets a repository hold all that a layer names, if this conversion may use all of it.
    pub(crate) fn keep(&self, diff_id: &Digest, owner: Owner) -> Result<(), LoadError> {
        let layer = self.files.get(diff_id, self.hub.config.store.profile);
        let Some(layer) = layer.filter(|layer| Self::is_whole(self.store, layer)) else {
            return Ok(());
        };
        let list = |pieces: &Pieces| match pieces {
            Pieces::List { id, .. } => Some(Reference { kind: Kind::List, id: *id }),
            Pieces::Inline(_) => None,
        };
        let lists: Vec<Reference> = layer.lists().filter_map(list).collect();
        let mut chunks: HashSet<ChunkId> = layer.references().collect();
        for list in &lists {
            chunks.remove(&list.id);
        }
        let chunks = chunks.into_iter().map(|id| Reference { kind: Kind::Content, id });
        let all: Vec<Reference> = chunks.chain(lists).collect();
        hold(&*self.hub.store, owner, &all, &mut Err).map(|_| ())
    }
}

fn has_all(store: &dyn ChunkStore, ids: &[ChunkId]) -> bool {
    ids.chunks(BATCH).all(|ids| store.missing(ids).is_ok_and(|missing| missing.is_empty()))
}

impl LayerCache for KnownLayers<'_> {
    fn get(&self, diff_id: &Digest) -> Option<Layer> {
        let profile = self.hub.config.store.profile;
        match self.may_use(diff_id) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                tracing::warn!(error = chain(&error), "known layers are not used");
                return None;
            }
        }
        let layer = self.files.get(diff_id, profile)?;
        if Self::is_whole(self.store, &layer) {
            return Some(layer);
        }
        // Others may be able to use what this caller may not.
        if !Self::is_whole(&*self.hub.store, &layer) {
            self.files.remove(diff_id, profile);
        }
        None
    }

    fn put(&self, diff_id: &Digest, layer: &Layer) {
        if let Err(error) = self.files.put(diff_id, self.hub.config.store.profile, layer) {
            tracing::warn!(%error, layer = %diff_id, "a layer is not kept for the next image");
        }
    }
}
