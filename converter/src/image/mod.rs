//! Container images: what an image is, where one can come from, and how its layers become a flist.
//!
//! A source finds the image and hands out its layers as they are stored; `convert` checks, unpacks and
//! lays them over one another. What a layer's archive means is in `layer`; the rest of this module knows
//! manifests and configurations, and nothing of tar.

mod archive;
mod config;
mod convert;
mod digest;
#[cfg(feature = "engine")]
mod engine;
mod error;
mod layer;
mod layers;
mod layout;
mod local;
mod manifest;
mod pick;
mod platform;
mod progress;
#[cfg(feature = "registry")]
pub mod registry;
mod source;
mod spool;
mod startup;

pub use config::ImageConfig;
pub use convert::{ConvertOptions, Converted, LayerCache, NoCache, convert_image};
pub use digest::{Digest, DigestError, Hasher};
#[cfg(feature = "engine")]
pub use engine::{EngineKind, EngineSource};
pub use error::ImageError;
pub use local::LocalSource;
pub use manifest::{
    Candidate, Document, MAX_DOCUMENT, Parts, choose, document_types, read_document,
};
pub use platform::{ParsePlatformError, Platform};
pub use progress::OnParts;
pub use source::{Blob, Image, ImageSource, LayerBlob};
pub use spool::Spool;
