//! Image indexes and manifests: what they name, which of an index's images is for a platform, and the
//! checks that make an [`Image`] of a manifest and a configuration.
//!
//! Formats: OCI image specification 1.1 (`image-index.md`, `manifest.md`), Docker image manifest version 2,
//! schema 2, and its manifest list.

use oci_spec::image::{Descriptor, ImageIndex, ImageManifest};
use serde::Deserialize;

use super::{Blob, Digest, Image, ImageConfig, ImageError, LayerBlob, Platform};

/// The most bytes of an index or manifest that are read. Registries take no larger ones.
pub const MAX_DOCUMENT: usize = 4 << 20;

/// The most layers of an image. Docker makes at most 127, and no engine mounts more than 500.
const MAX_LAYERS: usize = 500;

const INDEXES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];
const MANIFESTS: [&str; 2] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];
const CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
const LAYERS: [&str; 10] = [
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
];

/// The types of documents that a registry is asked for.
pub fn document_types() -> impl Iterator<Item = &'static str> {
    INDEXES.into_iter().chain(MANIFESTS)
}

/// One of an index's images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its manifest (or another index).
    pub blob: Blob,
    /// For what it is; `None` where the index does not say.
    pub platform: Option<Platform>,
    /// The name it has in an OCI layout.
    pub name: Option<String>,
}

/// What a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The configuration.
    pub config: Blob,
    /// The layers, the lowest first.
    pub layers: Vec<Blob>,
}

/// What stands where a reference points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// Images for several platforms, or of several names.
    Index(Vec<Candidate>),
    /// One image.
    Manifest(Parts),
}

/// As much as tells which sort of document it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sort {
    media_type: Option<String>,
    manifests: Option<serde::de::IgnoredAny>,
    layers: Option<serde::de::IgnoredAny>,
    config: Option<serde::de::IgnoredAny>,
}

/// Reads an index or a manifest. `media_type` is what the source says it is; the document's own word
/// counts more.
pub fn read_document(bytes: &[u8], media_type: Option<&str>) -> Result<Document, ImageError> {
    if bytes.len() > MAX_DOCUMENT {
        return Err(bad(format!("it has more than {MAX_DOCUMENT} bytes")));
    }
    let sort: Sort = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
    let said = sort.media_type.as_deref().or(media_type);
    let said = said.map(|text| text.split(';').next().unwrap_or(text).trim());
    match said {
        Some(said) if INDEXES.contains(&said) => index(bytes),
        Some(said) if MANIFESTS.contains(&said) => manifest(bytes),
        None | Some("application/json") if sort.manifests.is_some() => index(bytes),
        None | Some("application/json") if sort.layers.is_some() && sort.config.is_some() => {
            manifest(bytes)
        }
        said => Err(ImageError::unknown_type("manifest", said.unwrap_or("none"))),
    }
}

fn index(bytes: &[u8]) -> Result<Document, ImageError> {
    let index: ImageIndex =
        serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
    let candidate = |descriptor: &Descriptor| -> Result<Candidate, ImageError> {
        let platform = descriptor.platform().as_ref().map(|platform| Platform {
            os: platform.os().to_string(),
            architecture: platform.architecture().to_string(),
            variant: platform.variant().clone().filter(|variant| !variant.is_empty()),
        });
        let annotations = descriptor.annotations().as_ref();
        let name = annotations.and_then(|all| all.get("org.opencontainers.image.ref.name"));
        Ok(Candidate { blob: blob(descriptor)?, platform, name: name.cloned() })
    };
    let usable = |descriptor: &&Descriptor| {
        let word = descriptor.media_type().to_string();
        INDEXES.contains(&word.as_str()) || MANIFESTS.contains(&word.as_str())
    };
    let candidates: Result<_, ImageError> =
        index.manifests().iter().filter(usable).map(candidate).collect();
    Ok(Document::Index(candidates?))
}

fn manifest(bytes: &[u8]) -> Result<Document, ImageError> {
    let manifest: ImageManifest =
        serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
    let config = manifest.config();
    let word = config.media_type().to_string();
    if !CONFIGS.contains(&word.as_str()) {
        return Err(ImageError::unknown_type("configuration", &word));
    }
    let layer = |descriptor: &Descriptor| {
        let word = descriptor.media_type().to_string();
        if LAYERS.contains(&word.as_str()) {
            blob(descriptor)
        } else {
            Err(ImageError::unknown_type("layer", &word))
        }
    };
    let layers: Result<_, ImageError> = manifest.layers().iter().map(layer).collect();
    Ok(Document::Manifest(Parts { config: blob(config)?, layers: layers? }))
}

fn blob(descriptor: &Descriptor) -> Result<Blob, ImageError> {
    let digest = descriptor.digest().to_string().parse();
    let digest = digest.map_err(|error: super::DigestError| bad(error.to_string()))?;
    Ok(Blob { digest, size: descriptor.size() })
}

fn bad(reason: impl AsRef<str>) -> ImageError {
    ImageError::bad("the image's manifest", reason.as_ref())
}

/// The one of an index's images that is for `platform`. Where several are, the one whose variant is
/// exactly the wanted one, else the first. A lone image of an unknown platform is taken: its
/// configuration is checked later.
pub fn choose<'a>(
    candidates: &'a [Candidate],
    platform: &Platform,
) -> Result<&'a Candidate, ImageError> {
    if let [only @ Candidate { platform: None, .. }] = candidates {
        return Ok(only);
    }
    let fits = |candidate: &&Candidate| {
        candidate.platform.as_ref().is_some_and(|found| platform.accepts(found))
    };
    let exact = |candidate: &&Candidate| candidate.platform.as_ref() == Some(platform);
    let found = candidates.iter().find(exact).or_else(|| candidates.iter().find(fits));
    found.ok_or_else(|| ImageError::NoPlatform {
        wanted: platform.clone(),
        found: candidates
            .iter()
            .filter_map(|candidate| candidate.platform.clone())
            // What build tools attach to an image, not an image.
            .filter(|platform| platform.os != "unknown")
            .take(50)
            .collect(),
    })
}

impl Image {
    /// Puts an image together from what its manifest names and its configuration, once both are known
    /// to have the digests they should have.
    pub fn of_manifest(
        reference: String,
        digest: Digest,
        parts: &Parts,
        config: Vec<u8>,
        platform: &Platform,
    ) -> Result<Self, ImageError> {
        let blobs = parts.layers.iter().copied().map(Some).collect();
        Self::of_config(reference, digest, blobs, config, platform)
    }

    /// Puts an image together from its configuration and as many layers as that names.
    pub fn of_config(
        reference: String,
        digest: Digest,
        blobs: Vec<Option<Blob>>,
        config: Vec<u8>,
        platform: &Platform,
    ) -> Result<Self, ImageError> {
        let read = ImageConfig::read(&config)?;
        if !platform.accepts(&read.platform) {
            let (wanted, found) = (platform.clone(), vec![read.platform]);
            return Err(ImageError::NoPlatform { wanted, found });
        }
        if blobs.len() > MAX_LAYERS {
            return Err(bad(format!("it has more than {MAX_LAYERS} layers")));
        }
        if blobs.len() != read.diff_ids.len() {
            let reason = format!(
                "it names {} layers, but the configuration {}",
                blobs.len(),
                read.diff_ids.len()
            );
            return Err(bad(reason));
        }
        let layers = blobs.into_iter().zip(read.diff_ids);
        let layers = layers.map(|(blob, diff_id)| LayerBlob { blob, diff_id }).collect();
        Ok(Self { reference, digest, config, layers })
    }
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
