//! Exports of flists that lie or are not whole, as a hostile client could push them, and of trees made by
//! chance.

use flisthub_converter::{Compression, ExportOptions};
use flisthub_flist::{
    Content, Device, EntryName, Manifest, Metadata, Piece, Pieces, TreeBuilder, TreePath,
    build_links,
};
use flisthub_storage::{Chunk, ChunkId, ChunkStore, Compressor, Kind, MemoryStore, Profile};

use crate::exports::{ALL, try_export};
use crate::tools::{ingest, whole};

fn put(store: &MemoryStore, chunk: &Chunk) -> ChunkId {
    let frame = Compressor::new(1).unwrap().compress(chunk).unwrap();
    store.put(&[frame]).unwrap();
    chunk.id()
}

fn path(text: &str) -> TreePath {
    TreePath::parse(text.as_bytes()).unwrap()
}

fn forged(store: &MemoryStore, files: &[(&str, Content)], links: Vec<Vec<TreePath>>) -> ChunkId {
    let mut tree = TreeBuilder::new();
    for (name, content) in files {
        tree.add(&path(name), Metadata::default(), content.clone()).unwrap();
    }
    let mut emit = |chunk: Chunk| {
        put(store, &chunk);
        Ok(())
    };
    let built = tree.finish(&mut emit).unwrap();
    let links = build_links(links, &mut emit).unwrap();
    put(store, &Manifest { links, ..Manifest::of(&built, Profile::default()) }.to_chunk().unwrap())
}

fn file(size: u64, pieces: Vec<Piece>) -> Content {
    Content::File { size, pieces: Pieces::Inline(pieces) }
}

fn told(store: &MemoryStore, flist: ChunkId, compression: Compression) -> String {
    let ended = try_export(store, flist, compression, &ExportOptions::default());
    whole(&ended.expect_err("should be refused"))
}

#[test]
fn what_contradicts_itself_is_refused() {
    let store = MemoryStore::new();
    let id = put(&store, &Chunk::new(Kind::Content, "0123456789").unwrap());
    let other = put(&store, &Chunk::new(Kind::List, "not content").unwrap());
    for (content, reason) in [
        (file(11, vec![Piece::Chunk { id, length: 11 }]), "a chunk is not as long as it says"),
        (file(11, vec![Piece::Chunk { id: other, length: 11 }]), "what it names is no content"),
    ] {
        for compression in ALL {
            let flist = forged(&store, &[("d/file", content.clone())], Vec::new());
            let told = told(&store, flist, compression);
            assert_eq!(told, format!("d/file: the flist is bad: {reason}"), "{compression}");
        }
    }
}

#[test]
fn what_is_missing_is_named() {
    let store = MemoryStore::new();
    let id = Kind::Content.id_of(b"swept");
    let content = file(5, vec![Piece::Chunk { id, length: 5 }]);
    let flist = forged(&store, &[("d/file", content)], Vec::new());
    for compression in ALL {
        let told = told(&store, flist, compression);
        assert_eq!(told, format!("d/file: chunk {id} is not in the store"), "{compression}");
    }
    let none = Kind::Manifest.id_of(b"no manifest");
    assert!(told(&store, none, Compression::None).contains("missing"));
}

#[test]
fn links_that_lie_are_refused() {
    let store = MemoryStore::new();
    let files = [("a", file(0, vec![])), ("b", Content::Fifo), ("c", file(0, vec![]))];
    for (group, reason) in [
        (["a", "b"], "b: the flist is bad: hard links to one file differ"),
        (["a", "gone"], "gone: the flist is bad: a hard link is not in the tree"),
    ] {
        let flist = forged(&store, &files, vec![group.map(path).to_vec()]);
        assert_eq!(told(&store, flist, Compression::None), reason);
    }
    let flist = forged(&store, &files, vec![["a", "c"].map(path).to_vec()]);
    let options = ExportOptions::default();
    assert!(try_export(&store, flist, Compression::None, &options).is_ok());
}

/// A tree that no tar can hold is told before anything is written.
#[test]
fn sums_do_not_overflow() {
    let store = MemoryStore::new();
    let hole = |length| file(length, vec![Piece::Hole { length }]);
    let flist = forged(&store, &[("a", hole(u64::MAX / 2)), ("b", hole(u64::MAX / 2))], Vec::new());
    let error = flisthub_converter::measure(&store, flist, &ExportOptions::default()).unwrap_err();
    assert!(whole(&error).contains("larger than a tar can be"), "{error}");
}

/// Numbers by chance, the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// A number near a power of two, where fields end.
    fn near_a_power(&mut self, bits: u64) -> u64 {
        (1u64 << self.below(bits)).wrapping_add(self.below(3)).wrapping_sub(1)
    }

    fn bytes(&mut self, most: u64, but: &[u8]) -> Vec<u8> {
        let length = [1, 2, 99, 100, 101, 155, 156, 255].map(|length: u64| length.min(most));
        let length = length[usize::try_from(self.below(8)).unwrap()];
        let ascii = self.below(2) == 0;
        let one = |chance: &mut Self| loop {
            let byte = u8::try_from(chance.below(255) + 1).unwrap();
            let byte = if ascii { b'a' + byte % 26 } else { byte };
            if !but.contains(&byte) {
                return byte;
            }
        };
        (0..length).map(|_| one(self)).collect()
    }

    fn metadata(&mut self) -> Metadata {
        let signed = |value: u64, minus: bool| {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            if minus { -value } else { value }
        };
        let id = |value: u64| u32::try_from(value).unwrap_or(u32::MAX - 1).min(u32::MAX - 1);
        let name = |chance: &mut Self| [b"user.", &chance.bytes(200, b"")[..]].concat();
        Metadata {
            mode: u16::try_from(self.below(0o10000)).unwrap(),
            uid: id(self.near_a_power(33)),
            gid: id(self.near_a_power(33)),
            mtime: match self.below(20) {
                0 => i64::MIN,
                1 => i64::MAX,
                _ => signed(self.near_a_power(63), self.below(3) == 0),
            },
            mtime_nanos: [0, 1, 500_000_000, 999_999_999][usize::try_from(self.below(4)).unwrap()],
            xattrs: (0..self.below(3)).map(|_| (name(self), self.value())).collect(),
        }
    }

    /// What an extended attribute may hold: nothing, text, any bytes.
    fn value(&mut self) -> Vec<u8> {
        match self.below(3) {
            0 => Vec::new(),
            1 => [b"\0", &self.bytes(255, b"")[..], b"\n\0"].concat(),
            _ => self.bytes(255, b""),
        }
    }

    fn content(&mut self, store: &MemoryStore) -> Content {
        match self.below(6) {
            0 => Content::Fifo,
            1 => Content::CharDevice(Device::new(self.below(4096), self.below(1 << 20)).unwrap()),
            2 => Content::BlockDevice(Device::new(4095, (1 << 20) - 1).unwrap()),
            3 => Content::Symlink { target: self.bytes(255, b"").repeat(3) },
            4 => file(0, Vec::new()),
            _ => {
                // Shorter than the least that a file is cut into.
                let chunk = Chunk::new(Kind::Content, self.bytes(255, b"").repeat(3)).unwrap();
                let length = chunk.length();
                file(length.into(), vec![Piece::Chunk { id: put(store, &chunk), length }])
            }
        }
    }
}

/// Whatever a tree holds, its tar is the tree again.
#[test]
fn any_tree_comes_back() {
    let mut chance = Chance(7);
    let mut done = 0;
    for round in 0..300 {
        let store = MemoryStore::new();
        let mut tree = TreeBuilder::new();
        tree.add_directory(&TreePath::ROOT, chance.metadata()).unwrap();
        let mut above = TreePath::ROOT;
        for _ in 0..chance.below(12) {
            let Ok(name) = EntryName::new(&chance.bytes(255, b"/")) else { continue };
            let path = above.join(&name);
            let mut metadata = chance.metadata();
            if chance.below(4) == 0 {
                tree.add_directory(&path, metadata).unwrap();
                above = path;
                continue;
            }
            let content = chance.content(&store);
            if matches!(content, Content::Symlink { .. }) {
                metadata.mode = 0o777;
            }
            tree.add(&path, metadata, content).unwrap();
            if chance.below(3) == 0 {
                let linked = EntryName::new(&chance.bytes(255, b"/")).unwrap();
                tree.add_hard_link(&above.join(&linked), &path).unwrap();
            }
        }
        let mut emit = |chunk: Chunk| {
            put(&store, &chunk);
            Ok(())
        };
        let Ok(built) = tree.finish(&mut emit) else { continue };
        let manifest = Manifest::of(&built, Profile::default()).to_chunk().unwrap();
        let flist = put(&store, &manifest);
        let options = ExportOptions::default();
        let (tar, _) = try_export(&store, flist, Compression::None, &options).unwrap();
        let found = ingest(&tar, &MemoryStore::new()).unwrap();
        assert_eq!(found.flist, flist, "round {round}");
        done += 1;
    }
    assert!(done > 200, "{done}: most trees must be good ones");
}
