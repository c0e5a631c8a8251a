//! Why a tree cannot be made.

use flisthub_storage::StoreError;

use crate::name::TreePath;

/// Why a tree cannot be made from what was given. Each names the path.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Something would have to stand below a file or a symbolic link. Links inside a tree are never
    /// followed.
    #[error("{path}: {above} above it is not a directory")]
    ParentNotADirectory {
        /// What was to be added.
        path: TreePath,
        /// What is in the way.
        above: TreePath,
    },
    /// A hard link to something that is not there (yet).
    #[error("{path}: hard link to {target}, which is not there")]
    NoLinkTarget {
        /// The link.
        path: TreePath,
        /// What it names.
        target: TreePath,
    },
    /// A hard link to a directory.
    #[error("{path}: hard link to {target}, which is a directory")]
    LinkToDirectory {
        /// The link.
        path: TreePath,
        /// What it names.
        target: TreePath,
    },
    /// The symbolic links above an entry of a layer lead round in a circle or to a path that is too long, or all
    /// entries together have too many of them.
    #[error("{path}: the symbolic links above it lead nowhere: too many, or too long a path")]
    TooManyLinks {
        /// The entry.
        path: TreePath,
    },
    /// Too many directories are only implied.
    #[error("{path}: more than 1,000,000 directories are implied by what stands below them")]
    TooManyImplied {
        /// The entry that is one too many.
        path: TreePath,
    },
    /// The root of a tree can only be a directory.
    #[error("the root of a tree must be a directory")]
    RootNotADirectory,
    /// The entry's extended attributes are more than one entry can hold.
    #[error("{path}: extended attributes of {size} bytes; at most 204,800 can be kept")]
    AttributesTooLarge {
        /// The entry.
        path: TreePath,
        /// Their names and values together, in bytes.
        size: usize,
    },
    /// The sizes of all files do not fit 64 bits.
    #[error("the tree's totals do not fit 64 bits")]
    TotalsOverflow,
    /// Objects could not be handed on.
    #[error(transparent)]
    Store(#[from] StoreError),
}
