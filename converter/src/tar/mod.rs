//! Tar archives, entry by entry.
//!
//! The `tar` crate supplies the layout of headers; the splitting is done here, because its own
//! iterator copies every entry and does not give extended headers and sizes as they stand together.
//! Where writers differ, GNU tar's reading is followed, but nothing is dropped that GNU tar would
//! only warn about.

mod acl;
mod extended;
mod header;
mod index;
mod member;
mod number;
mod pax;
mod reader;
mod sparse;
mod vendor;
mod whiteout;

pub(crate) use index::{Index, Span};
pub(crate) use reader::read_archive;

use crate::source::BLOCK;

/// What an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A whole tree.
    Tree,
    /// A layer of a container image: names that begin with `.wh.` take away what is below. It need not
    /// say where it ends, because its digest does.
    Layer,
}

/// Whether a block could start a tar archive.
pub(crate) fn starts_archive(block: &[u8; BLOCK]) -> bool {
    header::Header::starts_archive(block)
}
