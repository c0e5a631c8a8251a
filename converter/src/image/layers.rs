//! The layers of one image: read side by side, each once, then laid over one another.

use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use flisthub_flist::{Layer, TreeBuilder};
use flisthub_storage::{ChunkStore, PartState};

use super::convert::{ConvertOptions, LayerCache, of_tree};
use super::layer::read_layer;
use super::progress::Parts;
use super::{Image, ImageError, ImageSource};
use crate::options::IngestOptions;
use crate::pipeline::{Budget, Taken};

/// The layers of one image on their way in.
pub(super) struct Layers<'a> {
    pub(super) source: &'a dyn ImageSource,
    pub(super) store: &'a dyn ChunkStore,
    pub(super) cache: &'a dyn LayerCache,
    pub(super) options: &'a ConvertOptions,
    pub(super) image: &'a Image,
    pub(super) budget: Budget,
    /// Set when anything failed or the caller wants no more.
    pub(super) stop: Arc<AtomicBool>,
    pub(super) parts: Arc<Parts>,
}

impl Layers<'_> {
    /// All layers, the lowest first.
    pub(super) fn read(&self) -> Result<(Vec<Layer>, Taken), ImageError> {
        let next = AtomicUsize::new(0);
        let order = self.order();
        let read = Mutex::new((vec![None; self.image.layers.len()], Taken::default()));
        let first = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..self.options.layers_at_a_time.clamp(1, order.len().max(1)) {
                scope.spawn(|| {
                    while let Some(&index) = order.get(next.fetch_add(1, Relaxed)) {
                        match self.layer(index) {
                            Ok((layer, taken)) => {
                                let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
                                read.1.add(taken);
                                if let Some(place) = read.0.get_mut(index) {
                                    *place = Some(layer);
                                }
                            }
                            Err(error) => {
                                self.stop.store(true, Relaxed);
                                keep_first(&first, error);
                                return;
                            }
                        }
                    }
                });
            }
        });
        if let Some(error) = first.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        let (layers, taken) = read.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((self.with_repeated(layers)?, taken))
    }

    /// All layers, of those that were read once each. The same layer may come again: Docker's empty one does.
    fn with_repeated(&self, read: Vec<Option<Layer>>) -> Result<Vec<Layer>, ImageError> {
        let mut layers: Vec<Layer> = Vec::with_capacity(read.len());
        for (index, layer) in read.into_iter().enumerate() {
            let layer = if let Some(layer) = layer {
                layer
            } else {
                let first = self.first(index).and_then(|first| layers.get(first));
                let layer = first.cloned().ok_or(ImageError::Cancelled)?;
                self.budget.hold_layer(&layer).map_err(of_tree)?;
                self.parts.ended(index, PartState::Done);
                layer
            };
            layers.push(layer);
        }
        Ok(layers)
    }

    /// The first layer that is the same as this one; this one itself if none is before it.
    fn first(&self, index: usize) -> Option<usize> {
        let diff_id = self.image.layers.get(index)?.diff_id;
        self.image.layers.iter().position(|layer| layer.diff_id == diff_id)
    }

    /// The layers that are to be read: large ones first, so that none is left alone at the end.
    fn order(&self) -> Vec<usize> {
        let size = |index: &usize| {
            let layer = self.image.layers.get(*index);
            layer.and_then(|layer| layer.blob).map_or(u64::MAX, |blob| blob.size)
        };
        let mut order: Vec<usize> = (0..self.image.layers.len())
            .filter(|index| self.first(*index) == Some(*index))
            .collect();
        order.sort_by_key(|index| std::cmp::Reverse(size(index)));
        order
    }

    fn layer(&self, index: usize) -> Result<(Layer, Taken), ImageError> {
        self.check()?;
        let layer = self.image.layers.get(index).ok_or(ImageError::Cancelled)?;
        if let Some(known) = self.cache.get(&layer.diff_id) {
            self.budget.hold_layer(&known).map_err(of_tree)?;
            self.parts.ended(index, PartState::Reused);
            return Ok((known, Taken::default()));
        }
        self.parts.started(index);
        let reader: Box<dyn Read + Send + '_> = self.source.layer(self.image, index)?;
        let parts = Arc::clone(&self.parts);
        let options = IngestOptions {
            cancel: Some(Arc::clone(&self.stop)),
            progress: Some(Arc::new(move |progress| parts.moved(index, progress))),
            ..self.options.ingest.clone()
        };
        let read = read_layer((index + 1, layer), reader, self.store, &options, &self.budget)?;
        self.cache.put(&layer.diff_id, &read.0);
        self.parts.ended(index, PartState::Done);
        Ok(read)
    }

    /// Lays the layers over one another, and lets each go as soon as it is used.
    pub(super) fn apply(&self, layers: Vec<Layer>) -> Result<TreeBuilder, ImageError> {
        let mut tree = TreeBuilder::new();
        for (number, layer) in (1..).zip(layers) {
            self.check()?;
            tree.apply(&layer).map_err(|source| ImageError::Apply { number, source })?;
        }
        Ok(tree)
    }

    fn check(&self) -> Result<(), ImageError> {
        if self.stop.load(Relaxed) { Err(ImageError::Cancelled) } else { Ok(()) }
    }
}

/// Keeps the error unless there is one; that others had to stop is no reason of its own.
fn keep_first(first: &Mutex<Option<ImageError>>, error: ImageError) {
    let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
    if matches!(*first, None | Some(ImageError::Cancelled)) {
        *first = Some(error);
    }
}
