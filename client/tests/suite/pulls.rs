//! Pulls from a hub that answers for another tree, or breaks off: nothing wrong is written.

use std::path::Path;
use std::sync::Arc;

use flisthub_flist::{
    Content, FileBuilder, FlistWriter, Manifest, Metadata, Piece, TreeBuilder, TreePath,
};
use flisthub_storage::wire::{read_ids, write_record};
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Compressor, DEFAULT_LEVEL, Kind, MemoryStore, Profile,
};

use crate::fake::{FakeHub, Reply, Request};
use crate::program::{failure, run};

/// A flist of one file with its `.flist` file.
struct Tree {
    store: MemoryStore,
    flist: ChunkId,
    file: Vec<u8>,
}

fn tree(content: &str) -> Arc<Tree> {
    let store = MemoryStore::new();
    let keep = |chunk: Chunk| {
        let frame = Compressor::new(DEFAULT_LEVEL).unwrap().compress(&chunk).unwrap();
        store.put(&[frame]).map(drop)
    };
    let chunk = Chunk::new(Kind::Content, content.to_owned()).unwrap();
    let mut file = FileBuilder::new();
    file.push(Piece::Chunk { id: chunk.id(), length: chunk.length() }, &mut |c| keep(c)).unwrap();
    keep(chunk).unwrap();
    let file: Content = file.finish(&mut |c| keep(c)).unwrap();
    let mut tree = TreeBuilder::new();
    tree.add(&TreePath::parse(b"file").unwrap(), Metadata::default(), file).unwrap();
    let manifest = Manifest::of(&tree.finish(&mut |c| keep(c)).unwrap(), Profile::default())
        .to_chunk()
        .unwrap();
    let flist = manifest.id();
    keep(manifest).unwrap();
    let file = FlistWriter::new(&store, flist).flat_map(|part| part.unwrap()).collect();
    Arc::new(Tree { store, flist, file })
}

impl Tree {
    fn info(&self) -> Reply {
        Reply::json(&format!(
            r#"{{"repository":"alice","name":"base","flist":"{}","entries":1,"bytes":1,"updated":1,"revision":1}}"#,
            self.flist
        ))
    }

    fn chunks(&self, request: &Request) -> Vec<u8> {
        let mut body = bytes::BytesMut::new();
        let ids = read_ids(&request.body).unwrap();
        for frame in self.store.get_frames(&ids).unwrap() {
            write_record(&frame.unwrap(), &mut body);
        }
        body.to_vec()
    }
}

/// What stands in `DEST/file`, or how the pull failed.
fn pull(hub: &FakeHub, destination: &Path) -> Result<String, (i32, String, String)> {
    let destination = destination.to_str().unwrap();
    let output = run(&hub.url, &["--json", "pull", "alice/base", destination]);
    if output.status.success() {
        Ok(std::fs::read_to_string(Path::new(destination).join("file")).unwrap())
    } else {
        Err(failure(&output))
    }
}

/// Answers as an honest hub does, but for the `.flist` file and chunks.
fn hub(
    tree: &Arc<Tree>,
    file: impl Fn(usize, &Tree) -> Reply + Send + Sync + 'static,
    chunks: impl Fn(Vec<u8>) -> Reply + Send + Sync + 'static,
) -> FakeHub {
    let tree = Arc::clone(tree);
    FakeHub::new(move |n, request| match request.line.as_str() {
        "GET /api/v1/flists/alice/base" => tree.info(),
        "GET /alice/base.flist" => file(n, &tree),
        "POST /api/v1/repositories/alice/chunks" => chunks(tree.chunks(request)),
        other => panic!("{other}"),
    })
}

fn honest_chunks(body: Vec<u8>) -> Reply {
    Reply::new(200, body)
}

#[test]
fn an_honest_hub_is_believed() {
    let home = tempfile::tempdir().unwrap();
    let hub = hub(&tree("content"), |_, tree| Reply::new(200, tree.file.clone()), honest_chunks);
    assert_eq!(pull(&hub, &home.path().join("x")).unwrap(), "content");
}

#[test]
fn a_flist_file_that_is_not_the_names_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let destination = home.path().join("x");
    let other = tree("other").file.clone();
    let swapped = hub(&tree("content"), move |_, _| Reply::new(200, other.clone()), honest_chunks);
    let flipped = |_: usize, tree: &Tree| {
        let mut file = tree.file.clone();
        let last = file.len() - 1;
        file[last] ^= 1;
        Reply::new(200, file)
    };
    let short = |_: usize, tree: &Tree| Reply::new(200, &tree.file[..tree.file.len() - 1]);
    let long = |_: usize, tree: &Tree| Reply::new(200, [&tree.file[..], b"x"].concat());
    let content = tree("content");
    for hub in [
        swapped,
        hub(&content, flipped, honest_chunks),
        hub(&content, short, honest_chunks),
        hub(&content, long, honest_chunks),
    ] {
        let (exit, code, message) = pull(&hub, &destination).unwrap_err();
        assert_eq!((exit, code.as_str()), (1, "bad_answer"), "{message}");
        assert!(message.contains("alice/base"), "{message}");
        assert!(!destination.exists(), "{message}");
    }
}

#[test]
fn a_name_that_changes_meanwhile_is_pulled_as_it_is_then() {
    let home = tempfile::tempdir().unwrap();
    let (old, new) = (tree("old"), tree("new"));
    let hub = FakeHub::new(move |n, request| match request.line.as_str() {
        "GET /api/v1/flists/alice/base" if n == 0 => old.info(),
        "GET /api/v1/flists/alice/base" => new.info(),
        "GET /alice/base.flist" => Reply::new(200, new.file.clone()),
        _ => Reply::new(200, new.chunks(request)),
    });
    assert_eq!(pull(&hub, &home.path().join("x")).unwrap(), "new");
}

#[test]
fn a_flist_file_that_breaks_off_is_fetched_again() {
    let home = tempfile::tempdir().unwrap();
    let cut = |n, tree: &Tree| Reply::new(200, tree.file.clone()).cut(if n < 2 { 3 } else { 0 });
    let content = tree("content");
    assert_eq!(
        pull(&hub(&content, cut, honest_chunks), &home.path().join("x")).unwrap(),
        "content"
    );
    let always = |_, tree: &Tree| Reply::new(200, tree.file.clone()).cut(3);
    let (exit, code, _) =
        pull(&hub(&content, always, honest_chunks), &home.path().join("y")).unwrap_err();
    assert_eq!((exit, code.as_str()), (7, "interrupted"));
}

#[test]
fn a_tampered_chunk_is_not_written() {
    let home = tempfile::tempdir().unwrap();
    let destination = home.path().join("x");
    let tampered = |mut body: Vec<u8>| {
        let last = body.len() - 1;
        body[last] ^= 1;
        Reply::new(200, body)
    };
    let hub = hub(&tree("content"), |_, tree| Reply::new(200, tree.file.clone()), tampered);
    let (exit, code, message) = pull(&hub, &destination).unwrap_err();
    assert_eq!((exit, code.as_str()), (1, "bad_chunks"), "{message}");
    assert!(message.contains("incomplete"), "{message}");
    let written = std::fs::read(destination.join("file")).unwrap_or_default();
    assert!(written.is_empty(), "{written:?}");
}
