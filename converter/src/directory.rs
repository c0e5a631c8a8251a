//! A local directory, into the pipeline.

use bytes::Bytes;
use flisthub_flist::{Metadata, TreePath};

use crate::error::ConvertError;

/// A small file that a worker reads.
pub(crate) struct FileToRead {
    /// Where it stands in the tree.
    pub(crate) path: TreePath,
}

impl FileToRead {
    /// Reads it whole.
    pub(crate) fn read(&self) -> Result<(Bytes, Metadata), ConvertError> {
        Err(ConvertError::Cancelled)
    }
}
