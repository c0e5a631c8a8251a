//! A tar of what is exported, compressed or not, with its digests.

use std::io::{self, BufWriter, Write};

use flisthub_storage::{ChunkId, ChunkStore};

use super::error::ExportError;
use super::gzip::gzip;
use super::image::Blob;
use super::options::{Compression, ExportOptions, Exported, Measured};
use super::pack::Form;
use super::plan::Source;
use super::stream::stream;
use crate::image::{Digest, Hasher};

/// Bytes that are gathered before they are written.
pub(super) const BUFFER: usize = 256 << 10;

/// How large the tar of an export is, and what is left out of it. Reads directories only.
pub fn measure(
    store: &dyn ChunkStore,
    flist: ChunkId,
    options: &ExportOptions,
) -> Result<Measured, ExportError> {
    Source::open(store, flist, options, false)?.measure()
}

/// Writes the canonical tar of the tree, or of a part of it, to `out`.
pub fn export_tar(
    store: &dyn ChunkStore,
    flist: ChunkId,
    compression: Compression,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<Exported, ExportError> {
    let source = Source::open(store, flist, options, false)?;
    // Frames are not decoded again only for a digest.
    let diff_id = options.digest && compression != Compression::Zstd;
    let written = write_tar(&source, compression, Wanted { diff_id, blob: options.digest }, out)?;
    Ok(Exported {
        tar: written.tar,
        diff_id: written.diff_id.map(|digest| digest.to_string()),
        digest: written.blob.map(|digest| digest.to_string()),
        bytes: written.bytes,
    })
}

/// A tar that was written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) tar: Measured,
    /// Digest of the uncompressed tar, if it was wanted.
    pub(super) diff_id: Option<Digest>,
    /// Digest of what was written, if it was wanted.
    pub(super) blob: Option<Digest>,
    /// How many bytes that was.
    pub(super) bytes: u64,
}

/// Which digests of a tar are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    /// That of the tar.
    pub(super) diff_id: bool,
    /// That of what is written.
    pub(super) blob: bool,
}

/// Writes the tar of `source`.
pub(super) fn write_tar(
    source: &Source<'_>,
    compression: Compression,
    wanted: Wanted,
    out: &mut dyn Write,
) -> Result<Written, ExportError> {
    let plain = compression == Compression::None;
    let blob = wanted.blob || wanted.diff_id && plain;
    let mut out = Hashing::new(BufWriter::with_capacity(BUFFER, out), blob);
    let mut tar = (wanted.diff_id && !plain).then(Hasher::new);
    let mut hash = |bytes: &[u8]| tar.iter_mut().for_each(|tar| tar.update(bytes));
    let measured = match compression {
        Compression::None => {
            stream(source, Form::Plain, &mut |packed| Ok(out.write_all(&packed.tar)?))?
        }
        Compression::Gzip => gzip(&mut out, source.options.workers, |writer| {
            stream(source, Form::Plain, &mut |packed| {
                hash(&packed.tar);
                Ok(writer.write_all(&packed.tar)?)
            })
        })?,
        Compression::Zstd => {
            let form = if wanted.diff_id { Form::Both } else { Form::Frames };
            stream(source, form, &mut |packed| {
                hash(&packed.tar);
                Ok(out.write_all(&packed.frames)?)
            })?
        }
    };
    out.flush()?;
    let (blob, bytes) = out.finish();
    // What is not compressed is its own digest.
    let diff_id = if plain { blob } else { tar.map(Hasher::finish) };
    Ok(Written { tar: measured, diff_id, blob, bytes })
}

/// Counts what is written, and hashes it if asked to.
pub(super) struct Hashing<W> {
    out: W,
    hasher: Option<Hasher>,
    bytes: u64,
}

impl Wanted {
    /// What an image's layer needs.
    pub(super) const BOTH: Self = Self { diff_id: true, blob: true };
}

impl Written {
    /// The layer that the tar is, and its diffID.
    pub(super) fn layer(&self) -> Result<(Blob, Digest), ExportError> {
        let digests = self.blob.zip(self.diff_id);
        let (digest, diff_id) = digests.ok_or(ExportError::Changed)?;
        Ok((Blob { digest, bytes: self.bytes }, diff_id))
    }
}

impl<W: Write> Hashing<W> {
    pub(super) fn new(out: W, hash: bool) -> Self {
        Self { out, hasher: hash.then(Hasher::new), bytes: 0 }
    }

    /// The digest of all that was written, if it was wanted, and how much that was.
    pub(super) fn finish(self) -> (Option<Digest>, u64) {
        (self.hasher.map(Hasher::finish), self.bytes)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.out.write(bytes)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes.get(..length).unwrap_or_default());
        }
        self.bytes += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
