//! An OCI image layout in a directory.
//!
//! Blobs are written under temporary names in the directory, fsynced, and renamed to their digests;
//! `index.json` comes last. A layout that is cut off has blobs that nothing names, and no more.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use flisthub_storage::{ChunkId, ChunkStore};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::checked::{Checked, ImageForm};
use super::error::ExportError;
use super::image::{self, Blob, ImageOptions, TAG};
use super::options::{Compression, ExportOptions, Exported};
use super::tar::{Wanted, write_tar};
use crate::image::Digest;

/// What marks a directory as a layout.
pub(super) const MARKER: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
/// The most bytes of an index that is added to.
const MAX_INDEX: u64 = 4 << 20;

/// Writes the flist as an image of one layer into an OCI layout at `directory`, which is absent, empty,
/// or a layout already. There the image is added; a tag that it has is an error unless `replace`.
pub fn export_layout(
    store: &dyn ChunkStore,
    flist: ChunkId,
    compression: Compression,
    image: &ImageOptions,
    options: &ExportOptions,
    (directory, replace): (&Path, bool),
) -> Result<Exported, ExportError> {
    let checked = Checked::open(store, flist, ImageForm::Layout, image, options)?;
    let source = &checked.source;
    let layout = Layout { directory, tag: checked.tag(), replace, options };
    layout.prepare()?;
    let mut file = layout.temporary()?;
    let written = write_tar(source, compression, Wanted::BOTH, &mut file)?;
    let (layer, diff_id) = written.layer()?;
    layout.keep(file, &layout.blob(layer.digest))?;
    let config = image::configuration(source.manifest.image_config.as_deref(), diff_id, image)?;
    let manifest = image::manifest(&layout.put(&config)?, &layer, compression);
    let manifest = layout.put(&manifest)?;
    layout.finish(&manifest)?;
    let (digest, diff_id) = (Some(manifest.digest.to_string()), Some(diff_id.to_string()));
    Ok(Exported { tar: written.tar, diff_id, digest, bytes: written.bytes })
}

struct Layout<'a> {
    directory: &'a Path,
    /// What the image is called in it.
    tag: &'a str,
    /// Whether another image of that tag may go.
    replace: bool,
    options: &'a ExportOptions,
}

impl Layout<'_> {
    /// Makes the directory, or checks that the image can be added to it.
    fn prepare(&self) -> Result<(), ExportError> {
        make_directory(self.directory)?;
        let _alone = self.lock()?;
        let marked = self.directory.join("oci-layout").exists();
        if marked {
            self.others()?;
        } else {
            let mut names = std::fs::read_dir(self.directory)
                .map_err(|error| failed(self.directory, "reading the directory", error))?;
            if names.next().is_some() {
                let reason = "is neither an empty directory nor an OCI layout";
                return Err(refused(self.directory, reason));
            }
        }
        make_directory(&self.directory.join("blobs"))?;
        make_directory(&self.directory.join("blobs/sha256"))?;
        if !marked {
            // Whatever is cut off from now on can be taken up again.
            self.write(MARKER.as_bytes(), &self.directory.join("oci-layout"))?;
        }
        Ok(())
    }

    /// Keeps other exports from this layout's index for as long as it is held.
    fn lock(&self) -> Result<File, ExportError> {
        let opened = File::open(self.directory);
        let file = opened.map_err(|error| failed(self.directory, "opening", error))?;
        // Not every file system can; there, two exports at a time are the caller's to avoid.
        let _ = file.lock();
        Ok(file)
    }

    /// The index as it is now, without the image that this one replaces.
    fn others(&self) -> Result<Value, ExportError> {
        without(self.read_index()?, self.tag, self.directory, self.replace)
    }

    fn read_index(&self) -> Result<Value, ExportError> {
        let path = self.directory.join("index.json");
        let length = match std::fs::metadata(&path) {
            Ok(found) => found.len(),
            // An earlier export was cut off.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(image::index(&[]));
            }
            Err(error) => return Err(failed(&path, "reading the index", error)),
        };
        if length > MAX_INDEX {
            return Err(refused(&path, "is too large for the index of a layout"));
        }
        let bytes =
            std::fs::read(&path).map_err(|error| failed(&path, "reading the index", error))?;
        serde_json::from_slice(&bytes).map_err(|_| refused(&path, "is no index of a layout"))
    }

    /// A file that is not yet called what it will be.
    fn temporary(&self) -> Result<NamedTempFile, ExportError> {
        let file = tempfile::Builder::new()
            .prefix(".export-")
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(self.directory)
            .map_err(|error| failed(self.directory, "making a temporary file", error))?;
        if let Some(told) = &self.options.temporary {
            told(file.path());
        }
        Ok(file)
    }

    /// Gives a file that is whole its name, durably.
    fn keep(&self, file: NamedTempFile, path: &Path) -> Result<(), ExportError> {
        file.as_file().sync_all().map_err(|error| failed(path, "writing to disk", error))?;
        file.persist(path).map_err(|error| failed(path, "renaming", error.error))?;
        let above = path.parent().unwrap_or(self.directory);
        sync_directory(above)
    }

    fn blob(&self, digest: Digest) -> PathBuf {
        self.directory.join("blobs/sha256").join(digest.hex())
    }

    /// Keeps a small blob.
    fn put(&self, bytes: &[u8]) -> Result<Blob, ExportError> {
        let blob = Blob::of(bytes);
        self.write(bytes, &self.blob(blob.digest))?;
        Ok(blob)
    }

    fn write(&self, bytes: &[u8], path: &Path) -> Result<(), ExportError> {
        let mut file = self.temporary()?;
        file.write_all(bytes).map_err(|error| failed(path, "writing", error))?;
        self.keep(file, path)
    }

    /// Writes, last of all, the index.
    fn finish(&self, manifest: &Blob) -> Result<(), ExportError> {
        sync_directory(&self.directory.join("blobs"))?;
        let _alone = self.lock()?;
        // Other exports may have added theirs since this one began.
        let mut index = self.others()?;
        if let Some(images) = index.get_mut("manifests").and_then(Value::as_array_mut) {
            images.push(image::indexed(manifest, self.tag));
        }
        self.write(&image::bytes(index), &self.directory.join("index.json"))
    }
}

/// An index without the image of that tag, everything else as it was.
fn without(
    mut index: Value,
    tag: &str,
    directory: &Path,
    replace: bool,
) -> Result<Value, ExportError> {
    let images = index.get_mut("manifests").and_then(Value::as_array_mut);
    let images = images.ok_or_else(|| refused(directory, "has no index of a layout"))?;
    let before = images.len();
    images.retain(|image| {
        let said = image.get("annotations").and_then(|all| all.get(TAG)).and_then(Value::as_str);
        said != Some(tag)
    });
    if images.len() < before && !replace {
        let reason =
            "has an image of that tag already; choose another, or ask to replace it (force)";
        return Err(refused(directory, reason));
    }
    Ok(index)
}

fn make_directory(path: &Path) -> Result<(), ExportError> {
    match std::fs::create_dir(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(refused(path, "is no directory"))
        }
        Err(error) => Err(failed(path, "making the directory", error)),
    }
}

fn sync_directory(path: &Path) -> Result<(), ExportError> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| failed(path, "writing to disk", error))
}

fn refused(path: &Path, reason: &'static str) -> ExportError {
    ExportError::Destination { path: path.to_owned(), reason }
}

fn failed(path: &Path, doing: &'static str, source: io::Error) -> ExportError {
    ExportError::File { path: path.to_owned(), doing, source }
}
