//! What is read of container images: manifests, configurations, layers, and what a cache holds of them.

use std::io::Read;
use std::sync::Mutex;

use flisthub_converter::image::{
    ConvertOptions, Digest, Document, Image, ImageConfig, ImageError, ImageSource, LayerBlob,
    LayerCache, Platform, choose, convert_image, read_document,
};
use flisthub_converter::{IngestOptions, Limits};
use flisthub_flist::{Layer, VerifyLimits, verify};
use flisthub_storage::{ChunkId, MemoryStore};

use crate::Outcome;

pub(crate) fn document(bytes: &[u8]) -> Outcome {
    match read_document(bytes, None) {
        Err(error) => {
            assert!(error.to_string().len() < 4_000, "messages are short");
            Outcome::Refused
        }
        Ok(Document::Manifest(_)) => Outcome::Accepted,
        Ok(Document::Index(candidates)) => {
            if let Ok(chosen) = choose(&candidates, &Platform::default()) {
                assert!(candidates.contains(chosen));
            }
            Outcome::Accepted
        }
    }
}

pub(crate) fn config(bytes: &[u8]) -> Outcome {
    match ImageConfig::read(bytes) {
        Err(error) => {
            assert!(error.to_string().len() < 4_000, "messages are short");
            Outcome::Refused
        }
        Ok(_) => Outcome::Accepted,
    }
}

pub(crate) fn known_layer(bytes: &[u8]) -> Outcome {
    let Ok(layer) = Layer::decode(bytes) else { return Outcome::Refused };
    assert!(layer.encode() == bytes, "a layer has one encoding");
    Outcome::Accepted
}

/// The bytes as the upper layer of an image whose lower one has something of everything.
pub(crate) fn layer(bytes: &[u8]) -> Outcome {
    let source = Source { layers: [LOWER, bytes] };
    let kept = Kept::default();
    let store = MemoryStore::new();
    let Ok(flist) = convert(&source, &kept, &store) else { return Outcome::Refused };
    let verified = verify(&store, flist, &VerifyLimits::default(), &[]);
    assert!(verified.is_ok(), "what is converted can be published: {verified:?}");
    // From what the cache holds comes the same.
    let again = convert(&source, &kept, &store);
    assert_eq!(again.ok(), Some(flist));
    Outcome::Accepted
}

/// What the layers under test lie on, a sample of the corpus.
const LOWER: &[u8] = include_bytes!("../corpus/layer/lower");

fn convert(source: &Source<'_>, kept: &Kept, store: &MemoryStore) -> Result<ChunkId, ImageError> {
    let limits = Limits {
        file_bytes: 1 << 30,
        archive_bytes: 16 << 20,
        decoder_memory: 32 << 20,
        ..Limits::default()
    };
    let options = ConvertOptions {
        ingest: IngestOptions { limits, ..IngestOptions::default() },
        layers_at_a_time: 1,
        ..ConvertOptions::default()
    };
    convert_image(source, store, kept, &options).map(|converted| converted.ingested.flist)
}

struct Source<'a> {
    layers: [&'a [u8]; 2],
}

impl ImageSource for Source<'_> {
    fn image(&self, platform: &Platform) -> Result<Image, ImageError> {
        // Nobody knows the digest of what is under the compression, if there is any.
        let diff_ids = self.layers.map(plain);
        let diff_ids = diff_ids.map(|layer| Digest::of(&layer).to_string());
        let config = format!(
            r#"{{"os":"linux","architecture":"amd64","rootfs":{{"diff_ids":["{}","{}"]}}}}"#,
            diff_ids[0], diff_ids[1]
        );
        let (reference, digest) = ("fuzz".to_owned(), Digest::of(config.as_bytes()));
        Image::of_config(reference, digest, vec![None; 2], config.into_bytes(), platform)
    }

    fn layer(&self, image: &Image, index: usize) -> Result<Box<dyn Read + Send + '_>, ImageError> {
        let _: &LayerBlob = &image.layers[index];
        Ok(Box::new(self.layers[index]))
    }
}

/// The bytes without zstd's compression, if they have that and come to no more than 16 MiB.
fn plain(layer: &[u8]) -> Vec<u8> {
    if !layer.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return layer.to_vec();
    }
    let mut plain = Vec::new();
    match zstd::stream::read::Decoder::new(layer) {
        Ok(decoder) => drop(decoder.take(16 << 20).read_to_end(&mut plain)),
        Err(_) => return layer.to_vec(),
    }
    plain
}

/// Keeps every layer in its encoding.
#[derive(Default)]
struct Kept(Mutex<Vec<(Digest, Vec<u8>)>>);

impl LayerCache for Kept {
    fn get(&self, diff_id: &Digest) -> Option<Layer> {
        let kept = self.0.lock().unwrap();
        let (_, bytes) = kept.iter().find(|(known, _)| known == diff_id)?;
        Some(Layer::decode(bytes).expect("what was encoded decodes"))
    }

    fn put(&self, diff_id: &Digest, layer: &Layer) {
        self.0.lock().unwrap().push((*diff_id, layer.encode()));
    }
}
