//! Trees with everything that archives cannot say, put straight into a hub's store and published.

use flisthub_flist::{
    Content, Device, FileBuilder, Manifest, Metadata, Piece, TreeBuilder, TreePath, hold_flist,
};
use flisthub_hub::name::RepositoryName;
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Compressor, DEFAULT_LEVEL, Kind, Profile, StoreError,
};

use crate::push::Pusher;
use crate::support::TestHub;

/// A piece of a file.
#[derive(Debug, Clone)]
pub(crate) enum Cut {
    Data(Vec<u8>),
    Hole(u64),
}

/// A tree that is being made.
pub(crate) struct Planting<'a> {
    store: &'a dyn ChunkStore,
    compressor: Compressor,
    builder: TreeBuilder,
}

impl<'a> Planting<'a> {
    pub(crate) fn new(store: &'a dyn ChunkStore) -> Self {
        let compressor = Compressor::new(DEFAULT_LEVEL).unwrap();
        Self { store, compressor, builder: TreeBuilder::new() }
    }

    fn put(&mut self, chunk: &Chunk) -> Result<(), StoreError> {
        self.store.put(&[self.compressor.compress(chunk).unwrap()]).map(|_| ())
    }

    /// Stores a chunk of content; gives its piece.
    pub(crate) fn chunk(&mut self, content: &[u8]) -> Piece {
        let chunk = Chunk::new(Kind::Content, content.to_vec()).unwrap();
        self.put(&chunk).unwrap();
        Piece::Chunk { id: chunk.id(), length: chunk.length() }
    }

    /// A file of these pieces, whose chunks are stored.
    pub(crate) fn pieces(
        &mut self,
        path: &[u8],
        pieces: impl IntoIterator<Item = Piece>,
    ) -> &mut Self {
        let mut file = FileBuilder::new();
        let (store, mut compressor) = (self.store, Compressor::new(DEFAULT_LEVEL).unwrap());
        let mut emit =
            |chunk: Chunk| store.put(&[compressor.compress(&chunk).unwrap()]).map(|_| ());
        for piece in pieces {
            file.push(piece, &mut emit).unwrap();
        }
        let content = file.finish(&mut emit).unwrap();
        self.add(path, content)
    }

    pub(crate) fn file(&mut self, path: &[u8], cuts: &[Cut]) -> &mut Self {
        let pieces: Vec<Piece> = cuts
            .iter()
            .map(|cut| match cut {
                Cut::Data(content) => self.chunk(content),
                Cut::Hole(length) => Piece::Hole { length: *length },
            })
            .collect();
        self.pieces(path, pieces)
    }

    /// A file of one chunk, or of none.
    pub(crate) fn small(&mut self, path: &str, content: &[u8]) -> &mut Self {
        let cuts = if content.is_empty() { vec![] } else { vec![Cut::Data(content.to_vec())] };
        self.file(path.as_bytes(), &cuts)
    }

    pub(crate) fn link(&mut self, path: &str, target: &[u8]) -> &mut Self {
        self.add(path.as_bytes(), Content::Symlink { target: target.to_vec() })
    }

    /// A device, a pipe and a socket.
    pub(crate) fn special(&mut self) -> &mut Self {
        self.add(b"dev/null", Content::CharDevice(Device { major: 1, minor: 3 }));
        self.add(b"dev/sda", Content::BlockDevice(Device { major: 8, minor: 0 }));
        self.add(b"dev/pipe", Content::Fifo);
        self.add(b"dev/socket", Content::Socket)
    }

    pub(crate) fn add(&mut self, path: &[u8], content: Content) -> &mut Self {
        let metadata = Metadata { mode: 0o644, mtime: 1_700_000_000, ..Metadata::default() };
        self.add_with(path, metadata, content)
    }

    pub(crate) fn add_with(
        &mut self,
        path: &[u8],
        metadata: Metadata,
        content: Content,
    ) -> &mut Self {
        self.builder.add(&TreePath::parse(path).unwrap(), metadata, content).unwrap();
        self
    }

    /// Stores the tree and its manifest.
    pub(crate) fn flist(self) -> ChunkId {
        let Self { store, mut compressor, builder } = self;
        let mut emit =
            |chunk: Chunk| store.put(&[compressor.compress(&chunk).unwrap()]).map(|_| ());
        let tree = builder.finish(&mut emit).unwrap();
        let manifest = Manifest::of(&tree, Profile::default()).to_chunk().unwrap();
        let id = manifest.id();
        emit(manifest).unwrap();
        id
    }

    /// The same, and has `name` point at it.
    pub(crate) async fn publish(self, hub: &TestHub, token: &str, name: &str) -> ChunkId {
        let flist = self.flist();
        publish(hub, token, name, flist).await;
        flist
    }
}

/// Lets a repository hold a flist that was put straight into the store, as if it had been sent.
pub(crate) async fn hold(hub: &TestHub, repository: &str, flist: ChunkId) {
    let name = RepositoryName::parse(repository).unwrap();
    let row = hub.hub.catalog.repository(&name).await.unwrap().unwrap();
    let owner = row.id.try_into().unwrap();
    hold_flist(&*hub.store, owner, flist, &mut |_| Ok(())).unwrap();
}

/// Has a name point at a flist that is in the store.
pub(crate) async fn publish(hub: &TestHub, token: &str, name: &str, flist: ChunkId) {
    let repository = name.split('/').next().unwrap();
    hold(hub, repository, flist).await;
    let pusher = Pusher::open(hub, token, repository).await;
    let answer = pusher.publish(name, &flist.to_string()).await;
    let status = answer.status().as_u16();
    assert!(matches!(status, 200 | 201), "{status}: {}", answer.text().await.unwrap());
}
