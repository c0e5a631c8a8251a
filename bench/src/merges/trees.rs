//! The trees that are merged: 1,000 directories of 100 files each, every file with a content of its own. Of
//! the second tree some directories have one file that the first has not, and one with other content.

use flisthub_flist::{Content, Manifest, Metadata, Piece, Pieces, TreeBuilder, TreePath};
use flisthub_storage::{Chunk, Kind, Profile};

/// Directories of a tree.
pub(crate) const DIRECTORIES: usize = 1000;
/// Files of a directory.
const FILES: usize = 100;

/// The files of a tree that differs from the first in so many directories, as run `run` has it.
fn files(different: usize, run: u32) -> impl Iterator<Item = (String, String)> {
    let spread = DIRECTORIES.checked_div(different).unwrap_or(usize::MAX);
    (0..DIRECTORIES).flat_map(move |directory| {
        let differs = different > 0 && directory % spread == 0;
        let file = move |file: usize| {
            let changed = if differs && file == 0 { run } else { 0 };
            let path = format!("directory-{directory:03}/file-{file:02}");
            (path, format!("{directory} {file} {changed}"))
        };
        let more = (format!("directory-{directory:03}/more"), format!("{directory} {run}"));
        (0..FILES).map(file).chain(differs.then_some(more))
    })
}

fn metadata() -> Metadata {
    Metadata { mode: 0o644, mtime: 1_600_000_000, ..Metadata::default() }
}

/// A tree's chunks and objects, the manifest last.
pub(crate) fn objects(different: usize, run: u32) -> anyhow::Result<Vec<Chunk>> {
    let mut tree = TreeBuilder::new();
    let mut objects = Vec::new();
    for (path, content) in files(different, run) {
        let chunk = Chunk::new(Kind::Content, content.into_bytes())?;
        let length = chunk.length();
        let pieces = Pieces::Inline(vec![Piece::Chunk { id: chunk.id(), length }]);
        objects.push(chunk);
        let content = Content::File { size: length.into(), pieces };
        tree.add(&TreePath::parse(path.as_bytes())?, metadata(), content)?;
    }
    let built = tree.finish(&mut |object| {
        objects.push(object);
        Ok(())
    })?;
    objects.push(Manifest::of(&built, Profile::default()).to_chunk()?);
    Ok(objects)
}

/// The same tree as an archive.
pub(crate) fn archive(different: usize, run: u32) -> anyhow::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files(different, run) {
        let mut header = tar::Header::new_ustar();
        header.set_path(&path)?;
        header.set_mode(0o644);
        header.set_mtime(1_600_000_000);
        header.set_size(content.len() as u64);
        header.set_cksum();
        archive.append(&header, content.as_bytes())?;
    }
    Ok(archive.into_inner()?)
}
