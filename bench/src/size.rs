//! How large a directory is.

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
}

/// Measures a directory. What disappears meanwhile is not counted: a server may be at work in it.
pub(crate) fn of(directory: &Path) -> anyhow::Result<Size> {
    let mut size = Size { disk: fs::symlink_metadata(directory)?.blocks() * 512, files: 0 };
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    for entry in entries {
        let entry = entry?;
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            let below = of(&entry.path())?;
            size.disk += below.disk;
            size.files += below.files;
        } else {
            size.disk += metadata.blocks() * 512;
            size.files += metadata.len();
        }
    }
    Ok(size)
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
        assert!(size.disk < 1 << 20, "{size:?}");
    }
}
