//! How much one input may ask for. Each limit names the attack it stops.

use std::fmt;

/// Limits on one ingest. The defaults let every archive through that people make of real systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries of the archive, replaced ones included. A kilobyte of compressed input can hold
    /// thousands of empty files, and each costs memory until the tree is built.
    pub entries: u64,
    /// Bytes of memory that the entries take, roughly, until the tree is built: 500 are counted for each,
    /// and its name, link target, attributes and pieces. Small entries with large attributes, or
    /// sparse files of many pieces, cost their sender little.
    pub tree_memory: u64,
    /// Bytes of all files, holes included. A sparse header of a few bytes can claim exabytes, which
    /// whoever downloads the tree would have to receive.
    pub file_bytes: u64,
    /// Bytes of the archive after decompression. Stops an endless stream.
    pub archive_bytes: u64,
    /// Decompressed bytes for each compressed byte, beyond `expansion_floor`. A decompression bomb
    /// costs its sender nothing and the hub hours; real systems stay below 20, disk images full of
    /// zeros reach 1,000 within the floor.
    pub expansion: u64,
    /// Decompressed bytes up to which `expansion` is not looked at.
    pub expansion_floor: u64,
    /// Bytes of memory a decoder may take: xz dictionaries and long zstd windows are as large as
    /// the input says.
    pub decoder_memory: u64,
    /// Bytes of the extended headers of one entry, and of all global ones. They are held in memory.
    pub header_bytes: usize,
    /// Bytes of one entry's extended attributes, names and values. They stand in its directory
    /// object.
    pub xattr_bytes: usize,
    /// Pieces that a sparse file's map may have. The map is held in memory.
    pub sparse_pieces: usize,
    /// Bytes of a path (at most 4,096, which a tree can hold). Keeps every path usable on Linux.
    pub path_bytes: usize,
    /// Names in a path (at most 1,024, which a tree can hold). Deep trees exhaust whoever walks them.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 4_000_000,
            tree_memory: 1 << 30,
            file_bytes: 16 << 40,
            archive_bytes: 4 << 40,
            expansion: 200,
            expansion_floor: 1 << 30,
            decoder_memory: 128 << 20,
            header_bytes: 1 << 20,
            xattr_bytes: 200 << 10,
            sparse_pieces: 1_000_000,
            path_bytes: flisthub_flist::MAX_PATH,
            depth: flisthub_flist::MAX_DEPTH,
        }
    }
}

/// A limit that was passed, with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// [`Limits::entries`]
    Entries(u64),
    /// [`Limits::tree_memory`]
    TreeMemory(u64),
    /// [`Limits::file_bytes`]
    FileBytes(u64),
    /// [`Limits::archive_bytes`]
    ArchiveBytes(u64),
    /// [`Limits::expansion`]
    Expansion(u64),
    /// [`Limits::decoder_memory`]
    DecoderMemory(u64),
    /// [`Limits::header_bytes`]
    HeaderBytes(usize),
    /// [`Limits::xattr_bytes`]
    XattrBytes(usize),
    /// [`Limits::sparse_pieces`]
    SparsePieces(usize),
    /// [`Limits::path_bytes`]
    PathBytes(usize),
    /// [`Limits::depth`]
    Depth(usize),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entries(most) => write!(f, "more than {most} entries"),
            Self::TreeMemory(most) => {
                write!(f, "the entries together take more than {most} bytes of memory")
            }
            Self::FileBytes(most) => write!(f, "the files have more than {most} bytes"),
            Self::ArchiveBytes(most) => write!(f, "the archive has more than {most} bytes"),
            Self::Expansion(most) => {
                write!(f, "the archive expands to more than {most} times its compressed size")
            }
            Self::DecoderMemory(most) => {
                write!(f, "decompressing takes more than {most} bytes of memory")
            }
            Self::HeaderBytes(most) => write!(f, "extended headers of more than {most} bytes"),
            Self::XattrBytes(most) => write!(f, "extended attributes of more than {most} bytes"),
            Self::SparsePieces(most) => write!(f, "a sparse file of more than {most} pieces"),
            Self::PathBytes(most) => write!(f, "a path of more than {most} bytes"),
            Self::Depth(most) => write!(f, "a path of more than {most} names"),
        }
    }
}
