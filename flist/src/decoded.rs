//! Reading objects that somebody keeps decoded: what a reader of single paths and files needs, and where
//! it comes from. Whether and how much is kept is for whoever supplies it.

use std::sync::Arc;

use flisthub_storage::{ChunkId, Kind};

use crate::directory::Directory;
use crate::list::List;
use crate::object::{Directories, LoadError, load_one};

/// Gives objects as they decode, shared, so that one that is read often is decoded once.
pub trait Decoded {
    /// Why an object is not given. An object that does not hold what the one above it says is a
    /// [`LoadError`] of this crate's own.
    type Error: From<LoadError>;

    /// A directory object.
    fn directory(&self, id: ChunkId) -> Result<Arc<Directory>, Self::Error>;

    /// A list object.
    fn list(&self, id: ChunkId) -> Result<Arc<List>, Self::Error>;
}

impl Directory {
    /// Loads and decodes one directory object.
    pub fn load(directories: &(impl Directories + ?Sized), id: ChunkId) -> Result<Self, LoadError> {
        load_one(directories, Kind::Directory, id, Self::decode)
    }
}

impl List {
    /// Loads and decodes one list object.
    pub fn load(directories: &(impl Directories + ?Sized), id: ChunkId) -> Result<Self, LoadError> {
        load_one(directories, Kind::List, id, Self::decode)
    }
}
