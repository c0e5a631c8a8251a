//! Images into flists: layers of every compression, lies about them, caches, cancelling.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use flisthub_converter::image::{
    Blob, ConvertOptions, Converted, Digest, Image, ImageError, ImageSource, LayerBlob, LayerCache,
    NoCache, Platform, convert_image,
};
use flisthub_converter::{IngestOptions, Limits, ingest_archive};
use flisthub_flist::{Layer, Tree};
use flisthub_storage::{ChunkStore, MemoryStore, PartState};

use crate::build_tar::{Header, Tar};

/// An image in memory, whose layers can be made to lie.
struct Memory {
    image: Image,
    blobs: Vec<Vec<u8>>,
    asked: AtomicUsize,
}

impl ImageSource for Memory {
    fn image(&self, _: &Platform) -> Result<Image, ImageError> {
        Ok(self.image.clone())
    }

    fn layer(&self, _: &Image, index: usize) -> Result<Box<dyn Read + Send + '_>, ImageError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(self.blobs[index].as_slice()))
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An image of these archives, each compressed as `envelope` says.
fn image(layers: &[Vec<u8>], envelope: impl Fn(&[u8]) -> Vec<u8>) -> Memory {
    let blobs: Vec<Vec<u8>> = layers.iter().map(|layer| envelope(layer)).collect();
    let layers = layers.iter().zip(&blobs).map(|(layer, blob)| LayerBlob {
        blob: Some(Blob { digest: Digest::of(blob), size: blob.len() as u64 }),
        diff_id: Digest::of(layer),
    });
    let layers: Vec<LayerBlob> = layers.collect();
    let ids: Vec<String> =
        layers.iter().map(|layer| format!("{:?}", layer.diff_id.to_string())).collect();
    let config = format!(
        r#"{{"os":"linux","architecture":"amd64","config":{{"Entrypoint":["/a","b"],"Cmd":["c"]}},"rootfs":{{"diff_ids":[{}]}}}}"#,
        ids.join(",")
    );
    let digest = Digest::of(config.as_bytes());
    let image = Image { reference: "test".into(), digest, config: config.into_bytes(), layers };
    Memory { image, blobs, asked: AtomicUsize::new(0) }
}

fn archive(members: &[(u8, &str, &str)]) -> Vec<u8> {
    let mut tar = Tar::new();
    for (kind, name, data) in members {
        if matches!(kind, b'1' | b'2') {
            tar.header(Header::new(*kind, name, 0).link(data));
        } else {
            tar.header(&Header::new(*kind, name, data.len() as u64)).data(data.as_bytes());
        }
    }
    tar.0.resize(tar.0.len() + 1024, 0);
    tar.0
}

fn two_layers() -> Vec<Vec<u8>> {
    vec![
        archive(&[
            (b'5', "bin/", ""),
            (b'0', "bin/sh", "shell"),
            (b'0', "old", "gone"),
            (b'5', "var/", ""),
            (b'0', "var/log", "x"),
        ]),
        archive(&[
            (b'0', ".wh.old", ""),
            (b'0', "new", "here"),
            (b'1', "bin/ash", "bin/sh"),
            (b'0', "var/.wh..wh..opq", ""),
            (b'2', "lib", "usr/lib"),
        ]),
    ]
}

fn convert(source: &Memory, store: &MemoryStore) -> Result<Converted, ImageError> {
    convert_image(source, store, &NoCache, &ConvertOptions::default())
}

fn names(store: &MemoryStore, converted: &Converted) -> Vec<String> {
    let tree = Tree::open(store, converted.ingested.flist).unwrap();
    tree.walk(store).map(|entry| entry.unwrap().0.to_string()).collect()
}

#[test]
fn every_compression_gives_the_same_flist() {
    let store = MemoryStore::new();
    let gzipped = convert(&image(&two_layers(), gzip), &store).unwrap();
    assert_eq!(names(&store, &gzipped), ["bin", "bin/ash", "bin/sh", "lib", "new", "var"]);
    assert_eq!(gzipped.ingested.counts.regular, 3);
    assert_eq!(gzipped.ingested.manifest.image_config, Some(gzipped.image.config.clone()));
    let plain = convert(&image(&two_layers(), <[u8]>::to_vec), &store).unwrap();
    assert_eq!(plain.ingested.flist, gzipped.ingested.flist);
    assert_eq!(plain.ingested.report.new_chunks + plain.ingested.report.new_objects, 0);
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let zstd = convert(&image(&two_layers(), zstd), &store).unwrap();
    assert_eq!(zstd.ingested.flist, gzipped.ingested.flist);
    // As zstd:chunked does: a skippable frame that holds a table of contents follows.
    let chunked = |bytes: &[u8]| {
        let mut blob = zstd::encode_all(bytes, 1).unwrap();
        blob.extend_from_slice(&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
        blob
    };
    let chunked = convert(&image(&two_layers(), chunked), &store).unwrap();
    assert_eq!(chunked.ingested.flist, gzipped.ingested.flist);
}

#[test]
fn one_layer_is_the_tree_of_its_archive() {
    let store = MemoryStore::new();
    let layer = archive(&[(b'5', "./", ""), (b'0', "a", "b"), (b'1', "c", "a")]);
    let converted = convert(&image(std::slice::from_ref(&layer), gzip), &store).unwrap();
    let ingested = ingest_archive(layer.as_slice(), &store, &IngestOptions::default()).unwrap();
    assert_eq!(converted.ingested.manifest.root, ingested.manifest.root);
    assert_eq!(converted.ingested.manifest.links, ingested.manifest.links);
    let none = convert(&image(&[], gzip), &store).unwrap();
    assert_eq!(names(&store, &none), Vec::<String>::new());
}

#[test]
fn what_lies_about_itself_is_found_out() {
    let store = MemoryStore::new();
    let code = |change: &dyn Fn(&mut Memory)| {
        let mut source = image(&two_layers(), gzip);
        change(&mut source);
        let error = convert(&source, &store).unwrap_err();
        (error.code(), error.to_string())
    };
    let (digest, text) = code(&|source| source.blobs[1] = source.blobs[0].clone());
    // Of another length as well, which is told first.
    assert_eq!(digest, "size_mismatch", "{text}");
    let (digest, text) = code(&|source| source.blobs[1][30] ^= 1);
    assert_eq!(digest, "digest_mismatch");
    assert!(text.starts_with("layer 2 has digest sha256:"), "{text}");
    let (short, text) = code(&|source| source.blobs[0].truncate(60));
    assert_eq!(
        (short, text.contains("has 60 bytes, but the manifest says")),
        ("size_mismatch", true)
    );
    let (long, text) = code(&|source| source.blobs[0].push(0));
    assert_eq!((long, text.contains("has more bytes")), ("size_mismatch", true));
    let (diff, text) = code(&|source| source.image.layers[0].diff_id = Digest::of(b""));
    assert_eq!(diff, "digest_mismatch");
    assert!(text.starts_with("layer 1 without its compression has digest"), "{text}");
}

#[test]
fn hostile_layers_are_refused() {
    let store = MemoryStore::new();
    for (what, members) in [
        ("a path out of the image", &[(b'0', "../a", "x")][..]),
        ("a whiteout of ..", &[(b'0', "a/.wh...", "")]),
        ("something below a whiteout", &[(b'0', ".wh.a/b", "")]),
        ("a link out of the image", &[(b'1', "a", "../../etc/passwd")]),
        ("a link to nothing", &[(b'1', "a", "b")]),
        ("an unknown type", &[(b'Z', "a", "")]),
        ("links in a circle", &[(b'2', "a", "b"), (b'2', "b", "a"), (b'0', "a/x", "")]),
    ] {
        let error = convert(&image(&[archive(members)], gzip), &store).unwrap_err();
        assert_eq!(error.code(), "bad_layer", "{what}: {error}");
    }
    let bomb = vec![0; 3 << 20];
    let limits = Limits { expansion: 50, expansion_floor: 1 << 20, ..Limits::default() };
    let options = ConvertOptions {
        ingest: IngestOptions { limits, ..IngestOptions::default() },
        ..ConvertOptions::default()
    };
    let error = convert_image(&image(&[bomb], gzip), &store, &NoCache, &options).unwrap_err();
    assert_eq!(error.code(), "too_large", "{error}");
}

#[test]
fn all_layers_share_one_limit_on_memory() {
    let store = MemoryStore::new();
    let source = image(&two_layers(), gzip);
    let options = |tree_memory| ConvertOptions {
        ingest: IngestOptions {
            limits: Limits { tree_memory, ..Limits::default() },
            ..IngestOptions::default()
        },
        ..ConvertOptions::default()
    };
    let error = convert_image(&source, &store, &NoCache, &options(4000)).unwrap_err();
    assert_eq!(error.code(), "too_large");
    convert_image(&source, &store, &NoCache, &options(8000)).unwrap();
}

/// Keeps encoded layers.
#[derive(Default)]
struct Kept(Mutex<HashMap<Digest, Vec<u8>>>);

impl LayerCache for Kept {
    fn get(&self, diff_id: &Digest) -> Option<Layer> {
        Some(Layer::decode(self.0.lock().unwrap().get(diff_id)?).unwrap())
    }

    fn put(&self, diff_id: &Digest, layer: &Layer) {
        self.0.lock().unwrap().insert(*diff_id, layer.encode());
    }
}

#[test]
fn a_known_layer_is_not_asked_for_again() {
    let store = MemoryStore::new();
    let cache = Kept::default();
    let options = ConvertOptions::default();
    let first = image(&two_layers(), gzip);
    let one = convert_image(&first, &store, &cache, &options).unwrap();
    assert_eq!((one.reused, first.asked.load(Ordering::Relaxed)), (0, 2));
    let mut layers = two_layers();
    layers.push(archive(&[(b'0', "third", "3")]));
    let second = image(&layers, gzip);
    let two = convert_image(&second, &store, &cache, &options).unwrap();
    assert_eq!((two.reused, second.asked.load(Ordering::Relaxed)), (2, 1));
    let without = convert(&second, &MemoryStore::new()).unwrap();
    assert_eq!(two.ingested.flist, without.ingested.flist);
}

#[test]
fn a_layer_that_comes_again_is_read_once() {
    let store = MemoryStore::new();
    let [base, upper] = <[Vec<u8>; 2]>::try_from(two_layers()).unwrap();
    let source = image(&[base.clone(), upper.clone(), base.clone(), upper.clone()], gzip);
    let converted = convert(&source, &store).unwrap();
    assert_eq!(source.asked.load(Ordering::Relaxed), 2);
    let same = convert(&image(&[base, upper], gzip), &store).unwrap();
    assert_eq!(names(&store, &converted), names(&store, &same));
}

#[test]
fn an_image_that_is_too_large_is_not_fetched() {
    let store = MemoryStore::new();
    let mut source = image(&two_layers(), gzip);
    source.image.layers[1].blob.as_mut().unwrap().size = 1 << 62;
    let error = convert(&source, &store).unwrap_err();
    assert_eq!((error.code(), source.asked.load(Ordering::Relaxed)), ("too_large", 0), "{error}");
}

#[test]
fn progress_is_told_by_layer_and_cancelling_ends_it() {
    let store = MemoryStore::new();
    let last = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&last);
    let options = ConvertOptions {
        parts: Some(Arc::new(move |parts| *told.lock().unwrap() = parts.to_vec())),
        ..ConvertOptions::default()
    };
    let source = image(&two_layers(), gzip);
    convert_image(&source, &store, &NoCache, &options).unwrap();
    let parts = last.lock().unwrap().clone();
    assert_eq!(parts.len(), 2);
    for (part, layer) in parts.iter().zip(&source.image.layers) {
        assert_eq!(part.state, PartState::Done);
        assert_eq!((Some(part.done), part.total), (part.total, Some(layer.blob.unwrap().size)));
        assert_eq!(part.entries, 5, "{}", part.name);
    }
    let cancel = Some(Arc::new(AtomicBool::new(true)));
    let options = ConvertOptions {
        ingest: IngestOptions { cancel, ..IngestOptions::default() },
        ..ConvertOptions::default()
    };
    let cancelled = convert_image(&source, &store, &NoCache, &options);
    assert!(matches!(cancelled, Err(ImageError::Cancelled)));
}

#[test]
fn a_startup_file_is_added_on_demand() {
    let store = MemoryStore::new();
    let options = ConvertOptions { startup: true, ..ConvertOptions::default() };
    let source = image(&two_layers(), gzip);
    let converted = convert_image(&source, &store, &NoCache, &options).unwrap();
    assert!(names(&store, &converted).contains(&".startup.toml".to_owned()));
    let text = store
        .get(&[flisthub_storage::Kind::Content.id_of(
            b"[startup.entry]\nname = \"core.system\"\n\n[startup.entry.args]\nname = \"/a\"\nargs = [\"b\", \"c\"]\ndir = \"/\"\n",
        )])
        .unwrap();
    assert!(text[0].is_some(), "the file is as 0-hub writes it");
}
