//! How large a directory is, and what it is made of.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Context as _;

/// The size of everything below a directory, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// What it takes on the disk, as `du` counts: whole blocks, holes not counted, blocks that were
    /// set aside counted.
    pub(crate) disk: u64,
    /// The lengths of all files.
    pub(crate) files: u64,
    /// How many files there are.
    pub(crate) count: u64,
}

/// Measures a directory. What disappears meanwhile is not counted: a server may be at work in it.
pub(crate) fn of(directory: &Path) -> anyhow::Result<Size> {
    let mut size =
        Size { disk: fs::symlink_metadata(directory)?.blocks() * 512, ..Size::default() };
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    for entry in entries {
        let entry = entry?;
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            let below = of(&entry.path())?;
            size.disk += below.disk;
            size.files += below.files;
            size.count += below.count;
        } else {
            size.disk += metadata.blocks() * 512;
            size.files += metadata.len();
            size.count += 1;
        }
    }
    Ok(size)
}

/// The files of our hub's data directory by what they are, in bytes on the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Frames.
    pub(crate) blobs: u64,
    /// Tables of the store: which ids are there, small frames, where the others lie.
    pub(crate) tables: u64,
    /// The store's write-ahead log.
    pub(crate) log: u64,
    /// The catalog and everything else.
    pub(crate) rest: u64,
}

/// Sorts the files below a directory by the endings that `RocksDB` gives them.
pub(crate) fn parts(directory: &Path) -> anyhow::Result<Parts> {
    let mut endings = BTreeMap::new();
    by_ending(directory, &mut endings)?;
    let mut take = |ending| endings.remove(ending).unwrap_or_default();
    let (blobs, tables, log) = (take("blob"), take("sst"), take("log"));
    Ok(Parts { blobs, tables, log, rest: endings.values().sum() })
}

fn by_ending(directory: &Path, endings: &mut BTreeMap<String, u64>) -> anyhow::Result<()> {
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            by_ending(&path, endings)?;
        } else {
            let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            *endings.entry(ending).or_default() += metadata.blocks() * 512;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_blocks_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("below")).unwrap();
        fs::write(directory.path().join("below/a"), [7; 100]).unwrap();
        fs::write(directory.path().join("b"), [7; 20]).unwrap();
        fs::File::create(directory.path().join("hole")).unwrap().set_len(1 << 30).unwrap();
        let size = of(directory.path()).unwrap();
        assert_eq!(size.files, 120 + (1 << 30));
        assert_eq!(size.count, 3);
        assert!(size.disk < 1 << 20, "{size:?}");
    }

    #[test]
    fn files_are_sorted_by_their_ending() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("chunks")).unwrap();
        for name in ["chunks/1.blob", "chunks/2.blob", "chunks/3.log", "chunks/LOG", "catalog"] {
            fs::write(directory.path().join(name), vec![7; 8192]).unwrap();
        }
        let Parts { blobs, tables, log, rest } = parts(directory.path()).unwrap();
        assert!(blobs >= 16_384 && blobs == 2 * log && rest == blobs, "{blobs} {log} {rest}");
        assert_eq!(tables, 0);
    }
}
