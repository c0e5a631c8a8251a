//! Why an export failed. Every variant says what was wrong and where.

use std::io;
use std::path::PathBuf;

use flisthub_flist::{LoadError, TreePath};
use flisthub_storage::{ChunkId, StoreError};

/// Why a flist could not be exported. What was written until then is not to be used.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The tree cannot be read, or objects of it are absent.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A chunk of a file is not in the store.
    #[error("{path}: chunk {id} is not in the store")]
    MissingChunk {
        /// The file.
        path: TreePath,
        /// The chunk.
        id: ChunkId,
    },
    /// The flist contradicts itself.
    #[error("{path}: the flist is bad: {reason}")]
    BadFlist {
        /// The entry.
        path: TreePath,
        /// What is wrong.
        reason: &'static str,
    },
    /// The path to export is not in the tree.
    #[error("there is no {0} in the tree")]
    NoSuchPath(TreePath),
    /// A socket cannot stand in a tar.
    #[error("{0}: a socket cannot stand in a tar archive; ask to leave sockets out (skip sockets)")]
    Socket(TreePath),
    /// A name that means a deletion inside an image's layer.
    #[error(
        "{0}: a name that starts with `.wh.` means a deletion in an image; export as tar, or rename it"
    )]
    Whiteout(TreePath),
    /// The flist's image configuration cannot be used.
    #[error("the flist's image configuration cannot be exported: {0}")]
    Config(String),
    /// The tag is none.
    #[error("`{tag}` cannot be the image's name: {reason}")]
    Tag {
        /// What was given, cut short.
        tag: String,
        /// What is wrong with it, and what would be right.
        reason: &'static str,
    },
    /// The second reading gave something else than the first.
    #[error(
        "the export changed between its two readings (a chunk was healed or swept meanwhile); try again"
    )]
    Changed,
    /// Something stands where the export should go.
    #[error("{}: {reason}", path.display())]
    Destination {
        /// Where.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: &'static str,
    },
    /// A local file or directory cannot be written.
    #[error("{}: {doing}", path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// What takes the export failed: a full disk, a reader that went away.
    #[error("the export could not be written")]
    Output(#[from] io::Error),
    /// A compressor could not be set up, or failed.
    #[error("the compressor failed")]
    Compressor(#[source] io::Error),
    /// The caller asked to stop.
    #[error("the export was cancelled")]
    Cancelled,
}

impl ExportError {
    /// Whether what was asked for is at fault, so that trying the same again cannot help.
    pub fn is_bad_request(&self) -> bool {
        matches!(
            self,
            Self::NoSuchPath(_)
                | Self::Socket(_)
                | Self::Whiteout(_)
                | Self::Config(_)
                | Self::Tag { .. }
                | Self::Destination { .. }
        )
    }
}
