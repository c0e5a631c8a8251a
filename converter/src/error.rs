//! Why something cannot become a flist, or a flist cannot become files. Every variant says what was
//! wrong and where; names of entries are cut to a length that fits a message.

use std::io;
use std::path::PathBuf;

use flisthub_flist::{BuildError, LoadError, NameError};
use flisthub_storage::StoreError;

use crate::envelope::Envelope;
use crate::limits::Limit;

/// Why an ingest failed. Nothing was published and no manifest was stored; objects that were stored
/// on the way are only space for a sweep.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The input itself failed: a broken connection, a disk error.
    #[error("the input could not be read")]
    Read(#[source] io::Error),
    /// The input has no bytes.
    #[error("the input is empty: send a tar archive")]
    Empty,
    /// The bytes, decompressed if need be, are no tar archive.
    #[error("not a tar archive, but {}", describe(*envelope, found))]
    NotATar {
        /// The compression that was taken off, if any.
        envelope: Option<Envelope>,
        /// What the bytes look like.
        found: &'static str,
    },
    /// The compressed data are cut short or corrupt.
    #[error("{}the {envelope} data are damaged or cut short", at(entry.as_deref()))]
    Damaged {
        /// How the input is compressed.
        envelope: Envelope,
        /// The entry that was being read, if one was.
        entry: Option<String>,
        /// What the decoder says.
        #[source]
        source: io::Error,
    },
    /// The archive stops before its end.
    #[error("the archive is cut short at byte {offset}{}", within(entry.as_deref()))]
    Truncated {
        /// Where in the decompressed archive.
        offset: u64,
        /// The entry that is cut, if one is.
        entry: Option<String>,
    },
    /// Something other than zeros follows the end of the archive.
    #[error(
        "data follow the end of the archive at byte {offset}: concatenated archives are refused"
    )]
    AfterEnd {
        /// Where in the decompressed archive.
        offset: u64,
    },
    /// A header is damaged, so nothing after it can be trusted.
    #[error("no valid header at byte {offset} of the archive{}", after(entry.as_deref()))]
    BadHeader {
        /// Where in the decompressed archive.
        offset: u64,
        /// The entry before it.
        entry: Option<String>,
    },
    /// An entry cannot be kept.
    #[error("entry {entry:?}: {problem}")]
    Entry {
        /// Its name.
        entry: String,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The input goes past a limit.
    #[error("{}{limit}", at(entry.as_deref()))]
    Limit {
        /// Which one.
        limit: Limit,
        /// The entry that went past it, where one did.
        entry: Option<String>,
    },
    /// The tree cannot be built; names the path.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A local file or directory cannot be read.
    #[error("{}: {doing}", path.display())]
    File {
        /// Where it is.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A local file was changed while it was read.
    #[error("{}: changed while it was read; try again when nothing writes to it", .0.display())]
    Changed(PathBuf),
    /// A compressor or decompressor could not be set up, or failed.
    #[error("the compressor failed")]
    Compressor(#[source] io::Error),
    /// The caller asked to stop, or another part failed first.
    #[error("the conversion was cancelled")]
    Cancelled,
}

impl ConvertError {
    /// Whether what came in is at fault, so that trying the same again cannot help.
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::Empty
            | Self::NotATar { .. }
            | Self::Damaged { .. }
            | Self::Truncated { .. }
            | Self::AfterEnd { .. }
            | Self::BadHeader { .. }
            | Self::Entry { .. }
            | Self::Limit { .. } => true,
            Self::Build(error) => !matches!(error, BuildError::Store(_)),
            Self::Read(_)
            | Self::Store(_)
            | Self::File { .. }
            | Self::Changed(_)
            | Self::Compressor(_)
            | Self::Cancelled => false,
        }
    }
}

/// What is wrong with one entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The name cannot stand in a tree.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The entry has no name, or names the root and is no directory.
    #[error("only a directory may stand at the root of the archive")]
    NotADirectoryAtRoot,
    /// A hard link points where no path of the archive can be.
    #[error("the hard link points outside the archive: {0}")]
    LinkOutside(NameError),
    /// The target of a symbolic link is empty, too long or holds a NUL byte.
    #[error("the target of a symbolic link has 1 to 4,095 bytes and no NUL byte")]
    LinkTarget,
    /// A field of the header is not a number.
    #[error("{0} is not a number")]
    NotANumber(&'static str),
    /// A number cannot be kept.
    #[error("{field} {value} is out of range")]
    OutOfRange {
        /// Which field.
        field: &'static str,
        /// What it says.
        value: String,
    },
    /// A device number is more than Linux can hold.
    #[error("device {major}:{minor} is out of range (at most 4095:1048575)")]
    Device {
        /// The major number.
        major: u64,
        /// The minor number.
        minor: u64,
    },
    /// The type is none that can be kept.
    #[error("entries of type {0:?} cannot be kept")]
    Type(char),
    /// A name that ends in `/` belongs to something with content.
    #[error("the name ends in `/`, which only a directory's may")]
    SlashWithData,
    /// A PAX extended header is malformed.
    #[error("the extended header is malformed: {0}")]
    Pax(&'static str),
    /// The map of a sparse file is malformed.
    #[error("the map of the sparse file is malformed: {0}")]
    Sparse(&'static str),
    /// A name that begins with `.wh.` in a layer.
    #[error("the whiteout is malformed: {0}")]
    Whiteout(&'static str),
    /// An access control list cannot be kept.
    #[error("the access control list cannot be kept: {0}")]
    Acl(&'static str),
}

/// Why a tree could not be written to disk. What was written until then is left in place.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// The destination holds something already.
    #[error("{}: is not an empty directory; name one that is empty or absent", .0.display())]
    NotEmpty(PathBuf),
    /// The tree cannot be read, or objects of it are absent.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A chunk of a file is not in the store.
    #[error("{}: chunk {id} is not in the store", path.display())]
    MissingChunk {
        /// The file.
        path: PathBuf,
        /// The chunk.
        id: flisthub_storage::ChunkId,
    },
    /// The flist contradicts itself.
    #[error("{}: the flist is bad: {reason}", path.display())]
    BadFlist {
        /// The entry.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// Something could not be written.
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
    /// The caller asked to stop, or another part failed first.
    #[error("the extraction was cancelled")]
    Cancelled,
}

/// Bytes of a name as a person can read them, cut to a length that fits a message.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let head = bytes.get(..200).unwrap_or(bytes);
    let mut text = String::from_utf8_lossy(head).into_owned();
    if head.len() < bytes.len() {
        text.push('…');
    }
    text
}

fn describe(envelope: Option<Envelope>, found: &str) -> String {
    envelope.map_or_else(|| found.to_owned(), |envelope| format!("{envelope} of {found}"))
}

fn within(entry: Option<&str>) -> String {
    entry.map_or_else(String::new, |entry| format!(", within entry {entry:?}"))
}

fn after(entry: Option<&str>) -> String {
    entry.map_or_else(String::new, |entry| format!(", after entry {entry:?}"))
}

fn at(entry: Option<&str>) -> String {
    entry.map_or_else(String::new, |entry| format!("entry {entry:?}: "))
}
