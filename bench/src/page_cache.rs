//! Making the kernel forget, or know, what is in files.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::{Advice, fadvise};

/// Drops everything below a directory from the page cache. No process may have it mapped.
pub(crate) fn drop_all(directory: &Path) -> anyhow::Result<()> {
    // Only what is on the disk can be dropped.
    rustix::fs::sync();
    each_file(directory, &mut |file| Ok(fadvise(&file, 0, None, Advice::DontNeed)?))
}

/// Reads everything below a directory into the page cache.
pub(crate) fn load_all(directory: &Path) -> anyhow::Result<()> {
    each_file(directory, &mut |mut file| Ok(io::copy(&mut file, &mut io::sink()).map(drop)?))
}

fn each_file(
    directory: &Path,
    work: &mut dyn FnMut(File) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            each_file(&path, work)?;
        } else {
            work(File::open(&path)?)?;
        }
    }
    Ok(())
}
