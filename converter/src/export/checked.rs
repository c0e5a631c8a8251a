//! What keeps a flist from becoming an image, said before anything is written.

use flisthub_storage::{ChunkId, ChunkStore};

use super::error::ExportError;
use super::image::{ImageOptions, configuration};
use super::options::{ExportOptions, Measured};
use super::plan::Source;
use super::tag::{check_tag, docker_name};
use crate::image::Digest;

/// The tag of an image in a layout that is given none.
const DEFAULT_TAG: &str = "latest";

/// What holds an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageForm {
    /// An OCI layout, in a directory or as a tar.
    Layout,
    /// What `docker load` takes.
    DockerArchive,
}

/// An image that can be made, as far as that can be told from the tree.
pub(super) struct Checked<'a> {
    pub(super) source: Source<'a>,
    /// What it is called: a tag in a layout, `name:tag` or nothing in a docker archive.
    pub(super) name: Option<String>,
    /// The layer.
    pub(super) tar: Measured,
}

impl<'a> Checked<'a> {
    pub(super) fn open(
        store: &'a dyn ChunkStore,
        flist: ChunkId,
        form: ImageForm,
        image: &ImageOptions,
        options: &'a ExportOptions,
    ) -> Result<Self, ExportError> {
        let name = match form {
            ImageForm::Layout => {
                let tag = image.tag.as_deref().unwrap_or(DEFAULT_TAG);
                check_tag(tag)?;
                Some(tag.to_owned())
            }
            ImageForm::DockerArchive => image.tag.as_deref().map(docker_name).transpose()?,
        };
        let source = Source::open(store, flist, options, true)?;
        configuration(source.manifest.image_config.as_deref(), Digest::of(b""), image)?;
        let tar = source.measure()?;
        Ok(Self { source, name, tar })
    }

    /// Its tag in a layout.
    pub(super) fn tag(&self) -> &str {
        self.name.as_deref().unwrap_or(DEFAULT_TAG)
    }
}

/// How large an image's layer is, and what is left out of it. Fails where the export would before it
/// writes anything. Reads directories only.
pub fn measure_image(
    store: &dyn ChunkStore,
    flist: ChunkId,
    form: ImageForm,
    image: &ImageOptions,
    options: &ExportOptions,
) -> Result<Measured, ExportError> {
    Checked::open(store, flist, form, image, options).map(|checked| checked.tar)
}
