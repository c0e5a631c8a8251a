//! Trees of files: names, entries, directories, manifests, the flist format and the wire types.
//!
//! This crate is pure: no network, no disk, no clock, no async. It reads objects through
//! [`Directories`] and hands new ones to a callback ([`Emit`]). The format is described byte for byte
//! in `docs/flist-format.md`.
mod build;
mod cbor;
mod decoded;
mod diff;
mod directory;
mod entry;
mod entry_codec;
mod error;
mod file;
mod flist_file;
mod flist_reader;
mod follow;
mod gaps;
mod graph;
mod hold;
mod holders;
mod layer;
mod links;
mod list;
mod manifest;
mod merge;
mod name;
mod nested;
mod object;
pub mod percent;
mod reach;
mod seek;
mod space;
mod space_graph;
mod survey;
mod tree;
mod verify;
pub mod wire;
pub use build::{BuiltTree, Counts, MAX_XATTRS, TreeBuilder};
pub use cbor::DecodeError;
pub use decoded::Decoded;
pub use diff::{Aspect, Change, Changes, Diff, State, diff};
pub use directory::{Directory, DirectoryPart, build_directory};
pub use entry::{Content, Device, Entry, MAX_TARGET, Metadata, Piece, Pieces, Totals};
pub use error::BuildError;
pub use file::File;
pub use flist_file::{FlistWriter, MAGIC};
pub use flist_reader::{FileError, read_flist};
pub use follow::{FollowError, MAX_LINKS, Reached, follow};
pub use gaps::{Gaps, find_missing};
pub use graph::GraphError;
pub use hold::{Holding, hold, hold_flist};
pub use holders::{HeldBy, Holder, Holders, Place, find_holders};
pub use layer::{Layer, LayerStep};
pub use links::{build_links, links};
pub use list::{FileBuilder, List, ListPart, MAX_INLINE_PIECES};
pub use manifest::{FORMAT_VERSION, Manifest};
pub use merge::{
    Conflict, Difference, ImageConfig, MAX_CONFLICTS, MAX_SOURCES, MIN_SOURCES, MergeError,
    MergeOptions, MergeReport, Merged, Rule, merge,
};
pub use name::{EntryName, MAX_DEPTH, MAX_NAME, MAX_PATH, NameError, TreePath};
pub use nested::{Members, Nested, NestedIter};
pub use object::{Directories, Emit, LoadError};
pub use reach::references;
pub use seek::{PieceCursor, entries_after};
pub use space::{Published, space_report};
pub use survey::{Survey, survey};
pub use tree::{Entries, PieceIter, Tree, Walk, directory_entries, pieces};
pub use verify::{Verified, VerifyError, VerifyLimits, verify};
