//! What readers of archives and directories hand to the pipeline, in the order of the source.

use bytes::Bytes;
use flisthub_flist::{LayerStep, Metadata, TreePath};
use flisthub_storage::{Chunk, Cut};

use crate::directory::FileToRead;
use crate::error::ConvertError;
use crate::xattr;

/// One step of the source.
pub(crate) enum Work {
    /// The next chunk of the file that is being read.
    Data(Bytes),
    /// The next hole of it.
    Hole(u64),
    /// Ends that file: the chunks and holes since the last one are its content.
    File {
        /// Where it stands.
        path: TreePath,
        /// Its metadata.
        metadata: Metadata,
    },
    /// Anything but a file.
    Step(LayerStep),
    /// A small file of a local directory, read by whichever worker gets this.
    Read(Box<FileToRead>),
    /// An object made of entries; it has no place of its own in the tree.
    Object(Chunk),
}

impl Work {
    /// Bytes of memory that the step's metadata takes, roughly; a file to be read has none yet.
    pub(crate) fn metadata_memory(&self) -> usize {
        match self {
            Self::File { metadata, .. }
            | Self::Step(
                LayerStep::Directory { metadata, .. } | LayerStep::Entry { metadata, .. },
            ) => xattr::memory(&metadata.xattrs),
            Self::Data(_) | Self::Hole(_) | Self::Step(_) | Self::Read(_) | Self::Object(_) => 0,
        }
    }
}

impl From<Cut> for Work {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Data(bytes) => Self::Data(bytes),
            Cut::Hole(length) => Self::Hole(length),
        }
    }
}

/// Takes work in order.
pub(crate) trait Sink {
    /// Takes one step. `position` is how many bytes of the source have been read: what is held back
    /// is bounded by it, because a small piece can keep a large buffer alive.
    fn take(&mut self, work: Work, position: u64) -> Result<(), ConvertError>;
}
