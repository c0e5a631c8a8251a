//! Any tree at all: the bytes say what is in it, so what is made is well formed all the way down.

use std::collections::BTreeMap;

use flisthub_flist::{
    BuiltTree, Content, Device, FileBuilder, Manifest, Metadata, Piece, Tree, TreeBuilder,
    TreePath, VerifyLimits, read_flist, verify,
};
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore as _, Compressor, Kind, MemoryStore, Profile, StoreError,
};

use crate::Outcome;
use crate::file::written;

pub(crate) fn tree(bytes: &[u8]) -> Outcome {
    let mut store = Kept::new();
    let mut input = Input(bytes);
    let mut builder = TreeBuilder::new();
    let mut linked = false;
    while !input.0.is_empty() {
        linked |= step(&mut builder, &mut input, &mut store);
    }
    let Ok(tree) = builder.finish(&mut |chunk| store.keep(chunk)) else {
        return Outcome::Refused;
    };
    let manifest = Manifest::of(&tree, Profile::default()).to_chunk().unwrap();
    let id = manifest.id();
    store.keep(manifest).unwrap();
    let verified = verify(&store.chunks, id, &VerifyLimits::default(), &[]);
    assert!(verified.is_ok(), "what is built is good: {verified:?}");
    the_file_says_it_all(&store, id);
    if !linked {
        order_does_not_matter(&store.chunks, &tree);
    }
    Outcome::Accepted
}

/// What is left of the bytes that say what to do.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    /// The next byte; 0 when there is none.
    fn next(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> u64 {
        let bits = u32::from(self.next() % 64);
        (u64::from(self.next()) << 56 | u64::from(self.next())).rotate_left(bits)
    }

    /// A path of one to four names; few different ones, so that they meet.
    fn path(&mut self) -> Option<TreePath> {
        let mut path = Vec::new();
        for _ in 0..=self.next() % 4 {
            let name = self.next();
            path.push(b'/');
            path.extend(std::iter::repeat_n(name | 0x40, usize::from(name % 3) + 1));
        }
        TreePath::parse(&path[1..]).ok()
    }

    fn metadata(&mut self) -> Metadata {
        let mut xattrs = BTreeMap::new();
        for at in 0..self.next() % 3 {
            xattrs.insert(vec![b'u', b'.', at + 1], vec![at; usize::from(self.next())]);
        }
        Metadata {
            mode: u16::from(self.next()) << 4,
            uid: u32::from(self.next()),
            gid: u32::MAX,
            mtime: self.number().cast_signed(),
            mtime_nanos: u32::from(self.next()),
            xattrs,
        }
    }
}

/// One entry. What the builder refuses is left out. Says whether it made a hard link.
fn step(builder: &mut TreeBuilder, input: &mut Input<'_>, store: &mut Kept) -> bool {
    let (what, Some(path)) = (input.next() % 8, input.path()) else { return false };
    let device = Device::new(u64::from(input.next()), 3).unwrap();
    let content = match what {
        0 | 1 => file(input, store),
        2 => Some(Content::Symlink { target: vec![b'x'; usize::from(input.next()).max(1)] }),
        3 => Some(Content::CharDevice(device)),
        4 => Some(Content::BlockDevice(device)),
        5 => Some(Content::Socket),
        6 => {
            drop(builder.add_directory(&path, input.metadata()));
            return false;
        }
        _ => {
            return input.path().is_some_and(|at| builder.add_hard_link(&path, &at).is_ok());
        }
    };
    if let Some(content) = content {
        drop(builder.add(&path, input.metadata(), content));
    }
    false
}

fn file(input: &mut Input<'_>, store: &mut Kept) -> Option<Content> {
    let mut builder = FileBuilder::new();
    let mut emit = |chunk| store.keep(chunk);
    for _ in 0..input.next() % 5 {
        let piece = match input.next() {
            byte if byte < 200 => {
                let chunk = Chunk::new(Kind::Content, vec![byte; usize::from(byte) + 1]).unwrap();
                let piece = Piece::Chunk { id: chunk.id(), length: chunk.length() };
                emit(chunk).unwrap();
                piece
            }
            byte => Piece::Hole { length: u64::from(byte) << 16 },
        };
        builder.push(piece, &mut emit).ok()?;
    }
    builder.finish(&mut emit).ok()
}

/// All chunks and objects, and the objects again by themselves.
struct Kept {
    chunks: MemoryStore,
    objects: Vec<Chunk>,
    compressor: Compressor,
}

impl Kept {
    fn new() -> Self {
        let compressor = Compressor::new(1).unwrap();
        Self { chunks: MemoryStore::new(), objects: Vec::new(), compressor }
    }

    fn keep(&mut self, chunk: Chunk) -> Result<(), StoreError> {
        self.chunks.put(&[self.compressor.compress(&chunk).unwrap()])?;
        if chunk.kind() != Kind::Content {
            self.objects.push(chunk);
        }
        Ok(())
    }
}

/// The `.flist` file is read back as the same objects.
fn the_file_says_it_all(store: &Kept, id: ChunkId) {
    let file = written(id, &store.objects);
    let mut read = Vec::new();
    let (found, _) = read_flist(&file[..], Some(id), 64 << 20, &mut |object| {
        read.push(object.id());
        Ok(())
    })
    .expect("what was written is read");
    let mut made: Vec<ChunkId> = store.objects.iter().map(Chunk::id).collect();
    read.sort();
    made.sort();
    made.dedup();
    assert_eq!((found, read), (id, made), "each object once");
}

/// The same entries the other way round are the same tree.
fn order_does_not_matter(store: &MemoryStore, tree: &BuiltTree) {
    let manifest = Manifest::of(tree, Profile::default());
    let entries: Vec<_> =
        Tree::of(&manifest).walk(store).collect::<Result<_, _>>().expect("verified");
    assert_eq!(entries.len() as u64, manifest.totals.entries);
    let mut builder = TreeBuilder::new();
    builder.add_directory(&TreePath::ROOT, manifest.metadata.clone()).unwrap();
    for (path, entry) in entries.into_iter().rev() {
        match entry.content {
            Content::Directory { .. } => builder.add_directory(&path, entry.metadata),
            content => builder.add(&path, entry.metadata, content),
        }
        .unwrap();
    }
    let again = builder.finish(&mut |_| Ok(())).unwrap();
    assert_eq!(Manifest::of(&again, Profile::default()), manifest);
}
