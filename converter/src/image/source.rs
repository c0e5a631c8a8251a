//! What an image is to the rest of the program, and what everything is that images come from.

use std::io::Read;

use super::{Digest, ImageError, Platform};

/// A blob that another document names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    /// Its digest.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
}

/// One layer of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerBlob {
    /// Digest and length of the layer as it is stored; `None` where the source does not say, as in a
    /// `docker save` archive.
    pub blob: Option<Blob>,
    /// Digest of the layer's archive without its compression.
    pub diff_id: Digest,
}

/// An image for one platform, before anything of its layers was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What it was asked for by, in full: `docker.io/library/debian:12`. For people and for history.
    pub reference: String,
    /// Digest of its manifest; of its configuration where the source has no manifest.
    pub digest: Digest,
    /// Its configuration, byte for byte.
    pub config: Vec<u8>,
    /// Its layers, the lowest first.
    pub layers: Vec<LayerBlob>,
}

impl Image {
    /// The image by name and digest, for history.
    pub fn with_digest(&self) -> String {
        // A path in the reference may hold an `@` of its own.
        if self.reference.contains("@sha256:") {
            self.reference.clone()
        } else {
            format!("{}@{}", self.reference, self.digest)
        }
    }
}

/// Where an image comes from. One image each: whoever makes a source says which.
///
/// A source verifies the digests of manifests and configurations. The bytes of layers are verified by
/// whoever reads them.
pub trait ImageSource: Sync {
    /// The image for a platform.
    fn image(&self, platform: &Platform) -> Result<Image, ImageError>;

    /// The bytes of the layer with that index, from the first, as they are stored: compressed if they
    /// are. May be called for several layers at a time, and again after a failure.
    fn layer(&self, image: &Image, index: usize) -> Result<Box<dyn Read + Send + '_>, ImageError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_added_where_there_is_none() {
        let digest = Digest::of(b"");
        let image = |reference: &str| Image {
            reference: reference.to_owned(),
            digest,
            config: Vec::new(),
            layers: Vec::new(),
        };
        for reference in ["docker.io/library/app:1", "oci:./app@1.0"] {
            assert_eq!(image(reference).with_digest(), format!("{reference}@{digest}"));
        }
        let pinned = format!("app@{digest}");
        assert_eq!(image(&pinned).with_digest(), pinned);
    }
}
