//! A flist out again: as a tar or as an image, streamed while it is made.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Bytes, BytesMut};
use flisthub_converter::{
    Compression, ExportError, ExportOptions, ImageForm, ImageOptions, Measured, docker_name_of,
    export_docker_archive, export_layout_tar, export_tar, measure, measure_image,
};
use flisthub_flist::TreePath;
use flisthub_storage::ChunkId;
use futures_util::StreamExt as _;

use super::error::{ActionError, Thing};
use super::running::{self, Running};
use super::stream::{Gone, Items, Sink, produce_in};
use crate::catalog::NameRow;
use crate::error::Code;
use crate::state::Hub;

/// Bytes that are gathered before they are handed on.
const PART: usize = 256 << 10;

/// What a flist becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A tar of the tree.
    Tar,
    /// An OCI layout, as a tar.
    Oci,
    /// What `docker load` takes.
    DockerArchive,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What the flist becomes.
    pub format: Format,
    /// How it is compressed: a tar and a docker archive whole, of a layout the layer.
    pub compression: Compression,
    /// What of the tree.
    pub path: TreePath,
    /// What an image is called; a docker archive without takes the flist's name where it can.
    pub tag: Option<String>,
    /// Leave sockets out.
    pub skip_sockets: bool,
}

impl Asked {
    /// The choices of the export, and what ends it when nobody waits for it any more.
    fn options(&self) -> (ExportOptions, Abandon) {
        let cancel = Arc::new(AtomicBool::new(false));
        let options = ExportOptions {
            path: self.path.clone(),
            skip_sockets: self.skip_sockets,
            digest: false,
            cancel: Some(Arc::clone(&cancel)),
            ..ExportOptions::default()
        };
        (options, Abandon(cancel))
    }

    fn image(&self, row: &NameRow) -> ImageOptions {
        let tag = match (&self.tag, self.format) {
            (Some(tag), _) => Some(tag.clone()),
            (None, Format::DockerArchive) => docker_name_of(&row.repository, &row.name),
            (None, _) => None,
        };
        ImageOptions { tag, ..ImageOptions::default() }
    }
}

/// Ends an export when it is dropped: the work reads directories, or all content once, before it gives
/// anything, and would not see that the request is gone.
struct Abandon(Arc<AtomicBool>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A place among the exports that run.
#[derive(Clone)]
pub struct Place {
    _running: Arc<Running>,
}

impl Place {
    /// Takes a place, if one is free.
    pub fn take(hub: &Hub) -> Result<Self, ActionError> {
        const BUSY: &str = "as many exports are running as may; try again in a few seconds";
        let running = running::now(&hub.limits.exports, &hub.exports, BUSY)?;
        Ok(Self { _running: Arc::new(running) })
    }
}

/// How large the tar of the tree is. Fails, in words that can still be told, where the export would before
/// it gives anything.
pub async fn measured(
    hub: &Hub,
    row: &NameRow,
    asked: &Asked,
    place: &Place,
) -> Result<Measured, ActionError> {
    let (asked, what, flist) = (asked.clone(), what(row, asked), row.flist.id);
    let (image, (options, _abandon)) = (asked.image(row), asked.options());
    let mut measured = produce_in(hub, place.clone(), move |hub, sink| {
        let store = &*hub.store;
        let form = match asked.format {
            Format::Tar => None,
            Format::Oci => Some(ImageForm::Layout),
            Format::DockerArchive => Some(ImageForm::DockerArchive),
        };
        let measured = match form {
            None => measure(store, flist, &options),
            Some(form) => measure_image(store, flist, form, &image, &options),
        };
        sink.send(measured.map_err(|error| told(error, &what)))
    })
    .await?;
    let ended = || ActionError::internal("an export was measured without a result");
    measured.next().await.ok_or_else(ended)?
}

/// The bytes of the export. What fails after the first of them ends the stream in an error.
pub async fn export(
    hub: &Hub,
    row: &NameRow,
    asked: &Asked,
    place: &Place,
) -> Result<Items<Bytes>, ActionError> {
    let (asked, what, flist) = (asked.clone(), what(row, asked), row.flist.id);
    let (image, (options, abandon)) = (asked.image(row), asked.options());
    let bytes = produce_in(hub, place.clone(), move |hub, sink| {
        match write(hub, flist, &asked, (&image, &options), sink) {
            Ok(()) => Ok(()),
            Err(ExportError::Output(_) | ExportError::Cancelled) if sink.is_gone() => Err(Gone),
            Err(error) => sink.send(Err(told(error, &what))),
        }
    })
    .await?;
    // The export is abandoned with the stream.
    Ok(Box::pin(bytes.inspect(move |_| {
        let _ = &abandon;
    })))
}

fn write(
    hub: &Hub,
    flist: ChunkId,
    asked: &Asked,
    (image, options): (&ImageOptions, &ExportOptions),
    sink: &Sink<Bytes>,
) -> Result<(), ExportError> {
    let (store, compression) = (&*hub.store, asked.compression);
    let mut out = Out { sink, part: BytesMut::new() };
    match asked.format {
        Format::Tar => export_tar(store, flist, compression, options, &mut out)?,
        Format::Oci => export_layout_tar(store, flist, compression, image, options, &mut out)?,
        Format::DockerArchive => {
            export_docker_archive(store, flist, compression, image, options, &mut out)?
        }
    };
    Ok(out.flush()?)
}

/// Hands on what is written, in parts of a good size.
struct Out<'a> {
    sink: &'a Sink<Bytes>,
    part: BytesMut,
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(PART);
        let (taken, _) = bytes.split_at(length);
        self.part.extend_from_slice(taken);
        if self.part.len() >= PART {
            self.flush()?;
        }
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.part.is_empty() {
            return Ok(());
        }
        let gone = |_| io::ErrorKind::BrokenPipe.into();
        self.sink.send(Ok(self.part.split().freeze())).map_err(gone)
    }
}

/// What is exported, as messages call it.
fn what(row: &NameRow, asked: &Asked) -> String {
    format!("{} in {}/{}", asked.path, row.repository, row.name)
}

fn told(error: ExportError, what: &str) -> ActionError {
    match error {
        ExportError::NoSuchPath(_) => ActionError::not_found(Thing::Path, what),
        ExportError::Tag { .. } => {
            ActionError::Invalid { code: Code::BAD_TAG, message: error.to_string() }
        }
        error if error.is_bad_request() => {
            ActionError::Unprocessable { code: Code::CANNOT_EXPORT, message: error.to_string() }
        }
        ExportError::Store(error) => error.into(),
        ExportError::Load(error) => ActionError::of_load(error),
        ExportError::MissingChunk { .. } | ExportError::BadFlist { .. } => {
            ActionError::Damaged(error.into())
        }
        ExportError::Changed => ActionError::Conflict(error.to_string()),
        error => ActionError::internal(error),
    }
}
