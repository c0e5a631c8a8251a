//! Images in files of this machine: a layout's directory, or an archive of either kind.

use std::io::Read;
use std::path::Path;

use super::archive::{self, DockerArchive};
use super::layout::{self, Files, Layout};
use super::spool::{Spool, TarFile};
use super::{Image, ImageError, ImageSource, Platform};

/// An image in an OCI layout (a directory or a tar archive) or in an archive that `docker save` wrote.
///
/// Which of the two an archive is, is found from what it holds; one that is both, as newer engines
/// write it, is read by its `manifest.json`, which has the names in full.
pub struct LocalSource {
    kind: Kind,
}

enum Kind {
    Layout(Layout),
    Docker(DockerArchive),
}

impl LocalSource {
    /// The image `name` (in full, short, or its tag), or the only one, at `path`. An archive that is
    /// compressed, or comes from a pipe, is copied into the spool first.
    pub fn open(path: &Path, name: Option<&str>, spool: &Spool) -> Result<Self, ImageError> {
        // Messages and histories tell nothing of the machine's directories.
        let place = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        if path.is_dir() {
            let layout = Layout::new(Files::below(path)?, name, &place)?;
            return Ok(Self { kind: Kind::Layout(layout) });
        }
        Self::of_tar(TarFile::open(path, &place, spool)?, name, &place)
    }

    /// The image `name`, or the only one, in an archive that is read once, to its end, into the spool.
    /// `place` says in messages where it comes from.
    pub fn read(
        reader: impl Read,
        place: &str,
        name: Option<&str>,
        spool: &Spool,
    ) -> Result<Self, ImageError> {
        Self::of_tar(TarFile::read(reader, place, spool)?, name, place)
    }

    fn of_tar(tar: TarFile, name: Option<&str>, place: &str) -> Result<Self, ImageError> {
        let kind = if tar.has(archive::MANIFEST) {
            Kind::Docker(DockerArchive::new(tar, name, place)?)
        } else if tar.has(layout::MARK) {
            Kind::Layout(Layout::new(Files::Tar(tar), name, place)?)
        } else {
            let reason = format!(
                "{place} has neither {} nor {}; a file system in a tar archive is uploaded, not converted",
                archive::MANIFEST,
                layout::MARK
            );
            return Err(ImageError::Bad { what: "the image archive", reason });
        };
        Ok(Self { kind })
    }

    /// What the image is called where it is kept, if anything: `docker.io/library/app:1`, or only a tag.
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Layout(layout) => layout.name(),
            Kind::Docker(archive) => archive.name(),
        }
    }

    /// The bytes of a layer, from a reader that outlives this source.
    pub(super) fn open_layer(
        &self,
        image: &Image,
        index: usize,
    ) -> Result<Box<dyn Read + Send>, ImageError> {
        let layer = match &self.kind {
            Kind::Layout(layout) => {
                let blob = image.layers.get(index).and_then(|layer| layer.blob);
                blob.map(|blob| layout.layer(&blob)).transpose()?
            }
            Kind::Docker(archive) => archive.layer(image, index),
        };
        layer.ok_or_else(|| ImageError::Bad {
            what: "the image",
            reason: format!("it is not this source's, or has no layer {index}"),
        })
    }
}

impl ImageSource for LocalSource {
    fn image(&self, platform: &Platform) -> Result<Image, ImageError> {
        match &self.kind {
            Kind::Layout(layout) => layout.image(platform),
            Kind::Docker(archive) => archive.image(platform),
        }
    }

    fn layer(&self, image: &Image, index: usize) -> Result<Box<dyn Read + Send + '_>, ImageError> {
        self.open_layer(image, index)
    }
}
