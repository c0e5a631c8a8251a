//! An archive that `docker load` takes, in one pass: the layer first, then the configuration, whose
//! digest needs the layer's, then the manifest.

use std::io::{BufWriter, Write};

use flisthub_flist::Metadata;
use flisthub_storage::{ChunkId, ChunkStore};
use serde_json::json;
use zstd::bulk::Compressor;

use super::checked::{Checked, ImageForm};
use super::error::ExportError;
use super::gzip::gzip;
use super::header::{Kind, pad, write_header};
use super::image::{ImageOptions, bytes, configuration};
use super::options::{Compression, ExportOptions, Exported, Measured};
use super::pack::{Form, compress, compressor};
use super::plan::Source;
use super::stream::stream;
use super::tar::{BUFFER, Hashing};
use crate::image::{Digest, Hasher};
use crate::source::BLOCK;

/// The layer's name. It is not called by its digest, which is not known when its header is written.
const LAYER: &[u8] = b"layer.tar";

/// Writes the flist as an image that `docker load` takes, to `out`. The compression is that of the
/// whole archive.
pub fn export_docker_archive(
    store: &dyn ChunkStore,
    flist: ChunkId,
    compression: Compression,
    image: &ImageOptions,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<Exported, ExportError> {
    let form = ImageForm::DockerArchive;
    let Checked { source, name, tar } = Checked::open(store, flist, form, image, options)?;
    let mut out = Hashing::new(BufWriter::with_capacity(BUFFER, out), false);
    let write = |packing: &mut Packing<'_>| archive(&source, image, name.as_deref(), &tar, packing);
    let (config, diff_id) = match compression {
        Compression::None => write(&mut Packing::Plain(&mut out))?,
        Compression::Gzip => {
            gzip(&mut out, options.workers, |writer| write(&mut Packing::Plain(writer)))?
        }
        Compression::Zstd => write(&mut Packing::Frames(&mut out, compressor()?))?,
    };
    out.flush()?;
    let (_, bytes) = out.finish();
    let (digest, diff_id) = (Some(config.to_string()), Some(diff_id.to_string()));
    Ok(Exported { tar, diff_id, digest, bytes })
}

/// Writes the archive; gives the digests of the configuration and of the layer.
fn archive(
    source: &Source<'_>,
    image: &ImageOptions,
    name: Option<&str>,
    expected: &Measured,
    packing: &mut Packing<'_>,
) -> Result<(Digest, Digest), ExportError> {
    let mut literal = Vec::new();
    write_header(LAYER, &plain_file(), Kind::File(expected.bytes), &mut literal);
    packing.literal(&literal)?;
    let mut hasher = Hasher::new();
    let written = stream(source, packing.form(), &mut |packed| {
        hasher.update(&packed.tar);
        packing.packed(&packed.tar, &packed.frames)
    })?;
    if written != *expected {
        return Err(ExportError::Changed);
    }
    let diff_id = hasher.finish();
    let config = configuration(source.manifest.image_config.as_deref(), diff_id, image)?;
    let digest = Digest::of(&config);
    let config_name = format!("{}.json", digest.hex());
    let layer = String::from_utf8_lossy(LAYER);
    let names: Vec<&str> = name.into_iter().collect();
    let tags = if names.is_empty() { serde_json::Value::Null } else { json!(names) };
    let manifest = json!([{"Config": config_name, "RepoTags": tags, "Layers": [layer]}]);
    literal.clear();
    pad(&mut literal, written.bytes);
    member(config_name.as_bytes(), &config, &mut literal);
    member(b"manifest.json", &bytes(manifest), &mut literal);
    literal.resize(literal.len() + 2 * BLOCK, 0);
    packing.literal(&literal)?;
    Ok((digest, diff_id))
}

/// A whole member of an archive that is made here.
pub(super) fn member(name: &[u8], content: &[u8], out: &mut Vec<u8>) {
    write_header(name, &plain_file(), Kind::File(content.len() as u64), out);
    out.extend_from_slice(content);
    pad(out, content.len() as u64);
}

/// What all members of an archive that is made here have: nobody's time, root's.
pub(super) fn plain_file() -> Metadata {
    Metadata { mode: 0o644, ..Metadata::default() }
}

/// Where an archive goes.
enum Packing<'a> {
    /// As it is.
    Plain(&'a mut dyn Write),
    /// As zstd frames.
    Frames(&'a mut dyn Write, Compressor<'static>),
}

impl Packing<'_> {
    fn form(&self) -> Form {
        match self {
            Self::Plain(_) => Form::Plain,
            Self::Frames(..) => Form::Both,
        }
    }

    /// Writes bytes that are not packed yet.
    fn literal(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        match self {
            Self::Plain(out) => out.write_all(bytes)?,
            Self::Frames(out, compressor) => out.write_all(&compress(compressor, bytes)?)?,
        }
        Ok(())
    }

    /// Writes what a packer made.
    fn packed(&mut self, tar: &[u8], frames: &[u8]) -> Result<(), ExportError> {
        match self {
            Self::Plain(out) => out.write_all(tar)?,
            Self::Frames(out, _) => out.write_all(frames)?,
        }
        Ok(())
    }
}
