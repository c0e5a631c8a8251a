//! An image, from any source, into a flist: its layers side by side, then over one another.

use flisthub_flist::{Layer, Metadata, TreePath};
use flisthub_storage::{ChunkStore, PartState};

use super::layers::Layers;
use super::progress::{OnParts, Parts};
use super::{Digest, Image, ImageConfig, ImageError, ImageSource, Platform, startup};
use crate::error::ConvertError;
use crate::options::{IngestOptions, Ingested};
use crate::pipeline::{self, Budget};
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
    /// `tree_memory` for all together. The flag of who may cancel is set here too when anything fails, so
    /// that a source that looks at it stops waiting for the other layers.
    pub ingest: IngestOptions,
    /// The most bytes that the layers may have together as they are stored, where the source says.
    pub layer_bytes: u64,
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
            layer_bytes: 64 << 30,
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
    check_size(&image, options.layer_bytes)?;
    let budget = Budget::new(&options.ingest.limits);
    let stop = options.ingest.cancel.clone().unwrap_or_default();
    let parts = Parts::new(&image, options.parts.clone());
    let work = Layers { source, store, cache, options, image: &image, budget, stop, parts };
    let (layers, mut taken) = work.read()?;
    let reused = work.parts.count(PartState::Reused);
    let tree = work.apply(layers)?;
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

/// Refuses an image before anything of it is fetched that would be too much.
fn check_size(image: &Image, most: u64) -> Result<(), ImageError> {
    let sizes = image.layers.iter().filter_map(|layer| layer.blob).map(|blob| blob.size);
    let sum = sizes.fold(0_u64, u64::saturating_add);
    if sum <= most {
        return Ok(());
    }
    Err(ImageError::TooLarge(format!(
        "the image's layers have {sum} bytes; at most {most} are taken"
    )))
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

pub(super) fn of_tree(error: ConvertError) -> ImageError {
    match error {
        ConvertError::Build(error) => ImageError::Build(error),
        ConvertError::Store(error) => ImageError::Store(error),
        ConvertError::Compressor(error) => ImageError::Internal(error),
        ConvertError::Limit { .. } => ImageError::TooLarge(error.to_string()),
        _ => ImageError::Cancelled,
    }
}
