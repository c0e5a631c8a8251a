//! Good inputs for every target, written by our own encoders.

use std::collections::BTreeMap;

use bytes::BytesMut;
use flisthub_flist::{
    Content, Device, FileBuilder, FlistWriter, Manifest, Metadata, Piece, TreeBuilder, TreePath,
};
use flisthub_storage::wire::{write_ids, write_record};
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore as _, Compressor, Frame, Kind, MemoryStore, Profile, StoreError,
};

use crate::tar_samples::{self, text};
use crate::{image_samples, item_samples};

/// The frozen file of format version 1.
const FROZEN: &[u8] = include_bytes!("../../../flist/tests/fixtures/v1-every-kind.flist");

type Samples = Vec<(&'static str, Vec<u8>)>;

pub(crate) fn samples(target: &str) -> Samples {
    match target {
        "frame" => frames(),
        "records" => records(),
        "ids" => ids(),
        "manifest" => manifests(),
        "directory" => objects(Kind::Directory),
        "list" => objects(Kind::List),
        "links" => objects(Kind::Links),
        "flist" => vec![("small", small().file()), ("empty", Made::of(TreeBuilder::new()).file())],
        "tree" => trees(),
        "archive" => tar_samples::samples(),
        "layer" => tar_samples::layers(),
        "image-document" => image_samples::documents(),
        "image-config" => image_samples::configs(),
        "known-layer" => image_samples::known_layers(),
        "yaml" => item_samples::yamls(),
        "readme" => item_samples::readmes(),
        "item-json" => item_samples::item_jsons(),
        "wkt" => item_samples::wkts(),
        "search" => item_samples::searches(),
        "filter-text" => item_samples::filter_texts(),
        "filter-json" => item_samples::filter_jsons(),
        _ => Vec::new(),
    }
}

fn compress(chunk: &Chunk) -> Frame {
    Compressor::new(1).unwrap().compress(chunk).unwrap()
}

fn chunk(kind: Kind, bytes: &[u8]) -> Chunk {
    Chunk::new(kind, bytes.to_vec()).unwrap()
}

fn frames() -> Samples {
    let of = |kind: u8, bytes: &[u8]| {
        let frame = compress(&chunk(Kind::ALL[usize::from(kind)], bytes));
        [&[kind][..], frame.bytes()].concat()
    };
    let noise: Vec<u8> = (0..20).flat_map(|at: u8| *blake3::hash(&[at]).as_bytes()).collect();
    // One that other encoders write: no single segment, a checksum.
    let mut other = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    other.include_checksum(true).unwrap();
    other.set_pledged_src_size(Some(3000)).unwrap();
    std::io::Write::write_all(&mut other, &text(3000, 3)).unwrap();
    vec![
        ("empty", of(0, b"")),
        ("text", of(0, &text(5000, 1))),
        ("raw", of(1, &noise)),
        ("repeated", of(2, &[7; 9000])),
        ("checksum", [&[3][..], &other.finish().unwrap()].concat()),
    ]
}

fn records() -> Samples {
    let body = |chunks: &[Chunk]| {
        let mut body = BytesMut::new();
        for chunk in chunks {
            write_record(&compress(chunk), &mut body);
        }
        body.to_vec()
    };
    let some: Vec<Chunk> =
        (0..4).map(|at| chunk(Kind::Content, &text(300 * at as usize, at))).collect();
    let each: Vec<Chunk> = Kind::ALL.map(|kind| chunk(kind, b"the same bytes")).into();
    vec![("none", body(&[])), ("some", body(&some)), ("each-kind", body(&each))]
}

fn ids() -> Samples {
    let ids: Vec<ChunkId> = Kind::ALL.map(|kind| kind.id_of(b"")).into();
    let text = ids[0].to_string().into_bytes();
    vec![("one", write_ids(&ids[..1]).to_vec()), ("five", write_ids(&ids).to_vec()), ("text", text)]
}

fn manifests() -> Samples {
    let plain = small().manifest;
    let mut full = plain.clone();
    full.image_config = Some(b"{\"Cmd\":[\"sh\"]}".to_vec());
    full.values.insert("readme".into(), "R\u{e9}sum\u{e9}".into());
    full.values.insert("entrypoint".into(), "[]".into());
    let mut many = plain.clone();
    many.values = ["a", "b", "c", "d", "e", "f", "g"].map(|key| (key.into(), key.into())).into();
    [("plain", plain), ("full", full), ("many", many)]
        .map(|(name, manifest)| (name, manifest.to_chunk().unwrap().bytes().to_vec()))
        .into()
}

/// Objects of one kind: of the small tree, and short ones written by hand.
fn objects(kind: Kind) -> Samples {
    let made: Vec<Vec<u8>> = small()
        .objects
        .into_iter()
        .filter(|object| object.kind() == kind && object.bytes().len() < 8 << 10)
        .map(|object| object.bytes().to_vec())
        .collect();
    let names = ["first", "second", "third", "fourth", "fifth", "sixth"];
    let mut samples: Samples = names.into_iter().zip(made).collect();
    samples.push(("node", node(kind)));
    if kind == Kind::Directory {
        let mut leaf = vec![0x82, 0, 0x86];
        for name in b'a'..=b'f' {
            // [name, [mode 0, uid 0, gid 0, mtime 0, nanoseconds 0, no attributes], [FIFO]]
            leaf.extend([0x83, 0x41, name, 0x86, 0, 0, 0, 0, 0, 0x80, 0x81, 6]);
        }
        samples.push(("names", leaf));
    }
    if kind == Kind::List {
        let id = Kind::Content.id_of(b"x");
        let mut leaf = vec![0x82, 0, 0x82, 0x1A, 0, 1, 0, 0, 0x82, 0x58, 32];
        leaf.extend(id.as_bytes());
        leaf.push(1);
        samples.push(("leaf", leaf));
    }
    samples
}

/// A node of two parts. Real ones stand above thousands of entries.
fn node(kind: Kind) -> Vec<u8> {
    let mut node = vec![0x82, 1, 0x82];
    for part in [b'a', b'b'] {
        let id = [&[0x58, 32][..], kind.id_of(&[part]).as_bytes()].concat();
        match kind {
            Kind::Directory => {
                node.extend([0x83, 0x41, part]);
                node.extend(id);
                node.extend([0x82, 24, 100, 25, 1, part]);
            }
            Kind::List => {
                node.push(0x83);
                node.extend(id);
                node.extend([25, 4, part, 25, 8, part]);
            }
            _ => node.extend(id),
        }
    }
    node
}

fn trees() -> Samples {
    let few = [&[6, 1, 5, 6][..], &text(40, 1)].concat();
    let many: Vec<u8> = (0..20).flat_map(|at: u8| *blake3::hash(&[at]).as_bytes()).collect();
    vec![("none", Vec::new()), ("few", few), ("many", many)]
}

/// A tree with its objects.
struct Made {
    manifest: Manifest,
    objects: Vec<Chunk>,
}

impl Made {
    fn of(builder: TreeBuilder) -> Self {
        Self::with(builder, Vec::new())
    }

    fn with(builder: TreeBuilder, mut objects: Vec<Chunk>) -> Self {
        let built = builder.finish(&mut keep(&mut objects)).unwrap();
        let manifest = Manifest::of(&built, Profile::default());
        objects.push(manifest.to_chunk().unwrap());
        Self { manifest, objects }
    }

    fn file(&self) -> Vec<u8> {
        let store = MemoryStore::new();
        let frames: Vec<Frame> = self.objects.iter().map(compress).collect();
        store.put(&frames).unwrap();
        let id = self.manifest.to_chunk().unwrap().id();
        FlistWriter::new(&store, id).flat_map(|record| record.unwrap().to_vec()).collect()
    }
}

/// Gathers objects as they are made.
fn keep(objects: &mut Vec<Chunk>) -> impl FnMut(Chunk) -> Result<(), StoreError> {
    |object| {
        objects.push(object);
        Ok(())
    }
}

/// A tree with every kind of entry in a few hundred bytes.
fn small() -> Made {
    let path = |text: &str| TreePath::parse(text.as_bytes()).unwrap();
    let metadata = |seed: u32| Metadata {
        mode: 0o4755,
        uid: seed,
        gid: u32::MAX,
        mtime: -5,
        mtime_nanos: 999_999_999,
        xattrs: BTreeMap::from([(b"user.a".to_vec(), vec![0; seed as usize])]),
    };
    let mut objects = Vec::new();
    let mut file = FileBuilder::new();
    for piece in [
        Piece::Hole { length: 65_536 },
        Piece::Chunk { id: Kind::Content.id_of(b"content"), length: 7 },
    ] {
        file.push(piece, &mut keep(&mut objects)).unwrap();
    }
    let file = file.finish(&mut keep(&mut objects)).unwrap();
    let device = Device::new(4095, 1_048_575).unwrap();
    let mut tree = TreeBuilder::new();
    tree.add(&path("bin/tool"), metadata(1), file).unwrap();
    tree.add_hard_link(&path("bin/alias"), &path("bin/tool")).unwrap();
    tree.add(&path("link"), metadata(2), Content::Symlink { target: b"../x".to_vec() }).unwrap();
    tree.add_hard_link(&path("link too"), &path("link")).unwrap();
    tree.add(&path("dev/c"), metadata(0), Content::CharDevice(device)).unwrap();
    tree.add(&path("dev/b"), metadata(30), Content::BlockDevice(device)).unwrap();
    tree.add(&path("dev/pipe"), metadata(300), Content::Fifo).unwrap();
    tree.add(&path("dev/socket"), metadata(3), Content::Socket).unwrap();
    Made::with(tree, objects)
}

#[test]
fn the_frozen_file_is_accepted() {
    let flist = flisthub_fuzz::TARGETS.iter().find(|target| target.name == "flist").unwrap();
    assert_eq!((flist.run)(FROZEN), flisthub_fuzz::Outcome::Accepted);
}
