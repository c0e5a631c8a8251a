//! What is on the disk, as ordinary files and directories: libraries can look at it without the disk being mounted.

use std::path::Path;

use fuser::FileType;

use super::disk::Disk;
use super::entries::ROOT;
use super::file::File;

/// Writes all that there is into an empty directory.
pub(super) fn copy(disk: &Disk, target: &Path) -> std::io::Result<()> {
    let mut open = vec![(ROOT, target.to_owned())];
    while let Some((directory, at)) = open.pop() {
        for (name, number) in disk.list(directory) {
            let path = at.join(name);
            match disk.about(number).map(|about| about.kind) {
                Ok(FileType::Directory) => {
                    std::fs::create_dir(&path)?;
                    open.push((number, path));
                }
                Ok(FileType::RegularFile) => {
                    let content = disk.file(number).map_or(&[][..], File::content);
                    std::fs::write(path, content)?;
                }
                // A socket that nobody listens on any more.
                _ => {}
            }
        }
    }
    Ok(())
}
