//! Why an image did not become a flist.

use std::io;
use std::path::PathBuf;

use flisthub_flist::BuildError;
use flisthub_storage::StoreError;

use super::{Digest, Platform};
use crate::error::ConvertError;

/// Says what was wrong, where, and what to do. [`ImageError::code`] is a stable word for it.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The text is no reference of an image.
    #[error(
        "{reference:?} is no image reference: {reason}; write host:port/name:tag, or name:tag for Docker Hub"
    )]
    BadReference {
        /// What was given, cut short.
        reference: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The source has no such image, or does not show it to this caller.
    #[error(
        "there is no image {reference} at {place}, or it is not shown to you; check name and tag, and give credentials if it is private"
    )]
    Unknown {
        /// The image.
        reference: String,
        /// The registry, engine or file.
        place: String,
    },
    /// The registry wants other credentials, or some.
    #[error(
        "{host} does not accept these credentials for {reference} ({answer}); check user name and password, or the token"
    )]
    Unauthorized {
        /// The image.
        reference: String,
        /// Who refused.
        host: String,
        /// What it answered.
        answer: String,
    },
    /// The registry cannot be reached, or stopped answering.
    #[error("{host} cannot be reached: {reason}; check the name, and whether it is up")]
    Unreachable {
        /// The registry.
        host: String,
        /// What went wrong.
        reason: String,
    },
    /// The hub's configuration does not let it connect there.
    #[error("{host} is not a host that may be connected to: {reason}")]
    HostRefused {
        /// The host.
        host: String,
        /// Why, and which key of the configuration decides.
        reason: String,
    },
    /// The registry answered what no registry answers.
    #[error("{host} answers {answer} when asked for {what}")]
    BadAnswer {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// Its answer.
        answer: String,
    },
    /// Bytes do not have the digest they should have.
    #[error(
        "{what} has digest {found} instead of {expected}: the source is damaged or was changed on the way; nothing was kept"
    )]
    DigestMismatch {
        /// What was read.
        what: String,
        /// The digest it was named by.
        expected: Digest,
        /// The digest it has.
        found: Digest,
    },
    /// A blob is longer or shorter than the manifest says.
    #[error("{what} has {found} bytes, but the manifest says {expected}; nothing was kept")]
    SizeMismatch {
        /// What was read.
        what: String,
        /// What the manifest says.
        expected: u64,
        /// `more` or how many there are.
        found: String,
    },
    /// A document of a type that is no container image's.
    #[error(
        "the {what} is of type {media_type:?}, which no container image's is; Flisthub takes OCI images and Docker images of schema 2"
    )]
    UnknownType {
        /// Which document.
        what: &'static str,
        /// The type, cut short.
        media_type: String,
    },
    /// A document breaks its format.
    #[error("{what} is malformed: {reason}")]
    Bad {
        /// Which document.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The configuration is too large to stand in a flist's manifest.
    #[error("the image's configuration has {size} bytes; at most {most} are kept")]
    ConfigTooLarge {
        /// Its length.
        size: usize,
        /// The limit.
        most: usize,
    },
    /// There is no image for the platform.
    #[error(
        "there is no image for {wanted}, but for {}; name one of them as platform",
        shown(found)
    )]
    NoPlatform {
        /// What was asked for.
        wanted: Platform,
        /// What there is.
        found: Vec<Platform>,
    },
    /// Nothing listens where the engine should.
    #[error("no engine answers at {}: {reason}; start it, or name its socket", socket.display())]
    NoEngine {
        /// The socket.
        socket: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// An archive of images cannot be read.
    #[error("{place} cannot be read as an archive of images")]
    Archive {
        /// Its name, or where it comes from.
        place: String,
        /// What is wrong.
        #[source]
        source: Box<ConvertError>,
    },
    /// There are several images, and nothing says which is meant.
    #[error("{place} holds several images ({names}); name one of them")]
    Ambiguous {
        /// The archive or layout.
        place: String,
        /// Their names, at most a few.
        names: String,
    },
    /// A layer's bytes cannot be taken.
    #[error("layer {number} ({diff_id})")]
    Layer {
        /// 1 for the lowest.
        number: usize,
        /// The digest of its archive.
        diff_id: Digest,
        /// What is wrong.
        #[source]
        source: Box<ConvertError>,
    },
    /// A layer does not fit over those below it.
    #[error("layer {number} does not fit over those below it")]
    Apply {
        /// 1 for the lowest.
        number: usize,
        /// What is wrong.
        #[source]
        source: BuildError,
    },
    /// The tree cannot be made.
    #[error(transparent)]
    Build(BuildError),
    /// A limit of the configuration is passed.
    #[error("{0}")]
    TooLarge(String),
    /// A local file cannot be read or written.
    #[error("{}: {doing}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The chunk store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A compressor or the runtime could not be set up.
    #[error("the converter could not start")]
    Internal(#[source] io::Error),
    /// The caller asked to stop, or another part failed first.
    #[error("the conversion was cancelled")]
    Cancelled,
}

/// The most characters of a reason: the programs that find it may quote a whole document.
const REASON: usize = 300;

/// The most characters of one platform or name in a list of them.
const LISTED: usize = 64;

impl ImageError {
    /// All that [`ImageError::code`] gives.
    pub const CODES: &[&str] = &[
        "bad_reference",
        "unknown_image",
        "registry_unauthorized",
        "registry_unreachable",
        "host_refused",
        "bad_registry_answer",
        "digest_mismatch",
        "size_mismatch",
        "unknown_type",
        "bad_image",
        "no_platform",
        "no_engine",
        "too_large",
        "ambiguous_image",
        "bad_layer",
        "cancelled",
        "failed",
    ];

    pub(crate) fn unknown_type(what: &'static str, media_type: &str) -> Self {
        Self::UnknownType { what, media_type: media_type.chars().take(100).collect() }
    }

    /// A document breaks its format; the reason is cut short.
    pub(crate) fn bad(what: &'static str, reason: &str) -> Self {
        Self::Bad { what, reason: reason.chars().take(REASON).collect() }
    }

    /// Whether this program or its machine is at fault, and not the image: what it says is then for the
    /// operator, not for whoever asked.
    pub fn is_internal(&self) -> bool {
        self.code() == "failed"
    }

    /// A stable word for what went wrong, one of [`ImageError::CODES`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadReference { .. } => "bad_reference",
            Self::Unknown { .. } => "unknown_image",
            Self::Unauthorized { .. } => "registry_unauthorized",
            Self::Unreachable { .. } => "registry_unreachable",
            Self::HostRefused { .. } => "host_refused",
            Self::BadAnswer { .. } => "bad_registry_answer",
            Self::DigestMismatch { .. } => "digest_mismatch",
            Self::SizeMismatch { .. } => "size_mismatch",
            Self::UnknownType { .. } => "unknown_type",
            Self::Bad { .. } => "bad_image",
            Self::NoPlatform { .. } => "no_platform",
            Self::NoEngine { .. } => "no_engine",
            Self::ConfigTooLarge { .. } | Self::TooLarge(_) => "too_large",
            Self::Ambiguous { .. } => "ambiguous_image",
            Self::Archive { source, .. } => match **source {
                ConvertError::Limit { .. } => "too_large",
                ref error if error.is_bad_input() => "bad_image",
                _ => "failed",
            },
            Self::Layer { source, .. } => match **source {
                ConvertError::Limit { .. } => "too_large",
                ref error if error.is_bad_input() => "bad_layer",
                _ => "failed",
            },
            Self::Apply { .. } => "bad_layer",
            Self::Cancelled => "cancelled",
            Self::Build(_) | Self::File { .. } | Self::Store(_) | Self::Internal(_) => "failed",
        }
    }
}

fn shown(platforms: &[Platform]) -> String {
    let shown: Vec<String> =
        platforms.iter().map(|platform| listed(&platform.to_string())).collect();
    if shown.is_empty() { "none that it names".to_owned() } else { shown.join(", ") }
}

/// One of several in a message.
pub(super) fn listed(text: &str) -> String {
    text.chars().take(LISTED).collect()
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
