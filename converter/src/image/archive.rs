//! An archive as `docker save` and `podman save` write it: `manifest.json` names images, each with a
//! configuration and layers that stand in the archive too.
//!
//! Layers are `<id>/layer.tar`, also as a link to another one, or `blobs/sha256/<digest>`.

use std::io::Read;

use serde::Deserialize;

use super::config::MAX_CONFIG;
use super::pick::{ambiguous, pick};
use super::spool::TarFile;
use super::{Blob, Digest, Image, ImageConfig, ImageError, MAX_DOCUMENT, Platform};
use crate::tar::Span;

/// Names the images of the archive.
pub(super) const MANIFEST: &str = "manifest.json";

/// The most images of one name, each for another platform, whose configurations are read.
const MAX_VARIANTS: usize = 32;

/// An archive, and which of its images is meant.
pub(super) struct DockerArchive {
    tar: TarFile,
    /// One for each platform.
    variants: Vec<Variant>,
    name: Option<String>,
    reference: String,
    place: String,
}

/// An image of the archive.
struct Variant {
    config: Vec<u8>,
    digest: Digest,
    platform: Platform,
    layers: Vec<(Span, Option<Blob>)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

impl DockerArchive {
    /// Finds the image `wanted`, or the only one. `place` is the archive's name in messages.
    pub(super) fn new(tar: TarFile, wanted: Option<&str>, place: &str) -> Result<Self, ImageError> {
        let span = tar.find(MANIFEST).map_err(|reason| bad(format!("{MANIFEST} {reason}")))?;
        let document = tar.document(span, MAX_DOCUMENT)?;
        let entries: Vec<Entry> = serde_json::from_slice(&document)
            .map_err(|error| bad(format!("{MANIFEST}: {error}")))?;
        if entries.is_empty() {
            return Err(bad(format!("{MANIFEST} names no image")));
        }
        let names: Vec<Vec<&str>> = entries
            .iter()
            .map(|entry| entry.repo_tags.iter().flatten().map(String::as_str).collect())
            .collect();
        let picked = pick(&names, wanted, place)?;
        let name =
            picked.first().and_then(|index| names.get(*index)).and_then(|names| names.first());
        let name = name.map(|name| (*name).to_owned());
        if picked.len() > MAX_VARIANTS {
            return ambiguous(&names, place);
        }
        let variants: Result<Vec<Variant>, ImageError> = picked
            .iter()
            .filter_map(|index| entries.get(*index))
            .map(|entry| Variant::read(&tar, entry, place))
            .collect();
        let variants = variants?;
        let tag = wanted.map_or_else(String::new, |wanted| format!(":{wanted}"));
        let (reference, place) = (format!("archive:{place}{tag}"), place.to_owned());
        Ok(Self { tar, variants, name, reference, place })
    }

    /// What the image is called here.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The image for a platform.
    pub(super) fn image(&self, platform: &Platform) -> Result<Image, ImageError> {
        let mut fitting: Vec<&Variant> =
            self.variants.iter().filter(|one| platform.accepts(&one.platform)).collect();
        fitting.sort_by_key(|variant| variant.digest);
        fitting.dedup_by_key(|variant| variant.digest);
        let variant = match *fitting.as_slice() {
            [] => {
                let found = self.variants.iter().map(|one| one.platform.clone()).collect();
                return Err(ImageError::NoPlatform { wanted: platform.clone(), found });
            }
            [only] => only,
            _ => fitting
                .into_iter()
                .find(|variant| variant.platform == *platform)
                .map_or_else(|| ambiguous(&[], &self.place), Ok)?,
        };
        let blobs = variant.layers.iter().map(|(_, blob)| *blob).collect();
        let (reference, config) = (self.reference.clone(), variant.config.clone());
        Image::of_config(reference, variant.digest, blobs, config, platform)
    }

    /// The bytes of a layer of an image that [`DockerArchive::image`] gave.
    pub(super) fn layer(&self, image: &Image, index: usize) -> Option<Box<dyn Read + Send>> {
        let variant = self.variants.iter().find(|variant| variant.digest == image.digest)?;
        let (span, _) = variant.layers.get(index)?;
        Some(self.tar.reader(*span))
    }
}

impl Variant {
    fn read(tar: &TarFile, entry: &Entry, place: &str) -> Result<Self, ImageError> {
        let find = |what: &str, name: &str| {
            let shown: String = name.chars().take(200).collect();
            tar.find(name).map_err(|reason| bad(format!("{what} {shown:?} {reason}")))
        };
        let config = tar.document(find("the configuration", &entry.config)?, MAX_CONFIG)?;
        let digest = Digest::of(&config);
        if let Some(expected) = digest_in(&entry.config).filter(|expected| *expected != digest) {
            let what = format!("the configuration in {place}");
            return Err(ImageError::DigestMismatch { what, expected, found: digest });
        }
        let layers: Result<_, ImageError> = entry
            .layers
            .iter()
            .flatten()
            .map(|name| {
                let span = find("the layer", name)?;
                let blob = name.strip_prefix("blobs/sha256/").and_then(digest_in);
                Ok((span, blob.map(|digest| Blob { digest, size: span.length })))
            })
            .collect();
        let platform = ImageConfig::read(&config)?.platform;
        Ok(Self { config, digest, platform, layers: layers? })
    }
}

/// The digest that a file is named by, if it is: `<hex>.json`, `blobs/sha256/<hex>`.
fn digest_in(name: &str) -> Option<Digest> {
    let file = name.rsplit('/').next()?;
    let hex = file.strip_suffix(".json").unwrap_or(file);
    format!("sha256:{hex}").parse().ok()
}

fn bad(reason: String) -> ImageError {
    ImageError::Bad { what: "the image archive", reason }
}
