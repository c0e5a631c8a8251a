//! What stands in a directory: entries, their metadata and their content.

use std::collections::BTreeMap;

use flisthub_storage::ChunkId;

use crate::name::EntryName;

/// What is known of an entry beside its name and content. There is no access time, change time or owner
/// *name*: they are not part of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Permission bits with setuid, setgid and sticky: at most `0o7777`.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Modification time: whole seconds since the Unix epoch, rounded down.
    pub mtime: i64,
    /// The nanoseconds beyond `mtime`, less than 1,000,000,000.
    pub mtime_nanos: u32,
    /// Extended attributes by full name (`user.x`, `security.capability`,
    /// `system.posix_acl_access`), values as the kernel gives them.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Metadata {
    /// What a directory gets that an archive implies but does not mention: `0755`, root's, 1970.
    pub fn implied_directory() -> Self {
        Self { mode: 0o755, ..Self::default() }
    }

    /// Bytes of all names and values of the extended attributes.
    pub fn xattrs_size(&self) -> usize {
        self.xattrs.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

/// What stands below a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Entries at any depth, directories included, the directory itself not.
    pub entries: u64,
    /// Content bytes of all files, holes included; a file with two hard links counts twice.
    pub bytes: u64,
}

impl Totals {
    /// The sum; `None` when it does not fit, which only a forged tree can bring about.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            entries: self.entries.checked_add(other.entries)?,
            bytes: self.bytes.checked_add(other.bytes)?,
        })
    }
}

/// A piece of a file, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// One chunk.
    Chunk {
        /// Its id.
        id: ChunkId,
        /// Its length in bytes: 1 to 1,048,576.
        length: u32,
    },
    /// A run of zeros that is not stored.
    Hole {
        /// Its length in bytes, at least 65,536.
        length: u64,
    },
}

impl Piece {
    /// Bytes of the file that it stands for.
    pub fn length(&self) -> u64 {
        match self {
            Self::Chunk { length, .. } => u64::from(*length),
            Self::Hole { length } => *length,
        }
    }
}

/// Where the pieces of a file stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pieces {
    /// In the entry itself: at most 1,024.
    Inline(Vec<Piece>),
    /// In list objects.
    List {
        /// Id of the topmost one.
        id: ChunkId,
        /// How many pieces there are in all.
        count: u64,
    },
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A regular file.
    File {
        /// Length in bytes, holes included.
        size: u64,
        /// Its content.
        pieces: Pieces,
    },
    /// A directory.
    Directory {
        /// Id of its directory object.
        id: ChunkId,
        /// What stands below it.
        totals: Totals,
    },
    /// A symbolic link.
    Symlink {
        /// Where it points: 1 to 4,095 bytes without NUL, never followed by this program.
        target: Vec<u8>,
    },
    /// A character device.
    CharDevice(Device),
    /// A block device.
    BlockDevice(Device),
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
}

/// A device number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Which driver: at most 4,095 on Linux.
    pub major: u32,
    /// Which of its devices: at most 1,048,575 on Linux.
    pub minor: u32,
}

impl Device {
    /// A device number that Linux can hold; `None` when it is out of range.
    pub fn new(major: u64, minor: u64) -> Option<Self> {
        let major = u32::try_from(major).ok().filter(|major| *major < 1 << 12)?;
        let minor = u32::try_from(minor).ok().filter(|minor| *minor < 1 << 20)?;
        Some(Self { major, minor })
    }
}

/// The longest target of a symbolic link, in bytes (Linux's limit).
pub const MAX_TARGET: usize = 4095;

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: EntryName,
    /// Its metadata.
    pub metadata: Metadata,
    /// What it is.
    pub content: Content,
}

impl Entry {
    /// What this entry adds to the totals of the directory it stands in; `None` on overflow.
    pub fn totals(&self) -> Option<Totals> {
        let own = Totals { entries: 1, bytes: 0 };
        match &self.content {
            Content::File { size, .. } => Some(Totals { bytes: *size, ..own }),
            Content::Directory { totals, .. } => own.checked_add(*totals),
            _ => Some(own),
        }
    }
}
