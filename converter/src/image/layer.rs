//! One layer: read from its source, checked against its digests, unpacked into steps.
//!
//! Layers are as hostile as any archive. What is read here is kept only if the bytes have the digests that
//! manifest and configuration name; where they have not, that is told, and not what then seemed wrong with
//! the archive.

use std::io::{self, Read};

use flisthub_flist::Layer;
use flisthub_storage::ChunkStore;

use super::{Digest, Hasher, ImageError, LayerBlob};
use crate::archive;
use crate::error::ConvertError;
use crate::options::IngestOptions;
use crate::pipeline::{self, Budget, Taken};
use crate::tar::Meaning;

/// The most bytes of a layer that are read on, after its archive was found to be bad, to find out whether
/// the blob itself is.
const READ_ON: u64 = 64 << 20;

/// Reads the layer `number` (1 for the lowest) from `reader` and puts its content into `store`.
pub(super) fn read_layer(
    (number, layer): (usize, &LayerBlob),
    reader: Box<dyn Read + Send + '_>,
    store: &dyn ChunkStore,
    options: &IngestOptions,
    budget: &Budget,
) -> Result<(Layer, Taken), ImageError> {
    // One byte more than there should be shows that there are more.
    let most = layer.blob.map_or(u64::MAX, |blob| blob.size.saturating_add(1));
    let mut blob =
        Hashing { reader: reader.take(most), hasher: Hasher::new(), bytes: 0, failed: false };
    let mut content = Hasher::new();
    let read = pipeline::run(store, options, budget, Layer::default(), |units, control| {
        let seen = |block: &[u8]| content.update(block);
        archive::read(&mut blob, Meaning::Layer, options, (units, control), seen)
    });
    let explained =
        |source| ImageError::Layer { number, diff_id: layer.diff_id, source: Box::new(source) };
    match read {
        Ok(read) => {
            blob.check(number, layer)?;
            same(
                format!("layer {number} without its compression"),
                layer.diff_id,
                content.finish(),
            )?;
            Ok(read)
        }
        Err(ConvertError::Cancelled) => Err(ImageError::Cancelled),
        Err(ConvertError::Store(error)) => Err(error.into()),
        // What the source itself says is clearer than that reading failed.
        Err(ConvertError::Read(error)) => match error.downcast::<ImageError>() {
            Ok(error) => Err(error),
            Err(error) => Err(explained(ConvertError::Read(error))),
        },
        Err(error) => {
            if error.is_bad_input() && !matches!(error, ConvertError::Limit { .. }) {
                let left = layer.blob.map_or(0, |layer| layer.size.saturating_sub(blob.bytes));
                if left <= READ_ON {
                    blob.check(number, layer)?;
                }
            }
            Err(explained(error))
        }
    }
}

fn same(what: String, expected: Digest, found: Digest) -> Result<(), ImageError> {
    if expected == found {
        Ok(())
    } else {
        Err(ImageError::DigestMismatch { what, expected, found })
    }
}

/// Hashes and counts what is read through it.
struct Hashing<'a> {
    reader: io::Take<Box<dyn Read + Send + 'a>>,
    hasher: Hasher,
    bytes: u64,
    failed: bool,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer);
        match &read {
            Ok(length) => {
                self.hasher.update(buffer.get(..*length).unwrap_or_default());
                self.bytes += *length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => self.failed = true,
        }
        read
    }
}

impl Hashing<'_> {
    /// Reads what is left, and compares with what the manifest says. Silent where the source failed: that
    /// is told otherwise.
    fn check(mut self, number: usize, layer: &LayerBlob) -> Result<(), ImageError> {
        let Some(expected) = layer.blob else { return Ok(()) };
        if self.failed || io::copy(&mut self, &mut io::sink()).is_err() {
            return Ok(());
        }
        if self.bytes != expected.size {
            let (what, expected) = (format!("layer {number}"), expected.size);
            let more = self.bytes > expected;
            let found = if more { "more".to_owned() } else { self.bytes.to_string() };
            return Err(ImageError::SizeMismatch { what, expected, found });
        }
        same(format!("layer {number}"), expected.digest, self.hasher.finish())
    }
}
