//! Checking a flist before it is published: everything there, everything true, everything in its one
//! form.
//!
//! What a client says is never taken for granted: sizes, totals and lengths are added up again,
//! objects that were cut into parts are cut again and must come out the same, links must join equal
//! entries. So two flists that pass are the same tree exactly when they have the same root.
//!
//! What a flist shares with one that is known whole is not looked at again: the tree is walked beside
//! those of the bases, and only where it differs. Here is what may be asked and what comes of it; the walk
//! is in `check`, the contents of files in `files`, the tree's own directories in `reading`, those of
//! the bases in `beside`, hard links in `links`.

mod beside;
mod check;
mod files;
mod links;
mod reading;

use flisthub_storage::{ChunkId, ChunkStore, StoreError};

use crate::error::BuildError;
use crate::manifest::Manifest;
use crate::name::{MAX_DEPTH, MAX_PATH};
use crate::object::LoadError;
use check::Check;
use links::check_links;

/// How large a flist may be. Each limit names the attack it stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyLimits {
    /// The most entries. A small forged tree that names the same directory again and again would take
    /// for ever to list.
    pub entries: u64,
    /// The most content bytes of all files, holes included. A hole of a few bytes can claim exabytes,
    /// which whoever downloads the tree would have to receive.
    pub bytes: u64,
    /// The most pieces of large files that are read, all together. A list object can name the same part
    /// again and again. What is known from a base is not read and does not count.
    pub pieces: u64,
    /// The most bytes of a path; 4,096 at most.
    pub path_bytes: usize,
    /// The most names of a path; 1,024 at most.
    pub path_depth: usize,
}

impl Default for VerifyLimits {
    fn default() -> Self {
        Self {
            entries: 100_000_000,
            bytes: u64::MAX,
            pieces: 1 << 26,
            path_bytes: MAX_PATH,
            path_depth: MAX_DEPTH,
        }
    }
}

/// A flist that was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Its manifest.
    pub manifest: Manifest,
}

/// Why a flist cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Objects or chunks are not in the store: all of those that could be found out, or the first
    /// 100,000 of them.
    #[error("{} of the flist's objects and chunks are missing", .0.len())]
    Missing(Vec<ChunkId>),
    /// It is larger than it may be.
    #[error("{at}: more than {limit} {what}")]
    Limit {
        /// The object.
        at: ChunkId,
        /// How many there may be.
        limit: u64,
        /// Of what.
        what: &'static str,
    },
    /// Something in it is not true.
    #[error("{at}: {what}")]
    Bad {
        /// The object or path.
        at: String,
        /// What is wrong with it.
        what: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LoadError> for VerifyError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Missing(ids) => Self::Missing(ids),
            LoadError::Store(error) => Self::Store(error),
            LoadError::WrongKind { id, .. } | LoadError::Inconsistent { id, .. } => {
                Self::Bad { at: id.to_string(), what: error.to_string() }
            }
            LoadError::Decode { id, ref source, .. } => {
                Self::Bad { at: id.to_string(), what: format!("{error}: {source}") }
            }
        }
    }
}

fn bad(at: impl std::fmt::Display, what: impl Into<String>) -> VerifyError {
    VerifyError::Bad { at: at.to_string(), what: what.into() }
}

/// What building again says of a forged object.
fn built(at: ChunkId, error: BuildError) -> VerifyError {
    match error {
        BuildError::Store(error) => VerifyError::Store(error),
        error => bad(at, error.to_string()),
    }
}

/// Checks the flist whose manifest is `id`, whose objects and chunks should all be in `store`.
///
/// `bases` are manifests of flists that are known whole: they passed this check, and nothing of them can
/// have been removed since, because names point at them. What the flist has at the same path as a base is
/// not read again, and its chunks are not asked for. A base that cannot be read is no help, and no error.
/// Otherwise, whether a flist passes does not depend on the bases.
pub fn verify(
    store: &dyn ChunkStore,
    id: ChunkId,
    limits: &VerifyLimits,
    bases: &[ChunkId],
) -> Result<Verified, VerifyError> {
    let manifest = Manifest::load(store, id)?;
    within(id, manifest.totals.entries, limits.entries, "entries")?;
    within(id, manifest.totals.bytes, limits.bytes, "bytes of files")?;
    let bases: Vec<Manifest> =
        bases.iter().filter_map(|base| Manifest::load(store, *base).ok()).collect();
    if Check::new(store, limits).tree(&manifest, &bases)? != manifest.totals {
        return Err(bad(id, "the manifest's totals are not those of its tree"));
    }
    check_links(store, &manifest, &bases)?;
    Ok(Verified { manifest })
}

fn within(at: ChunkId, count: u64, limit: u64, what: &'static str) -> Result<(), VerifyError> {
    if count <= limit { Ok(()) } else { Err(VerifyError::Limit { at, limit, what }) }
}
