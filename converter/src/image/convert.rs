//! An image, from any source, into a flist: its layers side by side, then over one another.

use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use flisthub_flist::{Layer, Metadata, TreeBuilder, TreePath};
use flisthub_storage::{ChunkStore, PartState};

use super::layer::read_layer;
use super::progress::{OnParts, Parts};
use super::{Digest, Image, ImageConfig, ImageError, ImageSource, Platform, startup};
use crate::error::ConvertError;
use crate::options::{IngestOptions, Ingested};
use crate::pipeline::{self, Budget, Taken};
use crate::work::{Sink, Work};

/// Layers that are known already, by the digests of their archives. Weak: what is not there, or not usable
/// any more, is read again.
pub trait LayerCache: Sync {
    /// A layer whose every chunk and list object is in the store, and which may be used here.
    fn get(&self, diff_id: &Digest) -> Option<Layer>;

    /// Keeps a layer that was just read. Failing to is no failure of the conversion.
    fn put(&self, diff_id: &Digest, layer: &Layer);
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCache;

impl LayerCache for NoCache {
    fn get(&self, _: &Digest) -> Option<Layer> {
        None
    }

    fn put(&self, _: &Digest, _: &Layer) {}
}

/// Choices for one conversion.
#[derive(Clone)]
pub struct ConvertOptions {
    /// How layers are taken in: limits, profile, level, and who may cancel. Its limits hold for each layer;
    /// `tree_memory` for all together.
    pub ingest: IngestOptions,
    /// For which platform.
    pub platform: Platform,
    /// Layers that are read side by side. Each takes about 40 MB.
    pub layers_at_a_time: usize,
    /// Add `.startup.toml`, as 0-hub does.
    pub startup: bool,
    /// Told how far each layer is.
    pub parts: Option<OnParts>,
}

impl Default for ConvertOptions {
    fn default() -> Self {
        Self {
            ingest: IngestOptions::default(),
            platform: Platform::default(),
            layers_at_a_time: 3,
            startup: false,
            parts: None,
        }
    }
}

/// An image whose flist is in the store, manifest and all. Nothing is durable before the caller's barrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The flist, and what it took.
    pub ingested: Ingested,
    /// The image.
    pub image: Image,
    /// How many of its layers were known already.
    pub reused: usize,
}

/// Puts the tree and the configuration of the source's image into `store`. Memory does not grow with the
/// layers' content, only with the number of their entries.
pub fn convert_image(
    source: &dyn ImageSource,
    store: &dyn ChunkStore,
    cache: &dyn LayerCache,
    options: &ConvertOptions,
) -> Result<Converted, ImageError> {
    let image = source.image(&options.platform)?;
    let config = ImageConfig::read(&image.config)?;
    let budget = Budget::new(&options.ingest.limits);
    let stop = Arc::new(AtomicBool::new(false));
    let parts = Parts::new(&image, options.parts.clone());
    let work = Layers { source, store, cache, options, image: &image, budget, stop, parts };
    let (layers, mut taken) = work.read()?;
    let reused = work.parts.count(PartState::Reused);
    let tree = apply(layers)?;
    let ingest = IngestOptions {
        image_config: Some(image.config.clone()),
        progress: None,
        ..options.ingest.clone()
    };
    let file = if options.startup { startup::file(&config) } else { None };
    let built = pipeline::run(store, &ingest, &work.budget, tree, |units, _| match file {
        None => Ok(()),
        Some(text) => startup_file(text, &ingest, units),
    });
    let (tree, last) = built.map_err(of_tree)?;
    taken.add(last);
    let ingested = pipeline::publishable(store, &ingest, &tree, taken).map_err(of_tree)?;
    Ok(Converted { ingested, image, reused })
}

/// Lays the layers over one another, and lets each go as soon as it is used.
fn apply(layers: Vec<Layer>) -> Result<TreeBuilder, ImageError> {
    let mut tree = TreeBuilder::new();
    for (number, layer) in (1..).zip(layers) {
        tree.apply(&layer).map_err(|source| ImageError::Apply { number, source })?;
    }
    Ok(tree)
}

/// Hands the file to the pipeline.
fn startup_file(
    text: String,
    options: &IngestOptions,
    units: &mut impl Sink,
) -> Result<(), ConvertError> {
    let text = bytes::Bytes::from(text);
    let length = text.len() as u64;
    for cut in options.profile.cut(&text) {
        units.take(cut.into(), length)?;
    }
    let path = TreePath::parse(startup::NAME).unwrap_or_default();
    let metadata = Metadata { mode: 0o644, ..Metadata::default() };
    units.take(Work::File { path, metadata }, length)
}

fn of_tree(error: ConvertError) -> ImageError {
    match error {
        ConvertError::Build(error) => ImageError::Build(error),
        ConvertError::Store(error) => ImageError::Store(error),
        ConvertError::Compressor(error) => ImageError::Internal(error),
        ConvertError::Limit { .. } => ImageError::TooLarge(error.to_string()),
        _ => ImageError::Cancelled,
    }
}

/// The layers of one image on their way in.
struct Layers<'a> {
    source: &'a dyn ImageSource,
    store: &'a dyn ChunkStore,
    cache: &'a dyn LayerCache,
    options: &'a ConvertOptions,
    image: &'a Image,
    budget: Budget,
    /// Set when anything failed or the caller wants no more.
    stop: Arc<AtomicBool>,
    parts: Arc<Parts>,
}

impl Layers<'_> {
    /// All layers, the lowest first.
    fn read(&self) -> Result<(Vec<Layer>, Taken), ImageError> {
        let next = AtomicUsize::new(0);
        let order = self.order();
        let read = Mutex::new((vec![None; order.len()], Taken::default()));
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
        let layers: Option<Vec<Layer>> = layers.into_iter().collect();
        layers.map(|layers| (layers, taken)).ok_or(ImageError::Cancelled)
    }

    /// Large layers first, so that none is left alone at the end.
    fn order(&self) -> Vec<usize> {
        let size = |index: &usize| {
            let layer = self.image.layers.get(*index);
            layer.and_then(|layer| layer.blob).map_or(u64::MAX, |blob| blob.size)
        };
        let mut order: Vec<usize> = (0..self.image.layers.len()).collect();
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
        let (stop, parts) = (Arc::clone(&self.stop), Arc::clone(&self.parts));
        let cancel = self.options.ingest.cancel.clone();
        let options = IngestOptions {
            cancel: Some(Arc::clone(&self.stop)),
            progress: Some(Arc::new(move |progress| {
                if cancel.as_ref().is_some_and(|cancel| cancel.load(Relaxed)) {
                    stop.store(true, Relaxed);
                }
                parts.moved(index, progress);
            })),
            ..self.options.ingest.clone()
        };
        let read = read_layer((index + 1, layer), reader, self.store, &options, &self.budget)?;
        self.cache.put(&layer.diff_id, &read.0);
        self.parts.ended(index, PartState::Done);
        Ok(read)
    }

    fn check(&self) -> Result<(), ImageError> {
        let cancel = self.options.ingest.cancel.as_ref();
        let cancelled = cancel.is_some_and(|cancel| cancel.load(Relaxed));
        if cancelled || self.stop.load(Relaxed) { Err(ImageError::Cancelled) } else { Ok(()) }
    }
}

/// Keeps the error unless there is one; that others had to stop is no reason of its own.
fn keep_first(first: &Mutex<Option<ImageError>>, error: ImageError) {
    let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
    if matches!(*first, None | Some(ImageError::Cancelled)) {
        *first = Some(error);
    }
}
