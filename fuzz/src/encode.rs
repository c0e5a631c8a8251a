//! Objects written by hand from `docs/flist-format.md`: what the crate itself has no encoder for that
//! takes decoded values, and a second opinion on the others.

use flisthub_flist::{DirectoryPart, List, ListPart, Piece, TreePath};
use flisthub_storage::ChunkId;

/// CBOR in its one deterministic form.
#[derive(Default)]
struct Cbor(Vec<u8>);

impl Cbor {
    fn head(mut self, major: u8, value: u64) -> Self {
        let major = major << 5;
        let bytes = value.to_be_bytes();
        match value {
            0..24 => self.0.push(major | bytes[7]),
            24..0x100 => self.0.extend([major | 0x18, bytes[7]]),
            0x100..0x1_0000 => {
                self.0.push(major | 0x19);
                self.0.extend(&bytes[6..]);
            }
            0x1_0000..0x1_0000_0000 => {
                self.0.push(major | 0x1a);
                self.0.extend(&bytes[4..]);
            }
            _ => {
                self.0.push(major | 0x1b);
                self.0.extend(bytes);
            }
        }
        self
    }

    fn uint(self, value: u64) -> Self {
        self.head(0, value)
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let mut out = self.head(2, bytes.len() as u64);
        out.0.extend(bytes);
        out
    }

    fn array(self, length: usize) -> Self {
        self.head(4, length as u64)
    }

    /// `[form, [member, ...]]`, which every object but the manifest is.
    fn object<T>(form: u64, members: &[T], write: impl Fn(Self, &T) -> Self) -> Vec<u8> {
        let out = Self::default().array(2).uint(form).array(members.len());
        members.iter().fold(out, write).0
    }
}

/// A directory object that is a node.
pub(crate) fn directory_node(parts: &[DirectoryPart]) -> Vec<u8> {
    Cbor::object(1, parts, |out, part| {
        let out = out.array(3).bytes(part.last.as_bytes()).bytes(part.id.as_bytes());
        out.array(2).uint(part.totals.entries).uint(part.totals.bytes)
    })
}

/// A list object.
pub(crate) fn list(list: &List) -> Vec<u8> {
    match list {
        List::Leaf(pieces) => Cbor::object(0, pieces, |out, piece| match piece {
            Piece::Chunk { id, length } => {
                out.array(2).bytes(id.as_bytes()).uint(u64::from(*length))
            }
            Piece::Hole { length } => out.uint(*length),
        }),
        List::Node(parts) => Cbor::object(1, parts, |out, ListPart { id, count, size }| {
            out.array(3).bytes(id.as_bytes()).uint(*count).uint(*size)
        }),
    }
}

/// A links object that is a leaf.
pub(crate) fn links_leaf(groups: &[Vec<TreePath>]) -> Vec<u8> {
    let records: Vec<(bool, &TreePath)> = groups
        .iter()
        .flat_map(|group| group.iter().enumerate().map(|(at, path)| (at == 0, path)))
        .collect();
    Cbor::object(0, &records, |out, (first, path)| {
        out.array(2).uint(u64::from(*first)).bytes(path.as_bytes())
    })
}

/// A links object that is a node.
pub(crate) fn links_node(ids: &[ChunkId]) -> Vec<u8> {
    Cbor::object(1, ids, |out, id| out.bytes(id.as_bytes()))
}
