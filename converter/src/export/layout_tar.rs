//! An OCI image layout as a tar, for where there is no directory to write into.
//!
//! The layer's digest stands before the layer, so the tree is read twice: once for the digest, once
//! for the bytes. The last block is held back until both agree.

use std::io::{self, Write};

use flisthub_flist::Metadata;
use flisthub_storage::{ChunkId, ChunkStore};

use super::checked::{Checked, ImageForm};
use super::docker::{member, plain_file};
use super::error::ExportError;
use super::header::{Kind, pad, write_header};
use super::image::{self, Blob, ImageOptions};
use super::layout::MARKER;
use super::options::{Compression, ExportOptions, Exported};
use super::plan::Source;
use super::tar::{Wanted, write_tar};
use crate::source::BLOCK;

/// Writes the flist as an image of one layer in an OCI layout, as a tar, to `out`.
pub fn export_layout_tar(
    store: &dyn ChunkStore,
    flist: ChunkId,
    compression: Compression,
    image: &ImageOptions,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<Exported, ExportError> {
    let checked = Checked::open(store, flist, ImageForm::Layout, image, options)?;
    let source = &checked.source;
    let quiet = ExportOptions { progress: None, ..options.clone() };
    let first = Source { manifest: source.manifest.clone(), options: &quiet, ..*source };
    let written = write_tar(&first, compression, Wanted::BOTH, &mut io::sink())?;
    let (layer, diff_id) = written.layer()?;
    let config = image::configuration(source.manifest.image_config.as_deref(), diff_id, image)?;
    let config_blob = Blob::of(&config);
    let manifest = image::manifest(&config_blob, &layer, compression);
    let manifest_blob = Blob::of(&manifest);
    let index = image::index(&[image::indexed(&manifest_blob, checked.tag())]);

    let mut head = Vec::new();
    member(b"oci-layout", MARKER.as_bytes(), &mut head);
    member(b"index.json", &image::bytes(index), &mut head);
    let directory = Metadata { mode: 0o755, ..Metadata::default() };
    write_header(b"blobs/", &directory, Kind::Directory, &mut head);
    write_header(b"blobs/sha256/", &directory, Kind::Directory, &mut head);
    member(&name(&config_blob), &config, &mut head);
    member(&name(&manifest_blob), &manifest, &mut head);
    write_header(&name(&layer), &plain_file(), Kind::File(layer.bytes), &mut head);
    out.write_all(&head)?;
    let again = write_tar(source, compression, Wanted { diff_id: false, blob: true }, &mut *out)?;
    if (again.blob, again.bytes) != (Some(layer.digest), layer.bytes) {
        return Err(ExportError::Changed);
    }
    let mut end = Vec::new();
    pad(&mut end, layer.bytes);
    end.resize(end.len() + 2 * BLOCK, 0);
    out.write_all(&end)?;
    out.flush()?;
    Ok(Exported {
        tar: again.tar,
        diff_id: Some(diff_id.to_string()),
        digest: Some(manifest_blob.digest.to_string()),
        bytes: head.len() as u64 + layer.bytes + end.len() as u64,
    })
}

fn name(blob: &Blob) -> Vec<u8> {
    format!("blobs/sha256/{}", blob.digest.hex()).into_bytes()
}
