//! What a caller may choose, and what it is told.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use flisthub_flist::TreePath;

use super::error::ExportError;
use crate::extract::Skipped;
use crate::options::OnProgress;

/// How an export is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, made anew: one member whose blocks of 1 MiB are compressed each by itself.
    Gzip,
    /// zstd, made of the stored frames without compressing content again.
    Zstd,
}

impl Compression {
    /// All there are, as they are written.
    pub const ALL: &'static str = "gzip, zstd, none";
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

impl FromStr for Compression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(format!("the compression is one of {}", Self::ALL)),
        }
    }
}

/// Told the path of a file that has been made.
pub type OnTemporary = Arc<dyn Fn(&Path) + Send + Sync>;

/// Choices for one export.
#[derive(Clone)]
pub struct ExportOptions {
    /// What is exported: the whole tree, a directory, which becomes the root, or one other entry.
    pub path: TreePath,
    /// Leave sockets out and count them, where they would be an error.
    pub skip_sockets: bool,
    /// Threads that fetch and pack. Each holds up to about 6 MiB.
    pub workers: usize,
    /// Compute the digest of a tar that is exported as such. Images have theirs always.
    pub digest: bool,
    /// Told how many bytes of the tar and how many entries are done.
    pub progress: Option<OnProgress>,
    /// Set to true by anyone to stop.
    pub cancel: Option<Arc<AtomicBool>>,
    /// Told of each temporary file in a layout's directory, for a program that is ended before it can
    /// remove it.
    pub temporary: Option<OnTemporary>,
}

impl Default for ExportOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            path: TreePath::ROOT,
            skip_sockets: false,
            workers: cores.clamp(2, 8),
            digest: true,
            progress: None,
            cancel: None,
            temporary: None,
        }
    }
}

impl ExportOptions {
    /// Fails once anyone wants to stop.
    pub(super) fn check(&self) -> Result<(), ExportError> {
        let cancelled = self.cancel.as_ref().is_some_and(|cancel| cancel.load(Relaxed));
        if cancelled { Err(ExportError::Cancelled) } else { Ok(()) }
    }
}

/// What a tar will be, known from the tree alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Bytes of the uncompressed tar.
    pub bytes: u64,
    /// Members that it has, a root directory of its own not counted.
    pub entries: u64,
    /// Sockets that are left out.
    pub sockets: Option<Skipped>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// What the tar is: that of the layer, where it is an image.
    pub tar: Measured,
    /// Digest of the uncompressed tar (`sha256:...`), the same on every hub. A `.tar.zst` has none:
    /// what it is made of is not read for it.
    pub diff_id: Option<String>,
    /// What names the export: the digest of an image's manifest (an OCI layout) or configuration (a
    /// docker archive), or of the file itself, if it was wanted.
    pub digest: Option<String>,
    /// Bytes of what was written.
    pub bytes: u64,
}
