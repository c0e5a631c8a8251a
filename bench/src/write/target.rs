//! What is written to: a store with one of its write paths, or a plain file as the reference.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use flisthub_storage::{ChunkStore as _, Frame, RocksOptions, RocksStore, SystemClock, WritePath};

use crate::size::{self, Size};

/// How bytes get to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// One file, written from front to back, `fsync` for each barrier: nothing can find a chunk in it.
    File,
    Store(WritePath),
}

impl Way {
    /// In the order of the tables.
    pub(crate) const ALL: [Self; 5] = [
        Self::File,
        Self::Store(WritePath::Log),
        Self::Store(WritePath::Flush),
        Self::Store(WritePath::Hybrid { unlogged_from: 1 << 20 }),
        Self::Store(WritePath::Hybrid { unlogged_from: 256 << 10 }),
    ];

    pub(crate) fn title(self) -> String {
        match self {
            Self::File => "plain file, `fsync`".to_owned(),
            Self::Store(WritePath::Log) => "log".to_owned(),
            Self::Store(WritePath::Flush) => "flush".to_owned(),
            Self::Store(WritePath::Hybrid { unlogged_from }) => {
                format!("hybrid, flush from {} KiB", unlogged_from >> 10)
            }
        }
    }

    /// A new one in a directory that does not exist yet.
    pub(crate) fn create(self, directory: &Path) -> anyhow::Result<Target> {
        let open = match self {
            Self::File => {
                fs::create_dir(directory)?;
                Open::File(File::create(directory.join("plain"))?)
            }
            Self::Store(path) => Open::Store(Box::new(open(directory, path)?)),
        };
        Ok(Target { way: self, directory: directory.to_owned(), open })
    }
}

fn open(directory: &Path, write_path: WritePath) -> anyhow::Result<RocksStore> {
    let options = RocksOptions { write_path, ..RocksOptions::default() };
    Ok(RocksStore::open(directory, &options, Arc::new(SystemClock))?)
}

enum Open {
    File(File),
    Store(Box<RocksStore>),
}

/// Something that is open for writing.
pub(crate) struct Target {
    way: Way,
    directory: PathBuf,
    open: Open,
}

impl Target {
    /// Writes frames; gives their bytes.
    pub(crate) fn put(&self, frames: &[Frame]) -> anyhow::Result<u64> {
        let bytes = frames.iter().map(|frame| frame.bytes().len() as u64).sum();
        match &self.open {
            Open::File(file) => {
                let mut whole = Vec::with_capacity(usize::try_from(bytes)?);
                for frame in frames {
                    whole.extend_from_slice(frame.bytes());
                }
                let mut file = file;
                file.write_all(&whole)?;
            }
            Open::Store(store) => {
                let report = store.put(frames)?;
                anyhow::ensure!(report.known == 0, "chunks that should be new were known");
            }
        }
        Ok(bytes)
    }

    pub(crate) fn barrier(&self) -> anyhow::Result<()> {
        match &self.open {
            Open::File(file) => file.sync_data().context("fsync"),
            Open::Store(store) => store.flush().context("the barrier"),
        }
    }

    pub(crate) fn size(&self) -> anyhow::Result<Size> {
        size::of(&self.directory)
    }

    /// Closes it, opens it again, and measures what it takes then.
    pub(crate) fn reopened(self) -> anyhow::Result<(Self, Size)> {
        let Self { way, directory, open: before } = self;
        let open = match (way, before) {
            (Way::Store(path), before) => {
                drop(before);
                Open::Store(Box::new(open(&directory, path)?))
            }
            (Way::File, before) => before,
        };
        let target = Self { way, directory, open };
        let size = target.size()?;
        Ok((target, size))
    }

    /// Closes and removes it.
    pub(crate) fn remove(self) -> anyhow::Result<()> {
        drop(self.open);
        fs::remove_dir_all(&self.directory).context("what was written is not removed")
    }
}
