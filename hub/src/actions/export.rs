//! A flist out again: as a tar or as an image, streamed while it is made.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use flisthub_converter::{
    Compression, ExportError, ExportOptions, ImageOptions, Measured, docker_name,
    export_docker_archive, export_layout_tar, export_tar, measure,
};
use flisthub_flist::TreePath;
use flisthub_storage::ChunkId;
use futures_util::StreamExt as _;

use super::error::{ActionError, Thing};
use super::stream::{Gone, Items, Sink, produce};
use crate::catalog::NameRow;
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
    fn options(&self) -> ExportOptions {
        ExportOptions {
            path: self.path.clone(),
            skip_sockets: self.skip_sockets,
            digest: false,
            ..ExportOptions::default()
        }
    }

    fn image(&self, row: &NameRow) -> ImageOptions {
        let named = format!("{}/{}", row.repository, row.name).to_lowercase();
        let tag = match (&self.tag, self.format) {
            (Some(tag), _) => Some(tag.clone()),
            (None, Format::DockerArchive) => docker_name(&named).ok(),
            (None, _) => None,
        };
        ImageOptions { tag, ..ImageOptions::default() }
    }
}

/// How large the tar is. Says, in words that can still be told, what cannot be exported.
pub async fn measured(hub: &Hub, row: &NameRow, asked: &Asked) -> Result<Measured, ActionError> {
    let (asked, what, flist) = (asked.clone(), place(row, asked), row.flist.id);
    let mut measured = produce(hub, move |hub, sink| {
        let measured = measure(&*hub.store, flist, &asked.options());
        sink.send(measured.map_err(|error| told(error, &what)))
    })
    .await?;
    let ended = || ActionError::internal("an export was measured without a result");
    measured.next().await.ok_or_else(ended)?
}

/// The bytes of the export. What fails after the first of them ends the stream in an error.
pub async fn export(hub: &Hub, row: &NameRow, asked: &Asked) -> Result<Items<Bytes>, ActionError> {
    let (asked, what, flist) = (asked.clone(), place(row, asked), row.flist.id);
    let image = asked.image(row);
    produce(hub, move |hub, sink| match write(hub, flist, &asked, &image, sink) {
        Ok(()) => Ok(()),
        Err(ExportError::Output(_) | ExportError::Cancelled) if sink.is_gone() => Err(Gone),
        Err(error) => sink.send(Err(told(error, &what))),
    })
    .await
}

fn write(
    hub: &Hub,
    flist: ChunkId,
    asked: &Asked,
    image: &ImageOptions,
    sink: &Sink<Bytes>,
) -> Result<(), ExportError> {
    let (store, compression, options) = (&*hub.store, asked.compression, asked.options());
    let mut out = Out { sink, part: BytesMut::new() };
    match asked.format {
        Format::Tar => export_tar(store, flist, compression, &options, &mut out)?,
        Format::Oci => {
            let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
            let mut waiting = || if sink.is_gone() { Err(gone()) } else { Ok(()) };
            let to = (&mut out as &mut dyn Write, &mut waiting as _);
            export_layout_tar(store, flist, compression, image, &options, to)?
        }
        Format::DockerArchive => {
            export_docker_archive(store, flist, compression, image, &options, &mut out)?
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
fn place(row: &NameRow, asked: &Asked) -> String {
    format!("{} in {}/{}", asked.path, row.repository, row.name)
}

fn told(error: ExportError, what: &str) -> ActionError {
    match error {
        ExportError::NoSuchPath(_) => ActionError::not_found(Thing::Path, what),
        ExportError::Tag { .. } => {
            ActionError::Invalid { code: "bad_tag", message: error.to_string() }
        }
        error if error.is_bad_request() => {
            ActionError::Unprocessable { code: "cannot_export", message: error.to_string() }
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
